"""Clients of a simulated vendor, as functions that a child process can run."""

import hashlib
import resource
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import ocr_frames  # noqa: F401 - registers df.ocr
from tests.adapters.simulated import Simulated


def images(count: int, tag: str = "") -> pd.DataFrame:
    """A frame of so many images that all differ; `tag` makes them others."""
    return pd.DataFrame({"image": [f"{tag} image {number}".encode() for number in range(count)]})


def texts(frame: pd.DataFrame) -> list[str]:
    """What the simulated vendor reads in them."""
    return [hashlib.sha256(image).hexdigest() for image in frame["image"]]


def call(verb: str, cells: Sequence[bytes], options: Mapping[str, Any]) -> pd.DataFrame:
    """`df.ocr.<verb>` on these cells; the added columns and the report come back."""
    frame = pd.DataFrame({"image": list(cells)})
    chosen = {"progress": False, **options}
    out = getattr(frame.ocr, verb)(column="image", **chosen)
    return out.drop(columns="image")


def call_on_a_full_disk(
    file_bytes: int, cells: Sequence[bytes], options: Mapping[str, Any]
) -> pd.DataFrame:
    """`df.ocr.recognize` where no file can grow over so many bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, hard))
    return call("recognize", cells, options)


class Client:
    """One column of images, one ledger, one vendor; run as often as one likes."""

    def __init__(self, vendor: Simulated, ledger: Path, count: int) -> None:
        self.vendor = vendor
        self.ledger = ledger
        self.frame = images(count)

    def run(self, verb: str = "recognize", **options: Any) -> pd.DataFrame:
        """Run once; the report tells the very calls that the vendor counted meanwhile."""
        before = self.vendor.stats()["calls"]
        out = call(verb, self.frame["image"], self.options(**options))
        after = self.vendor.stats()["calls"]
        made = {kind: after[kind] - before[kind] for kind in after}
        assert Counter(out.attrs["ocr"]["calls"]) == +Counter(made)
        return out

    def options(self, **options: Any) -> dict[str, Any]:
        endpoint = self.vendor.endpoint
        return {"endpoint": endpoint, "ledger": self.ledger, "max_outstanding": 256, **options}

    def check(self, out: pd.DataFrame) -> None:
        """Every row is there, with its own text."""
        assert Counter(out["ocr_status"]) == {"Completed": len(self.frame)}
        assert out["ocr_text"].tolist() == texts(self.frame)
        assert out["ocr_error"].isna().all()


def learned_ledger(vendor: Simulated, path: Path) -> Path:
    """Make a ledger that knows how soon this vendor answers, so that tests need not find out."""
    client = Client(vendor, path, 0)
    for number in range(4):
        client.frame = images(100, f"learned {number}")
        client.run()
    return path


def codes(out: pd.DataFrame) -> Counter[str]:
    """How many rows have which error code."""
    return Counter(error.partition(":")[0] for error in out["ocr_error"].dropna())

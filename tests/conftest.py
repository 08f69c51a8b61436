"""What many tests share: the local engine, the sample images, the word measure."""

import csv
import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import hypothesis
import pytest

from ocr_frames.configuration import VARIABLES
from ocr_frames.settings import Endpoint

SAMPLES = Path(__file__).parents[1] / "sample_data"
# What a machine without an onlooker finds must be found again by who looks into it.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

CREDENTIALS = ("OCR_FRAMES_ENDPOINT", "ASPOSE_CLIENT_ID", "ASPOSE_CLIENT_SECRET")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Never let a test reach a real account, ledger or task by way of the user's environment."""
    for name in (*VARIABLES.values(), "OCR_FRAMES_ENGINE", "OCR_FRAMES_CLIENTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OCR_FRAMES_LEDGER", str(tmp_path / "ledger" / "ledger.sqlite"))
    monkeypatch.setenv("OCR_FRAMES_SERVER_DATA", str(tmp_path / "server"))


@pytest.fixture(scope="session")
def engine() -> Endpoint:
    """The local engine of this process, a real server in its own process."""
    from ocr_frames.server.embedded import local_endpoint

    return local_endpoint()


@pytest.fixture
def at_engine(engine: Endpoint) -> dict[str, str]:
    """An environment that points a command at the engine which runs already."""
    assert engine.client_id is not None
    assert engine.client_secret is not None
    credentials = dict(
        zip(CREDENTIALS, (engine.url, engine.client_id, engine.client_secret), strict=True)
    )
    return {**os.environ, **credentials}


@pytest.fixture(scope="session")
def samples() -> list[dict[str, str]]:
    """The rows of sample_data/images.csv, their paths absolute."""
    with (SAMPLES / "images.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row | {"path": str(SAMPLES / row["path"])} for row in rows]


def words(text: str) -> Counter[str]:
    """Lower-cased words with their counts, whatever stands between them."""
    return Counter(re.findall(r"[0-9a-z]+", text.lower()))


def word_f1(pairs: Iterable[tuple[str, str]]) -> float:
    """F1 over all (read, expected) pairs by multiset overlap of words; 1.0 if all are empty."""
    both = read_total = expected_total = 0
    for read, expected in pairs:
        one, other = words(read), words(expected)
        both += (one & other).total()
        read_total += one.total()
        expected_total += other.total()
    total = read_total + expected_total
    return 2 * both / total if total else 1.0

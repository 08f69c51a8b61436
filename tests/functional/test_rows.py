"""Rows with settings, cells and details of their own, end to end against a simulated vendor."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

import ocr_frames
from ocr_frames import col
from ocr_frames.details import TYPES
from ocr_frames.images.pixels import Picture
from tests.adapters.clients import codes
from tests.adapters.simulated import Simulated, simulated
from tests.unit.images.test_pages import file, frames

IMAGES = [b"one", b"two", b"three", b"one"]
DETAILS = ["task_id", "calls", "seconds", "confidence", "pages", "words", "hocr", "from_ledger"]


@pytest.fixture(autouse=True)
def _known_to_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the vendor for one that holds its answers before it was seen to: nothing waits."""
    holds = property(lambda self: self._client is None or self._client.holds_answers)
    monkeypatch.setattr("ocr_frames.session._Connection.holds_answers", holds)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulated]:
    with simulated(holds=True) as running:
        yield running


@pytest.fixture
def vendor(simulator: Simulated) -> Simulated:
    simulator.reset(holds=True)
    return simulator


@pytest.fixture
def options(vendor: Simulated) -> dict[str, Any]:
    return {"endpoint": vendor.endpoint, "progress": False}


def read(image: bytes) -> str:
    """What the simulated vendor reads in an image."""
    return hashlib.sha256(image).hexdigest()


def submits(vendor: Simulated) -> int:
    return vendor.stats()["calls"]["submit"]


def test_details_of_every_row(vendor: Simulated, options: dict[str, Any]):
    frame = pd.DataFrame({"image": [*IMAGES, None, "gone.png"]}, index=list("abcdef"))
    out = frame.ocr.recognize("image", details=DETAILS, **options)
    assert out.columns.tolist()[4:] == [f"ocr_{name}" for name in DETAILS]
    assert out["ocr_text"].tolist()[:4] == [read(image) for image in IMAGES]
    done, others = out.iloc[:4], out.iloc[4:]
    assert others[[f"ocr_{name}" for name in DETAILS]].isna().all(axis=None)
    assert done["ocr_calls"].tolist() == [2] * 4
    assert (done["ocr_seconds"] >= 0).all()
    assert done["ocr_confidence"].tolist() == pytest.approx([0.8] * 4)
    assert done["ocr_pages"].tolist() == [1] * 4
    assert done["ocr_from_ledger"].tolist() == [False] * 4
    assert done["ocr_task_id"].nunique() == 3
    assert done["ocr_task_id"].iloc[0] == done["ocr_task_id"].iloc[3]
    word = done["ocr_words"].iloc[1][0]
    assert word["text"] == read(b"two")
    assert [word[side] for side in ("x0", "y0", "x1", "y1", "page")] == [1, 2, 30, 40, 1]
    assert done["ocr_hocr"].iloc[2].count(read(b"three")) == 1
    assert codes(out) == {"file-not-found": 1}


def test_a_rerun_tells_the_same_and_costs_nothing(vendor: Simulated, options: dict[str, Any]):
    frame = pd.DataFrame({"image": IMAGES})
    everything = [*DETAILS, "pdf"]
    first = frame.ocr.recognize("image", details=everything, **options)
    paid = submits(vendor)
    again = frame.ocr.recognize("image", details=everything, **options)
    assert again["ocr_from_ledger"].all()
    same = [name for name in first.columns if name != "ocr_from_ledger"]
    pd.testing.assert_frame_equal(first[same], again[same])
    assert again["ocr_pdf"].tolist() == [f"%PDF {read(image)}".encode() for image in IMAGES]
    for fewer in ([], ["calls"], ["words"], ["pdf"]):
        less = frame.ocr.recognize("image", details=fewer, **options)
        assert less["ocr_text"].tolist() == first["ocr_text"].tolist()
        assert less.attrs["ocr"]["calls"] == {}
        plan = frame.ocr.plan("image", details=fewer, **options)
        assert (plan.from_ledger, plan.to_submit) == (3, 0)
    assert submits(vendor) == paid == 3
    frame.ocr.recognize("image", details=["json"], **options)
    assert submits(vendor) == 6


def test_what_needs_no_other_result_does_not_pay_again(vendor: Simulated, options: dict[str, Any]):
    frame = pd.DataFrame({"image": IMAGES})
    frame.ocr.recognize("image", **options)
    names = ["task_id", "calls", "seconds", "pages", "from_ledger"]
    out = frame.ocr.recognize("image", details=names, **options)
    assert submits(vendor) == 3
    assert out["ocr_calls"].tolist() == [2] * 4
    assert out["ocr_from_ledger"].all()


def test_json_with_the_text_that_is_in_it(options: dict[str, Any]):
    frame = pd.DataFrame({"image": IMAGES})
    for _ in range(2):
        out = frame.ocr.recognize("image", details=["json", "calls"], **options)
        assert out["ocr_text"].tolist() == [read(image) for image in IMAGES]
        assert out["ocr_json"].str.contains("pages").all()
        assert out["ocr_error"].isna().all()


def test_no_rows_have_the_same_columns(options: dict[str, Any]):
    everything = [name for name in TYPES if name != "json"]
    outs = [
        pd.DataFrame({"image": pd.Series(cells, dtype=object)}).ocr.recognize(
            "image", details=everything, **options
        )
        for cells in ([], [None], ["gone"], IMAGES)
    ]
    for out in outs:
        assert out.dtypes.equals(outs[0].dtypes)


def test_settings_of_every_row(vendor: Simulated, options: dict[str, Any]):
    frame = pd.DataFrame(
        {
            "image": [b"a"] * 6,
            "lang": ["English", None, "German", "Klingon", "German", "Germann"],
            "turn": [0.0, None, 90.0, 0.0, 90.0, 0.0],
            "boxes": [None, None, "[[1, 2, 3, 4], [5, 6, 7, 8]]", None, None, None],
        }
    )
    chosen = {"language": col("lang"), "rotate": col("turn")}
    out = frame.ocr.recognize("image", **chosen, **options)
    assert submits(vendor) == 2
    assert out["ocr_status"].tolist() == [*["Completed"] * 3, "Error", "Completed", "Error"]
    assert codes(out) == {"bad-setting": 2}
    assert "did you mean 'German'" in out["ocr_error"].iloc[5]
    out = frame.ocr.recognize("image", regions=col("boxes"), **chosen, **options)
    assert out["ocr_status"].tolist() == ["Skipped"] * 2 + ["Completed"] + ["Skipped"] * 3
    assert out["ocr_text"].iloc[2] == f"{read(b'a')}\n{read(b'a')}"
    assert submits(vendor) == 3


def test_a_missing_column_is_told_before_anything_is_sent(
    vendor: Simulated, options: dict[str, Any]
):
    frame = pd.DataFrame({"image": IMAGES, "lang": "German"})
    before = vendor.stats()["calls"]
    with pytest.raises(ocr_frames.MisuseError, match="no column 'langs'; did you mean 'lang'"):
        frame.ocr.recognize("image", language=col("langs"), **options)
    with pytest.raises(ocr_frames.MisuseError, match="col\\(\\) is for recognition settings"):
        frame.ocr.recognize("image", max_calls=col("lang"), **options)
    assert vendor.stats()["calls"] == before


def test_every_kind_of_cell_in_one_column(vendor: Simulated, options: dict[str, Any]):
    grey = np.full((4, 5), 200, np.uint8)
    cells = [b"a", {"bytes": b"a", "path": None}, grey, Image.fromarray(grey), None, 5]
    frame = pd.DataFrame({"image": pd.Series(cells, dtype=object)})
    out = frame.ocr.recognize("image", **options)
    assert out["ocr_status"].tolist() == [*["Completed"] * 4, "Skipped", "Error"]
    assert out["ocr_text"].iloc[2] == out["ocr_text"].iloc[3]
    assert submits(vendor) == 2
    assert frame.ocr.recognize("image", **options).attrs["ocr"]["calls"] == {}


def pages_sent() -> list[str]:
    """What the vendor reads on each page of a file of `frames`."""
    found = []
    for frame in frames(3):
        picture = Picture(frame)
        digest = picture.digest()
        assert isinstance(digest, bytes)
        sent = picture.load(digest)
        assert isinstance(sent, bytes)
        found.append(read(sent))
    return found


def test_pages_are_tasks_of_their_own(vendor: Simulated, options: dict[str, Any], tmp_path: Path):
    (tmp_path / "a.tif").write_bytes(file("TIFF", frames(3)))
    frame = pd.DataFrame({"image": [str(tmp_path / "a.tif"), b"one"]})
    chosen = {"details": ["pages", "calls", "words", "task_id"], "split_pages": True}
    out = frame.ocr.recognize("image", **chosen, **options)
    assert out["ocr_text"].tolist() == ["\f".join(pages_sent()), read(b"one")]
    assert out["ocr_pages"].tolist() == [3, 1]
    assert out["ocr_calls"].tolist() == [6, 2]
    assert [word["page"] for word in out["ocr_words"].iloc[0]] == [1, 2, 3]
    assert len(out["ocr_task_id"].iloc[0].split()) == 3
    assert submits(vendor) == 4
    plan = frame.ocr.plan("image", **chosen, **options)
    assert (plan.rows, plan.unique, plan.from_ledger) == (2, 4, 4)
    again = frame.ocr.recognize("image", **chosen, **options)
    assert again["ocr_text"].equals(out["ocr_text"])
    assert submits(vendor) == 4


def test_a_page_that_failed_does_not_lose_the_others(
    vendor: Simulated, options: dict[str, Any], tmp_path: Path
):
    (tmp_path / "a.tif").write_bytes(file("TIFF", frames(3)))
    frame = pd.DataFrame({"image": [str(tmp_path / "a.tif")]})
    vendor.configure(failing=[pages_sent()[1]])
    out = frame.ocr.recognize("image", split_pages=True, **options)
    assert out["ocr_status"].tolist() == ["Error"]
    assert out["ocr_text"].isna().all()
    assert out["ocr_error"].iloc[0].startswith("recognition-failed: page 2 of 3: ")
    vendor.configure(failing=[])
    again = frame.ocr.recognize("image", split_pages=True, retry_failed=True, **options)
    assert again["ocr_text"].tolist() == ["\f".join(pages_sent())]
    assert submits(vendor) == 4


def test_a_budget_leaves_a_row_pending_until_all_its_pages_are_read(
    vendor: Simulated, options: dict[str, Any], tmp_path: Path
):
    (tmp_path / "a.tif").write_bytes(file("TIFF", frames(3)))
    frame = pd.DataFrame({"image": [str(tmp_path / "a.tif")]})
    out = frame.ocr.recognize("image", split_pages=True, max_calls=4, **options)
    assert out["ocr_status"].tolist() == ["Pending"]
    assert codes(out) == {"budget": 1}
    again = frame.ocr.recognize("image", split_pages=True, **options)
    assert again["ocr_status"].tolist() == ["Completed"]
    assert submits(vendor) == 3


VIEWS = {
    "string": pa.string(),
    "large_string": pa.large_string(),
    "string_view": pa.string_view(),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
    "binary": pa.binary(),
    "large_binary": pa.large_binary(),
    "binary_view": pa.binary_view(),
    "fixed_size_binary": pa.binary(3),
}


@pytest.mark.parametrize("kind", VIEWS)
def test_every_arrow_type_that_holds_images(kind: str, options: dict[str, Any], tmp_path: Path):
    (tmp_path / "a").write_bytes(b"one")
    cell = b"one" if "binary" in kind else str(tmp_path / "a")
    language = pa.array(["German", None, "German"]).dictionary_encode()
    images = pa.array([cell, None, cell])
    images = images.dictionary_encode() if kind == "dictionary" else images.cast(VIEWS[kind])
    table = pa.table({"image": pa.chunked_array([images[:1], images[1:]]), "lang": language})
    out = ocr_frames.recognize_arrow(table, "image", language=col("lang"), **options)
    assert out["image"].type == table["image"].type
    assert out["ocr_status"].to_pylist() == ["Completed", "Skipped", "Completed"]
    assert out["ocr_text"].to_pylist() == [read(b"one"), None, read(b"one")]


def test_polars_in_and_out(options: dict[str, Any]):
    boxes = [{"x0": 1, "y0": 2, "x1": 3, "y1": 4}]
    frame = pl.DataFrame({"image": [b"one", b"two", None], "boxes": [boxes, [], boxes]})
    table = ocr_frames.recognize_arrow(
        frame.to_arrow(), "image", details=["words", "pages"], **options
    )
    out = pl.from_arrow(table)
    assert isinstance(out, pl.DataFrame)
    counts = dict(out["ocr_status"].cast(pl.String).value_counts().iter_rows())
    assert counts == {"Completed": 2, "Skipped": 1}
    words = out.explode("ocr_words").unnest("ocr_words")
    assert words["text"].to_list() == [read(b"one"), read(b"two"), None]
    table = ocr_frames.recognize_arrow(frame.to_arrow(), "image", regions=col("boxes"), **options)
    assert table["ocr_status"].to_pylist() == ["Completed", "Skipped", "Skipped"]


def test_duckdb_reads_what_comes_out(options: dict[str, Any], tmp_path: Path):
    table = pa.table({"image": pa.array([b"one", b"two", None], pa.binary_view())})
    out = ocr_frames.recognize_arrow(
        table, "image", details=["words", "calls", "from_ledger"], **options
    )
    query = "SELECT ocr_status, count(*), sum(ocr_calls) FROM {} GROUP BY 1 ORDER BY 1"
    pa.parquet.write_table(out, tmp_path / "out.parquet")
    for source in ("out", f"'{tmp_path / 'out.parquet'}'"):
        rows = duckdb.sql(query.format(source)).fetchall()
        assert rows == [("Completed", 2, 4), ("Skipped", 1, None)]
        words = f"SELECT w.text, w.x1 FROM (SELECT unnest(ocr_words) w FROM {source}) ORDER BY 2, 1"
        assert duckdb.sql(words).fetchall() == sorted((read(i), 30) for i in (b"one", b"two"))


def test_pandas_counts_and_queries_statuses(options: dict[str, Any]):
    frame = pd.DataFrame({"image": [*IMAGES, None, "gone"], "label": list("aabbab")})
    out = frame.ocr.recognize("image", details=["calls"], **options)
    assert len(out.query("ocr_status == 'Completed' and ocr_calls == 2")) == 4
    assert out.query("ocr_status != 'Completed'").index.tolist() == [4, 5]
    counts = out.groupby(["label", "ocr_status"], observed=True).size()
    assert counts.to_dict() == {
        ("a", "Completed"): 2,
        ("a", "Skipped"): 1,
        ("b", "Completed"): 2,
        ("b", "Error"): 1,
    }
    assert out.groupby("ocr_status", observed=True)["ocr_calls"].sum().to_dict() == {
        "Completed": 8,
        "Error": 0,
        "Skipped": 0,
    }
    by_code = out["ocr_error"].str.partition(":")[0].value_counts().to_dict()
    assert by_code == {"file-not-found": 1}

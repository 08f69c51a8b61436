"""What comes out goes on in polars, DuckDB and pandas, without a detour."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

import ocr_frames
from ocr_frames.columns import STATUSES
from tests.adapters.simulated import Simulated, simulated

IMAGES = [b"one", None, b"two", b"", b"one"]
ENDED = ["Completed", "Skipped", "Completed", "Error", "Completed"]
COUNTS = [("Completed", 3), ("Error", 1), ("Skipped", 1)]
BY_STATUS = "SELECT ocr_status, count(*) FROM {} GROUP BY 1 ORDER BY 1"


@pytest.fixture(scope="module")
def vendor() -> Iterator[Simulated]:
    with simulated(holds=True) as simulator:
        yield simulator


@pytest.fixture
def options(vendor: Simulated) -> dict[str, Any]:
    return {"endpoint": vendor.endpoint, "progress": False}


@pytest.fixture
def frame() -> pl.DataFrame:
    """Every kind of column that polars has a type of its own for."""
    return pl.DataFrame(
        {
            "image": IMAGES,
            "row": range(5),
            "kind": pl.Series(["a", "b", None, "a", "b"], dtype=pl.Categorical),
            "size": pl.Series(["L", "S", "L", None, "S"], dtype=pl.Enum(["S", "L"])),
            "tags": [["x"], [], None, ["y", "z"], [None]],
            "box": [{"x": 1, "y": 2.5}] * 5,
            "when": pl.Series([0, 1, 2, None, 4], dtype=pl.Datetime("us", "Europe/Berlin")),
            "price": pl.Series(["1.50", "2.25", None, "0.01", "9"]).cast(pl.Decimal(10, 2)),
        }
    )


def text_of(image: bytes) -> str:
    return hashlib.sha256(image).hexdigest()


@pytest.mark.parametrize("level", ["oldest", "newest"])
def test_a_polars_frame_goes_through_arrow_and_comes_back(
    frame: pl.DataFrame, options: dict[str, Any], level: str
):
    table = frame.to_arrow(compat_level=getattr(pl.CompatLevel, level)())
    out = pl.from_arrow(ocr_frames.recognize_arrow(table, "image", **options))
    assert isinstance(out, pl.DataFrame)
    assert out.select(frame.columns).equals(frame)
    assert out.select(frame.columns).schema == frame.schema
    assert out["ocr_status"].to_list() == ENDED
    assert isinstance(out.schema["ocr_status"], pl.Categorical | pl.Enum)
    assert (out.schema["ocr_text"], out.schema["ocr_error"]) == (pl.String, pl.String)
    counted = out.group_by(pl.col("ocr_status").cast(pl.String)).len().sort("ocr_status")
    assert counted.rows() == COUNTS
    done = out.filter(pl.col("ocr_status") == "Completed")
    assert done["ocr_text"].to_list() == [text_of(b"one"), text_of(b"two"), text_of(b"one")]


def test_polars_strings_are_paths(tmp_path: Path, options: dict[str, Any]):
    (tmp_path / "a.png").write_bytes(b"one")
    frame = pl.DataFrame({"path": [str(tmp_path / "a.png"), None]})
    table = frame.to_arrow(compat_level=pl.CompatLevel.newest())
    out = ocr_frames.recognize_arrow(table, "path", **options)
    assert out["ocr_text"].to_pylist() == [text_of(b"one"), None]


def test_duckdb_queries_the_table_and_the_file(
    frame: pl.DataFrame, options: dict[str, Any], tmp_path: Path
):
    source, written = tmp_path / "in.parquet", tmp_path / "out.parquet"
    frame.drop("kind", "size").write_parquet(source)
    ocr_frames.recognize_table(source, written, column="image", **options)
    table = ocr_frames.recognize_arrow(frame.to_arrow(), "image", **options)
    with duckdb.connect() as base:
        base.register("read", table)
        for name in ("read", f"'{written}'"):
            assert base.sql(BY_STATUS.format(name)).fetchall() == COUNTS
            joined = base.sql(
                f"SELECT a.row FROM {name} a JOIN {name} b USING (ocr_text) "
                "WHERE a.row < b.row AND a.ocr_status = 'Completed'"
            )
            assert joined.fetchall() == [(0,)]
            failed = base.sql(f"SELECT split_part(ocr_error, ':', 1) FROM {name} WHERE row = 3")
            assert failed.fetchall() == [("empty-cell",)]


def test_what_duckdb_selects_is_recognized(vendor: Simulated, options: dict[str, Any]):
    with duckdb.connect() as base:
        selected = base.sql("SELECT 'one'::BLOB AS image UNION ALL SELECT NULL ORDER BY 1")
        table = selected.to_arrow_table()
    out = ocr_frames.recognize_arrow(table, "image", **options)
    assert sorted(out["ocr_status"].to_pylist()) == ["Completed", "Skipped"]


def test_pandas_groups_and_queries_by_status(options: dict[str, Any], tmp_path: Path):
    out = pd.DataFrame({"image": IMAGES, "row": range(5)}).ocr.recognize("image", **options)
    assert out.groupby("ocr_status", observed=True).size().to_dict() == dict(COUNTS)
    assert list(out.groupby("ocr_status", observed=False).size().index) == list(STATUSES)
    assert out.query("ocr_status == 'Completed'")["row"].tolist() == [0, 2, 4]
    assert out.query("ocr_error.str.startswith('empty-cell')")["row"].tolist() == [3]
    assert out["ocr_text"].str.len().max() == 64
    again = out.drop(columns="image")
    again.to_parquet(tmp_path / "out.parquet")
    read = pd.read_parquet(tmp_path / "out.parquet").astype(again.dtypes)
    pd.testing.assert_frame_equal(read, again)

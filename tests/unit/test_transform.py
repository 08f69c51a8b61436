"""Arguments of a table's recognition: what is wrong is told before anything is sent."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ocr_frames.errors import MisuseError, TableError
from ocr_frames.settings import Endpoint
from ocr_frames.transform import TableOptions, Transform


@pytest.fixture
def made(tmp_path: Path):
    table = pa.table({"path": ["a.png"], "raw": [b"x"]})
    pq.write_table(table, tmp_path / "in.parquet")

    def make(destination: str = "out.parquet", source: str = "in.parquet", **options: Any):
        chosen = {"endpoint": Endpoint.trial(), "ledger": False, **options}
        column = chosen.pop("column", "path")
        return Transform(tmp_path / source, f"{tmp_path}/{destination}", column, chosen)

    return make


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"column": "pth"}, "no column 'pth'; did you mean 'path'"),
        ({"langauge": "English"}, "unknown argument 'langauge'; did you mean 'language'"),
        ({"compresion": "zstd"}, "unknown argument 'compresion'; did you mean 'compression'"),
        ({"compression": "zip"}, "compression='zip'"),
        ({"language": "Englsh"}, "did you mean 'English'"),
        ({"only": "faild"}, "only='faild'; did you mean 'failed'"),
        ({"overwrite": "yes"}, "overwrite='yes' is not of type bool"),
        ({"prefix": "ocr_", "column": "raw", "destination": "out.xlsx"}, "ends in .parquet"),
        ({"destination": "out.csv"}, "cannot hold the column 'raw'"),
        ({"destination": "out.csv", "compression": "gzip"}, "compression= is for Parquet"),
        ({"destination": "out.csv", "row_group_rows": 5}, "row_group_rows= is for Parquet"),
        ({"part_rows": 5}, "part_rows= is for a new folder"),
        ({"destination": "out", "escape_formulas": True}, "escape_formulas= is for CSV"),
        ({"only": "failed"}, "no column 'ocr_status'"),
    ],
)
def test_misuse_is_told_early(made, tmp_path: Path, options: dict[str, Any], says: str):
    with pytest.raises(MisuseError, match=says):
        made(**options)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_columns_are_not_overwritten(made, tmp_path: Path):
    pq.write_table(pa.table({"path": ["a"], "ocr_text": ["precious"]}), tmp_path / "has.parquet")
    with pytest.raises(MisuseError, match="'ocr_text' is there already"):
        made(source="has.parquet")
    assert made(source="has.parquet", prefix="new_")


def test_a_partition_may_not_have_the_name_of_a_new_column(made, tmp_path: Path):
    (tmp_path / "parts/ocr_text=x").mkdir(parents=True)
    pq.write_table(pa.table({"path": ["a"]}), tmp_path / "parts/ocr_text=x/0.parquet")
    with pytest.raises(MisuseError, match="'ocr_text' is there already"):
        made(source="parts", destination="out")


def test_places_that_do_not_do_are_told_early(made):
    with pytest.raises(TableError, match="no folder"):
        made("no/out.parquet")
    with pytest.raises(TableError, match="no file"):
        made(source="none.parquet")


def test_only_failed_rows_means_to_try_them(made, tmp_path: Path):
    table = pa.table({"path": ["a"], "s": ["Error"], "t": ["x"], "e": [None]})
    table = table.rename_columns(["path", "ocr_status", "ocr_text", "ocr_error"])
    table = table.cast(pa.schema([(name, pa.string()) for name in table.schema.names]))
    pq.write_table(table, tmp_path / "has.parquet")
    assert made(source="has.parquet", only="failed").request.policy.retry_failed
    assert not made(source="has.parquet", only="pending").request.policy.retry_failed
    assert not made().request.policy.retry_failed


def test_every_option_is_of_the_run_or_of_tables():
    own = {"only", "row_group_rows", "compression", "part_rows", "escape_formulas", "overwrite"}
    assert own < set(TableOptions.__annotations__)
    assert "language" in TableOptions.__annotations__

"""Tables: read as they are, written whole or not at all."""

import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames import tables
from ocr_frames.columns import STATUS_TYPE
from ocr_frames.errors import MisuseError, TableError

CELLS = st.none() | st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n",;'), min_size=1
)


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_csv_round_trip_keeps_text_as_text(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    table = pa.table({"a": [a for a, _ in rows], "b": ["x"] * len(rows)}, schema=_STRINGS)
    tables.write(table, path)
    assert tables.read(path).equals(table)


_STRINGS = pa.schema({"a": pa.string(), "b": pa.string()})


def test_csv_columns_stay_text_and_empty_fields_are_null(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text('zip,path,note\n00123,a.png,"one\ntwo"\n7,,\n', encoding="utf-8")
    assert tables.read(path).to_pylist() == [
        {"zip": "00123", "path": "a.png", "note": "one\ntwo"},
        {"zip": "7", "path": None, "note": None},
    ]


_ELEMENT = pa.field("element", pa.struct({"x": pa.int64()}))


def test_parquet_round_trip_keeps_types_and_metadata(tmp_path: Path):
    table = pa.table(
        {
            "nested": pa.array([[{"x": 1}], None], pa.list_(_ELEMENT)),
            "when": pa.array([datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), None]),
            "status": pa.array(["Completed", None]).cast(STATUS_TYPE),
        }
    ).replace_schema_metadata({"made by": "hand"})
    path = tmp_path / "t.parquet"
    tables.write(table, path)
    assert tables.read(path).equals(table, check_metadata=True)


def test_statuses_are_words_in_csv(tmp_path: Path):
    path = tmp_path / "t.csv"
    tables.write(pa.table({"s": pa.array(["Completed"]).cast(STATUS_TYPE)}), path)
    assert path.read_text() == '"s"\n"Completed"\n'


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.parquet", None, "there is no file"),
        ("bad.parquet", b"not parquet", "could not be read"),
        ("empty.csv", b"", "could not be read"),
        ("ragged.csv", b"a,b\n1,2,3\n", "could not be read"),
        ("twice.csv", b"a,a\n1,2\n", "two columns of the same name"),
    ],
)
def test_a_table_that_cannot_be_read_says_which(tmp_path: Path, name, content, says):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TableError, match=says) as caught:
        tables.read(path)
    assert name in str(caught.value)


def test_other_endings_are_misuse():
    with pytest.raises(MisuseError, match=r"\.parquet or \.csv"):
        tables.format_of(Path("t.xlsx"))


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch):
    path = tmp_path / "t.parquet"
    tables.write(pa.table({"a": [1]}), path)

    def fails(table: pa.Table, where: str) -> None:
        Path(where).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", fails)
    with pytest.raises(TableError, match="No space left"):
        tables.write(pa.table({"a": [2]}), path)
    assert tables.read(path).to_pylist() == [{"a": 1}]
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_known_early(tmp_path: Path):
    with pytest.raises(TableError, match="no folder"):
        tables.check_writable(tmp_path / "no" / "t.csv")

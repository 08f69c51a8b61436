"""Formats: what is written is bounded, typed, and read back as it was."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.errors import MisuseError
from ocr_frames.tables import Source, WriteOptions, formats
from ocr_frames.tables.csv_format import CsvWriter, check_types
from ocr_frames.tables.parquet_format import ParquetWriter


def written(path: Path, table: pa.Table, **options) -> Path:
    kind = CsvWriter if path.suffix == ".csv" else ParquetWriter
    writer = kind(path, table.schema, WriteOptions(**options))
    for start in range(0, len(table), 7):
        writer.write(table.slice(start, 7))
    writer.close()
    return path


def read(path: Path) -> pa.Table:
    source = Source(path)
    slabs = list(source.slabs(source.fragments[0], source.schema.names))
    return pa.concat_tables([slab for _, slab in slabs]) if slabs else source.schema.empty_table()


_STRINGS = pa.schema({"a": pa.string(), "b": pa.string()})
CELLS = st.none() | st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\r\n",;='))


@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=9))
def test_csv_round_trip_keeps_text_as_text(tmp_path_factory, rows):
    table = pa.table({"a": [a for a, _ in rows], "b": [b for _, b in rows]}, schema=_STRINGS)
    path = written(tmp_path_factory.mktemp("csv") / "t.csv", table)
    assert read(path).equals(table)
    path.read_text(encoding="utf-8")


@given(rows=st.lists(CELLS, max_size=9))
def test_escaped_csv_has_no_formula_and_loses_nothing(tmp_path_factory, rows):
    table = pa.table({"a": rows, "b": ["x"] * len(rows)}, schema=_STRINGS)
    path = written(tmp_path_factory.mktemp("csv") / "t.csv", table, escape_formulas=True)
    for before, after in zip(rows, read(path)["a"].to_pylist(), strict=True):
        risky = before is not None and before.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert after == (f"'{before}" if risky else before)


def test_statuses_are_words_in_csv(tmp_path: Path):
    statuses = pa.array(["Completed"]).dictionary_encode()
    path = written(
        tmp_path / "t.csv", pa.table({"s": statuses, "v": pa.array(["x"], "string_view")})
    )
    assert path.read_text() == '"s","v"\n"Completed","x"\n'


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.int8()), pa.struct([("a", pa.int8())]), pa.map_(pa.int8(), pa.int8()),
        pa.binary(), pa.large_binary(), pa.binary(3), pa.binary_view(), pa.uuid(),
        pa.dictionary(pa.int8(), pa.binary()),
    ],
)  # fmt: skip
def test_csv_says_which_column_it_cannot_hold(kind):
    with pytest.raises(MisuseError, match="cannot hold the column 'c'"):
        check_types(pa.schema([("a", pa.string()), ("c", kind)]))


def test_parquet_row_groups_end_at_their_rows_or_bytes(tmp_path: Path, monkeypatch):
    table = pa.table({"n": range(100)})
    metadata = pq.read_metadata(written(tmp_path / "a.parquet", table, row_group_rows=30))
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert groups == [30, 30, 30, 10]
    assert read(tmp_path / "a.parquet").equals(table)
    monkeypatch.setattr("ocr_frames.tables.parquet_format.ROW_GROUP_BYTES", 100_000)
    noise = pa.table({"n": [os.urandom(10_000) for _ in range(40)]})
    metadata = pq.read_metadata(written(tmp_path / "b.parquet", noise))
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert groups == [14, 14, 12]  # pieces of 7 rows until they make 100 kB


def test_pages_of_images_stay_small(tmp_path: Path):
    noise = pa.table({"n": [os.urandom(100_000) for _ in range(100)]})
    written(tmp_path / "t.parquet", noise, compression="none")
    whole = (tmp_path / "t.parquet").read_bytes()
    assert len(whole) > 10_000_000
    # Who reads a row holds a page: 10 MB if all rows were in one.
    reader = pq.ParquetFile(tmp_path / "t.parquet", buffer_size=1000, pre_buffer=False)
    before = pa.total_allocated_bytes()
    batches = reader.iter_batches(1, use_threads=False)
    next(batches)
    assert pa.total_allocated_bytes() - before < 5_000_000
    batches.close()
    reader.close()


def test_an_empty_table_has_its_schema(tmp_path: Path):
    schema = pa.schema([pa.field("a", pa.list_(pa.field("element", pa.int8())))], {"k": "v"})
    assert read(written(tmp_path / "t.parquet", schema.empty_table())).schema.equals(
        schema, check_metadata=True
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"row_group_rows": 0}, "row_group_rows=0"),
        ({"row_group_rows": True}, "row_group_rows=True"),
        ({"part_rows": 1.5}, "part_rows=1.5"),
        ({"compression": "zip"}, "compression='zip'; there are: zstd"),
        ({"escape_formulas": "yes"}, "escape_formulas='yes'"),
    ],
)
def test_options_are_checked(options, says):
    with pytest.raises(MisuseError, match=says):
        WriteOptions(**options)


def test_slabs_keep_the_rows_and_their_numbers():
    batches = [(at, pa.record_batch({"n": range(at, at + 100)})) for at in range(0, 3000, 100)]
    slabs = list(formats.slabs(iter(batches)))
    assert [at for at, _ in slabs] == [0, 1100, 2200]
    assert pa.concat_tables([slab for _, slab in slabs])["n"].to_pylist() == list(range(3000))
    assert list(formats.slabs([])) == []

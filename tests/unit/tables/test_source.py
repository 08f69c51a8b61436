"""Tables to read: which files they are, in which order, and what is wrong with them."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ocr_frames.errors import MisuseError, TableError
from ocr_frames.tables import Source
from ocr_frames.tables.formats import SLAB_BYTES, SLAB_ROWS


def write(path: Path, **columns: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def rows(source: Source) -> list[dict[str, object]]:
    return [
        row
        for fragment in source.fragments
        for _, slab in source.slabs(fragment, source.schema.names)
        for row in slab.to_pylist()
    ]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.parquet", None, "there is no file"),
        ("bad.parquet", b"not parquet", "could not be read"),
        ("empty.csv", b"", "could not be read"),
        ("ragged.csv", b"a,b\n1,2,3\n", "could not be read"),
        ("letters.csv", b"a\n\xff\n", "could not be read"),
        ("twice.csv", b"a,a\n1,2\n", "two columns of the same name"),
    ],
)
def test_a_table_that_cannot_be_read_says_which(tmp_path: Path, name, content, says):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TableError, match=says) as caught:
        rows(Source(path))
    assert name in str(caught.value)


def test_two_columns_of_one_name_are_told(tmp_path: Path):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(TableError, match="two columns of the same name, 'a'"):
        Source(tmp_path / "t.parquet")


def test_other_endings_are_misuse(tmp_path: Path):
    with pytest.raises(MisuseError, match=r"\.parquet or \.csv"):
        Source(tmp_path / "t.xlsx")
    (tmp_path / "t.xlsx").touch()
    with pytest.raises(MisuseError, match=r"\.parquet or \.csv"):
        Source(tmp_path / "t.xlsx")


def test_csv_columns_stay_text_and_empty_fields_are_null(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text('\ufeffzip,path,note\n00123,a.png,"one\ntwo"\n7,,""\n', encoding="utf-8")
    source = Source(path)
    assert rows(source) == [
        {"zip": "00123", "path": "a.png", "note": "one\ntwo"},
        {"zip": "7", "path": None, "note": ""},
    ]
    assert source.rows is None
    assert set(source.schema.types) == {pa.string()}


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path):
    (tmp_path / "t.csv").write_text("a,b\n")
    source = Source(tmp_path / "t.csv")
    assert source.schema.names == ["a", "b"]
    assert rows(source) == []


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path):
    for number, name in enumerate(["b.parquet", "a/z.pq", "a.parquet", "c/x/y.PARQUET"]):
        write(tmp_path / name, n=[number])
    for hidden in ["_manifest.json", ".b.parquet.tmp", "_old/a.parquet", "a/.b.parquet"]:
        (tmp_path / hidden).parent.mkdir(exist_ok=True)
        (tmp_path / hidden).write_bytes(b"no table")
    (tmp_path / "note.txt").write_text("no table")
    source = Source(tmp_path)
    names = [fragment.name for fragment in source.fragments]
    assert names == ["a.parquet", "a/z.pq", "b.parquet", "c/x/y.PARQUET"]
    assert [row["n"] for row in rows(source)] == [2, 1, 0, 3]
    assert source.rows == 4
    assert source.folders == [tmp_path.resolve(), Path.cwd()]


def test_a_folder_may_have_the_ending_of_a_file(tmp_path: Path):
    write(tmp_path / "t.parquet/part-0.parquet", n=[1])
    assert rows(Source(tmp_path / "t.parquet")) == [{"n": 1}]


def test_a_file_may_have_the_letters_of_a_glob(tmp_path: Path):
    write(tmp_path / "t[1]*.parquet", n=[1])
    write(tmp_path / "t1.parquet", n=[2])
    assert rows(Source(tmp_path / "t[1]*.parquet")) == [{"n": 1}]
    assert rows(Source(tmp_path / "t[1].parquet")) == [{"n": 2}]


def test_partitions_are_columns_with_types(tmp_path: Path):
    write(tmp_path / "year=2024/city=a%2Fb/0.parquet", n=[1])
    write(tmp_path / "year=__HIVE_DEFAULT_PARTITION__/city=c/0.parquet", n=[2])
    write(tmp_path / "loose.parquet", n=[3])
    source = Source(tmp_path)
    assert source.file_schema.names == ["n"]
    assert source.schema == pa.schema([("n", pa.int64()), ("year", pa.int32()), ("city", "string")])
    assert rows(source) == [
        {"n": 3, "year": None, "city": None},
        {"n": 1, "year": 2024, "city": "a/b"},
        {"n": 2, "year": None, "city": "c"},
    ]


def test_folders_above_the_table_are_no_partitions(tmp_path: Path):
    write(tmp_path / "env=prod/t/year=1/0.parquet", n=[1])
    assert rows(Source(tmp_path / "env=prod/t")) == [{"n": 1, "year": 1}]
    assert rows(Source(tmp_path / "env=prod/t/year=1/0.parquet")) == [{"n": 1}]


def test_a_column_in_the_files_comes_before_a_partition_of_its_name(tmp_path: Path):
    write(tmp_path / "year=1/0.parquet", year=["one"])
    assert rows(Source(tmp_path)) == [{"year": "one"}]


def test_a_glob_that_matches_nothing_and_an_empty_folder_are_told(tmp_path: Path):
    for where in (tmp_path, tmp_path / "*.csv"):
        with pytest.raises(TableError, match=r"no \.parquet or \.csv file in"):
            Source(where)


def test_a_mixture_of_formats_is_misuse(tmp_path: Path):
    write(tmp_path / "a.parquet", n=[1])
    (tmp_path / "b.csv").write_text("n\n1\n")
    with pytest.raises(MisuseError, match="both Parquet and CSV"):
        Source(tmp_path)
    assert rows(Source(tmp_path / "*.csv")) == [{"n": "1"}]


def test_only_the_wanted_columns_come_in_the_wanted_order(tmp_path: Path):
    write(tmp_path / "t.parquet", a=[1], **{"a.b": [2], "c": [{"d": 3}]})
    source = Source(tmp_path / "t.parquet")
    ((_, slab),) = source.slabs(source.fragments[0], ["c", "a"])
    assert slab.to_pylist() == [{"c": {"d": 3}, "a": 1}]
    ((_, slab),) = source.slabs(source.fragments[0], ["a.b"])
    assert slab.to_pylist() == [{"a.b": 2}]


def test_slabs_are_bounded_in_rows_and_bytes(tmp_path: Path):
    write(tmp_path / "narrow.parquet", n=range(5000))
    big = os.urandom(1) * 2**20
    write(tmp_path / "wide.parquet", n=[big] * 100)  # one value in the file, a hundred in memory
    for name in ("narrow", "wide"):
        source = Source(tmp_path / f"{name}.parquet")
        slabs = [slab for _, slab in source.slabs(source.fragments[0], ["n"])]
        assert max(slab.num_rows for slab in slabs) <= SLAB_ROWS + 128
        assert max(slab.nbytes for slab in slabs) <= max(2 * SLAB_BYTES, 128 * 2**20)
        assert sum(slab.num_rows for slab in slabs) == source.rows
    write(tmp_path / "noise.parquet", n=[os.urandom(2**20) for _ in range(40)])
    source = Source(tmp_path / "noise.parquet")
    sizes = [slab.nbytes for _, slab in source.slabs(source.fragments[0], ["n"])]
    assert max(sizes) <= SLAB_BYTES + 2**20
    assert len(sizes) >= 5


def test_row_groups_that_are_not_wanted_are_not_read(tmp_path: Path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"n": range(100)}), path, row_group_size=30)
    source = Source(path)
    for first, starts in [(0, 0), (29, 0), (30, 30), (95, 90), (100, None)]:
        slabs = list(source.slabs(source.fragments[0], ["n"], first))
        if starts is None:
            assert slabs == []
            continue
        assert slabs[0][0] == starts
        assert [n for _, slab in slabs for n in slab["n"].to_pylist()] == list(range(starts, 100))


def test_a_change_is_seen(tmp_path: Path):
    path = write(tmp_path / "a.parquet", n=[1])
    source = Source(tmp_path)
    source.check_unchanged(source.fragments)
    source.check_complete()
    write(tmp_path / "b.parquet", n=[1])
    with pytest.raises(TableError, match="came or went"):
        source.check_complete()
    write(path, n=[1, 2])
    with pytest.raises(TableError, match=r"a\.parquet' changed during the run"):
        source.check_unchanged(source.fragments)
    path.unlink()
    with pytest.raises(TableError, match="there is no file"):
        source.check_unchanged(source.fragments)

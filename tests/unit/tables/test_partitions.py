"""Partitions: what pyarrow.dataset finds in the same folders."""

from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from ocr_frames.tables.partitions import partitions


@pytest.mark.parametrize(
    "values",
    [
        ["1", "2"],
        ["01", "-7", "__HIVE_DEFAULT_PARTITION__"],
        ["1", "one"],
        ["2147483648"],
        ["2147483647"],
        ["٣"],
        ["1.5"],
        ["a%20b%2F", "ü"],
    ],
)
def test_keys_have_the_types_and_values_of_a_dataset(tmp_path: Path, values: list[str]):
    folders = [f"k={value}/other=x" for value in sorted(values)]
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
        pq.write_table(pa.table({"n": [1]}), tmp_path / folder / "0.parquet")
    table = ds.dataset(tmp_path, partitioning="hive").to_table()
    keys, fields = partitions(folders)
    assert pa.schema(fields) == table.select(["k", "other"]).schema
    assert [dict(each) for each in keys] == table.select(["k", "other"]).to_pylist()


def test_other_folders_have_no_keys():
    keys, fields = partitions([".", "a/b", "a/k=1/b"])
    assert [dict(each) for each in keys] == [{}, {}, {"k": 1}]
    assert [field.name for field in fields] == ["k"]
    assert partitions(["."]) == ([{}], [])

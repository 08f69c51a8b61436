"""The sink: a part is there whole or not at all, and its rows are counted."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ocr_frames.errors import MisuseError, TableError
from ocr_frames.tables import Destination, Parts, Sink, Source, WriteOptions
from ocr_frames.tables.parquet_format import ParquetWriter

STATUS = pa.schema({"n": pa.int64(), "status": pa.string()})


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "in").mkdir()
    for number in range(3):
        pq.write_table(pa.table({"n": [number, number]}), tmp_path / f"in/{number}.parquet")
    return Source(tmp_path / "in")


def sink_to(where: Path, source: Source, schema: pa.Schema = STATUS) -> tuple[Sink, Parts]:
    destination = Destination(where, source)
    parts = Parts(source, destination, 100, "same")
    return Sink(source, destination, schema, WriteOptions(), parts, "status"), parts


def rows(*statuses: str) -> pa.Table:
    return pa.table({"n": range(len(statuses)), "status": list(statuses)}, schema=STATUS)


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "t.parquet"
    path.write_text("precious")
    for method in ("write", "close"):
        sink, parts = sink_to(path, source)
        part = parts.of(source.fragments[0], 0)
        sink.write(part, rows("Completed"), is_last=False)

        def fails(*arguments: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(ParquetWriter, method, fails)
            with pytest.raises(TableError, match=r"t\.parquet' could not be written: .*No space"):
                sink.write(part, rows("Completed"), is_last=True)
        sink.close()
        assert path.read_text() == "precious"
        assert list(tmp_path.glob(".*")) == []
        assert (sink.rows, sink.values) == (0, {})


def test_what_is_not_the_last_of_a_part_is_not_published(tmp_path: Path, source: Source):
    sink, parts = sink_to(tmp_path / "out", source)
    first, second = (parts.of(source.fragments[number], 0) for number in (0, 1))
    sink.write(first, rows("Completed"), is_last=False)
    sink.write(first, rows("Error", "Completed"), is_last=True)
    sink.write(second, rows("Completed"), is_last=False)
    sink.close()
    sink.close()
    assert [path.name for path in (tmp_path / "out").iterdir()] == [Path(first.path).name]
    assert pq.read_table(first.path)["status"].to_pylist() == ["Completed", "Error", "Completed"]
    assert (sink.rows, sink.values) == (3, {"Completed": 2, "Error": 1})


def test_a_finished_folder_has_a_manifest(tmp_path: Path, source: Source):
    sink, parts = sink_to(tmp_path / "out", source)
    for fragment in source.fragments:
        sink.write(parts.of(fragment, 0), rows("Completed", "Skipped"), is_last=True)
    assert not (tmp_path / "out/_manifest.json").exists()
    sink.finish()
    manifest = json.loads((tmp_path / "out/_manifest.json").read_text())
    assert manifest["rows"] == 6
    assert manifest["status"] == {"Completed": 3, "Skipped": 3}
    assert manifest["source"] == str(tmp_path / "in")
    assert [tmp_path / "out" / part["path"] for part in manifest["parts"]] == [
        Path(parts.of(fragment, 0).path) for fragment in source.fragments
    ]


@pytest.mark.parametrize("status", ["Completed", "Pending"])
def test_finished_parts_are_found_again_unless_they_have_unfinished_rows(
    tmp_path: Path, source: Source, status: str
):
    sink, parts = sink_to(tmp_path / "out", source)
    sink.write(parts.of(source.fragments[0], 0), rows("Error", status), is_last=True)
    sink.write(parts.of(source.fragments[1], 0), rows("Completed"), is_last=True)
    again, parts = sink_to(tmp_path / "out", source)
    again.resume(frozenset({"Pending"}), overwrite=False)
    kept = [
        number for number in range(3) if parts.of(source.fragments[number], 0).path in parts.done
    ]
    assert kept == ([0, 1] if status == "Completed" else [1])
    assert again.rows == (3 if status == "Completed" else 1)
    assert again.values["Completed"] == (2 if status == "Completed" else 1)
    assert {piece.part.fragments[0].number for piece in parts.scan(["n"])} == {0, 1, 2} - set(kept)


def test_a_damaged_part_is_not_finished(tmp_path: Path, source: Source):
    sink, parts = sink_to(tmp_path / "out", source)
    for fragment in source.fragments:
        sink.write(parts.of(fragment, 0), rows("Completed"), is_last=True)
    damaged = Path(parts.of(source.fragments[1], 0).path)
    damaged.write_bytes(damaged.read_bytes()[:100])
    again, parts = sink_to(tmp_path / "out", source)
    again.resume(frozenset(), overwrite=False)
    assert [piece.part.path for piece in parts.scan(["n"]) if piece.is_last] == [str(damaged)]


def test_a_run_that_begins_takes_the_manifest_away(tmp_path: Path, source: Source):
    sink, parts = sink_to(tmp_path / "out", source)
    for fragment in source.fragments:
        sink.write(parts.of(fragment, 0), rows("Pending"), is_last=True)
    sink.finish()
    again, parts = sink_to(tmp_path / "out", source)
    again.resume(frozenset({"Pending"}), overwrite=False)
    assert not (tmp_path / "out/_manifest.json").exists()
    assert parts.done == set()


def test_csv_refuses_what_it_cannot_hold_before_anything_is_written(tmp_path: Path, source: Source):
    with pytest.raises(MisuseError, match="cannot hold the column 'words'"):
        sink_to(tmp_path / "t.csv", source, STATUS.append(pa.field("words", pa.list_(pa.string()))))
    assert [path.name for path in tmp_path.iterdir()] == ["in"]

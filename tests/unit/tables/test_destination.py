"""Destinations: what a name means, and what is refused before anything is sent."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from ocr_frames.errors import MisuseError, TableError
from ocr_frames.tables import Destination, Source


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({"n": [1]}), tmp_path / "in/t.parquet")
    return Source(tmp_path / "in")


@pytest.mark.parametrize(
    ("name", "is_folder", "format_"),
    [
        ("t.parquet", False, "Parquet"),
        ("t.PQ", False, "Parquet"),
        ("t.csv", False, "CSV"),
        ("t", True, "Parquet"),
        ("t.v2/", True, "Parquet"),
        ("there.csv", True, "Parquet"),
    ],
)
def test_the_name_tells_what_is_written(tmp_path, source, name, is_folder, format_):
    (tmp_path / "there.csv").mkdir()
    destination = Destination(f"{tmp_path}/{name}", source)
    assert (destination.is_folder, destination.format) == (is_folder, format_)
    assert not destination.in_place
    destination.check_writable()


@pytest.mark.parametrize("name", ["t.xlsx", "t.v2", "memory://t.xlsx"])
def test_other_endings_are_misuse(tmp_path, source, name):
    where = name if "://" in name else tmp_path / name
    with pytest.raises(MisuseError, match=r"\.parquet or \.csv"):
        Destination(where, source)


@pytest.mark.parametrize("name", ["no/t.csv", "no/t", "no/t/"])
def test_a_missing_folder_is_known_early(tmp_path, source, name):
    with pytest.raises(TableError, match="no folder"):
        Destination(f"{tmp_path}/{name}", source).check_writable()


def test_the_web_is_not_written_to(source):
    with pytest.raises(MisuseError, match="read, not written"):
        Destination("https://127.0.0.1:1/out.csv", source)


def test_a_folder_that_may_not_be_written_to_is_known_early(tmp_path, source, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(TableError, match="no permission"):
        Destination(tmp_path / "t.csv", source).check_writable()


@pytest.mark.parametrize("name", ["in", "in/", "../{}/in", "link"])
def test_the_source_itself_is_in_place(tmp_path, source, name):
    (tmp_path / "link").symlink_to(tmp_path / "in")
    assert Destination(f"{tmp_path}/{name.format(tmp_path.name)}", source).in_place
    file = Source(tmp_path / "in/t.parquet")
    assert Destination(tmp_path / "link/t.parquet", file).in_place
    assert not Destination(tmp_path / "in/u.parquet", file).in_place


def test_a_destination_is_no_part_of_its_source(tmp_path, source):
    pq.write_table(pa.table({"n": [1]}), tmp_path / "in/u.parquet")
    glob = Source(tmp_path / "in/*.parquet")
    for origin, name in [
        (source, "in/out"),
        (source, "in/out.parquet"),
        (source, "in/t.parquet"),
        (glob, "in/t.parquet"),
        (glob, "in/"),
        (source, ""),
    ]:
        with pytest.raises(MisuseError, match="would be part of the source"):
            Destination(f"{tmp_path}/{name}", origin)
    assert not Destination(tmp_path / "in/out.parquet", glob).in_place


def test_one_run_at_a_time_and_what_dead_ones_left_is_cleaned(tmp_path, source):
    for name, left in [("out", "out/.ocr_frames.x1.tmp"), ("out.csv", ".out.csv.x1.tmp")]:
        (tmp_path / left).parent.mkdir(exist_ok=True)
        (tmp_path / left).write_text("half a table")
        (tmp_path / ".other.csv.x1.tmp").write_text("another run's")
        destination = Destination(tmp_path / name, source)
        with destination.locked():
            assert not (tmp_path / left).exists()
            with (
                pytest.raises(TableError, match="another run is writing"),
                Destination(tmp_path / name, source).locked(),
            ):
                raise AssertionError("two at a time")
        with destination.locked():
            pass
    assert {path.name for path in tmp_path.rglob(".*")} == {".other.csv.x1.tmp"}


def test_a_lock_of_a_dead_run_is_no_hindrance(tmp_path, source):
    FileLock(tmp_path / ".out.csv.lock").acquire()
    (tmp_path / ".out.csv.lock").unlink()
    (tmp_path / ".out.csv.lock").touch()
    with Destination(tmp_path / "out.csv", source).locked():
        pass
    assert not list(tmp_path.glob(".*"))


def test_a_folder_that_stays_empty_goes_again(tmp_path, source):
    with Destination(tmp_path / "out", source).locked():
        assert (tmp_path / "out").is_dir()
    assert not (tmp_path / "out").exists()
    (tmp_path / "mine").mkdir()
    with Destination(tmp_path / "mine", source).locked():
        pass
    assert (tmp_path / "mine").is_dir()

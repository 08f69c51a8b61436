"""Where tables lie: paths, URLs, and what is told when there is no way there."""

import os
import stat
import sys
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest

from ocr_frames.errors import MissingExtraError, MisuseError, OcrFramesError, TableError
from ocr_frames.tables.storage import LocalStorage, RemoteStorage, explained, locate


def test_paths_and_file_urls_are_of_this_machine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/ada")
    for where, path in [
        ("a/b.parquet", "a/b.parquet"),
        (Path("a/b.parquet"), "a/b.parquet"),
        ("~/t.csv", "/home/ada/t.csv"),
        ("folder/", "folder/"),
        ("file:///a%20b/t.csv", "/a b/t.csv"),
    ]:
        storage, found = locate(where)
        assert isinstance(storage, LocalStorage)
        assert found == path


def test_urls_are_fsspecs():
    storage, path = locate("memory://a/b.parquet")
    assert isinstance(storage, RemoteStorage)
    assert storage.absolute(path) == "memory:///a/b.parquet"


def test_without_fsspec_the_pip_line_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"ocr-frames\[remote\]"):
        locate("memory://a")


def test_a_store_without_a_driver_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(TableError, match=r"a driver.*such as s3fs"):
        locate("s3://bucket/t.parquet")
    with pytest.raises(TableError, match="nonsense"):
        locate("nonsense://x")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (FileNotFoundError(2, "No such file"), "there is no file 'x'"),
        (PermissionError(13, "denied"), "'x' could not be read: no permission"),
        (OSError(28, "No space left on device"), "'x' could not be read: .*No space left"),
        (pa.ArrowInvalid("bad magic"), "'x' could not be read: bad magic"),
        (ImportError("Install s3fs"), "'x' could not be read: Install s3fs"),
    ],
)
def test_foreign_errors_become_ours(error: Exception, says: str):
    with pytest.raises(TableError, match=says) as caught, explained("x", "read"):
        raise error
    assert caught.value.__cause__ is error


def test_our_own_errors_stay_what_they_are():
    for error in (MisuseError("no"), TableError("no"), MissingExtraError("x", "remote")):
        with pytest.raises(OcrFramesError) as caught, explained("x", "read"):
            raise error
        assert caught.value is error


def test_a_published_file_has_the_mode_that_its_name_had(tmp_path: Path):
    old, new = tmp_path / "old.csv", tmp_path / "folder/new.csv"
    old.write_text("old")
    old.chmod(0o640)
    mask = os.umask(0o022)
    try:
        for path in (old, new):
            staged = tmp_path / "staged.tmp"
            staged.touch(mode=0o600)
            staged.write_text("new")
            LocalStorage().publish(staged, str(path))
            assert path.read_text() == "new"
            assert not staged.exists()
    finally:
        os.umask(mask)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == 0o644


def test_an_upload_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/up/t.parquet", b"old")
    staged = tmp_path / "staged.tmp"
    staged.write_text("new")

    def fails(*arguments: object, **options: object) -> None:
        raise OSError(5, "the line is cut")

    with monkeypatch.context() as patch:
        patch.setattr(type(memory), "mv", fails)
        with pytest.raises(OSError, match="cut"):
            RemoteStorage(memory).publish(staged, "/up/t.parquet")
    assert memory.find("/up") == ["/up/t.parquet"]
    assert memory.cat("/up/t.parquet") == b"old"
    RemoteStorage(memory).publish(staged, "/up/t.parquet")
    assert memory.cat("/up/t.parquet") == b"new"
    assert memory.find("/up") == ["/up/t.parquet"]
    memory.rm("/up", recursive=True)


@pytest.mark.parametrize("remote", [False, True])
def test_a_changed_file_is_in_another_state(tmp_path: Path, remote: bool):
    storage, path = locate(f"memory:/{tmp_path}/f" if remote else tmp_path / "f")
    with storage.arrow.open_output_stream(path) as file:
        file.write(b"one")
    before = storage.state(path)
    assert storage.state(path) == before
    with storage.arrow.open_output_stream(path) as file:
        file.write(b"three")
    assert storage.state(path) != before
    storage.remove(path)
    storage.remove(path)
    assert not storage.is_file(path)

"""A cell leads to a file or bytes, or to a reason; nothing is raised."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames import images
from ocr_frames.engine.ledger import FileFacts
from ocr_frames.model import Failure


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.png").write_bytes(b"A")
    (tmp_path / "empty.png").touch()
    (tmp_path / "sub").mkdir()
    return tmp_path


def code(cell: object, *folders: Path) -> str:
    found = images.locate(cell, folders or (Path.cwd(),))
    assert isinstance(found, Failure)
    return found.code


def read(cell: object, *folders: Path) -> bytes | Failure:
    found = images.locate(cell, folders)
    return images.read(found.path) if isinstance(found, FileFacts) else found


def test_paths_absolute_and_relative_and_bytes_are_found(folder: Path):
    for cell in (folder / "a.png", str(folder / "a.png"), "a.png", Path("a.png"), b"A"):
        assert read(cell, folder) == b"A"
    assert images.locate(bytearray(b"A"), []) == b"A"


def test_a_file_comes_with_its_size_and_time(folder: Path):
    facts = (folder / "a.png").stat()
    found = images.locate("a.png", [folder])
    assert found == FileFacts(str(folder / "a.png"), facts.st_size, facts.st_mtime_ns)


def test_the_home_folder_has_its_sign(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(folder))
    assert read("~/a.png", Path("/")) == b"A"


def test_relative_paths_are_looked_for_in_each_folder_in_turn(folder: Path):
    first = folder / "first"
    first.mkdir()
    assert read("a.png", first, folder) == b"A"
    (first / "a.png").write_bytes(b"first")
    assert read("a.png", first, folder) == b"first"


def test_a_missing_file_names_the_path_and_where_it_was_looked_for(folder: Path):
    found = images.locate("no.png", [folder, Path("/elsewhere")])
    assert isinstance(found, Failure)
    assert found.code == "file-not-found"
    assert "'no.png'" in found.message
    assert f"{folder}, then /elsewhere" in found.message


def test_what_is_no_image_file_says_what_it_is(folder: Path):
    assert code("sub", folder) == "not-a-file"
    assert code("empty.png", folder) == "empty-file"
    assert code("a.png/b.png", folder) == "file-not-found"
    assert code("") == "empty-cell"
    assert code(b"") == "empty-cell"
    assert code(5) == "unsupported-cell"
    assert code("a\0b") == "file-unreadable"
    assert code("x" * 5000) == "file-unreadable"
    os.mkfifo(folder / "pipe")
    assert code("pipe", folder) == "not-a-file"


def test_a_file_too_large_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(images, "LARGEST_BYTES", 3)
    (folder / "large.png").write_bytes(b"four")
    assert code("large.png", folder) == "too-large"


def test_a_file_without_permission_or_gone_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch):
    gone = images.read(str(folder / "gone.png"))
    assert isinstance(gone, Failure)
    assert gone.code == "file-not-found"
    (folder / "a.png").chmod(0)
    if os.access(folder / "a.png", os.R_OK):  # root may read it all the same
        monkeypatch.setattr(Path, "read_bytes", _denied)
    denied = read("a.png", folder)
    assert isinstance(denied, Failure)
    assert denied.code == "file-unreadable"
    assert "no permission" in denied.message


def _denied(path: Path) -> bytes:
    raise PermissionError(13, "Permission denied")


@given(st.text() | st.integers() | st.floats() | st.binary(max_size=5) | st.lists(st.text()))
def test_no_cell_whatever_raises(cell: object):
    assert isinstance(images.locate(cell, [Path.cwd()]), bytes | FileFacts | Failure)

"""A cell becomes bytes or a reason; nothing is raised."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames import images
from ocr_frames.model import Failure


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.png").write_bytes(b"A")
    (tmp_path / "empty.png").touch()
    (tmp_path / "sub").mkdir()
    return tmp_path


def code(cell: object, *folders: Path) -> str:
    read = images.read_cell(cell, folders or (Path.cwd(),))
    assert isinstance(read, Failure)
    return read.code


def test_paths_absolute_and_relative_and_bytes_are_read(folder: Path):
    for cell in (folder / "a.png", str(folder / "a.png"), "a.png", Path("a.png"), b"A"):
        assert images.read_cell(cell, [folder]) == b"A"


def test_relative_paths_are_looked_for_in_each_folder_in_turn(folder: Path, tmp_path: Path):
    first = tmp_path / "first"
    first.mkdir()
    assert images.read_cell("a.png", [first, folder]) == b"A"
    (first / "a.png").write_bytes(b"first")
    assert images.read_cell("a.png", [first, folder]) == b"first"


def test_a_missing_file_names_the_path_and_where_it_was_looked_for(folder: Path):
    read = images.read_cell("no.png", [folder, Path("/elsewhere")])
    assert isinstance(read, Failure)
    assert read.code == "file-not-found"
    assert "'no.png'" in read.message
    assert f"{folder}, then /elsewhere" in read.message


def test_what_is_no_image_file_says_what_it_is(folder: Path):
    assert code("sub", folder) == "not-a-file"
    assert code("empty.png", folder) == "empty-file"
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


def test_a_file_without_permission_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "a.png").chmod(0)
    if os.access(folder / "a.png", os.R_OK):  # root may read it all the same
        monkeypatch.setattr(Path, "read_bytes", _denied)
    assert code("a.png", folder) == "file-unreadable"


def _denied(path: Path) -> bytes:
    raise PermissionError(13, "Permission denied")


@given(st.text() | st.integers() | st.floats() | st.binary(max_size=5) | st.lists(st.text()))
def test_no_cell_whatever_raises(cell: object):
    assert isinstance(images.read_cell(cell, [Path.cwd()]), bytes | Failure)

"""A cell leads to a file or bytes, or to a reason; nothing is raised."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr_frames import images
from ocr_frames.engine.ledger import FileFacts
from ocr_frames.images import Picture, Url
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


@pytest.mark.parametrize("form", ["file://{}", "file:{}", "FILE://localhost{}"])
def test_a_file_may_have_a_url(folder: Path, form: str):
    (folder / "a b%.png").write_bytes(b"B")
    assert read(form.format(folder / "a.png")) == b"A"
    assert read(form.format(str(folder / "a%20b%25.png"))) == b"B"


@pytest.mark.parametrize("url", ["file:", "file://", "file://elsewhere/a.png", "file://[/a"])
def test_a_url_of_no_file_of_this_machine_says_so(url: str):
    assert code(url) == "file-not-found"


@pytest.mark.parametrize(
    "url", ["https://a.example/b.png", "HTTP://a", "s3://bucket/key", "az://c/d?sig=1", "x-y+z://"]
)
def test_a_url_is_not_looked_into_here(url: str):
    assert images.locate(url, []) == Url(url)


@pytest.mark.parametrize("name", ["a:b.png", "12:30.png", "C:a.png", "://a", "a b://c", "data:x"])
def test_a_name_with_a_colon_is_a_name(folder: Path, name: str):
    path = folder / name
    if "/" not in name:
        path.write_bytes(b"A")
        assert read(name, folder) == b"A"
    else:
        assert code(name, folder) == "file-not-found"


def test_datasets_have_bytes_or_paths(folder: Path):
    for cell in (
        {"bytes": b"A", "path": None},
        {"bytes": b"A", "path": "gone.png"},
        {"bytes": None, "path": "a.png"},
        {"path": Path("a.png")},
        {"bytes": bytearray(b"A")},
    ):
        assert read(cell, folder) == b"A"
    assert images.locate({"bytes": None, "path": "https://a/b"}, []) == Url("https://a/b")
    assert code({"bytes": None, "path": None}) == "empty-cell"
    assert code({"bytes": b"", "path": "a.png"}, folder) == "empty-cell"
    assert code({"bytes": None, "path": {"path": "a.png"}}) == "empty-cell"
    assert code({"image": b"A"}) == "unsupported-cell"


def test_what_is_in_memory_is_left_there():
    for cell in (np.zeros((2, 2), np.uint8), Image.new("L", (2, 2))):
        found = images.locate(cell, [])
        assert isinstance(found, Picture)
        assert found.cell is cell


def test_a_message_is_short_though_the_cell_is_not(folder: Path):
    for cell in ("A" * 100_000, "/" + "A/" * 50_000):
        found = images.locate(cell, [folder])
        assert isinstance(found, Failure)
        assert len(found.message) < 600


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
    assert isinstance(images.locate(cell, [Path.cwd()]), bytes | FileFacts | Url | Failure)

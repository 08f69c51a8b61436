"""A gallery shows what was read and where, and nothing that was read acts."""

import re
import sys
from pathlib import Path

import pytest
from PIL import Image

from ocr_frames.errors import MissingExtraError, MisuseError, TableError
from ocr_frames.notebook import preview
from tests.unit.notebook.frames import HOSTILE, MISSING, draw, frame, mixed
from tests.unit.notebook.test_foreign import Seen


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the images of `mixed` but for the one that is gone."""
    for name in ("a.png", "b.png", "c.png", "d.png"):
        draw(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_rows_are_shown_with_picture_status_text_and_error(images: Path):
    gallery = preview(mixed(), column="path")
    html = gallery._repr_html_()
    seen = Seen(html)
    assert html.count('src="data:image/jpeg;base64,') == 4
    assert seen.text.count("Completed") == 2
    assert "seen" in seen.text
    assert "a\nb" in seen.text
    assert MISSING in seen.text
    assert gallery.title == "6 rows"


def test_in_a_terminal_it_is_lines(images: Path):
    assert str(preview(mixed(), column="path", n=2)).split("\n") == [
        "2 of 6 rows",
        "[0] Completed a.png",
        "    seen",
        "[1] Error gone.png",
        f"    {MISSING}",
    ]
    assert repr(preview(mixed(), column="path")) == str(preview(mixed(), column="path"))


def test_only_the_wanted_rows(images: Path):
    gallery = preview(mixed(), 2, "failed", column="path")
    assert [card.row.name for card in gallery.cards] == ["gone.png", "c.png"]
    assert gallery.title == "2 of 3 failed rows (of 6)"
    nothing = preview(mixed().head(1), only="failed", column="path")
    assert nothing.title == "0 failed rows (of 1)"
    assert 'class="cards"' in nothing._repr_html_()


def test_a_legend_where_there_are_confidences(images: Path):
    word = {"text": "a", "confidence": 0.5, "x0": 1, "y0": 2, "x1": 30, "y1": 40}
    assert "confidence" not in preview(mixed(), column="path")._repr_html_()
    with_words = mixed(ocr_words=[[word], *[None] * 5])
    assert "confidence" in preview(with_words, column="path")._repr_html_()


def test_several_pages_are_told(images: Path):
    pages = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green")]
    pages[0].save(images / "a.tiff", save_all=True, append_images=pages[1:])
    gallery = preview(mixed().assign(path="a.tiff"), 1, column="path")
    assert "page 1 of 2" in gallery._repr_html_()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_only_text(images: Path, text: str):
    error = f"recognition-failed: {text}"
    hostile = frame(["Completed", "Error"], [text, None], [None, error], path=[text, text])
    hostile.index = [text, "row"]
    gallery = preview(hostile, column="path")
    tags = {tag for tag, _ in Seen(gallery._repr_html_()).tags}
    assert tags <= {"style", "div", "h2", "p", "span", "bdi", "br", "b"}
    assert str(gallery).replace("\n", "").isprintable()
    page = gallery.save(images / "hostile.html").read_text("utf-8")
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert f'http-equiv="Content-Security-Policy" content="{policy}"' in page
    assert gallery.save(images / "hostile.png").stat().st_size > 0


def test_a_huge_text_makes_no_huge_page(images: Path):
    huge = frame(["Completed"], ["word " * 2_000_000], [None], path=["a.png"])
    gallery = preview(huge, column="path")
    assert len(gallery._repr_html_()) < 20_000
    assert len(str(gallery)) < 200


def test_it_is_saved_as_a_page_or_a_picture(images: Path):
    gallery = preview(mixed(), column="path")
    page = gallery.save("gallery.html")
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert not re.search(r"https?://", page.read_text("utf-8"))
    with Image.open(gallery.save("gallery.PNG")) as sheet:
        assert sheet.width == 4 * 336 + 16
        assert sheet.height > 2 * 320
    assert sorted(path.name for path in images.glob("*gallery*")) == ["gallery.PNG", "gallery.html"]


def test_an_empty_gallery_is_a_picture_too(images: Path):
    saved = preview(mixed().head(0), column="path").save("none.png")
    with Image.open(saved) as sheet:
        assert sheet.format == "PNG"


def test_a_saved_file_is_whole_or_as_it_was(images: Path, monkeypatch):
    gallery = preview(mixed(), column="path")
    with pytest.raises(MisuseError, match=r"\.html or \.png"):
        gallery.save("gallery.pdf")
    with pytest.raises(TableError, match="could not be written"):
        gallery.save("none/gallery.html")
    Path("kept.html").write_text("precious")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(TableError, match="No space left"):
        gallery.save("kept.html")
    assert Path("kept.html").read_text() == "precious"
    assert list(images.glob(".*")) == []


@pytest.mark.parametrize("n", [0, -1, 501, 2.5, "3"])
def test_a_senseless_count_is_misuse(images: Path, n):
    with pytest.raises(MisuseError, match="from 1 to 500"):
        preview(mixed(), n, column="path")


def test_the_column_of_the_images_must_be_known(images: Path):
    with pytest.raises(MisuseError, match="Name it: column="):
        preview(mixed())


def test_without_pillow_the_pip_line_is_named(images: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ocr-frames\[notebook\]'"):
        preview(mixed(), column="path")

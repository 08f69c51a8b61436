"""A cell becomes a small picture with marks, or a reason."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageColor

from ocr_frames.notebook import pictures
from ocr_frames.notebook.pictures import LIKELY, REGION, SURE, UNSURE, picture
from ocr_frames.notebook.results import Mark
from tests.conftest import SAMPLES
from tests.unit.notebook.frames import draw


def at(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return pixel


def rgb(colour: str) -> tuple[int, ...]:
    return ImageColor.getrgb(colour)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_an_image_is_made_small_and_its_marks_with_it(tmp_path: Path):
    draw(tmp_path / "a.png", (400, 200))
    shown = picture("a.png", [Mark(40, 20, 200, 100, confidence=0.3)], 100, [tmp_path]).image
    assert shown is not None
    assert shown.size == (100, 50)
    assert at(shown, 10, 15) == rgb(UNSURE)
    assert at(shown, 30, 15) == (255, 255, 255)
    assert at(shown, 50, 15) == rgb(UNSURE)


def test_marks_are_coloured_by_confidence():
    marks = [Mark(0, 0, 1, 1, confidence=c) for c in (1.0, 0.9, 0.89, 0.6, 0.59, 0.0)]
    assert [pictures.colour(mark) for mark in marks] == [SURE] * 2 + [LIKELY] * 2 + [UNSURE] * 2
    assert pictures.colour(Mark(0, 0, 1, 1, "name")) == REGION


def test_a_region_carries_its_name():
    white = encoded(Image.new("RGB", (300, 200), "white"))
    bare = picture(white, [Mark(50, 80, 200, 150)], 300, []).image
    named = picture(white, [Mark(50, 80, 200, 150, "born")], 300, []).image
    assert bare is not None
    assert named is not None
    assert at(bare, 52, 70) == (255, 255, 255)
    assert at(named, 51, 70) == rgb(REGION)


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_the_image_is_upright_and_boxes_are_of_the_upright_one(orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = encoded(Image.new("RGB", (400, 200), "white"), "JPEG", exif=exif)
    shown = picture(photo, [Mark(20, 20, 180, 180, confidence=1.0)], 200, []).image
    assert shown is not None
    assert shown.size == ((200, 100) if orientation == 1 else (100, 200))
    assert abs(at(shown, 10, 50)[1] - rgb(SURE)[1]) < 40


def test_boxes_out_of_bounds_and_out_of_sense_are_cut_or_left_out():
    white = encoded(Image.new("RGB", (50, 50), "white"))
    inf, nan = float("inf"), float("nan")
    marks = [
        Mark(-(10.0**300), -5, 10.0**300, 10, confidence=1.0),
        Mark(0, 0, inf, 5), Mark(nan, 0, 5, 5), Mark(30, 30, 20, 20),
    ]  # fmt: skip
    shown = picture(white, marks, 50, []).image
    assert shown is not None
    assert at(shown, 0, 5) == rgb(SURE)
    assert at(shown, 25, 25) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_kind_of_pixel_can_be_shown(mode: str):
    kind = {"CMYK": "JPEG", "F": "TIFF", "I": "TIFF", "PA": "TIFF"}.get(mode, "PNG")
    try:
        content = encoded(Image.new(mode, (30, 20)), kind)
    except OSError:
        pytest.skip(f"{kind} does not hold {mode}")
    shown = picture(content, [], 20, [])
    assert shown.image is not None, shown.reason
    assert shown.image.mode == "RGB"


def test_what_is_transparent_is_white():
    shown = picture(encoded(Image.new("RGBA", (9, 9), (255, 0, 0, 0))), [], 9, []).image
    assert shown is not None
    assert at(shown, 4, 4) == (255, 255, 255)


def test_sixteen_bits_are_not_cut_off():
    shown = picture(encoded(Image.new("I;16", (9, 9), 0x8000)), [], 9, []).image
    assert shown is not None
    assert at(shown, 4, 4) == (128, 128, 128)


def test_the_first_of_several_pages_is_shown_and_counted():
    shown = picture("images/survey.tiff", [], 100, [SAMPLES])
    assert shown.image is not None
    assert shown.pages == 3
    assert shown.data_url.startswith("data:image/jpeg;base64,")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (None, "no image"),
        (float("nan"), "no image"),
        ("gone.png", "file-not-found"),
        (b"no image at all", "not an image that can be shown"),
        (7, "unsupported-cell"),
    ],
)
def test_what_cannot_be_shown_is_a_reason(cell, reason: str):
    shown = picture(cell, [], 100, [])
    assert shown.image is None
    assert shown.data_url == ""
    assert reason in shown.reason


def test_a_broken_file_and_a_bomb_are_reasons(monkeypatch):
    photo = encoded(Image.new("RGB", (64, 64), "red"), "JPEG")
    assert "cannot be shown" in picture(photo[: len(photo) // 2], [], 64, []).reason
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert "decompression bomb" in picture(photo, [], 64, []).reason

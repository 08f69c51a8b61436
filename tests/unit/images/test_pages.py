"""Files with several pages: which they are, and each page as a file of its own."""

import hashlib
import struct
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr_frames.images import pages, pixels
from ocr_frames.images.faults import CHANGED
from ocr_frames.images.pixels import Picture
from ocr_frames.model import Failure
from tests.unit.images.test_png import some

FORMATS = ["TIFF", "GIF", "PNG", "WEBP"]


def frames(count: int, mode: str = "L", size: tuple[int, int] = (24, 16)) -> list[Image.Image]:
    """Pictures that all differ, for good in any format."""
    made = [Image.new("L", size, 255) for _ in range(count)]
    for number, image in enumerate(made):
        image.paste(0, (number, 0, number + 5, 9))
    return [image.convert(mode) for image in made]


def file(kind: str, images: list[Image.Image], **options: object) -> bytes:
    written = BytesIO()
    if kind == "WEBP":
        options["lossless"] = True
    more = {"save_all": True, "append_images": images[1:]} if len(images) > 1 else {}
    images[0].save(written, kind, **more, **options)
    return written.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_which_files_have_several_pages(kind: str):
    expected = pages.TIFF if kind == "TIFF" else pages.ANIMATED
    assert pages.looked(file(kind, frames(3, "RGB"))) == expected
    assert pages.looked(file(kind, frames(2))) == expected
    assert pages.looked(file(kind, frames(1))) == b""


def test_big_tiff_and_either_order_of_bytes():
    many = file("TIFF", frames(2), big_tiff=True)
    assert many[:4] == b"II+\0"
    assert pages.looked(many) == pages.TIFF
    assert pages.looked(file("TIFF", frames(1), big_tiff=True)) == b""
    head = b"MM\0*" + struct.pack(">IHHHIII", 8, 1, 256, 3, 1, 0, 26)
    assert pages.looked(head + b"\0" * 6) == pages.TIFF
    assert pages.looked(head[:-4] + b"\0\0\0\x08") == b""  # it follows itself


@pytest.mark.parametrize(
    "image",
    [b"", b"II*\0", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8X", b"text", b"\xff\xd8"],
)
def test_what_is_cut_off_has_one_page(image: bytes):
    assert pages.looked(image) == b""


@given(st.sampled_from([file(kind, frames(2)) for kind in FORMATS]), st.data())
def test_damage_never_raises(image: bytes, data: st.DataObject):
    at = data.draw(st.integers(0, len(image) - 1))
    damaged = image[:at] + data.draw(st.binary(max_size=4)) + image[at + 4 :]
    assert pages.looked(damaged) in (b"", pages.TIFF, pages.ANIMATED)
    with pytest.MonkeyPatch.context() as patch:
        for module in (pages, pixels):
            patch.setattr(module, "MOST_PIXELS", 100_000)
        found = pages.digests(damaged)
    if isinstance(found, list):
        assert all(len(digest) == 32 for digest in found)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_each_page_is_a_file_that_looks_the_same(kind: str, mode: str):
    image = file(kind, frames(3, mode))
    digests = pages.digests(image)
    assert isinstance(digests, list)
    assert len(set(digests)) == 3
    for number, expected in enumerate(frames(3, mode)):
        page = pages.page(image, number, digests[number])
        assert isinstance(page, bytes)
        shown = Image.open(BytesIO(page)).convert("RGB")
        np.testing.assert_array_equal(np.asarray(shown), np.asarray(expected.convert("RGB")))


def test_equal_pages_have_one_digest_in_whatever_file():
    found = [pages.digests(file(kind, frames(3))) for kind in ("TIFF", "PNG")]
    assert found[0] == found[1] == [Picture(frame).digest() for frame in frames(3)]


def test_pages_keep_their_depth_and_are_upright():
    fax = [Image.fromarray(some((9, 17), bool, seed)) for seed in range(2)]
    image = file("TIFF", fax, compression="group4")
    digests = pages.digests(image)
    assert isinstance(digests, list)
    page = pages.page(image, 1, digests[1])
    assert isinstance(page, bytes)
    shown = Image.open(BytesIO(page))
    assert shown.mode == "1"
    np.testing.assert_array_equal(np.asarray(shown), np.asarray(fax[1]))
    deep = [Image.fromarray(some((4, 6), np.uint16, seed)) for seed in range(2)]
    turned = pages.digests(file("TIFF", deep, tiffinfo={274: 6}))
    assert turned == [Picture(np.rot90(np.asarray(page), -1)).digest() for page in deep]


def test_a_thumbnail_is_no_page():
    page, thumbnail, last = frames(3)
    written = BytesIO()
    thumbnail.encoderinfo = {"tiffinfo": {254: 1}}
    page.save(written, "TIFF", save_all=True, append_images=[thumbnail, last])
    found = pages.digests(written.getvalue())
    assert found == [Picture(page).digest(), Picture(last).digest()]
    image = written.getvalue()
    shown = pages.page(image, 1, found[1])
    assert isinstance(shown, bytes)
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(shown))), np.asarray(last))


def test_a_page_that_is_no_longer_there_is_not_sent():
    image, other = file("TIFF", frames(2)), file("TIFF", frames(3)[1:])
    digests = pages.digests(image)
    assert isinstance(digests, list)
    assert pages.page(other, 0, digests[0]) == CHANGED
    gone = pages.page(image, 2, digests[0])
    assert isinstance(gone, Failure)
    assert "page 3" in gone.message


def test_a_damaged_page_is_named(monkeypatch: pytest.MonkeyPatch):
    image = file("TIFF", frames(3, "RGB"), compression="tiff_lzw")
    last = image[: len(image) - 40]
    found = pages.digests(last)
    assert isinstance(found, Failure)
    assert found.code == "damaged-image"
    assert "split_pages=False" in found.message


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pages, "MOST", 2)
    assert isinstance(pages.digests(file("TIFF", frames(2))), list)
    found = pages.digests(file("TIFF", frames(3)))
    assert isinstance(found, Failure)
    assert found.code == "too-many-pages"


@pytest.mark.parametrize("kind", FORMATS)
def test_a_bomb_is_not_decoded(monkeypatch: pytest.MonkeyPatch, kind: str):
    image = file(kind, frames(2, size=(400, 400)))
    for module in (pages, pixels):
        monkeypatch.setattr(module, "MOST_PIXELS", 159_999)
    monkeypatch.setattr(Image.Image, "load", None)
    found = pages.digests(image)
    assert isinstance(found, Failure)
    assert found.code == "too-large"


def test_what_pillow_takes_for_a_bomb_is_its_rows_failure(monkeypatch: pytest.MonkeyPatch):
    image = file("TIFF", frames(2, size=(400, 400)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    found = pages.digests(image)
    assert isinstance(found, Failure)
    assert found.code == "damaged-image"


def test_without_pillow_the_pip_line_is_named(monkeypatch: pytest.MonkeyPatch):
    image = file("TIFF", frames(2))
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    found = pages.digests(image)
    assert isinstance(found, Failure)
    assert found.code == "missing-extra"
    assert "pip install 'ocr-frames[images]'" in found.message
    assert pages.looked(image) == pages.TIFF


def test_what_is_known_is_written_and_read():
    digests = [hashlib.sha256(bytes([number])).digest() for number in range(3)]
    assert pages.known(pages.written(pages.TIFF, digests)) == digests
    assert pages.known(pages.ANIMATED) == pages.known(b"") == []

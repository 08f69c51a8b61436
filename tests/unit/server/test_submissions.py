"""What is refused by the look of an image's header."""

import contextlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr_frames.server.preprocess import MAX_PAGES, MAX_PIXELS
from ocr_frames.server.refusals import TooLarge
from ocr_frames.server.submissions import check_size
from tests.unit.server.drawing import file_of, page, sized


def png(width, height):
    """A PNG that has its header and no picture."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b""))


def chunk(kind, data):
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def tiff(pages):
    first, *others = (Image.new("1", (8, 8), 1) for _ in range(pages))
    return file_of(first, "TIFF", save_all=True, append_images=others)


def endless_tiff():
    """Three directories, the last of which leads back to the first."""
    data = tiff(3)
    last = data.rindex(bytes(4))
    return data[:last] + struct.pack("<I", 8) + data[last + 4 :]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000"])
def test_ordinary_images_pass(kind):
    check_size(file_of(page("text"), kind))


@pytest.mark.parametrize(("width", "height"), [(MAX_PIXELS + 1, 1), (60_000, 60_000)])
def test_too_many_pixels(width, height):
    with pytest.raises(TooLarge, match=f"{width * height} pixels; at most {MAX_PIXELS}"):
        check_size(png(width, height))


def test_as_many_pixels_as_are_read():
    check_size(png(MAX_PIXELS, 1))


def test_too_many_pages():
    check_size(tiff(MAX_PAGES))
    with pytest.raises(TooLarge, match=f"more than {MAX_PAGES} pages"):
        check_size(tiff(MAX_PAGES + 1))


def test_pages_that_go_round_in_circles():
    check_size(endless_tiff())


@pytest.mark.parametrize("data", [b"", b"no image", sized(50)[:20], png(10, 10)[:30]])
def test_what_cannot_be_read_is_left_to_the_worker(data):
    check_size(data)


@given(st.data())
def test_no_damage_whatever_raises_anything_else(data):
    whole = bytearray(data.draw(st.sampled_from([sized(20), tiff(2), file_of(page("x"), "WEBP")])))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    with contextlib.suppress(TooLarge):
        assert check_size(bytes(whole[:cut])) is None

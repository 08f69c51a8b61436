import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr_frames.server.preprocess import UnreadableImage
from ocr_frames.server.preprocess import pages as pictures
from tests.unit.server.drawing import file_of, page


def pages(data, warn=lambda _: None):
    return [picture.pixels for picture in pictures(data, warn)]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_every_format_gives_eight_bit_rgb(kind, mode):
    (pixels,) = pages(file_of(page("text").convert(mode), kind))

    assert pixels.shape == (240, 640, 3)
    assert pixels.dtype == np.uint8
    assert pixels[0, 0].min() > 250
    assert pixels.min() < 60


def test_cmyk_jpeg():
    (pixels,) = pages(file_of(page("text").convert("CMYK"), "JPEG"))

    assert pixels[0, 0].min() > 250


def test_one_bit_tiff():
    (pixels,) = pages(file_of(page("text").convert("1"), "TIFF", compression="group4"))

    assert set(np.unique(pixels)) == {0, 255}


def test_sixteen_bits_are_scaled():
    samples = np.full((10, 10), 65535, np.uint16)
    samples[0, 0] = 257 * 100

    (pixels,) = pages(file_of(Image.fromarray(samples)))

    assert pixels[0, 0].tolist() == [100, 100, 100]
    assert pixels[5, 5].tolist() == [255, 255, 255]


def test_all_pages_of_a_tiff():
    others = [page("two", size=(50, 40)), page("three", size=(60, 40))]

    read = list(pages(file_of(page("one"), "TIFF", save_all=True, append_images=others)))

    assert [one.shape[1] for one in read] == [640, 50, 60]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_all_frames_of_an_animation(kind):
    frames = [Image.new("RGB", (20, 20), color) for color in ("black", "white")]
    first = Image.new("RGB", (20, 20), "white")

    read = pages(file_of(first, kind, save_all=True, append_images=frames))

    assert [pixels.mean() > 128 for pixels in read] == [True, False, True]


def test_a_long_animation_is_read_to_a_limit_and_says_so():
    frames = [Image.new("L", (4, 4), level) for level in range(100)]
    warnings = []

    read = pages(
        file_of(Image.new("L", (4, 4), 255), "GIF", save_all=True, append_images=frames),
        warnings.append,
    )

    assert len(read) == 100
    assert warnings == ["only the first 100 frames of the animation were read"]


def test_what_a_damaged_animation_shows_first_is_read():
    random = np.random.default_rng(0)
    frames = [
        Image.fromarray(random.integers(0, 255, (40, 40, 3), dtype=np.uint8)) for _ in range(4)
    ]
    data = file_of(frames[0], "PNG", save_all=True, append_images=frames[1:])
    warnings = []

    read = pages(data[: len(data) * 5 // 8], warnings.append)

    assert len(read) == 2
    assert warnings == ["the animation is damaged; its first 2 frames were read"]


def test_the_resolution_is_told_where_it_is_plausible():
    image = page("text")

    (stated,) = pictures(file_of(image, "TIFF", dpi=(300, 300)))
    (absurd,) = pictures(file_of(image, "TIFF", dpi=(1, 1)))
    (unstated,) = pictures(file_of(image, "PNG"))

    assert (stated.dpi, absurd.dpi, unstated.dpi) == (300.0, None, None)


def test_transparent_pixels_are_white():
    (pixels,) = pages(file_of(Image.new("RGBA", (5, 5), (0, 0, 0, 0))))

    assert pixels.min() == 255


def test_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6

    (pixels,) = pages(file_of(page("text"), "JPEG", exif=exif))

    assert pixels.shape == (640, 240, 3)


def test_too_many_pixels_are_refused_before_they_are_decoded():
    header = b"BM" + struct.pack("<IHHI", 54, 0, 0, 54)
    header += struct.pack("<IiiHHIIiiII", 40, 3_000_000, 2_000_000, 1, 24, 0, 0, 0, 0, 0, 0)

    with pytest.raises(UnreadableImage, match="has 6000000000000 pixels; at most 50000000"):
        list(pages(header))


def test_too_many_pages_are_refused():
    others = [Image.new("1", (2, 2))] * 100

    with pytest.raises(UnreadableImage, match="has more than 100 pages; send it in parts"):
        list(pages(file_of(Image.new("1", (2, 2)), "TIFF", save_all=True, append_images=others)))


@pytest.mark.parametrize("data", [b"plain text", b"%PDF-1.7", b"\0" * 100])
def test_what_is_no_image_is_said_to_be_none(data):
    with pytest.raises(UnreadableImage, match="not an image in a format that can be read here"):
        list(pages(data))


def test_an_empty_file():
    with pytest.raises(UnreadableImage, match="empty"):
        list(pages(b""))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_a_truncated_image(kind):
    data = file_of(page("text"), kind)

    with pytest.raises(UnreadableImage, match=r"damaged or truncated|not an image"):
        list(pages(data[: len(data) // 2]))


@given(st.data())
def test_a_corrupted_file_gives_pages_or_unreadable_image(data):
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP"]))
    file = bytearray(file_of(page("x", size=(40, 30)), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))

    try:
        read = list(pages(bytes(file)))
    except UnreadableImage:
        return
    assert all(one.ndim == 3 and one.dtype == np.uint8 for one in read)

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr_frames.server.preprocess import UnreadableImage, filtered, pages, rotated
from ocr_frames.settings import RecognitionSettings
from tests.unit.server.drawing import file_of, page

ALL_OFF = RecognitionSettings(make_contrast_correction=False)


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


def test_only_the_first_picture_of_an_animation():
    frames = [Image.new("RGB", (20, 20), "black")]

    (pixels,) = pages(
        file_of(Image.new("RGB", (20, 20), "white"), "GIF", save_all=True, append_images=frames)
    )

    assert pixels.min() == 255


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

    with pytest.raises(UnreadableImage, match="has 101 pages; at most 100"):
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


def test_a_quarter_turn_is_exact():
    pixels = np.asarray(page("text"))

    assert rotated(pixels, 90).shape == (640, 240, 3)
    assert (rotated(rotated(pixels, 90), 270) == pixels).all()
    assert (rotated(pixels, 360) == pixels).all()


def test_any_other_turn_keeps_everything_on_white():
    turned = rotated(np.zeros((100, 100, 3), np.uint8), 45)

    assert turned.shape[0] > 140
    assert turned[0, 0].tolist() == [255, 255, 255]


def test_contrast_acts_on_faint_pages_only():
    good = np.asarray(page("text" * 5))
    faint = (200 + good // 8).astype(np.uint8)
    blank = np.full((50, 50, 3), 240, np.uint8)
    settings = RecognitionSettings(make_contrast_correction=True)

    assert filtered(good, settings) is good
    assert filtered(blank, settings) is blank
    assert np.ptp(filtered(faint, settings)) == 255
    assert filtered(faint, ALL_OFF) is faint


def test_binarization_leaves_black_and_white():
    settings = ALL_OFF.model_copy(update={"make_binarization": True})

    assert set(np.unique(filtered(np.asarray(page("text")), settings))) == {0, 255}


def test_upsampling_doubles():
    settings = ALL_OFF.model_copy(update={"make_upsampling": True})

    assert filtered(np.asarray(page("text")), settings).shape == (480, 1280, 3)

"""PNG files that everybody reads, and that hold every pixel as it was."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr_frames.images import png

SHAPES = [(1, 1), (3, 5), (7, 9, 3), (2, 16, 4), (300, 1), (1, 300, 3)]


def some(shape: tuple[int, ...], dtype: type, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if dtype is bool:
        return rng.integers(0, 2, shape).astype(bool)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def read(data: bytes) -> np.ndarray:
    """Read by another's hand; OpenCV keeps 16 bits, in the order BGR."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels.ndim == 2:
        return pixels
    return pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_pixel_is_kept(shape: tuple[int, ...], dtype: type):
    pixels = some(shape, dtype)
    np.testing.assert_array_equal(read(png.encode(pixels)), pixels)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (8, 8), (5, 17)])
def test_black_and_white_take_one_bit(shape: tuple[int, int]):
    pixels = some(shape, bool)
    image = Image.open(BytesIO(png.encode(pixels)))
    assert image.mode == "1"
    np.testing.assert_array_equal(np.asarray(image), pixels)


def test_the_order_of_bytes_and_of_memory_does_not_matter():
    pixels = some((6, 7, 3), np.uint16)
    others = [pixels.astype(">u2"), np.asfortranarray(pixels), np.repeat(pixels, 2, axis=0)[::2]]
    assert {png.encode(other) for other in others} == {png.encode(pixels)}


@given(
    st.integers(1, 20), st.integers(1, 20), st.sampled_from([(), (3,), (4,)]), st.integers(0, 99)
)
def test_any_size_is_read_by_pillow(height: int, width: int, channels: tuple[int, ...], seed: int):
    pixels = some((height, width, *channels), np.uint8, seed)
    image = Image.open(BytesIO(png.encode(pixels)))
    image.load()
    assert image.size == (width, height)
    np.testing.assert_array_equal(np.asarray(image), pixels)


def test_a_page_becomes_smaller():
    page = np.full((1000, 800), 255, np.uint8)
    page[100:900:40, 50:750] = 0
    assert len(png.encode(page)) < page.size / 50

"""Arrays and PIL images to pixels: nothing lost, nothing guessed in silence."""

import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr_frames.images import pixels
from ocr_frames.images.faults import CHANGED
from ocr_frames.images.pixels import Picture
from ocr_frames.model import Failure
from tests.unit.images.test_png import some


def loaded(cell: object) -> np.ndarray:
    """What is sent of a cell, as Pillow reads it."""
    picture = Picture(cell)
    digest = picture.digest()
    assert isinstance(digest, bytes), digest
    data = picture.load(digest)
    assert isinstance(data, bytes)
    return np.asarray(Image.open(BytesIO(data)))


def failure(cell: object) -> Failure:
    found = Picture(cell).digest()
    assert isinstance(found, Failure)
    return found


@pytest.mark.parametrize(
    "array",
    [
        some((4, 5), np.uint8),
        some((4, 5), np.uint16),
        some((4, 5), bool),
        some((4, 5, 3), np.uint8),
        some((4, 5, 4), np.uint8),
        some((4, 10, 3), np.uint8)[:, ::2],
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)
def test_arrays_are_sent_without_loss(array: np.ndarray):
    np.testing.assert_array_equal(loaded(array), array)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_from_0_to_1_or_to_255(dtype: type):
    expected = np.array([[0, 128, 255]], np.uint8)
    np.testing.assert_array_equal(loaded(np.array([[0.0, 0.5, 1.0]], dtype)), expected)
    np.testing.assert_array_equal(loaded(np.array([[0.0, 127.6, 254.7]], dtype)), expected)


def test_one_channel_is_grey_and_bool_colours_are_colours():
    grey = some((4, 5), np.uint8)
    assert Picture(grey[:, :, None]).digest() == Picture(grey).digest()
    colours = some((4, 5, 3), bool)
    np.testing.assert_array_equal(loaded(colours), colours * np.uint8(255))


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((3, 40, 50), np.uint8), "(height, width, 3 or 4)"),
        (np.zeros((40, 50, 2), np.uint8), "(height, width, 3 or 4)"),
        (np.zeros(40, np.uint8), "shape (40,)"),
        (np.zeros((1, 4, 5, 3), np.uint8), "shape (1, 4, 5, 3)"),
        (np.zeros((0, 5), np.uint8), "no pixels"),
        (np.zeros((4, 5), np.int64), "int64"),
        (np.zeros((4, 5), complex), "complex128"),
        (np.array([["a", "b"]]), "give bool, uint8"),
        (np.array([[0.0, np.nan]]), "values from 0 to 1"),
        (np.array([[0.0, np.inf]]), "values from 0 to 1"),
        (np.array([[-0.5, 0.5]]), "values from 0 to 1"),
        (np.array([[0.0, 65535.0]]), "values from 0 to 1"),
    ],
)
def test_what_is_no_image_says_what_would_be(array: np.ndarray, says: str):
    found = failure(array)
    assert found.code in ("unsupported-cell", "empty-cell")
    assert says in found.message


def test_equal_pixels_are_one_image_and_others_are_not():
    grey = some((4, 6), np.uint8)
    same = [grey, grey.copy(), np.asfortranarray(grey), Image.fromarray(grey)]
    assert len({Picture(cell).digest() for cell in same}) == 1
    changed = grey.copy()
    changed[0, 0] ^= 1
    others = [changed, grey.reshape(6, 4), grey.astype(np.uint16), np.stack([grey] * 3, axis=2)]
    assert len({Picture(cell).digest() for cell in (grey, *others)}) == 5


def test_the_order_of_bytes_is_not_the_image():
    array = some((4, 6), np.uint16)
    assert Picture(array).digest() == Picture(array.astype(">u2")).digest()


def test_an_array_that_changes_during_the_run_is_not_sent():
    array = some((4, 6), np.uint8)
    picture = Picture(array)
    digest = picture.digest()
    assert isinstance(digest, bytes)
    array[0, 0] ^= 1
    assert picture.load(digest) == CHANGED


def modes() -> list[Image.Image]:
    colour = Image.fromarray(some((8, 9, 3), np.uint8))
    names = ["1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LA", "HSV", "F"]
    made = [colour.convert(name) for name in names]
    made += [colour.convert("L").convert("I"), colour.convert("RGBA").convert("PA")]
    return [*made, Image.fromarray(some((8, 9), np.uint16))]


@pytest.mark.parametrize("image", modes(), ids=lambda image: image.mode)
def test_every_mode_looks_the_same(image: Image.Image):
    sent = Image.fromarray(loaded(image))
    if image.mode in ("I", "I;16", "F"):
        np.testing.assert_allclose(np.asarray(sent), np.asarray(image), atol=0.51)
    else:
        expected = image.convert("RGBA")
        np.testing.assert_array_equal(np.asarray(sent.convert("RGBA")), np.asarray(expected))


def test_integers_beyond_16_bits_are_refused():
    for value in (-1, 70_000):
        found = failure(Image.new("I", (3, 3), value))
        assert found.code == "unsupported-cell"


def test_an_image_is_sent_upright_and_left_as_it_is(tmp_path: Path):
    array = some((4, 6, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(array).save(tmp_path / "turned.png", exif=exif)
    with Image.open(tmp_path / "turned.png") as image:
        np.testing.assert_array_equal(loaded(image), np.rot90(array, -1))
        assert image.size == (6, 4)
        assert image.getexif()[0x0112] == 6


def test_a_frame_is_read_and_the_image_stays_where_it_was(tmp_path: Path):
    frames = [Image.fromarray(some((4, 6), np.uint8, seed)) for seed in range(3)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    with Image.open(tmp_path / "a.tif") as image:
        image.seek(1)
        apart = Picture(image).apart()
        assert [part.digest() for part in apart] == [Picture(frame).digest() for frame in frames]
        assert Picture(image).digest() == Picture(frames[1]).digest()
        assert image.tell() == 1
    assert [part.frame for part in Picture(frames[0]).apart()] == [None]
    assert [part.frame for part in Picture(some((4, 6), np.uint8)).apart()] == [None]


def test_a_closed_or_broken_image_is_its_rows_failure(tmp_path: Path):
    Image.fromarray(some((64, 64, 3), np.uint8)).save(tmp_path / "a.png")
    closed = Image.open(tmp_path / "a.png")
    closed.close()
    assert failure(closed).code == "damaged-image"
    half = (tmp_path / "a.png").read_bytes()[:2000]
    assert failure(Image.open(BytesIO(half))).code == "damaged-image"


def test_pillow_is_not_imported_to_look_at_a_cell(monkeypatch: pytest.MonkeyPatch):
    assert pixels.is_picture(Image.new("L", (1, 1)))
    assert pixels.is_picture(np.zeros((1, 1)))
    assert not pixels.is_picture("text")
    monkeypatch.delitem(sys.modules, "PIL.Image")
    assert not pixels.is_picture(b"bytes")
    assert "PIL.Image" not in sys.modules

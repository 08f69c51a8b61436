"""The bytes of an image file -> upright pictures of 8 bit RGB."""

import struct
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ocr_frames.server.recognizers import Pixels

MAX_PIXELS = 50_000_000
"""Per page; what an A4 page has at 600 dpi is 35 million."""

MAX_PAGES = 100
"""Of a TIFF, which is refused beyond, and of an animation, whose further frames are left out."""

# MPO is what phones write as JPEG; a build of Pillow may lack a codec
Image.init()
FORMATS = tuple(
    name
    for name in "PNG JPEG MPO TIFF BMP GIF WEBP JPEG2000 PPM AVIF".split()  # noqa: SIM905
    if name in Image.OPEN
)

PAGED = "TIFF"
ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
"""Formats that hold several frames. The further pictures of an MPO are of the same scene."""

PLAUSIBLE_DPI = (50.0, 1300.0)

_WHITE = (255, 255, 255)

# what Pillow's decoders are seen to raise on broken files
_DECODER_FAULTS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    struct.error,
)


class UnreadableImage(Exception):  # noqa: N818 - the name of the case, not of a mistake
    """A file that cannot be read as an image; the message says why, without its content."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One page of a file: `pixels`, and how many of them an inch has, where the file tells."""

    pixels: Pixels
    dpi: float | None = None


def pages(data: bytes, warn: Callable[[str], None] = lambda _: None) -> Iterator[Picture]:
    """Decode an image file: all pages of a TIFF, all frames of an animation.

    Pages are upright (EXIF), 8 bit RGB, on white where transparent. `warn` is told what is left
    out of an animation. Raises UnreadableImage.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _opened(data) as image:
            yield _decoded(image)
            if image.format == PAGED:
                yield from _further_pages(image)
            elif image.format in ANIMATED:
                yield from _further_frames(image, warn)


def _opened(data: bytes) -> Image.Image:
    if not data:
        raise UnreadableImage("the file is empty")
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise UnreadableImage(f"the image has too many pixels; {_AT_MOST}") from error
    except UnidentifiedImageError as error:
        raise UnreadableImage(
            "the file is not an image in a format that can be read here "
            "(PNG, JPEG, TIFF, BMP, GIF, WebP, JPEG 2000, AVIF, PPM)"
        ) from error
    except _DECODER_FAULTS as error:
        raise UnreadableImage(_DAMAGED) from error


def _further_pages(image: Image.Image) -> Iterator[Picture]:
    for number in range(1, MAX_PAGES):
        if not _turned_to(image, number):
            return
        yield _decoded(image)
    if _turned_to(image, MAX_PAGES):
        raise UnreadableImage(f"the file has more than {MAX_PAGES} pages; send it in parts")


def _further_frames(image: Image.Image, warn: Callable[[str], None]) -> Iterator[Picture]:
    """Read on as far as it goes: what a broken or long animation shows first is worth having."""
    number = 1
    try:
        while _turned_to(image, number):
            if number == MAX_PAGES:
                warn(f"only the first {MAX_PAGES} frames of the animation were read")
                return
            yield _decoded(image)
            number += 1
    except UnreadableImage:
        warn(f"the animation is damaged; its first {number} frames were read")


def _turned_to(image: Image.Image, number: int) -> bool:
    """Turn to a frame, if there is one. How many there are, some files take for ever to tell."""
    try:
        image.seek(number)
    except EOFError:
        return False
    except _DECODER_FAULTS as error:
        raise UnreadableImage(_DAMAGED) from error
    return True


def _check_size(image: Image.Image) -> None:
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise UnreadableImage(f"the image has {pixels} pixels; {_AT_MOST}")
    if pixels < 1:
        raise UnreadableImage("the image has no pixels")


def _decoded(image: Image.Image) -> Picture:
    _check_size(image)
    try:
        upright = ImageOps.exif_transpose(image)
        return Picture(_rgb(upright), _dpi(image))
    except MemoryError as error:
        raise UnreadableImage("the image needs too much memory; send it smaller") from error
    except _DECODER_FAULTS as error:
        raise UnreadableImage(_DAMAGED) from error


def _rgb(image: Image.Image) -> Pixels:
    if image.mode.startswith(("I", "F")):
        grey = _eight_bit(np.asarray(image))
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        page = Image.new("RGB", layer.size, _WHITE)
        page.paste(layer, mask=layer.getchannel("A"))
        return np.asarray(page)
    return np.asarray(image.convert("RGB"))


def _eight_bit(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale 16 bit samples by their depth, others by their own range."""
    values = np.nan_to_num(samples.astype(np.float32))
    low, high = float(values.min()), float(values.max())
    if low >= 0 and 1 < high <= 255:
        return values.astype(np.uint8)
    if low >= 0 and 255 < high <= 65535:
        return (values / 257).astype(np.uint8)
    span = (high - low) or 1.0
    return ((values - low) / span * 255).astype(np.uint8)


def _dpi(image: Image.Image) -> float | None:
    try:
        dpi = float(image.info["dpi"][0])
    except (LookupError, TypeError, ValueError, ArithmeticError):
        return None
    return dpi if PLAUSIBLE_DPI[0] <= dpi <= PLAUSIBLE_DPI[1] else None


_AT_MOST = f"at most {MAX_PIXELS} are read"
_DAMAGED = "the image is damaged or truncated"

# our own limit is lower, and its message gives the number
Image.MAX_IMAGE_PIXELS = None

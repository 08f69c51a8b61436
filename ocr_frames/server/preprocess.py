"""The bytes of an image file -> upright pages of pixels, made ready to be read."""

import struct
import warnings
from collections.abc import Iterator
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from ocr_frames.server.recognizers import Pixels
from ocr_frames.settings import RecognitionSettings

MAX_PIXELS = 50_000_000
"""Per page; what an A4 page has at 600 dpi is 35 million."""

MAX_PAGES = 100

# MPO is what phones write as JPEG; a build of Pillow may lack a codec
Image.init()
FORMATS = tuple(
    name
    for name in "PNG JPEG MPO TIFF BMP GIF WEBP JPEG2000 PPM AVIF".split()  # noqa: SIM905
    if name in Image.OPEN
)

FAINT_RANGE = 96
"""Grey levels from the darkest to the lightest 0.5 %; below, a page is faint."""

BLANK_RANGE = 12
"""Grey levels; below, there is only noise, which must not be raised."""

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


def pages(data: bytes) -> Iterator[Pixels]:
    """Decode an image file: every page of a TIFF, the first picture of everything else.

    Pages are upright (EXIF), 8 bit RGB, on white where transparent. Raises UnreadableImage.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _opened(data) as image:
            for frame in _frames(image):
                _check_size(frame)
                yield _decoded(frame)


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


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    if image.format != "TIFF":
        yield image
        return
    try:
        count = getattr(image, "n_frames", 1)
    except _DECODER_FAULTS as error:
        raise UnreadableImage(_DAMAGED) from error
    if count > MAX_PAGES:
        raise UnreadableImage(f"the file has {count} pages; at most {MAX_PAGES} are read")
    frames = iter(ImageSequence.Iterator(image))
    for _ in range(count):
        try:
            frame = next(frames)
        except (StopIteration, *_DECODER_FAULTS) as error:
            raise UnreadableImage(_DAMAGED) from error
        yield frame


def _check_size(image: Image.Image) -> None:
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise UnreadableImage(f"the image has {pixels} pixels; {_AT_MOST}")
    if pixels < 1:
        raise UnreadableImage("the image has no pixels")


def _decoded(image: Image.Image) -> Pixels:
    try:
        upright = ImageOps.exif_transpose(image)
        return _rgb(upright)
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


def rotated(page: Pixels, degrees: int) -> Pixels:
    """Turn a page counter-clockwise by any angle; nothing is cut off, corners are white."""
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(page, degrees // 90 % 4))
    turned = Image.fromarray(page).rotate(
        degrees, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=_WHITE
    )
    return np.asarray(turned)


def filtered(page: Pixels, settings: RecognitionSettings) -> Pixels:
    """Apply the filters a task asked for, in the protocol's order."""
    if settings.make_contrast_correction:
        page = _contrast_corrected(page)
    if settings.make_binarization:
        page = _binarized(page)
    if settings.make_upsampling and page.shape[0] * page.shape[1] * 4 <= MAX_PIXELS:
        page = _upsampled(page)
    return page


def _contrast_corrected(page: Pixels) -> Pixels:
    """Stretch a faint page to the full range; leave any other untouched."""
    low, high = np.percentile(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), (0.5, 99.5))
    if not BLANK_RANGE <= high - low < FAINT_RANGE:
        return page
    levels = (np.arange(256) - low) / (high - low) * 255
    return np.asarray(np.clip(levels, 0, 255).astype(np.uint8)[page])


def _binarized(page: Pixels) -> Pixels:
    """Black and white by the brightness around each pixel, which evens out shadows."""
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    bitonal = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, blockSize=51, C=15
    )
    return np.asarray(cv2.cvtColor(bitonal, cv2.COLOR_GRAY2RGB), np.uint8)


def _upsampled(page: Pixels) -> Pixels:
    """Twice as wide and high."""
    return np.asarray(cv2.resize(page, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)


_AT_MOST = f"at most {MAX_PIXELS} are read"
_DAMAGED = "the image is damaged or truncated"

# our own limit is lower, and its message gives the number
Image.MAX_IMAGE_PIXELS = None

"""Images in memory, NumPy arrays and PIL images, to pixels that a PNG file can hold."""

import hashlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeGuard

import numpy as np
from numpy.typing import NDArray

from ocr_frames.images import png
from ocr_frames.images.faults import CHANGED, damaged, decoder_faults
from ocr_frames.model import Failure

if TYPE_CHECKING:
    from PIL import Image

Pixels = NDArray[np.generic]
"""bool, uint8 or uint16; (height, width), or (height, width, 3 or 4) unless bool."""

MOST_PIXELS = 50_000_000
"""Of a page that is decoded here; what an A4 page has at 600 dpi is 35 million."""

_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A NumPy array or a PIL image, of which `frame` is meant (None: the one it is at)."""

    cell: Any
    frame: int | None = None

    def apart(self) -> list[Self]:
        """Each of its pages or frames; itself where there is but one."""
        try:
            count = int(getattr(self.cell, "n_frames", 1))
        except decoder_faults():
            count = 1
        return [type(self)(self.cell, number) for number in range(count)] if count > 1 else [self]

    def digest(self) -> bytes | Failure:
        """Tell it from all that look different."""
        pixels = self._pixels()
        return pixels if isinstance(pixels, Failure) else digest_of(pixels)

    def file(self) -> bytes | Failure:
        """Write it as a PNG file."""
        pixels = self._pixels()
        return pixels if isinstance(pixels, Failure) else png.encode(pixels)

    def load(self, digest: bytes) -> bytes | Failure:
        """Do the same, if it is still what it was."""
        return encoded(self._pixels(), digest)

    def _pixels(self) -> Pixels | Failure:
        if isinstance(self.cell, np.ndarray):
            return of_array(self.cell)
        try:
            before = self.cell.tell()
            self.cell.seek(before if self.frame is None else self.frame)
            try:
                return of_image(self.cell)
            finally:
                self.cell.seek(before)
        except decoder_faults():
            return damaged("the image in this cell")


def is_picture(cell: object) -> TypeGuard[Any]:
    """Whether a cell is an array or a PIL image; Pillow is not imported to find out."""
    pil = sys.modules.get("PIL.Image")
    return isinstance(cell, np.ndarray) or (pil is not None and isinstance(cell, pil.Image))


def digest_of(pixels: Pixels) -> bytes:
    """The sha256 of what can be seen: no encoder's ways are in it."""
    told = hashlib.sha256(f"pixels {pixels.dtype.name} {pixels.shape}\n".encode())
    plain = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    told.update(plain.view(np.uint8).data)
    return told.digest()


def encoded(pixels: Pixels | Failure, digest: bytes) -> bytes | Failure:
    """Write pixels as a PNG file if they have that digest."""
    if isinstance(pixels, Failure):
        return pixels
    return png.encode(pixels) if digest_of(pixels) == digest else CHANGED


def of_array(array: NDArray[Any]) -> Pixels | Failure:
    """Take an array as pixels: grey, RGB or RGBA.

    Floats are from 0 to 1, or else from 0 to 255; they become 8 bits.
    """
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.size == 0:
        return Failure("empty-cell", f"an array of shape {array.shape} has no pixels")
    if array.ndim != 2 and not (array.ndim == 3 and array.shape[2] in (3, 4)):
        return _no_pixels(
            f"an array of shape {array.shape}",
            "give (height, width), or (height, width, 3 or 4) for RGB and RGBA",
        )
    if array.dtype.kind == "f":
        return _of_floats(array)
    if array.dtype == np.bool_ and array.ndim == 3:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.newbyteorder("=") not in (np.bool_, np.uint8, np.uint16):
        return _no_pixels(f"an array of {array.dtype}", "give bool, uint8, uint16 or float")
    return array


def _of_floats(array: NDArray[Any]) -> Pixels | Failure:
    low, high = float(array.min()), float(array.max())
    if not (low >= 0.0 and high <= 255.0):
        return _no_pixels(
            f"an array of {array.dtype} from {low:g} to {high:g}", "give values from 0 to 1"
        )
    scaled = array * 255.0 if high <= 1.0 else array
    return (scaled + 0.5).astype(np.uint8)


def _no_pixels(what: str, instead: str) -> Failure:
    return Failure("unsupported-cell", f"{what} is not an image; {instead}")


def of_image(image: "Image.Image") -> Pixels | Failure:
    """Take the current frame of a PIL image as pixels, upright."""
    from PIL import ImageOps

    if image.width * image.height > MOST_PIXELS:
        return Failure("too-large", f"a page has more than {MOST_PIXELS:,} pixels; shrink it")
    turned = image.getexif().get(_ORIENTATION, 1) != 1
    upright = ImageOps.exif_transpose(image) if turned else image
    upright.load()  # which may change the mode of a later frame
    mode = upright.mode
    if mode == "I":
        wide = np.asarray(upright)
        if wide.min() < 0 or wide.max() > 65535:
            return _no_pixels("an image of 32-bit integers", "give one of 8 or 16 bits")
        return wide.astype(np.uint16)
    if mode in ("1", "L", "RGB", "RGBA", "F") or mode.startswith("I;16"):
        return of_array(np.asarray(upright))
    return np.asarray(upright.convert("RGBA" if upright.has_transparency_data else "RGB"))

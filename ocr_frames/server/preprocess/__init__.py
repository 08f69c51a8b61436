"""The bytes of an image file -> pages made ready to be read, whose every pixel can be traced."""

from collections.abc import Callable
from dataclasses import dataclass

from ocr_frames.server.preprocess import filters
from ocr_frames.server.preprocess.decode import (
    FORMATS,
    MAX_PAGES,
    MAX_PIXELS,
    Picture,
    UnreadableImage,
    pages,
)
from ocr_frames.server.preprocess.filters import background
from ocr_frames.server.preprocess.geometry import Affine
from ocr_frames.server.preprocess.skew import skew
from ocr_frames.server.recognizers import Pixels
from ocr_frames.settings import RecognitionSettings, Region

__all__ = [
    "FORMATS",
    "MAX_PAGES",
    "MAX_PIXELS",
    "Affine",
    "Picture",
    "UnreadableImage",
    "View",
    "background",
    "cropped",
    "filtered",
    "lean",
    "pages",
    "rotated",
]

UNMOVED = Affine()
LEAST_SKEW = 2.0
"""Degrees; text that leans less is read as well, and turning would only blur it."""


@dataclass(frozen=True, slots=True)
class View:
    """Pixels to be read, and the way from them to those of the upright image as it was sent."""

    pixels: Pixels
    to_sent: Affine = UNMOVED


def rotated(page: Pixels, degrees: int) -> View:
    """Turn a page counter-clockwise by any angle; nothing is cut off, corners are white."""
    return View(*filters.turned(page, degrees)) if degrees % 360 else View(page)


def cropped(view: View, box: Region) -> View:
    """Cut out a box."""
    crop = view.pixels[box.y0 : box.y1, box.x0 : box.x1]
    return View(crop, Affine.shift(box.x0, box.y0).then(view.to_sent))


def lean(page: Pixels, settings: RecognitionSettings) -> float:
    """Find by how many degrees a page is to be turned, if it is to be deskewed."""
    if not settings.make_skew_correct:
        return 0.0
    found = skew(page)
    return found if abs(found) >= LEAST_SKEW else 0.0


def filtered(
    view: View,
    settings: RecognitionSettings,
    degrees: float | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> View:
    """Apply the filters a task asked for, in the protocol's order.

    `degrees`: how far to turn what is part of a page; found out where it is not given. `warn` is
    told of what could not be done.
    """
    page, to_sent = view.pixels, view.to_sent
    if settings.make_contrast_correction:
        page = filters.contrast_corrected(page)
    if settings.make_binarization:
        page = filters.binarized(page)
    angle = lean(page, settings) if degrees is None else degrees
    if angle:
        page, back = filters.turned(page, angle, background(page))
        to_sent = back.then(to_sent)
    if settings.make_upsampling:
        if page.shape[0] * page.shape[1] * 4 > MAX_PIXELS:
            warn("makeUpsampling: the image is so large already that it was read as it is")
        else:
            page, back = filters.upsampled(page)
            to_sent = back.then(to_sent)
    return View(page, to_sent)

"""What may be done to a page before it is read. A page that needs nothing is left as it is."""

import cv2
import numpy as np

from ocr_frames.server.preprocess.geometry import Affine
from ocr_frames.server.recognizers import Pixels

FAINT_RANGE = 96
"""Grey levels from the darkest to the lightest 0.1 %; below, a page is faint."""

BLANK_RANGE = 3
"""Grey levels; below, there is nothing to be raised."""

OVERVIEW_SIDE = 800
"""Pixels of the longer side of the overview whose contrast is measured; noise evens out in it."""

WHITE = (255, 255, 255)


def turned(page: Pixels, degrees: float, fill: tuple[int, ...] = WHITE) -> tuple[Pixels, Affine]:
    """Turn a page counter-clockwise; nothing is cut off, corners are filled.

    Returns the page, and the way from its pixels back to those given.
    """
    height, width = page.shape[:2]
    there = Affine.turn(degrees)
    corners = [there.point(corner) for corner in ((0, 0), (width, 0), (width, height), (0, height))]
    (left, *_, right), (top, *_, bottom) = (sorted(values) for values in zip(*corners, strict=True))
    there = there.then(Affine.shift(-left, -top))
    if degrees % 90 == 0:
        quarters = round(degrees / 90) % 4
        return np.ascontiguousarray(np.rot90(page, quarters)), there.inverse
    # OpenCV counts from the middle of a pixel, boxes from its corner
    middles = Affine.shift(0.5, 0.5).then(there).then(Affine.shift(-0.5, -0.5))
    matrix = np.array([[middles.a, middles.b, middles.c], [middles.d, middles.e, middles.f]])
    size = (int(np.ceil(right - left)), int(np.ceil(bottom - top)))
    moved = cv2.warpAffine(
        page, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=fill
    )
    return np.asarray(moved, np.uint8), there.inverse


def contrast_corrected(page: Pixels) -> Pixels:
    """Stretch a faint page to the full range; leave any other untouched."""
    low, high = _extremes(_overview(page))
    if not BLANK_RANGE <= high - low < FAINT_RANGE:
        return page
    levels = (np.arange(256) - low) / (high - low) * 255
    return np.asarray(np.clip(levels, 0, 255).astype(np.uint8)[page])


def _overview(page: Pixels) -> Pixels:
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    shrink = OVERVIEW_SIDE / max(grey.shape)
    if shrink >= 1:
        return np.asarray(cv2.blur(grey, (3, 3)), np.uint8)
    size = [max(1, round(side * shrink)) for side in reversed(grey.shape)]
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _extremes(grey: Pixels) -> tuple[int, int]:
    """Find the levels below and above which a thousandth of the pixels lies."""
    shares = np.cumsum(np.bincount(grey.ravel(), minlength=256)) / grey.size
    low, high = np.searchsorted(shares, (0.001, 0.999))
    return int(low), int(high)


def binarized(page: Pixels) -> Pixels:
    """Black and white by the brightness around each pixel, which evens out shadows."""
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    bitonal = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, blockSize=51, C=15
    )
    return np.asarray(cv2.cvtColor(bitonal, cv2.COLOR_GRAY2RGB), np.uint8)


def upsampled(page: Pixels) -> tuple[Pixels, Affine]:
    """Twice as wide and high; and the way from its pixels back to those given."""
    larger = cv2.resize(page, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return np.asarray(larger, np.uint8), Affine.scale(0.5)


def background(page: Pixels) -> tuple[int, ...]:
    """Guess the colour of the paper: the median of the page's edges."""
    edges = np.concatenate((page[0], page[-1], page[:, 0], page[:, -1]))
    return tuple(int(value) for value in np.median(edges, axis=0))

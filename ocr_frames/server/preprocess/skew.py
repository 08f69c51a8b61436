"""By how many degrees the text of a page leans."""

from functools import cache
from statistics import median

import cv2
import numpy as np

from ocr_frames.server.recognizers import Pixels

SIDE = 560
"""Pixels of the longer side to which a page is brought down; lines of text are still apart."""

REACH = 16
"""Degrees searched to either side; deskewing is for up to 15."""

CLEAR = (6.5, 20.0)
"""How much sharper the rows, or the columns, must stand out at the best angle than they usually
do. Of scanned pages nearly all have more, of photographs hardly any, whose angle would be a guess;
and walls and shelves run up and down."""

COARSE, FINE = 2.0, (1.0, 0.5, 0.25)
"""Degrees from one try to the next."""


def skew(page: Pixels) -> float:
    """Find by how many degrees, counter-clockwise, turning a page would make its text level.

    Postl's method: across level text, the sums of ink of adjacent rows of pixels differ most.
    Text that runs down the page counts as well. 0 where nothing stands out clearly.
    """
    ink = _ink(page)

    @cache
    def sharpness(degrees: float) -> tuple[float, float]:
        return _sharpness(ink, degrees)

    tries = [float(degrees) for degrees in np.arange(-REACH, REACH + COARSE, COARSE)]
    angle, clearest = 0.0, 1.0
    for axis, clear in enumerate(CLEAR):
        best = max(tries, key=lambda degrees: sharpness(degrees)[axis])
        usual = median(sharpness(degrees)[axis] for degrees in tries)
        for step in FINE:
            near = (best - step, best, best + step)
            best = max(near, key=lambda degrees: sharpness(degrees)[axis])
        clearness = sharpness(best)[axis] / max(usual, 1.0) / clear
        if abs(best) < REACH and clearness >= clearest:
            angle, clearest = best, clearness
    return angle


def _ink(page: Pixels) -> Pixels:
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    shrink = SIDE / max(grey.shape)
    if shrink < 1:
        size = [max(1, round(side * shrink)) for side in reversed(grey.shape)]
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    ink = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, blockSize=25, C=15
    )
    return np.asarray(ink, np.uint8)


def _sharpness(ink: Pixels, degrees: float) -> tuple[float, float]:
    """Tell how much adjacent rows, and adjacent columns, differ in ink once the page is turned."""
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned = cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_NEAREST)
    rows = cv2.reduce(turned, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32F).ravel()
    columns = cv2.reduce(turned, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32F).ravel()
    return float(np.square(np.diff(rows)).sum()), float(np.square(np.diff(columns)).sum())

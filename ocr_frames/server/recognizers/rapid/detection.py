"""Where lines of text stand on a page, and what they look like cut out."""

from statistics import median
from typing import Any

import cv2
import numpy as np
from rapidocr.ch_ppocr_det.utils import DBPostProcess
from rapidocr.utils.process_img import get_rotate_crop_image

from ocr_frames.server.recognizers import Pixels
from ocr_frames.server.recognizers.rapid import models

SHORT_SIDE = 736
"""Pixels; a smaller page is enlarged for detection until its short side has so many."""

LONG_SIDE = 1344
LONGEST_SIDE = 2000
"""Pixels; a larger page is shrunk for detection until its long side has no more: the longest, if
its lines turn out to be small print."""

SMALL_PRINT = 12
"""Pixels; lines lower than that (median) are looked for in a larger picture. Measured on pages of
6 to 12 points: all are found from 13 pixels on."""

STRIDE = 32
"""Pixels; the network wants sides that are multiples of it."""


class Detector:
    """PP-OCRv6's detection of text, with RapidOCR's way from a map of pixels to boxes."""

    def __init__(self) -> None:
        self._network = models.detector()
        self._boxes_of: Any = DBPostProcess(
            thresh=0.3, box_thresh=0.5, unclip_ratio=1.6, use_dilation=True
        )

    def boxes(self, page: Pixels) -> list[Any]:
        """Find lines on a BGR page: corners as 4 x 2 float32, clockwise from the top left."""
        height, width = page.shape[:2]
        padded = _no_sliver(page)
        found = self._boxes(padded, LONG_SIDE)
        if max(padded.shape) > LONG_SIDE and _is_small(found, LONG_SIDE / max(padded.shape)):
            found = self._boxes(padded, LONGEST_SIDE)
        return [np.minimum(box, (width, height)).astype(np.float32) for box in found]

    def _boxes(self, page: Pixels, long_side: int) -> Any:
        (likely,) = self._network(_sized(page, long_side)[None])
        found, _ = self._boxes_of(likely, page.shape[:2])
        return found


def _is_small(boxes: Any, scale: float) -> bool:
    heights = [min(_side(box, 0, 1), _side(box, 0, 3)) * scale for box in boxes]
    return not heights or median(heights) < SMALL_PRINT


def _side(box: Any, start: int, end: int) -> float:
    return float(np.linalg.norm(box[start] - box[end]))


def cut(page: Pixels, box: Any) -> Pixels:
    """Take a line off the page, levelled; one that is tall is turned counter-clockwise."""
    crop: Pixels = get_rotate_crop_image(page, box)
    return crop


def is_tall(box: Any) -> bool:
    """Tell whether `cut` turns it."""
    return _side(box, 0, 3) >= 1.5 * _side(box, 0, 1)


def _sized(page: Pixels, long_side: int) -> Pixels:
    height, width = page.shape[:2]
    scale = max(1.0, SHORT_SIDE / min(height, width))
    scale = min(scale, long_side / max(height, width))
    tall, wide = (max(1, round(side * scale / STRIDE)) * STRIDE for side in (height, width))
    return np.asarray(cv2.resize(page, (wide, tall)), np.uint8)


def _no_sliver(image: Pixels) -> Pixels:
    """Pad the short side to half of the long one, as far as it would be enlarged anyway."""
    height, width = image.shape[:2]
    short = min(SHORT_SIDE, max(height, width) // 2)
    bottom, right = max(0, short - height), max(0, short - width)
    return np.asarray(
        cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_REPLICATE), np.uint8
    )

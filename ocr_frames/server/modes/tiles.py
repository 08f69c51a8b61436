"""Reading a page closely: in overlapping tiles, so that small text is not made smaller."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import cv2
import numpy as np

from ocr_frames.server.modes.reader import Reader
from ocr_frames.server.preprocess import Affine
from ocr_frames.server.recognizers import Line, Pixels, Point
from ocr_frames.server.words import box_of, part_of, words_of

TILE = 1536
"""Pixels of a tile's side. Engines bring down what is much larger before they look for text."""

OVERLAP = 256
"""Pixels shared by neighbours; a word longer than half of it may be cut at a border."""

MOST = 2.0
"""How much a page smaller than a tile is enlarged at most."""

WORTH = 1.2
"""An enlargement below this changes nothing."""


@dataclass(frozen=True, slots=True)
class _Span:
    """One tile along one axis: from `start` to `end`, answering for `first` <= x < `last`."""

    start: int
    end: int
    first: float
    last: float


def read_closely(reader: Reader, page: Pixels) -> list[Line]:
    """Read a page in tiles; each word comes from the tile in whose own part its middle lies."""
    height, width = page.shape[:2]
    factor = min(MOST, TILE / max(height, width))
    if factor >= WORTH:
        larger = cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        return Affine.scale(1 / factor).lines(reader.lines(np.asarray(larger, np.uint8)))
    lines: list[Line] = []
    for down in _spans(height):
        for across in _spans(width):
            tile = np.ascontiguousarray(page[down.start : down.end, across.start : across.end])
            found = Affine.shift(across.start, down.start).lines(reader.lines(tile))
            lines += [part for line in found for part in _own(line, across, down)]
    return lines


def read_twice(reader: Reader, page: Pixels) -> list[Line]:
    """Read a page as a whole and closely; of what overlaps, the surer is kept."""
    whole, close = reader.lines(page), read_closely(reader, page)
    lines: list[Line] = []
    for line in whole:
        rivals = [other for other in close if _overlap(line, other)]
        if not rivals or line.confidence >= fmean(other.confidence for other in rivals):
            lines.append(line)
            close = [other for other in close if not _overlap(line, other)]
    return lines + close


def _spans(length: int) -> list[_Span]:
    """Lay tiles of equal size along `length` pixels; their own parts meet without gaps."""
    count = max(1, -(-(length - OVERLAP) // (TILE - OVERLAP)))
    size = -(-(length + (count - 1) * OVERLAP) // count)
    starts = [max(0, min(number * (size - OVERLAP), length - size)) for number in range(count)]
    borders = [(start + size + following) / 2 for start, following in pairwise(starts)]
    edges = [-float("inf"), *borders, float("inf")]
    return [
        _Span(start, min(start + size, length), first, last)
        for start, (first, last) in zip(starts, pairwise(edges), strict=True)
    ]


def _own(line: Line, across: _Span, down: _Span) -> Iterator[Line]:
    """Leave out the words that a neighbouring tile answers for."""
    words = [
        word
        for word in words_of(line)
        if _answers(across, down, _middle(line, (word.start + word.end) / 2))
    ]
    if words:
        yield line if len(words) == len(words_of(line)) else part_of(line, words)


def _answers(across: _Span, down: _Span, point: Point) -> bool:
    x, y = point
    return across.first <= x < across.last and down.first <= y < down.last


def _middle(line: Line, share: float) -> Point:
    (x0, y0), _, _, (x1, y1) = box_of(line, share, share)
    return ((x0 + x1) / 2, (y0 + y1) / 2)


def _overlap(one: Line, other: Line) -> bool:
    """Whether two lines share more than a third of the smaller one's extent."""
    (left, top, right, bottom), (left2, top2, right2, bottom2) = _extent(one), _extent(other)
    width = min(right, right2) - max(left, left2)
    height = min(bottom, bottom2) - max(top, top2)
    smaller = min((right - left) * (bottom - top), (right2 - left2) * (bottom2 - top2))
    return width > 0 and height > 0 and width * height * 3 > smaller


def _extent(line: Line) -> tuple[float, float, float, float]:
    xs, ys = zip(*line.box, strict=True)
    return min(xs), min(ys), max(xs), max(ys)

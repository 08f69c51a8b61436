"""Reading a page by its profile: every row of ink is a line, however large or spaced its letters.

For what a text detector passes over: letters as tall as the page, letters far apart.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_frames.server.modes.reader import Reader
from ocr_frames.server.preprocess import Affine, background
from ocr_frames.server.recognizers import Line, Pixels

SPECKS = 0.002
"""Share of a row's pixels that may be dirt."""

LOWEST = 6
"""Pixels; nothing lower is a line of text."""

ACCENT = 0.3
"""A row of ink with at most this share of its neighbour's height, no further from it than it is
high, is its dots or accents."""

APART = 5.0
"""Gap, in heights of the line, at which it ends and another begins."""

MARGIN = 0.2
"""Paper put around a line, in heights of it."""

Span = tuple[int, int]


def read_strips(reader: Reader, page: Pixels) -> list[Line]:
    """Read the rows of a level page, each as one line."""
    ink = _ink(page)
    paper = background(page)
    lines: list[Line] = []
    for top, bottom in _rows(ink):
        margin = round((bottom - top) * MARGIN)
        for left, right in _parts(ink[top:bottom], bottom - top):
            strip = _framed(page[top:bottom, left:right], margin, paper)
            place = Affine.shift(left - margin, top - margin)
            lines += place.lines(reader.single_line(strip))
    return lines


def _framed(strip: Pixels, margin: int, paper: tuple[int, ...]) -> Pixels:
    framed = cv2.copyMakeBorder(
        strip, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=paper
    )
    return np.asarray(framed, np.uint8)


def _ink(page: Pixels) -> NDArray[np.bool_]:
    """Tell ink from paper, of which there is more."""
    grey = cv2.GaussianBlur(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), (3, 3), 0)
    _, dark = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    is_dark: NDArray[np.bool_] = dark > 0
    return is_dark if is_dark.mean() <= 0.5 else ~is_dark


def _rows(ink: NDArray[np.bool_]) -> list[Span]:
    joined: list[Span] = []
    for span in _runs(ink.mean(axis=1) > SPECKS):
        if joined and _belong(joined[-1], span):
            joined[-1] = (joined[-1][0], span[1])
        else:
            joined.append(span)
    return [(top, bottom) for top, bottom in joined if bottom - top >= LOWEST]


def _belong(upper: Span, lower: Span) -> bool:
    heights = sorted((upper[1] - upper[0], lower[1] - lower[0]))
    return heights[0] < ACCENT * heights[1] and lower[0] - upper[1] <= heights[0]


def _parts(row: NDArray[np.bool_], height: int) -> list[Span]:
    parts: list[Span] = []
    for left, right in _runs(row.sum(axis=0) > 0):
        if parts and left - parts[-1][1] < APART * height:
            parts[-1] = (parts[-1][0], right)
        else:
            parts.append((left, right))
    return parts


def _runs(flags: NDArray[np.bool_]) -> Sequence[Span]:
    """Find where flags are set, as spans."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]

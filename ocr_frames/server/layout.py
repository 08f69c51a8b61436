"""Lines of text wherever they stand -> rows in reading order. Pure geometry."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ocr_frames.server.recognizers import Line

MAX_SKEW = math.radians(15)
"""As far as the protocol's deskew goes."""

COLUMN_LINES = 4
COLUMN_FILLED = 0.6
COLUMN_WIDTH = 8
"""A column of prose has at least so many lines, which fill so much of its width (median), which
is so many times their height. A column of prices is none: its rows belong to their labels."""

Row = list[Line]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line by its extents, in coordinates turned so that the text is level."""

    line: Line
    left: float
    right: float
    top: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def width(self) -> float:
        return self.right - self.left


def in_reading_order(lines: Sequence[Line], *, level: bool) -> list[Row]:
    """Put lines into rows, top to bottom and left to right, one column after the other.

    With `level`, pages turned by quarters and skewed by up to 15 degrees are levelled first.
    """
    angle = _text_angle(lines) if level else 0.0
    rows = _ordered([_placed(line, angle) for line in lines])
    return [[placed.line for placed in row] for row in rows]


def _text_angle(lines: Sequence[Line]) -> float:
    """Find the direction, in radians, in which most of the text runs."""
    if not lines:
        return 0.0
    quarters: Counter[int] = Counter()
    for line in lines:
        quarters[round(_angle(line) / (math.pi / 2)) % 4] += len(line.text)
    base = quarters.most_common(1)[0][0] * math.pi / 2
    skews = [math.remainder(_angle(line) - base, math.tau) for line in lines if _is_long(line)]
    small = [skew for skew in skews if abs(skew) <= MAX_SKEW]
    return base + (median(small) if small else 0.0)


def _angle(line: Line) -> float:
    (x0, y0), (x1, y1), _, _ = line.box
    return math.atan2(y1 - y0, x1 - x0)


def _is_long(line: Line) -> bool:
    return math.dist(line.box[0], line.box[1]) >= 3 * math.dist(line.box[1], line.box[2])


def _placed(line: Line, angle: float) -> _Placed:
    cosine, sine = math.cos(angle), math.sin(angle)
    xs = [x * cosine + y * sine for x, y in line.box]
    ys = [y * cosine - x * sine for x, y in line.box]
    return _Placed(line, min(xs), max(xs), min(ys), max(ys))


def _ordered(placed: Sequence[_Placed]) -> list[list[_Placed]]:
    gutter = _gutter(placed)
    if gutter is None:
        return _rows(placed)
    across = sorted((p for p in placed if p.left < gutter < p.right), key=lambda p: p.middle)
    beside = [p for p in placed if not p.left < gutter < p.right]
    rows: list[list[_Placed]] = []
    for headline in across:
        above = [p for p in beside if p.middle < headline.middle]
        beside = [p for p in beside if p.middle >= headline.middle]
        rows += [*_left_then_right(above, gutter), [headline]]
    return rows + _left_then_right(beside, gutter)


def _left_then_right(placed: Sequence[_Placed], gutter: float) -> list[list[_Placed]]:
    left = [p for p in placed if p.right <= gutter]
    right = [p for p in placed if p.left >= gutter]
    return _ordered(left) + _ordered(right)


def _gutter(placed: Sequence[_Placed]) -> float | None:
    """Find an x between two columns of prose, which only headlines cross."""
    if len(placed) < 2 * COLUMN_LINES:
        return None
    page_width = max(p.right for p in placed) - min(p.left for p in placed)
    narrow = sorted((p for p in placed if p.width < page_width * 0.6), key=lambda p: p.left)
    reach = -math.inf
    for position, line in enumerate(narrow):
        if (
            line.left - reach > line.height / 2
            and _is_column(narrow[:position])
            and _is_column(narrow[position:])
        ):
            return (reach + line.left) / 2
        reach = max(reach, line.right)
    return None


def _is_column(placed: Sequence[_Placed]) -> bool:
    if len(placed) < COLUMN_LINES:
        return False
    width = max(p.right for p in placed) - min(p.left for p in placed)
    typical = median(p.width for p in placed)
    return typical >= width * COLUMN_FILLED and typical >= COLUMN_WIDTH * median(
        p.height for p in placed
    )


def _rows(placed: Sequence[_Placed]) -> list[list[_Placed]]:
    rows: list[list[_Placed]] = []
    for line in sorted(placed, key=lambda p: p.middle):
        if rows and _same_row(rows[-1], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda p: p.left) for row in rows]


def _same_row(row: Sequence[_Placed], candidate: _Placed) -> bool:
    middle = sum(placed.middle for placed in row) / len(row)
    height = min(candidate.height, *(placed.height for placed in row))
    return abs(candidate.middle - middle) < height / 2

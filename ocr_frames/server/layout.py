"""Lines of text wherever they stand -> blocks of rows in reading order. Pure geometry."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from ocr_frames.server.recognizers import Line
from ocr_frames.server.words import runs_leftward

Columns = Literal["none", "prose", "all"]
"""What is read column by column: nothing; columns of prose, so that a column of prices stays with
its labels; or whatever a strip of paper parts from top to bottom."""

COLUMN_LINES = 4
COLUMN_FILLED = 0.6
COLUMN_WIDTH = 8
"""A column of prose has at least so many lines, which fill so much of its width (median), which
is so many times their height."""

GUTTER_LINES = 2
GUTTER_WIDTH = 1.0
"""Any other column has at least so many lines, and paper beside it of so many of their heights."""

CANDIDATES = 64
"""Gutters tried, at most."""

TITLE_ROWS = 2
"""A title above one of several columns has at most so many rows."""

BLOCK_GAP = 0.6
"""Heights of a line between two rows at which a new block begins."""

Row = list[Line]
Block = list[Row]


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


def in_reading_order(lines: Sequence[Line], *, level: bool, columns: Columns) -> list[Block]:
    """Put lines into rows, top to bottom and along the script, and rows into blocks.

    With `level`, pages turned by quarters and leaning to either side are levelled first.
    """
    angle = _text_angle(lines) if level else 0.0
    placed = [_placed(line, angle) for line in lines]
    if runs_leftward("".join(line.text for line in lines)):
        placed = [_mirrored(one) for one in placed]
    areas = _areas(placed, columns)
    return [
        [[placed.line for placed in row] for row in block]
        for area in areas
        for block in _blocks(_rows(area))
    ]


def _text_angle(lines: Sequence[Line]) -> float:
    """Find the direction, in radians, in which most of the text runs."""
    if not lines:
        return 0.0
    quarters: Counter[int] = Counter()
    for line in lines:
        quarters[round(_angle(line) / (math.pi / 2)) % 4] += len(line.text)
    base = quarters.most_common(1)[0][0] * math.pi / 2
    skews = [math.remainder(_angle(line) - base, math.tau) for line in lines if _is_long(line)]
    small = [skew for skew in skews if abs(skew) <= math.pi / 4]
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


def _mirrored(placed: _Placed) -> _Placed:
    """As seen from behind, where what runs from right to left begins on the left."""
    return replace(placed, left=-placed.right, right=-placed.left)


# --- columns -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Section:
    """What stands to either side of a gutter between two lines that cross it."""

    left: list[_Placed]
    right: list[_Placed]

    @property
    def size(self) -> int:
        return len(self.left) + len(self.right)


def _areas(placed: Sequence[_Placed], columns: Columns) -> list[list[_Placed]]:
    """Part a page into areas to be read one after the other, each by its rows."""
    gutter = None if columns == "none" else _gutter(placed, columns)
    if gutter is None:
        return [list(placed)] if placed else []
    areas: list[list[_Placed]] = []
    level: list[_Placed] = []
    for part in _sections(placed, gutter):
        if isinstance(part, _Placed):
            level.append(part)
        elif not _has_columns(part, gutter, columns):
            level += part.left + part.right
        else:
            title = _title(part)
            left = [p for p in part.left if p not in title]
            right = [p for p in part.right if p not in title]
            areas += _areas(level + title, columns) + _areas(left, columns)
            areas += _areas(right, columns)
            level = []
    return areas + _areas(level, columns)


def _title(section: _Section) -> list[_Placed]:
    """Find what stands above the columns and is parted from them, though it crosses no gutter."""
    tops = [min(p.top for p in side) for side in (section.left, section.right)]
    higher = section.left if tops[0] < tops[1] else section.right
    rows = _rows(higher)
    for count in range(1, min(TITLE_ROWS, len(rows) - 1) + 1):
        lowest = max(p.bottom for p in rows[count - 1])
        if lowest <= max(tops) and _are_apart(rows[count - 1], rows[count]):
            return [p for row in rows[:count] for p in row]
    return []


def _gutter(placed: Sequence[_Placed], columns: Columns) -> float | None:
    """Find the x that parts the most lines into columns, crossed by headlines alone."""
    best, most = None, 0
    for x in _candidates(placed):
        sections = [part for part in _sections(placed, x) if isinstance(part, _Section)]
        parted = sum(section.size for section in sections if _has_columns(section, x, columns))
        if parted > most:
            best, most = x, parted
    return best


def _candidates(placed: Sequence[_Placed]) -> list[float]:
    """Right before each place where several lines begin, those of the most lines first."""
    if len(placed) < 2 * GUTTER_LINES:
        return []
    breadth = max(1.0, median(one.height for one in placed))
    begins: dict[int, list[float]] = defaultdict(list)
    for one in placed:
        begins[int(one.left // breadth)].append(one.left)
    several = [lefts for lefts in begins.values() if len(lefts) >= GUTTER_LINES]
    return [min(lefts) - 0.5 for lefts in sorted(several, key=len, reverse=True)[:CANDIDATES]]


def _sections(placed: Sequence[_Placed], gutter: float) -> list[_Section | _Placed]:
    """Sort lines, from top to bottom, into those that cross a gutter and those between them."""
    parts: list[_Section | _Placed] = []
    section = _Section([], [])
    for line in sorted(placed, key=lambda p: p.middle):
        if line.left < gutter < line.right:
            parts += [section, line]
            section = _Section([], [])
        else:
            (section.left if line.right <= gutter else section.right).append(line)
    return [*parts, section]


def _has_columns(section: _Section, gutter: float, columns: Columns) -> bool:
    if columns == "prose":
        return _is_prose(section.left) and _is_prose(section.right)
    if min(len(section.left), len(section.right)) < GUTTER_LINES:
        return False
    paper = min(p.left for p in section.right) - max(p.right for p in section.left)
    return paper >= GUTTER_WIDTH * median(p.height for p in section.left + section.right)


def _is_prose(placed: Sequence[_Placed]) -> bool:
    """Whether there are lines of prose, in one column or several beside each other."""
    rows = _rows(placed)
    if len(rows) < COLUMN_LINES:
        return False
    width = max(p.right for p in placed) - min(p.left for p in placed)
    filled = median(sum(p.width for p in row) for row in rows)
    height = median(p.height for p in placed)
    typical = median(p.width for p in placed)
    return filled >= width * COLUMN_FILLED and typical >= COLUMN_WIDTH * height


# --- rows ----------------------------------------------------------------------------------------


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


def _blocks(rows: Sequence[list[_Placed]]) -> list[list[list[_Placed]]]:
    """Part rows where there is more paper between them than between lines of a paragraph."""
    blocks: list[list[list[_Placed]]] = []
    for row in rows:
        if blocks and not _are_apart(blocks[-1][-1], row):
            blocks[-1].append(row)
        else:
            blocks.append([row])
    return blocks


def _are_apart(upper: Sequence[_Placed], lower: Sequence[_Placed]) -> bool:
    gap = min(p.top for p in lower) - max(p.bottom for p in upper)
    return gap > BLOCK_GAP * median(p.height for p in (*upper, *lower))

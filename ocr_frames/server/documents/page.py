"""What was read on a page, before it is written in one format or another."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from ocr_frames.server.layout import Block, Row
from ocr_frames.server.preprocess import Affine
from ocr_frames.server.recognizers import Box, Line, Pixels


@dataclass(frozen=True, slots=True)
class Page:
    """Blocks in reading order; boxes in pixels of the upright image as it was sent.

    `width`, `height`: of that image.
    """

    width: int
    height: int
    blocks: list[Block]

    @property
    def rows(self) -> list[Row]:
        """All rows, whatever block they are in."""
        return [row for block in self.blocks for row in block]

    @property
    def text(self) -> str:
        """Lines of a row joined by a space, rows by a newline."""
        return "\n".join(map(row_text, self.rows))

    def changed(self, change: Callable[[Sequence[Line]], Sequence[Line]]) -> "Page":
        """The same page with other lines; `change` gets all, and gives as many in that order."""
        lines = iter(change([line for row in self.rows for line in row]))
        blocks = [[[next(lines) for _ in row] for row in block] for block in self.blocks]
        return replace(self, blocks=blocks)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The picture of a page as a PDF shows it.

    `from_sent`: the way to its pixels from those of the upright image as it was sent; `dpi`: its
    pixels per inch, where known.
    """

    pixels: Pixels
    from_sent: Affine
    dpi: float | None = None


def row_text(row: Row) -> str:
    """The text of a row."""
    return " ".join(line.text for line in row)


def row_box(row: Row) -> Box:
    """From the left side of the leftmost line of a row to the right side of the rightmost."""
    (x0, y0), (x1, y1), *_ = row[0].box

    def along(line: Line) -> float:
        return (x1 - x0) * line.box[0][0] + (y1 - y0) * line.box[0][1]

    first, last = min(row, key=along), max(row, key=along)
    return first.box[0], last.box[1], last.box[2], first.box[3]


def row_confidence(row: Row) -> float:
    """How sure a row is, each line by its length."""
    return sum(line.confidence * len(line.text) for line in row) / sum(len(e.text) for e in row)


def block_box(block: Block) -> Box:
    """The upright rectangle around all rows of a block."""
    left, top, right, bottom = extent(line.box for row in block for line in row)
    return (left, top), (right, top), (right, bottom), (left, bottom)


def block_confidence(block: Block) -> float:
    """How sure a block is, on average of its rows."""
    return fmean(map(row_confidence, block))


def extent(boxes: Iterable[Box]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of all boxes together."""
    xs, ys = zip(*(point for box in boxes for point in box), strict=True)
    return min(xs), min(ys), max(xs), max(ys)

"""What every engine behind the server offers: an image in, lines of text out.

An engine of your own is a class like `Recognizer`, named by an entry point of its distribution:

    [project.entry-points."ocr_frames.recognizers"]
    mine = "my_package.engine:MyRecognizer"

Once that distribution is installed, `ocr-frames serve --engine mine` and OCR_FRAMES_ENGINE=mine
read with it alone, and `auto` reads with it the languages that no engine of ours reads.
`name`, `version` and `languages` are asked of the class itself, in every worker as it starts, so
the import of its module should be quick; the engine is made at its first task, without arguments,
once per worker process, and may take its time then, within the time limit of a task. It is called
on one thread with one image after the other. What it raises is that task's error, of which the
client is told the type alone; what it prints appears on the server's standard error, so it should
not print what it reads.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""An image as (height, width, 3), RGB."""

Point = tuple[float, float]
Box = tuple[Point, Point, Point, Point]
"""Corners in pixels, clockwise from the top left of the text itself."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line: what it says, how sure that is (0 to 1), and where it stands in it.

    `start`, `end`: shares of the line's length (0 to 1), from where its text begins.
    """

    text: str
    confidence: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: what it says, how sure that is (0 to 1), and where it stands.

    `words` is empty where the engine does not tell them apart; joined by single spaces, they
    are the text.
    """

    text: str
    confidence: float
    box: Box
    words: tuple[Word, ...] = ()


class Recognizer(Protocol):
    """Reads the lines of an image. Made once per worker process, without arguments."""

    name: str
    version: str
    languages: frozenset[str]
    """The protocol's names of the languages it reads."""

    def lines(self, image: Pixels, *, min_confidence: float, language: str) -> list[Line]:
        """Read all lines that are at least `min_confidence` (0 to 1) sure, in any order.

        `language` is one of `languages`.
        """
        ...

    def single_line(self, image: Pixels, *, min_confidence: float, language: str) -> list[Line]:
        """Read an image as one line, where no line was found in it."""
        ...


def as_box(corners: Any) -> Box:
    """Take four corners from any 4 x 2 array."""
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    return (a, b, c, d)

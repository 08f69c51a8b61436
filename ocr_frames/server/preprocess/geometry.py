"""Where a pixel of one picture stands in another: flat turns, shifts and scales."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from ocr_frames.server.recognizers import Box, Line, Point


@dataclass(frozen=True, slots=True)
class Affine:
    """Takes (x, y) to (a x + b y + c, d x + e y + f), in pixels."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 1.0
    f: float = 0.0

    @classmethod
    def shift(cls, x: float, y: float) -> Self:
        """Move by (x, y)."""
        return cls(c=x, f=y)

    @classmethod
    def scale(cls, factor: float) -> Self:
        """Enlarge by `factor`."""
        return cls(a=factor, e=factor)

    @classmethod
    def turn(cls, degrees: float) -> Self:
        """Turn about the origin, counter-clockwise as seen with y pointing down."""
        radians = math.radians(degrees)
        cosine, sine = _exact(math.cos(radians)), _exact(math.sin(radians))
        return cls(a=cosine, b=sine, d=-sine, e=cosine)

    def then(self, other: "Affine") -> "Affine":
        """Do this first, `other` after it."""
        return Affine(
            other.a * self.a + other.b * self.d,
            other.a * self.b + other.b * self.e,
            other.a * self.c + other.b * self.f + other.c,
            other.d * self.a + other.e * self.d,
            other.d * self.b + other.e * self.e,
            other.d * self.c + other.e * self.f + other.f,
        )

    @property
    def inverse(self) -> "Affine":
        """The way back."""
        area = self.a * self.e - self.b * self.d
        a, b, d, e = self.e / area, -self.b / area, -self.d / area, self.a / area
        return Affine(a, b, -a * self.c - b * self.f, d, e, -d * self.c - e * self.f)

    def point(self, point: Point) -> Point:
        """Where a point goes."""
        x, y = point
        return self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f

    def box(self, box: Box) -> Box:
        """Where the corners of a box go."""
        one, two, three, four = box
        return self.point(one), self.point(two), self.point(three), self.point(four)

    def lines(self, lines: Iterable[Line]) -> list[Line]:
        """Where lines of text go; their words keep their shares of the line."""
        return [replace(line, box=self.box(line.box)) for line in lines]


def _exact(value: float) -> float:
    """Quarter turns take whole pixels to whole pixels."""
    return float(round(value)) if abs(value - round(value)) < 1e-12 else value

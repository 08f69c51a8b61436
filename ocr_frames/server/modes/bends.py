"""Reading text that runs along an arc, as on labels, stamps and badges: unrolled to a line."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_frames.server.modes.reader import Reader
from ocr_frames.server.recognizers import Box, Line, Pixels, as_box

LETTERS = 5
"""Shapes that make a text, at least."""

SMALLEST = 6
"""Pixels; nothing lower is a letter."""

LARGEST = 0.25
"""Share of the page's longer side; nothing taller is a letter."""

MOST_TEXTS, ENOUGH_POINTS = 40, 20_000
"""Bounds for the time a page takes that is all specks."""

BENT = 0.8
"""Height of an arc against that of the box around it; above, the text is as good as straight."""

MARGIN = 0.35
"""Paper kept above and below an unrolled line, in heights of it."""

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Arc:
    """Part of a circle: from the angle `start`, clockwise, over `sweep` (radians)."""

    x: float
    y: float
    radius: float
    height: float
    start: float
    sweep: float

    @property
    def length(self) -> float:
        return self.radius * self.sweep


def read_bent(reader: Reader, page: Pixels) -> list[Line]:
    """Read a page, and what of its ink no line was found in, unrolled."""
    lines = reader.lines(page)
    for ink in _inks(page, lines):
        for points in _texts(ink):
            arc = _arc(points)
            if arc is not None:
                lines += _unrolled(reader, page, arc, points)
    return lines


def _inks(page: Pixels, lines: list[Line]) -> Iterator[Pixels]:
    """Tell ink from paper, dark on light and light on dark, where no line was found."""
    grey = cv2.GaussianBlur(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), (3, 3), 0)
    block = max(31, max(grey.shape) // 16 | 1)
    for level in (grey, 255 - grey):
        ink = cv2.adaptiveThreshold(
            level, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 20
        )
        for line in lines:
            cv2.fillPoly(ink, [np.array(line.box, np.int32)], 0)
        yield np.asarray(ink, np.uint8)


def _texts(ink: Pixels) -> Iterator[Points]:
    """Gather letters that stand near each other; give the points of each such text."""
    letters, labels, reach = _letters(ink)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    _, groups, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(letters, kernel))
    pairs = np.unique(np.stack((groups[letters > 0], labels[letters > 0])), axis=1)
    members = np.bincount(pairs[0], minlength=len(stats))
    for group in np.argsort(-members)[:MOST_TEXTS]:
        if members[group] < LETTERS:
            return
        x, y, width, height = stats[group, :4]
        part = (slice(y, y + height), slice(x, x + width))
        ys, xs = np.nonzero((groups[part] == group) & (letters[part] > 0))
        thin = max(1, len(xs) // ENOUGH_POINTS)
        yield np.column_stack((xs[::thin] + x, ys[::thin] + y)).astype(np.float64)


def _letters(ink: Pixels) -> tuple[Pixels, NDArray[np.int32], int]:
    """Keep the shapes that may be letters, tell them apart, and how far the next may be."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink)
    sides = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    is_letter = (sides >= SMALLEST) & (sides <= LARGEST * max(ink.shape))
    is_letter[0] = False
    reach = int(np.median(sides[is_letter])) | 1 if is_letter.any() else 1
    letters = np.where(is_letter[labels], np.uint8(255), np.uint8(0))
    return letters, np.asarray(labels, np.int32), reach


def _arc(points: Points) -> _Arc | None:
    """Find the part of a circle that the points take; None if they are no bent line of text."""
    x, y, radius = _circle(points)
    inner, outer = np.percentile(np.hypot(points[:, 0] - x, points[:, 1] - y), (1, 99))
    start, sweep = _sweep(np.arctan2(points[:, 1] - y, points[:, 0] - x))
    arc = _Arc(x, y, radius, outer - inner, start, sweep)
    _, sides, _ = cv2.minAreaRect(points.astype(np.float32))
    is_line = arc.height >= SMALLEST and arc.length > 2 * arc.height and radius > arc.height
    return arc if is_line and arc.height < BENT * min(sides) else None


def _circle(points: Points) -> tuple[float, float, float]:
    """Fit a circle: middle and radius (Taubin's method, which short arcs mislead little)."""
    middle = points.mean(axis=0)
    offsets = points - middle
    squares = np.square(offsets).sum(axis=1)
    mean = squares.mean()
    system = np.column_stack(((squares - mean) / (2 * math.sqrt(mean)), offsets))
    *_, axes = np.linalg.svd(system, full_matrices=False)
    a, b, c = axes[-1]
    a = a / (2 * math.sqrt(mean)) or 1e-12
    radius = math.sqrt(b**2 + c**2 + 4 * a**2 * mean) / abs(a) / 2
    return float(middle[0] - b / a / 2), float(middle[1] - c / a / 2), radius


def _sweep(angles: Points) -> tuple[float, float]:
    """Find the angles that are taken: all but the widest gap between them."""
    ordered = np.sort(angles)
    gaps = np.diff(ordered, append=ordered[0] + math.tau)
    widest = int(gaps.argmax())
    start = float(ordered[(widest + 1) % len(ordered)])
    return start, math.tau - float(gaps[widest])


def _unrolled(reader: Reader, page: Pixels, arc: _Arc, points: Points) -> list[Line]:
    """Read along the arc with the letters' tops outwards, and inwards; keep the surer."""
    strip = _strip(page, arc)
    tries = [
        (line, is_inward)
        for is_inward, image in ((False, strip), (True, strip[::-1, ::-1]))
        for line in reader.single_line(np.ascontiguousarray(image))
    ]
    if not tries:
        return []
    line, is_inward = max(tries, key=lambda tried: tried[0].confidence)
    if len(line.text) < LETTERS:
        return []
    return [replace(line, box=_box(arc, points, is_inward=is_inward))]


def _strip(page: Pixels, arc: _Arc) -> Pixels:
    margin = arc.height * MARGIN
    along = np.arange(-margin, arc.length + margin) / arc.radius + arc.start
    out = np.arange(arc.height / 2 + margin, -arc.height / 2 - margin, -1) + arc.radius
    xs = arc.x + out[:, np.newaxis] * np.cos(along)
    ys = arc.y + out[:, np.newaxis] * np.sin(along)
    strip = cv2.remap(
        page,
        xs.astype(np.float32),
        ys.astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(strip, np.uint8)


def _box(arc: _Arc, points: Points, *, is_inward: bool) -> Box:
    """The least box around the points, from where the text begins."""
    corners = cv2.boxPoints(cv2.minAreaRect(points.astype(np.float32)))
    tangent = arc.start + arc.sweep / 2 + math.pi / 2 + (math.pi if is_inward else 0)
    ahead = np.array((math.cos(tangent), math.sin(tangent)))
    along = [
        float((np.roll(corners, -turn, axis=0)[1] - corners[turn]) @ ahead) for turn in range(4)
    ]
    return as_box(np.roll(corners, -int(np.argmax(along)), axis=0))

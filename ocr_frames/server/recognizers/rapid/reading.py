"""Lines cut out of a page -> what they say, word by word."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

import cv2
import numpy as np

from ocr_frames.server.recognizers import Pixels, Word
from ocr_frames.server.recognizers.rapid import models

HEIGHT = 48
"""Pixels; what the network was trained on."""

STEP = 8
"""Pixels; the network says one character, or none, for each so many of a line's length."""

WIDTH_STEP = 48
"""Pixels; lines are padded to multiples of this. RapidOCR itself pads each to 320 pixels and to
the longest of its batch, which costs time and accuracy. Few distinct shapes keep memory bounded:
OpenVINO compiles code for each, and keeps it."""

BATCH = 1
"""Lines at once."""

GREY = 128
"""What pads a line: the network sees nothing there."""

FIRST_IDEOGRAPH = "\u2e80"
"""Before it Unicode has alphabets and signs; from it on what Chinese and Japanese need."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a line says: its words, and how sure that is (0 to 1)."""

    words: tuple[Word, ...]
    confidence: float

    @property
    def text(self) -> str:
        """The words, parted by single spaces."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class _Sign:
    character: str
    confidence: float
    step: int


class Reader:
    """PP-OCRv6's reading of lines, with ideographs or without them."""

    def __init__(self, *, ideographs: bool) -> None:
        every = models.classes()
        kept = [
            number
            for number, character in enumerate(every)
            if ideographs or character < FIRST_IDEOGRAPH
        ]
        self._characters = [every[number] for number in kept]
        self._network = models.reader(np.array(kept, np.int64))

    def read(self, lines: Sequence[Pixels]) -> list[Read]:
        """Read lines, BGR."""
        read: dict[int, Read] = {}
        for width, positions in _alike(lines):
            batch = np.stack([_sized(lines[position], width) for position in positions])
            for position, classes, sure in zip(positions, *self._network(batch), strict=True):
                steps = _width(lines[position]) / STEP
                read[position] = _read(self._signs(classes, sure), steps)
        return [read[position] for position in range(len(lines))]

    def _signs(self, classes: np.ndarray, sure: np.ndarray) -> list[_Sign]:
        """Leave out blanks, and what only goes on from the step before."""
        starts = classes != models.BLANK
        starts[1:] &= classes[1:] != classes[:-1]
        return [
            _Sign(self._characters[classes[step]], float(sure[step]), int(step))
            for step in np.flatnonzero(starts)
        ]


def _read(signs: list[_Sign], steps: float) -> Read:
    words = []
    for is_space, group in groupby(signs, key=lambda sign: sign.character.isspace()):
        if not is_space:
            words.append(_word(list(group), steps))
    return Read(tuple(words), fmean(sign.confidence for sign in signs) if signs else 0.0)


def _word(signs: list[_Sign], steps: float) -> Word:
    return Word(
        "".join(sign.character for sign in signs),
        fmean(sign.confidence for sign in signs),
        min(1.0, signs[0].step / steps),
        min(1.0, (signs[-1].step + 1) / steps),
    )


def _alike(lines: Sequence[Pixels]) -> Iterator[tuple[int, list[int]]]:
    """Group the positions of lines by the width to which they are padded."""
    groups: dict[int, list[int]] = defaultdict(list)
    for position, line in enumerate(lines):
        groups[max(1, -(-_width(line) // WIDTH_STEP)) * WIDTH_STEP].append(position)
    for width, positions in groups.items():
        for start in range(0, len(positions), BATCH):
            yield width, positions[start : start + BATCH]


def _width(line: Pixels) -> int:
    height, width = line.shape[:2]
    return int(np.ceil(width * HEIGHT / height))


def _sized(line: Pixels, width: int) -> Pixels:
    padded: Pixels = np.full((HEIGHT, width, 3), GREY, np.uint8)
    padded[:, : _width(line)] = cv2.resize(line, (_width(line), HEIGHT))
    return padded

"""Tesseract, in this process: its library comes with tesserocr, its data from the system."""

import importlib.metadata
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from ocr_frames.server.recognizers import Line, Pixels, Word, as_box, tessdata

LONGEST_SIDE = 32767
"""Pixels; Tesseract refuses more."""

Extent = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels."""

LOADED = 3
"""Languages held at once; each takes 20 to 100 MB."""


class TesseractRecognizer:
    """Tesseract's LSTM engine, on the calling thread."""

    name = "Tesseract"
    version = importlib.metadata.version("tesserocr")
    languages = tessdata.readable()

    def __init__(self) -> None:
        # here, so that a worker which never needs it does not hold it
        import tesserocr

        self._library: Any = tesserocr
        self._reader = lru_cache(maxsize=LOADED)(self._load)

    def lines(self, image: Pixels, *, min_confidence: float, language: str) -> list[Line]:
        """See Recognizer."""
        return self._read(image, self._library.PSM.AUTO_OSD, min_confidence, language)

    def single_line(self, image: Pixels, *, min_confidence: float, language: str) -> list[Line]:
        """See Recognizer."""
        return self._read(image, self._library.PSM.SINGLE_LINE, min_confidence, language)

    def _load(self, language: str) -> Any:
        place, file = tessdata.folder(), tessdata.data_file(language)
        if place is None or file is None:
            raise LookupError(f"the package {tessdata.package(language)} was removed")
        data = file.relative_to(place).with_suffix("").as_posix()
        reader = self._library.PyTessBaseAPI(
            path=str(place), lang=data, oem=self._library.OEM.LSTM_ONLY
        )
        # what it prints of an image is of no use to anybody who has not got the image
        reader.SetVariable("debug_file", os.devnull)
        return reader

    def _read(self, image: Pixels, mode: Any, min_confidence: float, language: str) -> list[Line]:
        reader = self._reader(language)
        scale = min(1.0, LONGEST_SIDE / max(image.shape[:2]))
        sized = _shrunk(image, scale)
        height, width = sized.shape[:2]
        reader.SetPageSegMode(mode)
        reader.SetImageBytes(sized.tobytes(), width, height, 3, 3 * width)
        try:
            if not reader.Recognize():
                raise RuntimeError("Tesseract gave up")
            found = list(self._found(reader.GetIterator(), scale))
        finally:
            reader.Clear()
        return [line for line in found if line.confidence >= min_confidence]

    def _found(self, results: Any, scale: float) -> Iterator[Line]:
        """Put the words, which come in reading order, together to lines."""
        level = self._library.RIL
        line = _Draft(0, (0, 0, 1, 1))
        while results is not None and not results.Empty(level.BLOCK):
            if results.Empty(level.WORD):
                results.Next(level.WORD)
                continue
            if results.IsAtBeginningOf(level.TEXTLINE):
                yield from line.finished(scale)
                line = _Draft(results.Orientation()[0], results.BoundingBox(level.TEXTLINE))
            confidence = results.Confidence(level.WORD) / 100
            extent = results.BoundingBox(level.WORD)
            line.add("".join(_symbols(results, level)).strip(), confidence, extent)
        yield from line.finished(scale)


def _symbols(results: Any, level: Any) -> Iterator[str]:
    """Step through a word; asked for as a whole, one from right to left comes reversed."""
    while True:
        yield results.GetUTF8Text(level.SYMBOL)
        results.Next(level.SYMBOL)
        if results.Empty(level.BLOCK) or results.IsAtBeginningOf(level.WORD):
            return


@dataclass(slots=True)
class _Draft:
    """A line whose words are still coming; `turns`: by quarters clockwise, `extent` on the page."""

    turns: int
    extent: Extent
    words: list[Word] = field(default_factory=list)

    def add(self, text: str, confidence: float, extent: Extent) -> None:
        if text:
            start, end = _along(extent, self.extent, self.turns)
            self.words.append(Word(text, confidence, start, end))

    def finished(self, scale: float) -> Iterator[Line]:
        if self.words:
            left, top, right, bottom = (side / scale for side in self.extent)
            corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
            text = " ".join(word.text for word in self.words)
            sure = sum(word.confidence * len(word.text) for word in self.words)
            box = as_box(np.roll(corners, -self.turns, axis=0))
            yield Line(text, sure / sum(map(len, text.split())), box, tuple(self.words))


def _along(word: Extent, line: Extent, turns: int) -> tuple[float, float]:
    """Where a word begins and ends as shares of its line, in the direction the line runs."""
    first, last = (word[0], word[2]) if turns % 2 == 0 else (word[1], word[3])
    begin, end = (line[0], line[2]) if turns % 2 == 0 else (line[1], line[3])
    if turns in (2, 3):
        first, last, begin, end = -last, -first, -end, -begin
    length = max(1, end - begin)
    return max(0.0, (first - begin) / length), min(1.0, (last - begin) / length)


def _shrunk(image: Pixels, scale: float) -> Pixels:
    if scale == 1:
        return image
    height, width = (max(1, int(side * scale)) for side in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)

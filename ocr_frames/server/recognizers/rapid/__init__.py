"""RapidOCR's networks on OpenVINO: one thread, and no work for what nobody asked for."""

import importlib.metadata
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from ocr_frames.server.recognizers import Line, Pixels, as_box
from ocr_frames.server.recognizers.languages import RAPIDOCR
from ocr_frames.server.recognizers.rapid.detection import Detector, cut, is_tall
from ocr_frames.server.recognizers.rapid.reading import Read, Reader

LONGEST_LINE = 60
"""Width to height; a page-wide line of small print has 40."""

SURE = 0.75
"""Confidence below which a line is also read upside down. Each line's angle classifier is left
out: it turns good lines (measured: word F1 0.93 without, 0.90 with it on forms)."""

HEADSTAND = 0.25
"""Share of a page's characters that make better sense upside down, from which on all its lines
are tried so. On upright pages a sign or two may, an O or an X."""

IDEOGRAPHIC = frozenset(("Chinese", "Japanese"))


class RapidRecognizer:
    """PP-OCRv6 small on OpenVINO, on the calling thread."""

    name = "RapidOCR"
    version = importlib.metadata.version("rapidocr")
    languages = RAPIDOCR

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        self._detector = Detector()
        _reader(ideographs=False)

    def lines(self, image: Pixels, *, min_confidence: float, language: str) -> list[Line]:
        """See Recognizer."""
        page = _bgr(image)
        boxes = self._detector.boxes(page)
        crops = [cut(page, box) for box in boxes]
        return [
            Line(
                one.text,
                one.confidence,
                as_box(np.roll(box, -turns - is_tall(box), axis=0)),
                one.words,
            )
            for one, turns, box in zip(*_read(_reader_of(language), crops), boxes, strict=True)
            if one.confidence >= min_confidence and one.words
        ]

    def single_line(self, image: Pixels, *, min_confidence: float, language: str) -> list[Line]:
        """See Recognizer."""
        height, width = image.shape[:2]
        if width > LONGEST_LINE * height:
            return []
        one = _read(_reader_of(language), [_bgr(image)])[0][0]
        if one.confidence < min_confidence or not one.words:
            return []
        box = as_box(((0, 0), (width, 0), (width, height), (0, height)))
        return [Line(one.text, one.confidence, box, one.words)]


@cache
def _reader(*, ideographs: bool) -> Reader:
    return Reader(ideographs=ideographs)


def _reader_of(language: str) -> Reader:
    return _reader(ideographs=language in IDEOGRAPHIC)


def _read(reader: Reader, crops: Sequence[Pixels]) -> tuple[list[Read], list[int]]:
    """Read lines, and tell by how many corners their text's top left is off the page's."""
    read = reader.read(crops)
    turns = [0] * len(crops)
    doubtful = [position for position, one in enumerate(read) if one.confidence < SURE]
    _read_turned(reader, crops, doubtful, read, turns)
    told = sum(len(one.text) for one in read)
    convincing = sum(
        len(read[position].text)
        for position in doubtful
        if turns[position] and read[position].confidence > SURE
    )
    if told and convincing >= told * HEADSTAND:
        # the page stands on its head, where some lines read well enough to pass
        _read_turned(reader, crops, sorted({*range(len(crops))} - {*doubtful}), read, turns)
    return read, turns


def _read_turned(
    reader: Reader, crops: Sequence[Pixels], some: Sequence[int], read: list[Read], turns: list[int]
) -> None:
    """Read `some` of the lines upside down, and keep what is surer than before."""
    turned = [np.ascontiguousarray(crops[position][::-1, ::-1]) for position in some]
    for position, other in zip(some, reader.read(turned), strict=True):
        if other.confidence > read[position].confidence:
            read[position] = other
            turns[position] = 2


def _bgr(image: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)

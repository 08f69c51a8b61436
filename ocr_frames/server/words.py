"""The words of a line of text, and where they stand."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ocr_frames.server.recognizers import Box, Line, Point, Word


def words_of(line: Line) -> tuple[Word, ...]:
    """The words as the engine told them; else the line shared out evenly among its characters."""
    texts = line.text.split()
    if [word.text for word in line.words] == texts:
        return line.words
    length = max(1, len(" ".join(texts)))
    words, at = [], 0
    for text in texts:
        start, end = at / length, (at + len(text)) / length
        if runs_leftward(line.text):
            start, end = 1 - end, 1 - start
        words.append(Word(text, line.confidence, start, end))
        at += len(text) + 1
    return tuple(words)


def runs_leftward(text: str) -> bool:
    """Whether a text is written from right to left, by most of its letters."""
    if text.isascii():
        return False
    directions = Counter(map(unicodedata.bidirectional, text))
    return directions["R"] + directions["AL"] > directions["L"]


def box_of(line: Line, start: float = 0.0, end: float = 1.0) -> Box:
    """The part of a line's box from one share of its length, seen from the left, to another."""
    top_left, top_right, bottom_right, bottom_left = line.box
    return (
        _between(top_left, top_right, start),
        _between(top_left, top_right, end),
        _between(bottom_left, bottom_right, end),
        _between(bottom_left, bottom_right, start),
    )


def part_of(line: Line, words: Sequence[Word]) -> Line:
    """A line of some of its words, which are adjacent and not none."""
    start, end = min(word.start for word in words), max(word.end for word in words)
    length = (end - start) or 1.0
    moved = tuple(
        replace(word, start=(word.start - start) / length, end=(word.end - start) / length)
        for word in words
    )
    text = " ".join(word.text for word in words)
    return Line(text, line.confidence, box_of(line, start, end), moved)


def with_texts(line: Line, texts: Sequence[str]) -> Line:
    """A line whose words say something else."""
    pairs = zip(words_of(line), texts, strict=True)
    words = tuple(replace(word, text=text) for word, text in pairs)
    return replace(line, text=" ".join(texts), words=words)


def _between(one: Point, other: Point, share: float) -> Point:
    return (one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share)

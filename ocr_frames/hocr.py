"""hOCR to words: tolerant of what engines make of the format, never slow, never raising.

Source: the hOCR specification 1.2; word boxes and confidences are in `title`, such as
`bbox 10 20 90 40; x_wconf 93`.
"""

import contextlib
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

_NUMBER = r"(-?\d{1,9}(?:\.\d{1,9})?)"
_BOX = re.compile(rf"\bbbox\s+{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}(?![\d.])", re.I)
_CONFIDENCE = re.compile(rf"\bx_wconf\s+{_NUMBER}(?![\d.])", re.I)
_VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"])
_LONGEST_TITLE = 2000


class Word(NamedTuple):
    """One word: `confidence` from 0 to 1, `box` (x0, y0, x1, y1) in pixels, `page` from 1.

    Confidence and box are None where the document does not tell.
    """

    text: str
    confidence: float | None
    box: tuple[int, int, int, int] | None
    page: int


@dataclass
class Document:
    """What an hOCR document holds: `words` in its order, and how many `pages`."""

    words: list[Word] = field(default_factory=list)
    pages: int = 0


def read(text: str) -> Document:
    """Read the words (`ocrx_word`) of an hOCR document, as far as it can be followed."""
    reader = _Reader()
    # html.parser gives up on a malformed declaration with an AssertionError.
    with contextlib.suppress(AssertionError):
        # In one piece and without an end: both other ways take time by the square.
        reader.feed(text)
    reader.end_word()
    return reader.document


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.document = Document()
        self._depth = 0
        self._title = ""
        self._parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = _value("class", attrs).split()
        if any(_is_structure(name) for name in classes):
            self.end_word()
        if "ocr_page" in classes:
            self.document.pages += 1
        if "ocrx_word" in classes:
            self._depth, self._title = 1, _value("title", attrs)
        elif self._depth and tag not in _VOID:
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag not in _VOID:
            self._depth -= 1
            if not self._depth:
                self.end_word()

    def handle_data(self, data: str) -> None:
        if self._depth:
            self._parts.append(data)

    def end_word(self) -> None:
        """Keep the word that was begun, if one was."""
        text = " ".join("".join(self._parts).split())
        if text:
            title = self._title[:_LONGEST_TITLE]
            page = max(1, self.document.pages)
            self.document.words.append(Word(text, _confidence(title), _box(title), page))
        self._depth = 0
        self._parts.clear()


def _value(name: str, attrs: list[tuple[str, str | None]]) -> str:
    return next((value or "" for given, value in attrs if given == name), "")


def _is_structure(name: str) -> bool:
    """Whether a class begins something that no word goes across."""
    return name == "ocrx_word" or (name.startswith("ocr_") and not name.endswith("cinfo"))


def _confidence(title: str) -> float | None:
    found = _CONFIDENCE.search(title)
    if found is None:
        return None
    value = float(found[1])
    is_share = "." in found[1] and value <= 1.0
    return min(1.0, max(0.0, value if is_share else value / 100.0))


def _box(title: str) -> tuple[int, int, int, int] | None:
    found = _BOX.search(title)
    if found is None:
        return None
    x0, y0, x1, y1 = (round(float(number)) for number in found.groups())
    return x0, y0, x1, y1

"""Pages as hOCR: XHTML that tells of every word where it stands and how sure it is.

Source: the hOCR specification 1.2.
"""

import importlib.metadata
import math
from collections.abc import Iterator, Sequence
from functools import cache
from xml.sax.saxutils import escape, quoteattr

from ocr_frames.server.documents.page import Page, extent, row_box
from ocr_frames.server.layout import Block, Row
from ocr_frames.server.recognizers import Box, Line, Word
from ocr_frames.server.words import box_of, words_of

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
 "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<title>Recognized text</title>
<meta http-equiv="Content-Type" content="text/html;charset=utf-8" />
<meta name="ocr-system" content={system} />
<meta name="ocr-capabilities" content="ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_wconf" />
<meta name="ocr-number-of-pages" content="{count}" />
</head>
<body>
"""
_TAIL = "</body>\n</html>\n"

LEVEL = 0.5
"""Degrees; a line that leans less is level."""


def hocr(pages: Sequence[Page]) -> bytes:
    """UTF-8; boxes in whole pixels of the image as sent, confidences from 0 to 100."""
    parts = [_HEAD.format(system=quoteattr(_system()), count=len(pages))]
    for number, page in enumerate(pages, start=1):
        parts += _page(page, number)
    return "".join([*parts, _TAIL]).encode()


@cache
def _system() -> str:
    return f"ocr-frames {importlib.metadata.version('ocr-frames')}"


def _page(page: Page, number: int) -> Iterator[str]:
    box = f"bbox 0 0 {page.width} {page.height}"
    yield f'<div class="ocr_page" id="page_{number}" title="{box}; ppageno {number - 1}">\n'
    for position, block in enumerate(page.blocks, start=1):
        yield from _block(page, block, f"{number}_{position}")
    yield "</div>\n"


def _block(page: Page, block: Block, name: str) -> Iterator[str]:
    box = _bbox(page, [line.box for row in block for line in row])
    yield f'<div class="ocr_carea" id="block_{name}" title="{box}">\n'
    yield f'<p class="ocr_par" id="par_{name}" title="{box}">\n'
    for position, row in enumerate(block, start=1):
        yield from _row(page, row, f"{name}_{position}")
    yield "</p>\n</div>\n"


def _row(page: Page, row: Row, name: str) -> Iterator[str]:
    title = _bbox(page, [line.box for line in row]) + _textangle(row)
    yield f'<span class="ocr_line" id="line_{name}" title="{title}">'
    words = [(line, word) for line in row for word in words_of(line)]
    for position, (line, word) in enumerate(words, start=1):
        yield ("" if position == 1 else " ") + _word(page, line, word, f"{name}_{position}")
    yield "</span>\n"


def _word(page: Page, line: Line, word: Word, name: str) -> str:
    box = _bbox(page, [box_of(line, word.start, word.end)])
    confidence = min(100, max(0, round(word.confidence * 100)))
    title = f"{box}; x_wconf {confidence}"
    return f'<span class="ocrx_word" id="word_{name}" title="{title}">{escape(word.text)}</span>'


def _textangle(row: Row) -> str:
    """Name the angle, counter-clockwise, of a row that is not level."""
    (x0, y0), (x1, y1), *_ = row_box(row)
    degrees = math.degrees(math.atan2(y0 - y1, x1 - x0))
    return f"; textangle {degrees:.1f}" if abs(degrees) >= LEVEL else ""


def _bbox(page: Page, boxes: Sequence[Box]) -> str:
    left, top, right, bottom = extent(boxes)
    x0, y0 = max(0, math.floor(left)), max(0, math.floor(top))
    x1, y1 = min(page.width, math.ceil(right)), min(page.height, math.ceil(bottom))
    return f"bbox {min(x0, x1)} {min(y0, y1)} {x1} {y1}"

"""Pages as they come from reading, for tests of what is written of them."""

import numpy as np

from ocr_frames.server.documents import Page, Sheet
from ocr_frames.server.preprocess import Affine
from ocr_frames.server.recognizers import Line, Word


def line(text, x, y, width=200, height=20, confidence=0.9, words=()):
    box = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    return Line(text, confidence, box, words)


def page(*blocks, size=(640, 480)):
    return Page(*size, list(blocks))


TWO_WORDS = line("a bc", 10, 20, 40, words=(Word("a", 0.5, 0, 0.25), Word("bc", 0.98765, 0.5, 1)))
INVOICE = page([[line("Invoice 4711", 30, 40), line("2026", 300, 42, 60)], [TWO_WORDS]])
BLANK = page()


def sheet(size=(640, 480), dpi=72.0, from_sent=None):
    pixels = np.full((size[1], size[0], 3), 255, np.uint8)
    return Sheet(pixels, from_sent or Affine(), dpi)

"""A recognizer of boxes instead of letters: each box is a word, which says its colour."""

import cv2
import numpy as np

from ocr_frames.server.recognizers import Line, Word


def page_of(boxes, size):
    """Draw boxes (x, y, width, height), each in its own colour, on white (width, height)."""
    pixels = np.full((size[1], size[0], 3), 255, np.uint8)
    for number, (x, y, width, height) in enumerate(boxes):
        pixels[y : y + height, x : x + width] = colour(number)
    return pixels


def colour(number):
    return (number // 200, number % 200, 0)


class Coloured:
    """Reads the boxes of one height as a line; remembers the images it was shown."""

    name = "coloured"
    version = "1"
    languages = frozenset({"English"})

    def __init__(self, confidence=0.9):
        self.shown = []
        self.confidence = confidence

    def lines(self, image, *, min_confidence, language):
        self.shown.append(image.shape[:2])
        rows = {}
        for left, top, right, bottom, text in _boxes(image):
            rows.setdefault(top, []).append((left, right, bottom, text))
        return [self._line(top, sorted(row)) for top, row in sorted(rows.items())]

    def single_line(self, image, *, min_confidence, language):
        self.shown.append(image.shape[:2])
        found = sorted(_boxes(image))
        height, width = image.shape[:2]
        box = ((0, 0), (width, 0), (width, height), (0, height))
        return [Line(" ".join(text for *_, text in found), self.confidence, box)] if found else []

    def _line(self, top, row):
        left, right, bottom = row[0][0], row[-1][1], row[0][2]
        length = right - left
        words = tuple(
            Word(text, self.confidence, (start - left) / length, (end - left) / length)
            for start, end, _, text in row
        )
        box = ((left, top), (right, top), (right, bottom), (left, bottom))
        return Line(" ".join(word.text for word in words), self.confidence, box, words)


def _boxes(image):
    blue_free = (image[:, :, 2] < 128).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(blue_free)
    for x, y, width, height, _ in stats[1:]:
        red, green, _ = (int(value) for value in image[y + height // 2, x + width // 2])
        yield int(x), int(y), int(x + width), int(y + height), str(red * 200 + green)

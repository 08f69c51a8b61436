"""Recognizers that go wrong on purpose, where an image is 13 pixels wide; run in a worker."""

import os
import threading

from ocr_frames.server.recognizers import Line

UNLUCKY_WIDTH = 13


class Reading:
    """Reads the size of the image, whatever is on it."""

    name = "faulty"
    version = "1"
    languages = frozenset({"English", "German"})

    def lines(self, image, *, min_confidence):
        height, width = image.shape[:2]
        if width == UNLUCKY_WIDTH:
            self.fail()
        return [Line(f"{width} x {height}", 1.0, ((0, 0), (50, 0), (50, 10), (0, 10)))]

    def single_line(self, image, *, min_confidence):
        return []

    def fail(self):
        raise KeyError("the text of the image")


class Crashing(Reading):
    """Ends the process as a fault in native code does."""

    def fail(self):
        os.abort()


class Hanging(Reading):
    """Never comes back."""

    def fail(self):
        threading.Event().wait()


class Unstartable(Reading):
    """Cannot load its models."""

    def __init__(self):
        raise FileNotFoundError("no models")

"""Engines that recognize nothing: what is left is what the server itself does."""

import asyncio
import hashlib

from ocr_frames.model import Result
from ocr_frames.server.recognition import Recognition
from ocr_frames.server.recognizers import Line
from ocr_frames.server.worker import Description

LANGUAGES = frozenset({"English", "German"})


class Digest:
    """Runs in a worker; its text is a digest of the pixels."""

    name = "null"
    version = "1"
    languages = LANGUAGES

    def lines(self, image, *, min_confidence, language):
        text = hashlib.sha256(image.tobytes()).hexdigest()
        return [Line(text, 1.0, ((0, 0), (50, 0), (50, 10), (0, 10)))]

    def single_line(self, image, *, min_confidence, language):
        return []


class Thorough(Digest):
    """Takes some milliseconds, so that there is something to interrupt."""

    def lines(self, image, *, min_confidence, language):
        hashlib.pbkdf2_hmac("sha256", image.tobytes(), b"", 20_000)
        return super().lines(image, min_confidence=min_confidence, language=language)


class NullPool:
    """In place of the worker processes: every text is a digest of the file, after `takes_s`."""

    def __init__(self, workers=2, takes_s=0.0):
        self.workers = workers
        self._takes_s = takes_s

    async def ready(self):
        return Description("null", "1", LANGUAGES)

    async def recognize(self, image, settings, regions=(), masked=False):
        if self._takes_s:
            await asyncio.sleep(self._takes_s)
        text = hashlib.sha256(image).hexdigest().encode()
        return Recognition(tuple(Result("Text", text) for _ in regions or (None,)))

    def close(self):
        pass

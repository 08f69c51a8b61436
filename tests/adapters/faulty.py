"""Recognizers that go wrong on purpose, where an image is 13 pixels wide; run in a worker."""

import ctypes
import os
import sys
import threading
from multiprocessing.connection import Client

from ocr_frames.server.recognizers import Line

UNLUCKY_WIDTH = 13

BEACON = "OCR_FRAMES_TEST_BEACON"
"""Environment variable: the socket on which a hanging worker tells its process id."""


class Reading:
    """Reads the size of the image, whatever is on it."""

    name = "faulty"
    version = "1"
    languages = frozenset({"English", "German"})

    def lines(self, image, *, min_confidence, language):
        height, width = image.shape[:2]
        if width == UNLUCKY_WIDTH:
            self.fail()
        return [Line(self.read(width, height), 1.0, ((0, 0), (50, 0), (50, 10), (0, 10)))]

    def single_line(self, image, *, min_confidence, language):
        return []

    def read(self, width, height):
        return f"{width} x {height}"

    def fail(self):
        raise KeyError("the text of the image")


class Crashing(Reading):
    """Ends the process as a fault in native code does."""

    def fail(self):
        os.abort()


class Hanging(Reading):
    """Never comes back; tells who hangs, if somebody listens."""

    def fail(self):
        if BEACON in os.environ:
            with Client(os.environ[BEACON]) as listener:
                listener.send(os.getpid())
        threading.Event().wait()


class Unstartable(Reading):
    """Cannot load its models."""

    def __init__(self):
        raise FileNotFoundError("no models")


class StubbornError(Exception):
    """Cannot be unpickled: it is made with two arguments, and says it was made with one."""

    def __init__(self, what, where):
        super().__init__(what)


def _native_flood():
    """Allocate without looking at the answer, as careless native code does."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    ctypes.memset(libc.malloc(ctypes.c_size_t(8 << 30)), 1, 8 << 30)


def _stubborn():
    raise StubbornError("text", "place")


class Treacherous(Reading):
    """Goes wrong in as many ways as there are, by the height of the image."""

    FAULTS = (
        ("crashed", os.abort),
        ("crashed", lambda: ctypes.string_at(0)),
        ("crashed", lambda: os._exit(1)),
        ("crashed", _native_flood),
        ("too much memory", lambda: bytearray(8 << 30)),
        ("failed on this image (SystemExit)", sys.exit),
        ("failed on this image (StubbornError)", _stubborn),
        ("took longer", threading.Event().wait),
        # a worker that leaves in good order is missed only when its time is over
        ("took longer", lambda: os._exit(0)),
    )

    def lines(self, image, *, min_confidence, language):
        if image.shape[1] == UNLUCKY_WIDTH:
            self.FAULTS[image.shape[0] - 1][1]()
        return super().lines(image, min_confidence=min_confidence, language=language)


class Counting(Reading):
    """Reads who reads: the process id."""

    def read(self, width, height):
        return str(os.getpid())


class Leaking(Counting):
    """Holds 200 MB more with every image."""

    held: tuple[bytes, ...] = ()

    def read(self, width, height):
        self.held += (b"x" * (200 << 20),)
        return super().read(width, height)


class Placed(Reading):
    """Reads which processors it may use, and how many threads a library would start."""

    def read(self, width, height):
        cores = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
        return f"{cores} {os.environ['OMP_NUM_THREADS']}"

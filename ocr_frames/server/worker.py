"""Runs inside a worker process: limits, the recognizer made once, one task at a time."""

import importlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from ocr_frames.server.recognition import Recognition, recognize
from ocr_frames.server.recognizers import Recognizer
from ocr_frames.settings import RecognitionSettings, Region


@dataclass(frozen=True, slots=True)
class Description:
    """What a recognizer says of itself; see Recognizer."""

    name: str
    version: str
    languages: frozenset[str]


# one recognizer per process: its models take a second to load and tens of megabytes
_recognizers: list[Recognizer] = []


def start(recognizer: str, memory_limit: int) -> None:
    """Prepare this process; `recognizer` is "module:class", `memory_limit` in bytes."""
    _end_with_server()
    # Ctrl-C reaches the whole group of processes; the server decides when workers end
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(memory_limit)
    module, _, name = recognizer.partition(":")
    _recognizers[:] = [getattr(importlib.import_module(module), name)()]


def describe() -> Description:
    """Say which recognizer this worker has."""
    recognizer = _recognizers[0]
    return Description(recognizer.name, recognizer.version, recognizer.languages)


def run(
    image: bytes, settings: RecognitionSettings, regions: Sequence[Region], masked: bool = False
) -> Recognition:
    """Recognize one task."""
    return recognize(_recognizers[0], image, settings, regions, masked)


def _end_with_server() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        threading.Thread(target=_exit_after, args=(server.sentinel,), daemon=True).start()


def _exit_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _limit_memory(limit: int) -> None:
    if sys.platform != "win32":
        import resource

        # data, not address space: OpenVINO reserves far more than it uses
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

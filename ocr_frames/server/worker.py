"""Runs inside a worker process: limits, the engines loaded once, one task at a time."""

import contextlib
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from ocr_frames.server.cores import THREADS
from ocr_frames.server.recognition import Recognition, recognize
from ocr_frames.server.recognizers.selection import Selection
from ocr_frames.settings import RecognitionSettings, Region

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """How a worker runs.

    `recognizer` as in PoolConfig; `memory_limit`: bytes of private memory beyond what the
    process has at its start; `cores`: numbers of the processors it keeps to, none for any.
    """

    recognizer: str
    memory_limit: int
    cores: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """What the engines of a worker say of themselves; see Recognizer.

    `name` and `version` are those of the first, `chosen` is what PoolConfig asked for.
    """

    name: str
    version: str
    languages: frozenset[str]
    chosen: str = "auto"


@dataclass(frozen=True, slots=True)
class Done:
    """A task's end; `full` when the worker holds so much memory that it should be replaced."""

    recognition: Recognition
    full: bool = False


@dataclass(frozen=True, slots=True)
class _State:
    order: Order
    engines: Selection


_state: list[_State] = []


def start(order: Order) -> None:
    """Prepare this process, and load the first engine."""
    _end_with_server()
    # Ctrl-C reaches the whole group of processes; the server decides when workers end
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # at once, also from within native code, which a handler would wait for
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _limit_memory(order.memory_limit)
    _keep_to(order.cores)
    _state[:] = [_State(order, Selection(order.recognizer))]


def describe() -> Description:
    """Say which engines this worker has."""
    state = _state[0]
    engines = state.engines
    return Description(engines.name, engines.version, engines.languages, state.order.recognizer)


def run(
    image: bytes, settings: RecognitionSettings, regions: Sequence[Region], masked: bool = False
) -> Done:
    """Recognize one task. Whatever is raised becomes a message, which tells its type alone."""
    state = _state[0]
    try:
        recognition = recognize(state.engines, image, settings, regions, masked)
    except BaseException as error:  # an engine may even try to exit
        kind = type(error).__name__
        _log.error("recognition failed with %s at %s", kind, _place(error))
        recognition = Recognition(messages=(f"recognition failed on this image ({kind})",))
    return Done(recognition, full=held_bytes() > state.order.memory_limit // 2)


def held_bytes() -> int:
    """Memory this process holds now, in bytes; 0 where the system does not say."""
    return _statm(1)


def _statm(column: int) -> int:
    """One of Linux' sizes of this process, in bytes: 1 is what it holds, 5 its data."""
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[column])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def _place(error: BaseException) -> str:
    """Name where an error arose, without its message, which may quote the image."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


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

        # data, not address space: OpenVINO reserves far more than it uses; and beyond what there
        # is already, of which pyarrow alone reserves a gigabyte that nobody uses here
        data = _statm(5) + limit
        resource.setrlimit(resource.RLIMIT_DATA, (data, data))
        # a core file would hold the image
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _keep_to(cores: tuple[int, ...]) -> None:
    """One thread for each library, and this process on its own share of the processors."""
    os.environ.update(THREADS)
    cv2.setNumThreads(1)
    if cores and sys.platform == "linux":
        # outside of a test nobody takes processors away, but a container's set may shrink
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, cores)

"""The local engine of this Python process: a server of its own, started when first needed.

OCR_FRAMES_ENGINE chooses what reads: "auto" (also when it is not set), "rapidocr", "tesseract", or
the name of another installed engine.
"""

import atexit
import contextlib
import importlib.util
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ocr_frames.errors import LocalEngineError, MissingExtraError
from ocr_frames.server.cores import THREADS
from ocr_frames.server.recognizers import choice, tessdata
from ocr_frames.settings import Endpoint

START_LIMIT_S = 120.0
STOP_LIMIT_S = 5.0
NEEDED = ("PIL", "cv2", "pebble", "jwt", "prometheus_client")
"""Libraries of the server itself; what engines need is told by recognizers.choice."""


@dataclass(frozen=True, slots=True)
class _Engine:
    process: subprocess.Popen[str]
    errors: IO[bytes]
    endpoint: Endpoint


_Key = tuple[int, str, frozenset[str]]

_lock = threading.Lock()
_engines: dict[_Key, _Engine] = {}
"""By process id, for a forked child must neither use nor end its parent's engine; by what was
chosen; and by the languages Tesseract reads, for it asks at its start what there is."""


def chosen_engine() -> str:
    """What OCR_FRAMES_ENGINE asks for, or "auto"."""
    return os.environ.get("OCR_FRAMES_ENGINE") or choice.AUTO


def local_endpoint(workers: int = 0) -> Endpoint:
    """Start the local engine, or find it running, and return where it listens.

    One per Python process, on 127.0.0.1, with credentials nobody else knows; it ends with this
    process. It is started with so many `workers`, 0 for one per processor. Another one is started
    beside it when OCR_FRAMES_ENGINE has changed since, or the installed languages. Raises
    MisuseError, MissingExtraError or LocalEngineError.
    """
    key = (os.getpid(), chosen_engine(), tessdata.readable())
    with _lock:
        engine = _engines.get(key)
        if engine is not None and engine.process.poll() is None:
            return engine.endpoint
        if engine is not None:
            _end(_engines.pop(key))
        started = _start(key[1], workers)
        _engines[key] = started
        return started.endpoint


def engine_identity(language: str = "English") -> str:
    """Name and version of what would read a language here: others read otherwise.

    Depends on Tesseract and its data only for languages that it reads. Raises MisuseError for
    an OCR_FRAMES_ENGINE that is not there.
    """
    chosen = chosen_engine()
    choice.check(chosen)
    return f"local ocr-frames {choice.version('ocr-frames')} {choice.identity(language, chosen)}"


def require_engine(chosen: str | None = None) -> None:
    """Raise where the local engine is not installed: MissingExtraError names the pip line.

    `chosen` as in `recognizers.choice`, else as the environment says; MisuseError where there is
    no such engine, LocalEngineError where its data is missing.
    """
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise MissingExtraError("The local engine", "local")
    choice.require(chosen or chosen_engine())


def close_local_engine() -> None:
    """End the local engine of this process, if one runs."""
    with _lock:
        own = [_engines.pop(key) for key in list(_engines) if key[0] == os.getpid()]
    for engine in own:
        _end(engine)


def _start(chosen: str, workers: int) -> _Engine:
    require_engine(chosen)
    client_id, client_secret = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    order = json.dumps(
        {
            "client_id": client_id,
            "client_secret": client_secret,
            "recognizer": chosen,
            "workers": workers,
        }
    )
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process it is for
    process = subprocess.Popen(
        # -P: a file in the working directory must not stand in for a module
        [sys.executable, "-P", "-m", "ocr_frames.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        env=_environment(),
        # Ctrl-C in the terminal is for the parent, which then ends this one
        start_new_session=True,
    )
    try:
        url = _url_from(process, order)
    except BaseException as error:
        _end_process(process)
        told = _last_lines(errors)
        errors.close()
        if isinstance(error, (OSError, ValueError, KeyError, FutureTimeout)):
            raise LocalEngineError(f"the local engine did not start. {told}") from error
        raise
    return _Engine(process, errors, Endpoint(url, client_id, client_secret))


def _environment() -> dict[str, str]:
    """Let the child find this very package, however the parent found it, and start no threads."""
    root = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH")
    return {**os.environ, **THREADS, "PYTHONPATH": os.pathsep.join(filter(None, (root, inherited)))}


def _url_from(process: subprocess.Popen[str], order: str) -> str:
    assert process.stdin is not None  # noqa: S101 - for the type checker
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(order + "\n")
    process.stdin.flush()
    line: Future[str] = Future()
    reading = threading.Thread(
        target=lambda out: line.set_result(out.readline()), args=(process.stdout,), daemon=True
    )
    reading.start()
    url = json.loads(line.result(START_LIMIT_S))["url"]
    return str(url)


def _last_lines(errors: IO[bytes]) -> str:
    errors.seek(0, os.SEEK_END)
    errors.seek(max(0, errors.tell() - 2000))
    lines = errors.read().decode("utf-8", "replace").splitlines()[-8:]
    return "\n".join(["Its last words:", *lines]) if lines else "It said nothing."


def _end(engine: _Engine) -> None:
    _end_process(engine.process)
    engine.errors.close()


def _end_process(process: subprocess.Popen[str]) -> None:
    """Close its input, which asks it to stop; kill it if it does not."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _after_fork() -> None:
    """Let go of the parent's engine: its input must end when the parent does."""
    global _lock
    _lock = threading.Lock()
    for engine in _engines.values():
        if engine.process.stdin is not None:
            os.close(engine.process.stdin.fileno())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(close_local_engine)

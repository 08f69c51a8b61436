"""What a person sees while a run goes on: a bar, or a log line per minute where there is none."""

import logging
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TextIO

from tqdm import TqdmWarning

from ocr_frames.model import Outcome, Status

with warnings.catch_warnings():
    # Without ipywidgets a notebook gets a bar of text, which is no reason to complain.
    warnings.simplefilter("ignore", TqdmWarning)
    from tqdm.auto import tqdm

log = logging.getLogger(__name__)

OnOutcome = Callable[[Outcome], None]

_DRAW_S = 0.5
_LOG_S = 60.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run has to tell beyond its outcomes.

    `in_flight`: tasks submitted and not yet answered; `calls`: made so far, of every kind;
    `max_calls`: how many there may be, None without a limit.
    """

    in_flight: int
    calls: int
    max_calls: int | None = None

    def shown(self) -> dict[str, str]:
        """Names and values, in order."""
        calls = f"{self.calls:,}"
        if self.max_calls is not None:
            calls += f"/{self.max_calls:,}"
        return {"in flight": f"{self.in_flight:,}", "calls": calls}


class Progress:
    """Counts outcomes as they come; called once with each.

    `watch` tells where to ask for a run's figures. Told about from another thread than the one
    that counts, which costs nothing but being up to an outcome behind.
    """

    def __init__(self) -> None:
        self.done = 0
        self.failed = 0
        self._figures: Callable[[], Figures] | None = None

    def __call__(self, outcome: Outcome) -> None:
        """Count a row that has ended."""
        self.done += 1
        if outcome.status not in (Status.COMPLETED, Status.SKIPPED):
            self.failed += 1

    def watch(self, figures: Callable[[], Figures]) -> None:
        """Ask `figures` from now on."""
        self._figures = figures

    def shown(self) -> dict[str, str]:
        """What there is to tell besides how many are done: names and values, in order."""
        figures = self._figures
        told = {"failed": f"{self.failed:,}"} if self.failed else {}
        return told if figures is None else told | figures().shown()


@contextmanager
def bar(
    total: int | None,
    *,
    show: bool,
    stream: TextIO | None = None,
    now_s: Callable[[], float] = time.monotonic,
    ended: threading.Event | None = None,
) -> Iterator[Progress]:
    """Give the Progress of `total` rows (None: it is not known) and show it meanwhile.

    In a notebook, or where `stream` (stderr) is a terminal, there is a bar; elsewhere a log line
    per minute and one at the end. Without `show` there is nothing. `now_s` tells the time;
    `ended` is waited for between one look and the next, and set at the end.
    """
    progress = Progress()
    if not show:
        yield progress
        return
    stream, ended = stream or sys.stderr, ended or threading.Event()
    if _in_notebook() or stream.isatty():
        shown: AbstractContextManager[None] = _drawn(progress, total, stream, ended)
    else:
        shown = _logged(progress, total, now_s, ended)
    with shown:
        yield progress


@contextmanager
def _drawn(
    progress: Progress, total: int | None, stream: TextIO, ended: threading.Event
) -> Iterator[None]:
    with tqdm(total=total, desc="ocr", unit="img", file=stream, dynamic_ncols=True) as drawn:

        def draw() -> None:
            # The rate is of the time that has passed, so the count must not lag behind it.
            drawn.set_postfix(progress.shown(), refresh=False)
            if not drawn.update(progress.done - drawn.n):
                drawn.refresh()

        with _every(_DRAW_S, draw, ended):
            yield


@contextmanager
def _logged(
    progress: Progress, total: int | None, now_s: Callable[[], float], ended: threading.Event
) -> Iterator[None]:
    began_s = now_s()

    def tell() -> None:
        log.info("%s", line(progress, total, now_s() - began_s))

    with _every(_LOG_S, tell, ended):
        yield


def line(progress: Progress, total: int | None, seconds: float) -> str:
    """One line for a log, `seconds` after the begin."""
    rate_per_s = progress.done / seconds if seconds > 0 else 0.0
    parts = [f"ocr: {progress.done:,}", f"{rate_per_s:.3g} img/s"]
    if total is not None:
        share = progress.done / total if total else 1.0
        parts[0] += f" of {total:,} ({share:.0%})"
        if rate_per_s and progress.done < total:
            left_s = (total - progress.done) / rate_per_s
            parts.append(f"{tqdm.format_interval(left_s)} left")
    parts += [f"{value} {name}" for name, value in progress.shown().items()]
    return ", ".join(parts)


@contextmanager
def _every(seconds: float, show: Callable[[], None], ended: threading.Event) -> Iterator[None]:
    """Call `show` every so many `seconds` on a thread of its own, and at the end."""

    def ticking() -> None:
        while not ended.wait(seconds):
            show()

    thread = threading.Thread(target=ticking, name="ocr_frames progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        show()


def _in_notebook() -> bool:
    """Whether this is a Jupyter kernel, whose stderr shows a bar and is no terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and "IPKernelApp" in shell.config

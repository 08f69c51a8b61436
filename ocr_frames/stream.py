"""Rows to outcomes: one run over all of them, its answers in the order of the rows."""

import asyncio
import logging
import math
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from ocr_frames.engine.resume import Goal
from ocr_frames.jobs import Jobs, Row
from ocr_frames.model import Outcome, Status
from ocr_frames.progress import Progress
from ocr_frames.request import Request
from ocr_frames.session import Report, Session, open_session

report_log = logging.getLogger("ocr_frames.report")

_TAKEN_BYTES = 8 * 2**20
_OUTCOME_BYTES = 700
"""What an outcome takes in memory beside its texts."""


class Stream:
    """Brings rows to their outcomes and hands these out in order.

    The run goes on while an early row is late: what comes after it waits here, until that takes
    `most_bytes`; then no more rows are pulled from `rows`. None is without limit. `moved` is
    called once per outcome, as they come; `changed` is set then, and when the run has ended.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        request: Request,
        folders: Sequence[Path],
        moved: Progress,
        goal: Goal = "recognize",
        *,
        most_bytes: int | None = None,
        changed: asyncio.Event | None = None,
    ) -> None:
        self._rows = rows
        self._request = request
        self._folders = folders
        self._moved = moved
        self._goal = goal
        self._most_bytes = most_bytes
        self._session: Session | None = None
        self._work: asyncio.Task[None] | None = None
        self._began_s = time.monotonic()
        self._statuses: Counter[str] = Counter()
        self._outcomes: dict[int, Outcome] = {}
        self._held_bytes = 0
        self._taken = 0
        self._ready = 0
        self._changed = changed or asyncio.Event()
        self._room = threading.Event()
        self._room.set()
        self._closed = False

    async def __aenter__(self) -> Self:
        self._work = asyncio.create_task(self._run())
        self._work.add_done_callback(lambda _: self._changed.set())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._work is not None  # noqa: S101 - entered before
        # Let go of the thread that waits for room, else it would never end.
        self._closed = True
        self._room.set()
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)
        if error is not None and self._statuses and self._session is not None:
            report_log.critical("not finished: %s", self._report(self._statuses))

    @property
    def is_over(self) -> bool:
        """Whether the run has ended, so that no more rows are pulled. Raises what it raised."""
        assert self._work is not None  # noqa: S101 - entered before
        if self._work.done():
            self._work.result()
        return self._work.done()

    async def take(self, count: int) -> Sequence[Outcome]:
        """The outcomes of the next rows, `count` at most; none where there are no more rows.

        With a limit they are fewer where they are large: about 8 MB at a time. Rows that a
        stopped run did not come to are Pending with the reason. Raises what the run raises.
        """
        taken: list[Outcome] = []
        most_bytes = math.inf if self._most_bytes is None else _TAKEN_BYTES
        while len(taken) < count and most_bytes > 0:
            more = await self._next(count - len(taken), most_bytes)
            if not more:
                break
            taken += more
            most_bytes -= sum(map(_size, more))
        return taken

    async def _next(self, most: int, most_bytes: float) -> Sequence[Outcome]:
        while not self._has(most):
            self._changed.clear()
            await self._changed.wait()
        if self.is_over:
            self._fill(most)
        taken: list[Outcome] = []
        size = 0
        for at in range(self._taken, self._end(most)):
            if size >= most_bytes:
                break
            taken.append(self._outcomes.pop(at))
            size += _size(taken[-1])
        self._taken += len(taken)
        self._held_bytes -= size
        self._weigh()
        return taken

    async def report(self, rows: Mapping[str, int] | None = None) -> Report:
        """Wait for the end of the run and sum up, once all is taken.

        `rows` by status; else those of this run.
        """
        assert self._work is not None  # noqa: S101 - entered before
        await self._work
        report = self._report(self._statuses if rows is None else rows)
        report_log.log(logging.ERROR if report.stopped else logging.INFO, "%s", report)
        return report

    def _report(self, rows: Mapping[str, int]) -> Report:
        assert self._session is not None  # noqa: S101 - open since the first outcome
        return self._session.report(rows, time.monotonic() - self._began_s)

    async def _run(self) -> None:
        async with AsyncExitStack() as stack:
            jobs = Jobs(self._pulled(), self._request, self._folders, self._ended)
            stack.callback(jobs.close)
            self._session = open_session(self._request, self._goal, stack)
            self._moved.watch(self._session.figures)
            async for ends in self._session.run.outcomes(jobs.batches()):
                for outcome in ends:
                    jobs.land(outcome)

    def _pulled(self) -> Iterator[Row]:
        """The rows, as long as there is room; on a thread."""
        for row in self._rows:
            self._room.wait()
            if self._closed:
                return
            yield row

    def _ended(self, outcome: Outcome) -> None:
        self._outcomes[outcome.position] = outcome
        self._held_bytes += _size(outcome)
        self._statuses[outcome.status.value] += 1
        self._moved(outcome)
        self._weigh()
        self._changed.set()

    def _weigh(self) -> None:
        if self._most_bytes is None:
            return
        if self._held_bytes < self._most_bytes:
            self._room.set()
        else:
            self._room.clear()

    def _end(self, most: int) -> int:
        """Up to where the outcomes are there without a gap."""
        while self._ready < self._taken + most and self._ready in self._outcomes:
            self._ready += 1
        return min(self._ready, self._taken + most)

    def _has(self, most: int) -> bool:
        """Whether to hand out: what was asked for, or what there is where waiting is no use.

        Without room no more rows are pulled, so the rest of them may never end.
        """
        ready = self._end(most) - self._taken
        return ready == most or self.is_over or (ready > 0 and not self._room.is_set())

    def _fill(self, most: int) -> None:
        """Tell the rows that a stopped run did not come to that they are Pending."""
        assert self._session is not None  # noqa: S101 - the run is over
        stopped = self._session.run.stopped
        if stopped is None:
            return
        for at in range(self._taken, self._taken + most):
            if at not in self._outcomes:
                self._ended(Outcome(at, Status.PENDING, failure=stopped))


def _size(outcome: Outcome) -> int:
    return _OUTCOME_BYTES + sum(map(sys.getsizeof, (*outcome.texts, *outcome.details)))

"""What the parts of a run share: the flights, the slots, what stops it, and where ends go."""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine, Iterable
from typing import Any

from ocr_frames.engine.flight import Flight
from ocr_frames.engine.journal import Journal
from ocr_frames.engine.ledger import State
from ocr_frames.engine.meter import Meter
from ocr_frames.engine.resume import Goal, Step, end_without_call
from ocr_frames.errors import CallFailed
from ocr_frames.model import Failure, Outcome, Result, Status

log = logging.getLogger(__name__)

_WAITING_ENDS = 64
_WARNINGS = 10
_BRIEFLY_S = 1.0


class Board:
    """State of one run. No waiting but for slots and for a reader of the ends."""

    def __init__(self, journal: Journal, meter: Meter) -> None:
        self.journal = journal
        self.meter = meter
        self.flights: dict[bytes, Flight] = {}
        self.counts: Counter[str] = Counter()
        self.stopped: Failure | None = None
        self.slot_wanted = False
        self.ends: asyncio.Queue[list[Outcome] | None] = asyncio.Queue(_WAITING_ENDS)
        self.poll_now = asyncio.Event()
        self.error: BaseException | None = None
        self._ended: list[Outcome] = []
        self._warned: set[str] = set()
        self._closing = False
        self._changed = asyncio.Event()
        self._outstanding = 0
        self._owed = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._paying: set[asyncio.Task[None]] = set()

    @property
    def silent(self) -> bool:
        """Whether no more calls are made at all."""
        return self.meter.halted.is_set()

    @property
    def outstanding(self) -> int:
        """How many flights have a slot."""
        return self._outstanding

    def spawn(self, work: Coroutine[Any, Any, None], *, pays: bool = False) -> None:
        """Run `work` beside; if it fails, the run fails with its error.

        `pays`: it submits, so that cutting it off would leave a doubt.
        """
        task = asyncio.create_task(work)
        self._tasks.add(task)
        if pays:
            self._paying.add(task)
            task.add_done_callback(self._paying.discard)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            error: BaseException | None = RuntimeError(
                "a call of the run was cancelled from within"
            )
        else:
            error = task.exception()
        if error is not None and not self._closing:
            self.fail(error)
        self.changed()

    def fail(self, error: BaseException) -> None:
        """End the run with an error: nothing more is sent."""
        self.error = self.error or error
        self.silence(Failure("interrupted", "the run failed; run again to go on"))
        self.changed()

    def warn(self, warning: str) -> None:
        """Log what the endpoint warns of: each thing once, and not without end."""
        if warning not in self._warned and len(self._warned) < _WARNINGS:
            self._warned.add(warning)
            log.warning("the endpoint warns: %s", warning)

    def check(self) -> None:
        """Raise what the run failed with, if it did."""
        if self.error is not None:
            raise self.error

    def stop(self, failure: Failure) -> None:
        """Submit nothing more; what is outstanding is still fetched."""
        self.stopped = self.stopped or failure
        self.changed()

    def silence(self, failure: Failure) -> None:
        """Make no more calls at all."""
        self.stop(failure)
        self.meter.halted.set()
        self.poll_now.set()

    def halt(self, failed: CallFailed) -> Failure:
        """Make no more calls, for what a call has brought to light about account or budget."""
        failure = Failure(failed.code, failed.message)
        self.silence(failure)
        return self.stopped or failure

    def changed(self) -> None:
        """Wake who waits for a slot or for the end."""
        self._changed.set()

    async def slot(self, flight: Flight, calls: int) -> bool:
        """Give a flight its slot when there is one; False when the run has stopped.

        `calls` are needed to bring it to its end. The run stops when the budget does not have
        them, beside those that the flights under way still need.
        """
        while self.stopped is None and not self._has_room(calls):
            if self._outstanding == 0:
                self.stop(self.meter.budget.exhausted)
                break
            self.slot_wanted = True
            self.poll_now.set()
            await self._change()
        self.slot_wanted = False
        if self.stopped is not None:
            return False
        flight.owed = calls
        self._owed += calls
        self._outstanding += 1
        return True

    def _has_room(self, calls: int) -> bool:
        within = self._outstanding < self.meter.window.limit
        return within and self.meter.budget.affords(calls + self._owed)

    def give_slot_back(self, flight: Flight) -> None:
        """Free the slot of a flight, if it has one."""
        self._owed -= flight.owed
        self._outstanding -= flight.owed > 0
        flight.owed = 0
        self.changed()

    def drop(self, flight: Flight) -> None:
        """Forget a flight that never took off; its rows get no outcome from the run."""
        flight.ended = True
        self.flights.pop(flight.key, None)
        self.changed()

    async def landed(self) -> None:
        """Return when no flight is under way, or the run has failed."""
        self.poll_now.set()
        while self.flights and self.error is None:
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def end(
        self,
        flight: Flight,
        status: Status,
        failure: Failure | None,
        texts: tuple[str, ...] = (),
        results: tuple[Result, ...] = (),
    ) -> None:
        """Give all rows of a flight their end, once, and free its slot."""
        if flight.ended:
            return
        flight.ended = True
        self.flights.pop(flight.key, None)
        self.give_slot_back(flight)
        await self.tell(flight.outcomes(status, failure, texts, results))

    async def tell(self, outcomes: Iterable[Outcome]) -> None:
        """Hand outcomes to the reader; waits when it is far behind."""
        told = list(outcomes)
        if told and not self._closing:
            await self.ends.put(told)

    def has_end(self, flight: Flight, step: Step, goal: Goal) -> bool:
        """Whether a flight ends without a call; `tell_ended` then tells its rows."""
        entry = flight.entry
        failure = end_without_call(step, goal)
        if failure is None and step is not Step.DONE:
            return False
        flight.task_id = entry.task_id if entry else None
        flight.recall(entry)
        self.drop(flight)
        if failure is not None:
            self._ended += flight.outcomes(Status.PENDING, failure)
        elif entry is not None:
            earlier = entry.run != self.journal.run
            # Its other rows were counted as duplicates when they joined it.
            self.counts["from_ledger" if earlier else "duplicates"] += 1
            status = Status.COMPLETED if entry.state is State.COMPLETED else Status.ERROR
            self._ended += flight.outcomes(
                status, entry.failure, entry.texts, entry.results, from_ledger=earlier
            )
        return True

    async def tell_ended(self) -> None:
        """Tell the ends that `has_end` has found."""
        ended, self._ended = self._ended, []
        await self.tell(ended)

    async def settle(self, seconds: float) -> None:
        """Let submits be answered and recorded, for so long, other calls briefly; end the rest."""
        self._closing = True
        self.meter.halted.set()
        while not self.ends.empty():
            self.ends.get_nowait()
        for tasks, limit_s in ((self._tasks, _BRIEFLY_S), (self._paying, seconds)):
            if tasks:
                await asyncio.wait(tasks, timeout=limit_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

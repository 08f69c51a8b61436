"""What the parts of a run share: the flights, the slots, what stops it, and where ends go."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable
from typing import Any

from ocr_frames.engine.flight import Flight
from ocr_frames.engine.journal import Journal
from ocr_frames.engine.ledger import State
from ocr_frames.engine.meter import Meter
from ocr_frames.engine.resume import Goal, Step, end_without_call
from ocr_frames.errors import CallFailed
from ocr_frames.model import Failure, Outcome, Status

_WAITING_ENDS = 64


class Board:
    """State of one run. No waiting but for slots and for a reader of the ends."""

    def __init__(self, journal: Journal, meter: Meter) -> None:
        self.journal = journal
        self.meter = meter
        self.flights: dict[bytes, Flight] = {}
        self.counts: Counter[str] = Counter()
        self.stopped: Failure | None = None
        self.silent = False
        self.slot_wanted = False
        self.ends: asyncio.Queue[list[Outcome] | None] = asyncio.Queue(_WAITING_ENDS)
        self.poll_now = asyncio.Event()
        self.error: BaseException | None = None
        self._ended: list[Outcome] = []
        self._closing = False
        self._changed = asyncio.Event()
        self._outstanding = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def outstanding(self) -> int:
        """Flights that hold a slot: being submitted, or submitted and not fetched."""
        return self._outstanding

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside; if it fails, the run fails with its error."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)
        self.changed()

    def fail(self, error: BaseException) -> None:
        """End the run with an error: nothing more is sent."""
        self.error = self.error or error
        self.silence(Failure("interrupted", "the run failed; run again to go on"))
        self.changed()

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
        self.silent = True
        self.stop(failure)
        self.poll_now.set()

    def halt(self, failed: CallFailed) -> Failure:
        """Make no more calls, for what a call has brought to light about account or budget."""
        failure = Failure(failed.code, failed.message)
        self.silence(failure)
        return self.stopped or failure

    def changed(self) -> None:
        """Wake who waits for a slot or for the end."""
        self._changed.set()

    async def slot(self, calls: int) -> bool:
        """Take a slot when there is one; False when the run has stopped.

        `calls` are needed to bring a flight to its end; the run stops when the budget does not
        have them, beside a fetch for each flight outstanding.
        """
        while self.stopped is None and self._outstanding >= self.meter.window.limit:
            self.slot_wanted = True
            self.poll_now.set()
            await self._change()
        self.slot_wanted = False
        if self.stopped is None and not self.meter.budget.affords(calls + self._outstanding):
            self.stop(self.meter.budget.exhausted)
        if self.stopped is not None:
            return False
        self._outstanding += 1
        return True

    def give_slot_back(self) -> None:
        """Free the slot of a flight that goes on without one."""
        self._outstanding -= 1
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
    ) -> None:
        """Give all rows of a flight their end, once, and free its slot."""
        if flight.ended:
            return
        flight.ended = True
        self.flights.pop(flight.key, None)
        self._outstanding -= flight.outstanding
        self.changed()
        await self.tell(flight.outcomes(status, failure, texts))

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
        self.drop(flight)
        if failure is not None:
            self._ended += flight.outcomes(Status.PENDING, failure)
        elif entry is not None:
            earlier = entry.run != self.journal.run
            self.counts["from_ledger" if earlier else "duplicates"] += len(flight.positions)
            status = Status.COMPLETED if entry.state is State.COMPLETED else Status.ERROR
            self._ended += flight.outcomes(status, entry.failure, entry.texts, from_ledger=earlier)
        return True

    async def tell_ended(self) -> None:
        """Tell the ends that `has_end` has found."""
        ended, self._ended = self._ended, []
        await self.tell(ended)

    async def settle(self, seconds: float) -> None:
        """Let calls that were sent be answered and recorded, for so long; then end them."""
        self._closing = True
        self.silence(Failure("interrupted", "the run was interrupted; run again to go on"))
        while not self.ends.empty():
            self.ends.get_nowait()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

"""Jobs to a stream of outcomes: each equal job once, from the record or through the endpoint."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from ocr_frames.clock import Clock
from ocr_frames.engine import resume, retry
from ocr_frames.engine.board import Board
from ocr_frames.engine.calls import Caller, DeadlineError, Exchange
from ocr_frames.engine.fetch import Fetcher
from ocr_frames.engine.flight import Flight, key_of
from ocr_frames.engine.journal import Journal
from ocr_frames.engine.meter import Meter
from ocr_frames.engine.resume import Goal, Step
from ocr_frames.engine.submit import Submitter
from ocr_frames.errors import CallFailed, CallFailure, UnreachableError
from ocr_frames.model import Failure, Job, Outcome, Status
from ocr_frames.settings import Policy

_WATCH_S = 0.5
_SETTLE_S = 10.0
_RESULTS_AT_ONCE = 16  # a PDF has megabytes


class Run:
    """One run over many jobs towards a goal: all results, all submits, or what was submitted.

    `recognizer` tells results of different engines and accounts apart. `with_results`: outcomes
    from the record bring along what there is beside their texts. `counts` holds
    duplicates, from_ledger and in_doubt. `stopped` is the reason why jobs were left without
    an outcome, if any were.
    """

    def __init__(
        self,
        exchange: Exchange,
        journal: Journal,
        meter: Meter,
        caller: Caller,
        policy: Policy,
        clock: Clock,
        *,
        recognizer: str,
        goal: Goal = "recognize",
        with_results: bool = False,
    ) -> None:
        self._exchange = exchange
        self._journal = journal
        self._caller = caller
        self._policy = policy
        self._clock = clock
        self._recognizer = recognizer
        self._goal = goal
        self._with_results = with_results
        self._board = Board(journal, meter)
        self._submitter = Submitter(self._board, exchange, caller, policy, clock)
        self._fetcher = Fetcher(self._board, exchange, caller, self._submitter, policy, clock)
        self._watched: list[Flight] = []
        self._beside: list[asyncio.Task[None]] = []
        self._opening = asyncio.Lock()
        self._opened = False

    @property
    def stopped(self) -> Failure | None:
        """What stopped the run before its end, if anything did."""
        return self._board.stopped

    @property
    def outstanding(self) -> int:
        """Tasks submitted, or about to be, and not yet answered."""
        return self._board.outstanding

    @property
    def counts(self) -> dict[str, int]:
        """How many rows came from the ledger, were duplicates; how many submits are in doubt."""
        return {
            name: self._board.counts[name] for name in ("duplicates", "from_ledger", "in_doubt")
        }

    async def outcomes(
        self, batches: AsyncIterator[Sequence[Job]]
    ) -> AsyncIterator[Sequence[Outcome]]:
        """Yield outcomes as they come, one per job.

        Batches are pulled when there is room. When the caller stops iterating, nothing more is
        sent; what is under way is answered and recorded first.
        """
        work = asyncio.create_task(self._work(batches))
        work.add_done_callback(lambda _: self._close_ends())
        try:
            while not (work.done() and self._board.ends.empty()):
                if (ends := await self._board.ends.get()) is not None:
                    yield ends
            await work
            self._board.check()
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await self._board.settle(_SETTLE_S)
            await self._journal.close()

    def _close_ends(self) -> None:
        """Wake the reader; one that has something left to read finds the end by itself."""
        if not self._board.ends.full():
            self._board.ends.put_nowait(None)

    async def _work(self, batches: AsyncIterator[Sequence[Job]]) -> None:
        self._beside = [asyncio.create_task(self._failing(self._watch))]
        try:
            waiting: list[tuple[Flight, Step]] = []
            async for batch in batches:
                going = await self._take_off(batch)
                if self._goal == "collect":
                    waiting += [(flight.without_image(), step) for flight, step in going]
                    continue
                await self._launch_all(going)
                if self._board.stopped is not None:
                    break
            # What expires first is collected first, so all must be known.
            await self._launch_all(sorted(waiting, key=_submitted_s))
            await self._board.landed()
            await self._fetcher.close()
        finally:
            if isinstance(batches, AsyncGenerator):
                await batches.aclose()
            for task in self._beside:
                task.cancel()
            await asyncio.gather(*self._beside, return_exceptions=True)

    async def _failing(self, work: Callable[[], Awaitable[None]]) -> None:
        """Let an error of what runs beside end the run."""
        try:
            await work()
        except Exception as error:  # told by `outcomes`
            self._board.fail(error)

    async def _take_off(self, batch: Sequence[Job]) -> list[tuple[Flight, Step]]:
        """Make flights of a batch; tell the ends that need no call, return the others."""
        flights = self._grouped(batch)
        entries = await self._journal.look_up_jobs({flight.key: flight.job for flight in flights})
        for flight in flights:
            flight.entry = entries.get(flight.key)
        going: list[tuple[Flight, Step]] = []
        at_once = _RESULTS_AT_ONCE if self._with_results else max(1, len(flights))
        for start in range(0, len(flights), at_once):
            some = flights[start : start + at_once]
            await self._read_results(some)
            for flight in some:
                step = self._step(flight)
                if not self._board.has_end(flight, step, self._goal):
                    going.append((flight, step))
            await self._board.tell_ended()
        return going

    async def _read_results(self, flights: Sequence[Flight]) -> None:
        """Add to what is on record of flights the results beside their texts, if wanted."""
        if not self._with_results:
            return
        keys = [flight.entry.key for flight in flights if flight.entry and flight.entry.key]
        found = await self._journal.results(keys) if keys else {}
        for flight in flights:
            if flight.entry is not None and flight.entry.key in found:
                flight.entry = replace(flight.entry, results=found[flight.entry.key])

    async def _launch_all(self, going: Sequence[tuple[Flight, Step]]) -> None:
        for flight, step in going:
            await self._launch(flight, step)

    async def _launch(self, flight: Flight, step: Step) -> None:
        """Give a flight its slot and send it on its way; drop it if the run has stopped."""
        if step is Step.WATCH:
            flight.deadline_s = self._clock.now_s() + self._policy.deadline_s
            self._watched.append(flight.without_image())
            return
        async with self._opening:
            if not self._opened:
                await self._open()
        calls = 1 if step is Step.POLL or self._goal == "submit" else 2
        if await self._board.slot(flight, calls):
            self._board.spawn(self._fly(flight, step), pays=step is not Step.POLL)
        else:
            self._board.drop(flight)

    async def _open(self) -> None:
        """Knock at the endpoint before anything is submitted to it."""
        self._opened = True
        patience_s = self._clock.now_s() + self._policy.call_timeout_s
        try:
            await self._caller.call(self._exchange.open, retry.fetch_wait_s, patience_s, [])
        except DeadlineError as error:
            raise UnreachableError(error.failed.message) from error
        except CallFailed as failed:
            if failed.failure is not CallFailure.STOPPED:
                raise UnreachableError(failed.message) from failed
            self._board.halt(failed)
        self._beside.append(asyncio.create_task(self._failing(self._fetcher.run)))

    async def _fly(self, flight: Flight, step: Step) -> None:
        entry = flight.entry
        flight.recall(entry)
        if step is Step.POLL and entry is not None:
            flight.entry = await self._journal.record(flight.key, entry, entry)
            flight.task_id = entry.task_id
            if flight.entry is not None:
                age_s = self._clock.wall_s() - (entry.submitted_s or 0.0)
                self._fetcher.add(flight, min(age_s, resume.KEPT_S))
                return
        elif await self._submitter.submit(
            flight, doubtful=resume.is_doubtful(entry, others_alive=False)
        ):
            if self._goal == "submit":
                await self._board.end(flight, Status.PENDING, resume.SUBMITTED)
            else:
                self._fetcher.add(flight)
            return
        if not flight.ended:
            # Another run has taken this job up in the same moment: see what becomes of it.
            self._board.give_slot_back(flight)
            await self._launch(flight, Step.WATCH)

    async def _watch(self) -> None:
        """Look after the flights of other runs on this machine, which costs no call."""
        while True:
            await self._clock.sleep(_WATCH_S)
            if not self._watched:
                continue
            watched, self._watched = self._watched, []
            entries = await self._journal.look_up([flight.key for flight in watched])
            for flight in watched:
                flight.entry = entries.get(flight.key)
                await self._read_results([flight])
                await self._look_after(flight)

    async def _look_after(self, flight: Flight) -> None:
        step = self._step(flight)
        if self._board.has_end(flight, step, self._goal):
            await self._board.tell_ended()
        elif step is not Step.WATCH:
            self._board.spawn(self._launch(flight, step))
        elif self._board.silent or self._clock.now_s() > flight.deadline_s:
            failure = self._board.stopped or resume.ELSEWHERE
            await self._board.end(flight, Status.PENDING, failure)
        else:
            self._watched.append(flight)

    def _grouped(self, batch: Sequence[Job]) -> list[Flight]:
        """Make one flight of equal jobs; those already under way only get more rows."""
        new: list[Flight] = []
        for job in batch:
            key = key_of(job, self._recognizer)
            flight = self._board.flights.get(key)
            if flight is not None:
                flight.positions.append(job.position)
                self._board.counts["duplicates"] += 1
                continue
            flight = Flight(key, job, [job.position])
            self._board.flights[key] = flight
            new.append(flight)
        return new

    def _step(self, flight: Flight) -> Step:
        return resume.next_step(
            flight.entry,
            now_s=self._clock.wall_s(),
            others_alive=self._journal.is_others(flight.entry),
            own=flight.entry is not None and flight.entry.run == self._journal.run,
            retry_failed=self._policy.retry_failed,
            on_doubt=self._policy.on_doubt,
        )


def _submitted_s(going: tuple[Flight, Step]) -> float:
    entry = going[0].entry
    return (entry.submitted_s if entry else None) or 0.0

"""From a task id to its result on record: one poller for the whole run."""

import asyncio
import math
from collections import deque
from dataclasses import replace
from typing import Protocol

from ocr_frames.clock import Clock
from ocr_frames.engine import retry
from ocr_frames.engine.board import Board
from ocr_frames.engine.calls import Caller, DeadlineError, Exchange
from ocr_frames.engine.flight import Flight, end_of, record_of
from ocr_frames.engine.holding import HoldingPoller
from ocr_frames.engine.ledger import Entry
from ocr_frames.engine.polling import Poller, PollPolicy
from ocr_frames.engine.submit import Submitter
from ocr_frames.errors import CallFailed, CallFailure, printable
from ocr_frames.model import Answer, Failure, Status
from ocr_frames.settings import Policy

_HALTING = (CallFailure.ACCOUNT, CallFailure.STOPPED)


class _Polls(Protocol):
    def submitted(self, task: Flight, now_s: float) -> None: ...
    def next_poll(self, now_s: float, *, slots_wanted: bool) -> tuple[Flight | None, float]: ...
    def answered(self, task: Flight, now_s: float, ready: bool) -> None: ...
    def unanswered(self, task: Flight, now_s: float) -> None: ...
    def forgotten(self, task: Flight) -> None: ...


class Fetcher:
    """Polls the submitted flights until each has its end."""

    def __init__(
        self,
        board: Board,
        exchange: Exchange,
        caller: Caller,
        submitter: Submitter,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._board = board
        self._exchange = exchange
        self._caller = caller
        self._submitter = submitter
        self._policy = policy
        self._clock = clock
        self._learner: Poller[Flight] = Poller(PollPolicy(floor_s=policy.poll_floor_s))
        self._polls: _Polls = self._learner
        # A held question keeps its connection: leave some for submits.
        self._asking = asyncio.Semaphore(max(1, policy.max_connections // 2))
        self._deadlines: deque[tuple[float, Flight]] = deque()

    async def run(self) -> None:
        """Ask, whenever it is time to, until cancelled."""
        await self._remember()
        while True:
            self._board.poll_now.clear()
            now_s = self._clock.now_s()
            await self._end_overdue(now_s)
            flight, due_s = self._polls.next_poll(now_s, slots_wanted=self._board.slot_wanted)
            if flight is not None:
                flight.asking = True
                await self._asking.acquire()
                self._board.spawn(self._ask(flight))
                continue
            wait_s = min(due_s, self._next_deadline_s()) - now_s
            await self._clock.wait(self._board.poll_now, max(0.0, wait_s))

    async def _remember(self) -> None:
        known = await self._board.journal.latencies()
        if self._exchange.holds_answers:
            self._polls = HoldingPoller()
        elif known is not None:
            self._learner = Poller(PollPolicy(floor_s=self._policy.poll_floor_s), known)
            self._polls = self._learner

    async def close(self) -> None:
        """Keep what was learned of the endpoint for the next run."""
        if self._polls is self._learner and self._board.meter.budget.calls["fetch"]:
            await self._board.journal.remember_latencies(self._learner.known().to_dict())

    def add(self, flight: Flight, age_s: float = 0.0) -> None:
        """Take over a flight that was submitted `age_s` seconds ago."""
        now_s = self._clock.now_s()
        flight.asking = False
        flight.deadline_s = now_s + self._policy.deadline_s
        self._deadlines.append((flight.deadline_s, flight))
        self._polls.submitted(flight, now_s - max(0.0, age_s))
        self._board.poll_now.set()

    async def _ask(self, flight: Flight) -> None:
        try:
            answer = await self._answer(flight)
        finally:
            self._asking.release()
            self._board.poll_now.set()
            self._board.changed()
        if answer is not None:
            await self._answered(flight, answer)

    async def _answer(self, flight: Flight) -> Answer | None:
        """Ask once, with repetitions; None when the flight has ended without an answer."""
        task_id = flight.task_id or ""
        held = self._exchange.holds_answers
        try:
            answer = await self._caller.call(
                lambda: flight.counted(
                    self._exchange.fetch(flight.job.kind, task_id, self._policy.wait_s)
                ),
                retry.fetch_wait_s,
                flight.deadline_s,
                [],
            )
        except (CallFailed, DeadlineError) as error:
            self._polls.forgotten(flight)
            failed = error.failed if isinstance(error, DeadlineError) else error
            failure = Failure(failed.code, f"{failed.message}; run again to ask again")
            if failed.failure in _HALTING:
                failure = self._board.halt(failed)
            await self._board.end(flight, Status.PENDING, failure)
            return None
        if self._exchange.holds_answers and not held and self._polls is self._learner:
            self._hold()
        ready = answer.status not in (Status.PENDING, Status.PROCESSING)
        flight.asking = ready
        if not flight.ended:
            self._polls.answered(flight, self._clock.now_s(), ready)
        return answer

    def _hold(self) -> None:
        """Change over to a server that was just seen to hold its answers."""
        self._polls = HoldingPoller()
        for flight in self._board.flights.values():
            if flight.task_id is not None and not flight.asking and not flight.ended:
                self._polls.submitted(flight, self._clock.now_s())

    async def _answered(self, flight: Flight, answer: Answer) -> None:
        if answer.status in (Status.PENDING, Status.PROCESSING):
            flight.seen = answer.status
            return
        if answer.status is Status.NOT_EXIST and not flight.forgotten and not flight.ended:
            flight.forgotten += 1
            await self._resubmit(flight)
            return
        await self._end(flight, answer)

    async def _resubmit(self, flight: Flight) -> None:
        if self._board.stopped is not None:
            await self._board.end(flight, Status.PENDING, self._board.stopped)
        elif await self._submitter.submit(flight):
            self.add(flight)
        elif not flight.ended:
            message = "the endpoint forgot this task, and another run submits it; run again"
            await self._board.end(flight, Status.PENDING, Failure("expired", message))

    async def _end(self, flight: Flight, answer: Answer) -> None:
        for warning in answer.warnings:
            self._board.warn(printable(warning))
        status, failure = end_of(answer)
        assert flight.entry is not None  # noqa: S101 - submitted before
        flight.seconds = self._seconds(flight.entry)
        record = record_of(status, failure, answer.texts, flight.entry, answer.documents)
        if record is not None:
            record = replace(record, calls=flight.calls, seconds=flight.seconds)
            await self._board.journal.record(flight.key, flight.entry, record)
        elif failure is not None:
            await self._board.journal.strike(flight.key, flight.entry)
        await self._board.end(flight, status, failure, answer.texts, answer.documents)

    def _seconds(self, entry: Entry) -> float | None:
        if entry.submitted_s is None:
            return None
        return max(0.0, self._clock.wall_s() - entry.submitted_s)

    async def _end_overdue(self, now_s: float) -> None:
        while self._next_deadline_s() <= (math.inf if self._board.silent else now_s):
            if not self._deadlines:
                return
            deadline_s, flight = self._deadlines.popleft()
            if flight.ended or flight.deadline_s > deadline_s:
                continue
            self._polls.forgotten(flight)
            await self._board.end(flight, flight.seen, self._board.stopped or self._late())

    def _late(self) -> Failure:
        limit = f"{self._policy.deadline_s:g} s"
        return Failure(
            "deadline", f"no answer within {limit}; run again to ask again, or raise deadline_s"
        )

    def _next_deadline_s(self) -> float:
        while self._deadlines and self._deadlines[0][1].ended:
            self._deadlines.popleft()
        return self._deadlines[0][0] if self._deadlines else math.inf

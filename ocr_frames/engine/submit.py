"""From a job to a task id on record. Every step is durable before the next costs money."""

import asyncio

from ocr_frames.clock import Clock
from ocr_frames.engine import retry
from ocr_frames.engine.board import Board
from ocr_frames.engine.calls import Caller, DeadlineError, Exchange
from ocr_frames.engine.flight import IMAGES_OWN, Flight
from ocr_frames.engine.ledger import Entry, State
from ocr_frames.errors import CallFailed, CallFailure
from ocr_frames.model import Failure, Job, Status
from ocr_frames.settings import Policy

_STEPS = {
    "bad-request": "change what it names, or leave the image out",
    "unauthorized": "check client id and secret",
    "throttled": "run again later, or lower calls_per_second",
    "unavailable": "run again later",
    "unexpected-status": "check the endpoint's address",
    "bad-url": "check the endpoint's address",
}
"""The next step, where the message does not name it."""
_HALTING = (CallFailure.ACCOUNT, CallFailure.STOPPED)


class _ElsewhereError(Exception):
    """Another run has taken the job up in the same moment."""


class Submitter:
    """Submits flights."""

    def __init__(
        self, board: Board, exchange: Exchange, caller: Caller, policy: Policy, clock: Clock
    ) -> None:
        self._board = board
        self._exchange = exchange
        self._caller = caller
        self._policy = policy
        self._clock = clock

    async def submit(self, flight: Flight, *, doubtful: bool = False) -> bool:
        """Submit a flight that holds a slot; False when it has ended or is another run's.

        `doubtful`: it may have been submitted before, so this is the one repetition.
        """
        flight.intended = False
        flight.deadline_s = self._clock.now_s() + self._policy.deadline_s
        image = await _image(flight.job)
        if isinstance(image, Failure):
            await self._board.end(flight, Status.ERROR, image)
            return False
        history = [CallFailure.IN_DOUBT] if doubtful else []
        try:
            task_id = await self._caller.call(
                lambda: self._attempt(flight, image, history),
                retry.submit_wait_s,
                flight.deadline_s,
                history,
            )
        except _ElsewhereError:
            return False
        except CallFailed as failed:
            await self._not_submitted(flight, failed, history)
            return False
        except DeadlineError as error:
            await self._not_submitted(flight, error.failed, history)
            return False
        self._board.counts["in_doubt"] += history.count(CallFailure.IN_DOUBT)
        await self._record_task(flight, task_id)
        return True

    async def _attempt(self, flight: Flight, image: bytes, history: list[CallFailure]) -> str:
        """Write the intention down, submit, and strike it out if nothing was sent.

        So what is intended on record is no more than the submits in flight.
        """
        journal = self._board.journal
        if not flight.intended:
            intended = await journal.record(flight.key, flight.entry, Entry(State.INTENDED, 0, ""))
            if intended is None:
                raise _ElsewhereError
            flight.entry, flight.intended = intended, True
        try:
            return await flight.counted(
                self._exchange.submit(flight.job.kind, flight.job.settings_json, image)
            )
        except CallFailed as failed:
            doubted = CallFailure.IN_DOUBT in (failed.failure, *history)
            if not doubted and flight.entry is not None:
                await journal.strike(flight.key, flight.entry)
                flight.entry, flight.intended = None, False
            raise

    async def _record_task(self, flight: Flight, task_id: str) -> None:
        now_s = self._board.journal.wall_s()
        submitted = Entry(State.SUBMITTED, 0, "", now_s, task_id, calls=flight.calls)
        flight.task_id = task_id
        entry = await self._board.journal.record(flight.key, flight.entry, submitted)
        while entry is None:
            # Somebody took this run for dead. The task is paid for: it must be on record.
            found = await self._board.journal.look_up([flight.key])
            entry = await self._board.journal.record(flight.key, found.get(flight.key), submitted)
        flight.entry = entry
        flight.without_image()

    async def _not_submitted(
        self, flight: Flight, failed: CallFailed, history: list[CallFailure]
    ) -> None:
        self._board.counts["in_doubt"] += history.count(CallFailure.IN_DOUBT)
        failure = Failure(failed.code, advised(failed))
        if failed.failure in _HALTING:
            failure = self._board.halt(failed)
        status = Status.PENDING
        if failed.failure in (CallFailure.REJECTED, CallFailure.UNAUTHORIZED):
            status = Status.ERROR
        record = self._board.journal.record
        if failed.code in IMAGES_OWN:
            refused = Entry(State.FAILED, 0, "", failure=failure, calls=flight.calls)
            await record(flight.key, flight.entry, refused)
        elif flight.intended:
            await record(flight.key, flight.entry, Entry(State.DOUBTFUL, 0, ""))
            status = Status.PENDING
            failure = _in_doubt(failed) if failed.failure is CallFailure.IN_DOUBT else failure
        await self._board.end(flight, status, failure)


def advised(failed: CallFailed) -> str:
    """What happened to a submit, and what to do about it."""
    step = _STEPS.get(failed.code)
    return failed.message if step is None else f"{failed.message}; {step}"


def _in_doubt(failed: CallFailed) -> Failure:
    return Failure(
        "in-doubt",
        f"the answer to the submit was lost ({failed.message}); it may have been billed. "
        'Run again with on_doubt="retry" to submit it once more',
    )


async def _image(job: Job) -> bytes | Failure:
    """The bytes of the job's image, read again if need be."""
    return job.image if job.image is not None else await asyncio.to_thread(job.load)

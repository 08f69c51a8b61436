"""Jobs to a stream of outcomes: bounded work, each job to its end, a failure is a value."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeVar

from ocr_frames.clock import Clock
from ocr_frames.engine import polling, retry
from ocr_frames.errors import CallFailed, CallFailure
from ocr_frames.model import Answer, Failure, Job, Kind, Outcome, Status
from ocr_frames.settings import Policy

T = TypeVar("T")
_Wait = Callable[[list[CallFailure], Policy, random.Random, float | None], float | None]


class Exchange(Protocol):
    """The calls a run may make: one method, one exchange, CallFailed when it gave no answer."""

    @property
    def holds_answers(self) -> bool:
        """Whether the server holds a fetch until the task has ended."""
        ...

    async def submit(self, job: Job) -> str:
        """Send one image; return its task id."""
        ...

    async def fetch(self, kind: Kind, task_id: str, wait_s: float) -> Answer:
        """Ask for a task once."""
        ...


class _GaveUp(Exception):  # noqa: N818 - carries a row's failure to its outcome
    """`waits`: running again goes on with this row, so it stays Pending."""

    def __init__(self, failure: Failure, *, waits: bool = False) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.waits = waits


class Run:
    """One run over many jobs.

    After it, `stopped` holds the reason if the account stopped it: the jobs it did not get to
    have no outcome then.
    """

    def __init__(
        self, exchange: Exchange, policy: Policy, clock: Clock, rng: random.Random
    ) -> None:
        self._exchange = exchange
        self._policy = policy
        self._clock = clock
        self._rng = rng
        self._pull = asyncio.Lock()
        self._held = asyncio.Semaphore(max(1, policy.max_connections // 2))
        self.stopped: Failure | None = None

    async def outcomes(self, jobs: AsyncIterator[Job]) -> AsyncIterator[Outcome]:
        """Yield one outcome per job, as they end.

        Jobs are pulled one by one when their turn comes, at most `max_outstanding` at once.
        When the caller stops iterating, nothing more is sent.
        """
        done: asyncio.Queue[Outcome | None] = asyncio.Queue(self._policy.max_outstanding)
        lanes = asyncio.create_task(self._lanes(jobs, done))
        lanes.add_done_callback(lambda _: _close(done))
        try:
            while not (lanes.done() and done.empty()):
                if (outcome := await done.get()) is not None:
                    yield outcome
            await lanes
        finally:
            lanes.cancel()
            await asyncio.gather(lanes, return_exceptions=True)

    async def _lanes(self, jobs: AsyncIterator[Job], done: asyncio.Queue[Outcome | None]) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._policy.max_outstanding):
                group.create_task(self._lane(jobs, done))

    async def _lane(self, jobs: AsyncIterator[Job], done: asyncio.Queue[Outcome | None]) -> None:
        while (job := await self._next(jobs)) is not None:
            await done.put(await self._outcome(job))

    async def _next(self, jobs: AsyncIterator[Job]) -> Job | None:
        async with self._pull:
            if self.stopped is not None:
                return None
            return await anext(jobs, None)

    async def _outcome(self, job: Job) -> Outcome:
        progress = _Progress(job)
        try:
            answer = await self._answer(progress)
            if answer.status is Status.NOT_EXIST:
                answer = await self._answer(progress)
        except _GaveUp as gave_up:
            status = progress.seen if gave_up.waits else Status.ERROR
            return progress.outcome(status, gave_up.failure)
        return _ended(progress, answer)

    async def _answer(self, progress: "_Progress") -> Answer:
        job = progress.job
        progress.task_id = None
        deadline_s = self._clock.now_s() + self._policy.deadline_s
        progress.task_id = await self._repeated(
            lambda: self._exchange.submit(job), retry.submit_wait_s, progress, deadline_s
        )
        polls = 0
        while True:
            pause_s = polling.delay_s(polls, self._exchange.holds_answers, self._policy)
            await self._sleep(pause_s, progress, deadline_s)
            answer = await self._repeated(
                lambda: self._fetch(progress), retry.fetch_wait_s, progress, deadline_s
            )
            progress.seen = answer.status
            if answer.status not in (Status.PENDING, Status.PROCESSING):
                return answer
            polls += 1

    async def _fetch(self, progress: "_Progress") -> Answer:
        assert progress.task_id is not None  # noqa: S101 - submitted before
        # A held question keeps its connection: leave some for submits.
        async with self._held:
            return await self._exchange.fetch(
                progress.job.kind, progress.task_id, self._policy.wait_s
            )

    async def _repeated(
        self,
        call: Callable[[], Awaitable[T]],
        wait_s: _Wait,
        progress: "_Progress",
        deadline_s: float,
    ) -> T:
        history: list[CallFailure] = []
        while True:
            progress.calls += 1
            try:
                return await call()
            except CallFailed as failed:
                history.append(failed.failure)
                pause_s = wait_s(history, self._policy, self._rng, failed.retry_after_s)
                if failed.failure is CallFailure.ACCOUNT:
                    self.stopped = Failure(failed.code, failed.message)
                    raise _GaveUp(self.stopped, waits=True) from failed
                if pause_s is None:
                    raise _GaveUp(_reason(failed)) from failed
            await self._sleep(pause_s, progress, deadline_s)

    async def _sleep(self, seconds: float, progress: "_Progress", deadline_s: float) -> None:
        if self._clock.now_s() + seconds > deadline_s:
            limit = f"{self._policy.deadline_s:g} s"
            failure = Failure(
                "deadline", f"no answer within {limit}; run again, or raise deadline_s"
            )
            raise _GaveUp(failure, waits=progress.task_id is not None)
        if seconds > 0:
            await self._clock.sleep(seconds)


def _close(done: asyncio.Queue[Outcome | None]) -> None:
    """Wake the reader; one that has outcomes left to read looks for the end by itself."""
    if not done.full():
        done.put_nowait(None)


def _reason(failed: CallFailed) -> Failure:
    if failed.failure is not CallFailure.IN_DOUBT:
        return Failure(failed.code, failed.message)
    return Failure(failed.code, f"{failed.message}; the call may have been billed")


class _Progress:
    """How far one job has come."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.task_id: str | None = None
        self.seen = Status.PENDING
        self.calls = 0

    def outcome(
        self, status: Status, failure: Failure | None, texts: tuple[str, ...] = ()
    ) -> Outcome:
        return Outcome(self.job.position, status, texts, failure, self.task_id, self.calls)


def _ended(progress: _Progress, answer: Answer) -> Outcome:
    """Turn the end of a task into the end of its row."""
    if answer.status is Status.COMPLETED and answer.response_code != "ResultDataLost":
        return progress.outcome(Status.COMPLETED, None, answer.texts)
    if answer.status is Status.COMPLETED:
        message = "the endpoint lost the result of this task; run again to submit it anew"
        return progress.outcome(Status.ERROR, Failure("result-lost", message))
    if answer.status is Status.NOT_EXIST:
        message = "the endpoint forgot this task twice; run again to submit it anew"
        return progress.outcome(Status.NOT_EXIST, Failure("expired", message))
    said = "; ".join(answer.messages) or "the endpoint gave no reason"
    return progress.outcome(Status.ERROR, Failure("recognition-failed", said))

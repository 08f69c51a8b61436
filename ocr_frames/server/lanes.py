"""Lanes in which queued tasks are recognized, one after the other in each."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from ocr_frames import wire
from ocr_frames.clock import Clock
from ocr_frames.model import Status
from ocr_frames.server import answers
from ocr_frames.server.commits import Commits
from ocr_frames.server.metrics import Metrics
from ocr_frames.server.rates import ServiceRate
from ocr_frames.server.recognition import Recognition
from ocr_frames.server.store import Ended, Head, Store, StoreFailed
from ocr_frames.server.turns import Turns
from ocr_frames.wire import Submission

Recognize = Callable[[str, Submission], Coroutine[Any, Any, Recognition]]
"""Recognizes what a client, whose id goes first, submitted."""

CANCEL_GRACE_S = 3.0
"""Seconds from its begin that a cancelled task may take: less than a new worker's start."""

STORE_RETRY_S = 5
LARGE_RESULT = 1 << 20
"""Bytes from which an answer is written on a thread, so that others are answered meanwhile."""

_LOST = Recognition(messages=("the server lost the image; submit it again",))
_CANCELLED = Recognition(messages=("recognition was cancelled",))
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Task:
    """A task that has not ended. `submission` is None while only the store has it."""

    head: Head
    submission: Submission | None = None
    status: Status = Status.PENDING
    began_s: float = 0.0
    dropped: bool = False
    running: "asyncio.Task[Recognition] | None" = None
    ending: "asyncio.Future[None] | None" = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Lanes:
    """Takes tasks out of `turns` and puts their end on record; `forget` is told of each."""

    def __init__(
        self,
        turns: Turns[Task],
        store: Store,
        commits: Commits,
        clock: Clock,
        metrics: Metrics,
        recognize: Recognize,
        count: int,
        forget: Callable[[Task], None],
    ) -> None:
        self._turns = turns
        self._store = store
        self._commits = commits
        self._clock = clock
        self._metrics = metrics
        self._recognize = recognize
        self._forget = forget
        self._count = count
        self._running: set[Task] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._arrived = asyncio.Event()
        self._stopping = False
        self.rate = ServiceRate(count)

    @property
    def running(self) -> int:
        """How many tasks are being recognized."""
        return len(self._running)

    async def work(self) -> None:
        """Recognize what is queued, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._count):
                group.create_task(self._work())

    def arrived(self) -> None:
        """Say that there is something in `turns`."""
        self._arrived.set()

    async def stop(self, limit_s: float) -> None:
        """Begin nothing more, and give what is under way `limit_s` seconds to end."""
        self._stopping = True
        await self._clock.wait(self._idle, limit_s)

    def drop(self, task: Task) -> None:
        """Take away a task whose end nobody waits for.

        One that runs may go on for a moment: to end it means to end its worker.
        """
        task.dropped = True
        if task in self._running:
            task.ending = asyncio.ensure_future(self._end_late(task))
        else:
            self._turns.remove(task.head.client, task.head.number)
        self._forget(task)

    async def _end_late(self, task: Task) -> None:
        await self._clock.sleep(max(0.0, task.began_s + CANCEL_GRACE_S - self._clock.now_s()))
        if task.running is not None:
            task.running.cancel()

    async def _work(self) -> None:
        while True:
            while self._stopping or not self._turns:
                self._arrived.clear()
                await self._arrived.wait()
            task = self._turns.take()
            self._running.add(task)
            self._idle.clear()
            try:
                await self._process(task)
            finally:
                self._running.discard(task)
                if not self._running:
                    self._idle.set()

    async def _process(self, task: Task) -> None:
        task.status, task.began_s = Status.PROCESSING, self._clock.now_s()
        waited_s = self._clock.wall_s() - task.head.submitted_s
        recognition = await self._recognition(task)
        if self._stopping and recognition.messages and not task.dropped:
            # who stops a service may have ended its workers, too: left for the next process
            return
        took_s = self._clock.now_s() - task.began_s
        if not task.dropped:
            self.rate.ended(took_s)
            ended = await _ended(task.head, recognition)
            await self._record(task, ended)
        self._metrics.ended("Cancelled" if task.dropped else task.status, waited_s, took_s)
        self._forget(task)

    async def _recognition(self, task: Task) -> Recognition:
        """Recognize it as an asyncio task of its own, which a client may cancel."""
        try:
            submission = task.submission or await self._submission(task)
        except ValueError:
            return _LOST
        task.running = asyncio.create_task(self._recognize(task.head.client, submission))
        del submission
        try:
            return await task.running
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            return _CANCELLED
        except Exception as error:  # nothing that goes wrong with one task may end its lane
            kind = type(error).__name__
            _log.error("recognition failed with %s", kind)
            return Recognition(messages=(f"recognition failed on this image ({kind})",))
        finally:
            if task.ending is not None:
                task.ending.cancel()

    async def _submission(self, task: Task) -> Submission:
        """Read it from the disk, however long that takes to come back."""
        while True:
            try:
                return self._store.submission(task.head)
            except StoreFailed as error:
                _log.error("an image cannot be read from the disk, trying again: %s", error)
                await self._clock.sleep(STORE_RETRY_S)

    async def _record(self, task: Task, ended: Ended) -> None:
        """Put the end on record, however long the disk takes to come back."""
        while not task.dropped:
            try:
                await self._commits.write(ended)
            except StoreFailed as error:
                _log.error("a result cannot be put on record, trying again: %s", error)
                await self._clock.sleep(STORE_RETRY_S)
            else:
                task.status = ended.status
                return


def _is_cancelled() -> bool:
    """Whether the lane itself is to end, not only what it waits for."""
    lane = asyncio.current_task()
    return lane is not None and lane.cancelling() > 0


async def _ended(head: Head, recognition: Recognition) -> Ended:
    answer = answers.ended(str(head.id), recognition)
    size = sum(len(result.data) for result in answer.results)
    brief = wire.encode_answer(replace(answer, results=()))
    if size < LARGE_RESULT:
        document = wire.encode_answer(answer)
    else:
        document = await asyncio.to_thread(wire.encode_answer, answer)
    return Ended(head, answer.status, brief, document)

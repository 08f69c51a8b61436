"""Tasks from submission to expiry, in memory: a bounded queue in, answers out."""

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ocr_frames.clock import Clock
from ocr_frames.model import Answer, Status
from ocr_frames.server.recognition import Recognition
from ocr_frames.wire import Submission

Recognize = Callable[[Submission], Awaitable[Recognition]]


class QueueFull(Exception):  # noqa: N818 - an answer of the server
    """More is waiting than the server holds; try again later."""


@dataclass(slots=True, eq=False)
class _Task:
    owner: str
    expires_s: float
    submission: Submission | None
    recognize: Recognize
    size: int
    status: Status = Status.PENDING
    recognition: Recognition = field(default_factory=Recognition)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Tasks:
    """All tasks of all clients, recognized first come, first served.

    `keep_s`: seconds from its submission for which a task is known. `max_queued`,
    `max_queued_bytes`: how many tasks, and bytes of images, may wait.
    """

    def __init__(
        self, clock: Clock, *, keep_s: float, max_queued: int, max_queued_bytes: int
    ) -> None:
        self._clock = clock
        self._keep_s = keep_s
        self._max_queued = max_queued
        self._max_queued_bytes = max_queued_bytes
        self._tasks: dict[str, _Task] = {}  # in order of submission, so of expiry too
        self._queue: deque[_Task] = deque()
        self._queued_bytes = 0
        self._arrived = asyncio.Event()

    def submit(self, owner: str, submission: Submission, recognize: Recognize) -> str:
        """Queue a task for `recognize`, and return its id. Raises QueueFull."""
        self._forget_expired()
        size = len(submission.image)
        if len(self._queue) >= self._max_queued:
            raise QueueFull(f"{self._max_queued} tasks are waiting")
        if self._queue and self._queued_bytes + size > self._max_queued_bytes:
            raise QueueFull("the waiting images take all the memory set aside for them")
        task = _Task(owner, self._clock.now_s() + self._keep_s, submission, recognize, size)
        task_id = str(uuid.uuid4())
        self._tasks[task_id] = task
        self._queue.append(task)
        self._queued_bytes += size
        self._arrived.set()
        return task_id

    def answer(self, owner: str, task_id: str) -> Answer:
        """Say how a task stands; one that is unknown, expired or another's is NotExist."""
        task = self._find(owner, task_id)
        if task is None:
            return Answer(task_id, Status.NOT_EXIST, "TaskNotFound")
        if task.status in (Status.PENDING, Status.PROCESSING):
            return Answer(task_id, task.status, "NotReady")
        return Answer(
            task_id,
            task.status,
            "Ok" if task.status is Status.COMPLETED else "Error",
            task.recognition.results,
            task.recognition.messages,
            task.recognition.warnings,
        )

    async def wait(self, owner: str, task_id: str, seconds: float) -> None:
        """Return when the task has ended, at the latest after `seconds`."""
        task = self._find(owner, task_id)
        if task is None:
            return
        try:
            async with asyncio.timeout(seconds):
                await task.ended.wait()
        except TimeoutError:
            return

    def cancel(self, owner: str, task_id: str) -> bool:
        """Forget a task; one being recognized runs to its end for nothing."""
        task = self._find(owner, task_id)
        if task is None:
            return False
        del self._tasks[task_id]
        self._withdraw(task)
        return True

    def release(self) -> None:
        """Let all waits return; the server is about to stop."""
        for task in self._tasks.values():
            task.ended.set()

    async def work(self) -> None:
        """Recognize one queued task after the other, until cancelled. Run it several times."""
        while True:
            while not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
            await self._recognize(self._queue.popleft())

    async def _recognize(self, task: _Task) -> None:
        assert task.submission is not None  # noqa: S101 - for the type checker
        self._queued_bytes -= task.size
        task.status = Status.PROCESSING
        task.recognition = await task.recognize(task.submission)
        task.submission = None
        task.status = Status.ERROR if task.recognition.messages else Status.COMPLETED
        task.ended.set()

    def _find(self, owner: str, task_id: str) -> _Task | None:
        self._forget_expired()
        task = self._tasks.get(task_id.strip().lower())
        return task if task is not None and task.owner == owner else None

    def _forget_expired(self) -> None:
        now_s = self._clock.now_s()
        while self._tasks:
            task_id, task = next(iter(self._tasks.items()))
            if task.expires_s > now_s:
                return
            del self._tasks[task_id]
            self._withdraw(task)

    def _withdraw(self, task: _Task) -> None:
        task.ended.set()
        if task.status is Status.PENDING:
            self._queue.remove(task)
            self._queued_bytes -= task.size

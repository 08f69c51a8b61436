"""Scripted stand-ins for the recognition API, without HTTP."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ocr_frames.errors import CallFailed, CallFailure
from ocr_frames.model import Answer, Job, Kind, Result, Status

COMPLETED = Answer("t", Status.COMPLETED, results=(Result("Text", b"text"),))
PENDING = Answer("t", Status.PENDING, "NotReady")
PROCESSING = Answer("t", Status.PROCESSING, "NotReady")
NOT_EXIST = Answer("t", Status.NOT_EXIST, "TaskNotFound")
FAILED = Answer("t", Status.ERROR, "Error", messages=("the image is damaged",))


def failed(failure: CallFailure, retry_after_s: float | None = None) -> CallFailed:
    return CallFailed(failure, str(failure), "scripted", retry_after_s)


@dataclass
class Scripted:
    """Plays `submits` and `fetches` in order; when a script is at its end, all goes well."""

    submits: list[CallFailed] = field(default_factory=list)
    fetches: list[Answer | CallFailed] = field(default_factory=list)
    holds_answers: bool = False
    calls: list[str] = field(default_factory=list)

    async def submit(self, job: Job) -> str:
        self.calls.append("submit")
        if self.submits:
            raise self.submits.pop(0)
        return f"task-{job.position}-{self.calls.count('submit')}"

    async def fetch(self, kind: Kind, task_id: str, wait_s: float) -> Answer:
        self.calls.append(f"fetch {task_id}")
        step = self.fetches.pop(0) if self.fetches else COMPLETED
        if isinstance(step, CallFailed):
            raise step
        return step


@dataclass
class Counting:
    """Echoes each image as its text after some polls, and notes how much was outstanding."""

    polls_until_ready: Callable[[int], int] = lambda position: 1
    holds_answers: bool = False
    outstanding: int = 0
    most_outstanding: int = 0
    submitted: Counter[int] = field(default_factory=Counter)
    images: dict[str, bytes] = field(default_factory=dict)
    polls: Counter[str] = field(default_factory=Counter)

    async def submit(self, job: Job) -> str:
        await asyncio.sleep(0)
        self.outstanding += 1
        self.most_outstanding = max(self.most_outstanding, self.outstanding)
        self.submitted[job.position] += 1
        task_id = str(job.position)
        self.images[task_id] = job.image
        return task_id

    async def fetch(self, kind: Kind, task_id: str, wait_s: float) -> Answer:
        await asyncio.sleep(0)
        self.polls[task_id] += 1
        if self.polls[task_id] < self.polls_until_ready(int(task_id)):
            return PENDING
        self.outstanding -= 1
        return Answer(task_id, Status.COMPLETED, results=(Result("Text", self.images[task_id]),))


async def jobs(images: Iterable[bytes]):
    for position, image in enumerate(images):
        yield Job(position, "image", "{}", image)

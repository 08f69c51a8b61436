"""Scripted stand-ins for the recognition API, without HTTP."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ocr_frames.errors import CallFailed, CallFailure
from ocr_frames.model import Answer, Job, Kind, Result, Status

COMPLETED = Answer("t", Status.COMPLETED, results=(Result("Text", b"text"),))
PENDING = Answer("t", Status.PENDING, "NotReady")
PROCESSING = Answer("t", Status.PROCESSING, "NotReady")
NOT_EXIST = Answer("t", Status.NOT_EXIST, "TaskNotFound")
FAILED = Answer("t", Status.ERROR, "Error", messages=("the image is damaged",))


def failed(
    failure: CallFailure, retry_after_s: float | None = None, code: str | None = None
) -> CallFailed:
    return CallFailed(failure, code or str(failure), "scripted", retry_after_s)


@dataclass
class Scripted:
    """Plays `submits` and `fetches` in order; when a script is at its end, all goes well."""

    submits: list[CallFailed] = field(default_factory=list)
    fetches: list[Answer | CallFailed] = field(default_factory=list)
    opens: list[Exception] = field(default_factory=list)
    holds_answers: bool = False
    calls: list[str] = field(default_factory=list)

    async def open(self) -> None:
        if self.opens:
            raise self.opens.pop(0)

    async def submit(self, kind: Kind, settings_json: str, image: bytes) -> str:
        self.calls.append("submit")
        if self.submits:
            raise self.submits.pop(0)
        return f"task-{self.calls.count('submit')}"

    async def fetch(self, kind: Kind, task_id: str, wait_s: float) -> Answer:
        self.calls.append(f"fetch {task_id}")
        step = self.fetches.pop(0) if self.fetches else COMPLETED
        if isinstance(step, CallFailed):
            raise step
        return step


@dataclass
class Counting:
    """Echoes each image as its text after some polls, and notes how much was outstanding."""

    polls_until_ready: Callable[[str], int] = lambda task_id: 1
    holds_answers: bool = False
    outstanding: int = 0
    most_outstanding: int = 0
    submitted: Counter[bytes] = field(default_factory=Counter)
    images: dict[str, bytes] = field(default_factory=dict)
    polls: Counter[str] = field(default_factory=Counter)

    async def open(self) -> None:
        await asyncio.sleep(0)

    async def submit(self, kind: Kind, settings_json: str, image: bytes) -> str:
        self.outstanding += 1
        self.most_outstanding = max(self.most_outstanding, self.outstanding)
        self.submitted[image] += 1
        await asyncio.sleep(0)
        task_id = str(len(self.images))
        self.images[task_id] = image
        return task_id

    async def fetch(self, kind: Kind, task_id: str, wait_s: float) -> Answer:
        await asyncio.sleep(0)
        self.polls[task_id] += 1
        if self.polls[task_id] < self.polls_until_ready(task_id):
            return PENDING
        self.outstanding -= 1
        return Answer(task_id, Status.COMPLETED, results=(Result("Text", self.images[task_id]),))


def job(position: int, image: bytes) -> Job:
    return Job(position, "image", "{}", hashlib.sha256(image).digest(), lambda: image, image)


async def batches(images: Iterable[bytes], size: int = 7) -> AsyncIterator[Sequence[Job]]:
    """Jobs in batches, like a column's."""
    jobs = [job(position, image) for position, image in enumerate(images)]
    for start in range(0, len(jobs), size):
        yield jobs[start : start + size]

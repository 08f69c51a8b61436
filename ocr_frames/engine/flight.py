"""One job on its way, and how it ends for its rows."""

import hashlib
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, replace
from typing import Self, TypeVar

from ocr_frames.engine.ledger import Entry, State
from ocr_frames.errors import CallFailed, CallFailure, printable
from ocr_frames.model import Answer, Failure, Job, Outcome, Result, Status

T = TypeVar("T")

IMAGES_OWN = frozenset({"bad-request", "too-large", "recognition-failed"})
"""Codes of failures that the same image would meet again: kept on record."""


def key_of(job: Job, recognizer: str) -> bytes:
    """What makes two jobs the same: image, settings, kind, and who recognizes."""
    return _key(job, job.settings_json, recognizer)


def covering_keys(job: Job, recognizer: str) -> list[bytes]:
    """The keys of jobs whose results hold all that this one's would."""
    return [_key(job, settings_json, recognizer) for settings_json in job.covered_by]


def _key(job: Job, settings_json: str, recognizer: str) -> bytes:
    parts = (job.digest.hex(), settings_json, job.kind, job.recognizer or recognizer)
    return hashlib.sha256("\n".join(parts).encode()).digest()


@dataclass(slots=True, eq=False)
class Flight:
    """One job under way for all rows with the same image.

    `entry` is what is on record of it; `deadline_s` monotonic; `seen` the task's last status;
    `intended` whether this run has written that it submits;
    `owed` calls it needs to its end, while it holds a slot; `calls` and `seconds` as Outcome.
    """

    key: bytes
    job: Job
    positions: list[int]
    entry: Entry | None = None
    task_id: str | None = None
    deadline_s: float = 0.0
    seen: Status = Status.PENDING
    forgotten: int = 0
    owed: int = 0
    asking: bool = False
    intended: bool = False
    ended: bool = False
    calls: int = 0
    seconds: float | None = None

    def recall(self, entry: Entry | None) -> None:
        """Go on counting from what is on record."""
        if entry is not None:
            self.calls = max(self.calls, entry.calls or 0)
            self.seconds = entry.seconds

    def without_image(self) -> Self:
        """Let go of the bytes, as it may be long until they are needed, if ever."""
        self.job = replace(self.job, image=None)
        return self

    def outcomes(
        self,
        status: Status,
        failure: Failure | None,
        texts: tuple[str, ...] = (),
        results: tuple[Result, ...] = (),
        *,
        from_ledger: bool = False,
    ) -> Iterator[Outcome]:
        """The same end for every row."""
        calls, seconds = self.calls or None, self.seconds
        for position in self.positions:
            yield Outcome(
                position, status, texts, failure, self.task_id, from_ledger, calls, seconds, results
            )

    async def counted(self, call: Awaitable[T]) -> T:
        """Await a call and count it, unless it never left this machine."""
        self.calls += 1
        try:
            return await call
        except CallFailed as failed:
            if failed.failure in (CallFailure.NOT_SENT, CallFailure.STOPPED):
                self.calls -= 1
            raise


def end_of(answer: Answer) -> tuple[Status, Failure | None]:
    """Turn the end of a task into the end of its rows."""
    if answer.status is Status.COMPLETED and answer.response_code != "ResultDataLost":
        return Status.COMPLETED, None
    if answer.status is Status.COMPLETED:
        message = "the endpoint lost the result of this task; run again to submit it anew"
        return Status.ERROR, Failure("result-lost", message)
    if answer.status is Status.NOT_EXIST:
        message = "the endpoint forgot this task twice; run again to submit it anew"
        return Status.NOT_EXIST, Failure("expired", message)
    said = printable("; ".join(answer.messages)) or (
        "the endpoint gave no reason; look at the image, or run again with retry_failed=True"
    )
    return Status.ERROR, Failure("recognition-failed", said)


def record_of(
    status: Status,
    failure: Failure | None,
    texts: tuple[str, ...],
    before: Entry,
    results: tuple[Result, ...] = (),
) -> Entry | None:
    """What to keep on record of a job that ended so; None where there is nothing to add.

    A failure that is not the image's own is no result: the job stays open for another run.
    """
    ended = Entry(before.state, 0, "", before.submitted_s, before.task_id)
    if status is Status.COMPLETED:
        return replace(ended, state=State.COMPLETED, texts=texts, results=results)
    if failure is not None and failure.code in IMAGES_OWN:
        return replace(ended, state=State.FAILED, failure=failure)
    return None

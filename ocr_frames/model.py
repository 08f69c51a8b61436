"""The words all layers share: a job goes in, an outcome comes out."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, NamedTuple

Kind = Literal["image", "label", "regions"]
CallKind = Literal["token", "submit", "fetch"]
"""What is billed: every exchange with the endpoint."""


class Status(StrEnum):
    """How a row ended. The vendor's words, and `Skipped` for a null cell."""

    COMPLETED = "Completed"
    ERROR = "Error"
    NOT_EXIST = "NotExist"
    PENDING = "Pending"
    PROCESSING = "Processing"
    SKIPPED = "Skipped"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a row has no text: a stable `code`, and what happened and what to do."""

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@dataclass(frozen=True, slots=True)
class Job:
    """One image to recognize.

    `position` is the row's position in the source, from 0; numbers below 0 are pages of a row.
    `settings_json` is the canonical JSON text of the settings as they go over the wire,
    `covered_by` those of others whose results hold all that these would give. `digest` tells
    which image it is: the sha256 of its file, or of its pixels where there is no file. `image`
    is its bytes if they were read already, and `load` reads them (again) when needed, or tells
    why that same image cannot be had any more. `recognizer` is who recognizes it, where that is
    another than for the run's other jobs.
    """

    position: int
    kind: Kind
    settings_json: str
    digest: bytes
    load: Callable[[], "bytes | Failure"]
    image: bytes | None = None
    covered_by: tuple[str, ...] = ()
    recognizer: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One entry of a task's results: its `type` in the vendor's words, its decoded `data`."""

    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a fetch tells of a task.

    `response_code` is the vendor's `responseStatusCode`; `results` are in the order of the
    answer, which for regions is their `order`; `messages` and `warnings` come from `error`.
    """

    task_id: str
    status: Status
    response_code: str = "Ok"
    results: tuple[Result, ...] = ()
    messages: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The plain texts among the results, in order: one, or one per region."""
        return tuple(result.data.decode() for result in self.results if result.type == "Text")

    @property
    def documents(self) -> tuple[Result, ...]:
        """The results beside the texts, in order."""
        return tuple(result for result in self.results if result.type != "Text")


class Outcome(NamedTuple):
    """How one row ended.

    `texts` has one entry, or one per region; it is empty unless `status` is Completed.
    `failure` is None exactly when all is well. `from_ledger`: an earlier run paid for it.
    `calls` were made for it, submits and fetches, repetitions included, by whom it was paid;
    `seconds` passed from submit to result; None where that is not known. `results` are those
    beside the texts; `details` what is drawn from all of it for columns on request.
    """

    position: int
    status: Status
    texts: tuple[str, ...] = ()
    failure: Failure | None = None
    task_id: str | None = None
    from_ledger: bool = False
    calls: int | None = None
    seconds: float | None = None
    results: tuple[Result, ...] = ()
    details: tuple[Any, ...] = ()

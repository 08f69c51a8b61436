"""How a task stands, in the protocol's statuses and response codes. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from ocr_frames import wire
from ocr_frames.model import Answer, Result, Status
from ocr_frames.server.recognition import Recognition

ResponseCode = Literal[
    "Ok",
    "PartiallyNotFound",
    "NoAnyResultData",
    "ResultDataLost",
    "TaskNotFound",
    "NotReady",
    "Error",
]
"""`responseStatusCode`, in the words of the vendor's SDK (`ResponseStatusCode`)."""


def not_exist(task_id: str) -> Answer:
    """An id that is unknown, expired, or another client's."""
    return Answer(task_id, Status.NOT_EXIST, "TaskNotFound")


def under_way(task_id: str, status: Status) -> Answer:
    """A task that has not ended."""
    return Answer(task_id, status, "NotReady")


def ended(task_id: str, recognition: Recognition) -> Answer:
    """A task that has ended, in results or in messages that say why there are none."""
    warnings = recognition.warnings
    if recognition.messages:
        return Answer(task_id, Status.ERROR, "Error", (), recognition.messages, warnings)
    results = recognition.results
    return Answer(task_id, Status.COMPLETED, _code(results), results, (), warnings)


def lost(brief: str) -> Answer:
    """A task that ended well, and whose results are not on record any more."""
    return replace(wire.decode_answer(brief), response_code="ResultDataLost")


def _code(results: Sequence[Result]) -> ResponseCode:
    """Tell results without any data, such as a blank image's text, from others."""
    found = sum(bool(result.data) for result in results)
    if not found:
        return "NoAnyResultData"
    return "Ok" if found == len(results) else "PartiallyNotFound"

"""What to do with a job, from what is on record of it. Pure."""

from enum import StrEnum
from typing import Literal

from ocr_frames.engine.ledger import Entry, State
from ocr_frames.model import Failure

Goal = Literal["recognize", "submit", "collect"]
"""All results; all submits; or the results of what was submitted before."""

KEPT_S = 24 * 3600.0
"""Seconds for which the endpoint keeps a result, from its submission."""


class Step(StrEnum):
    """The next step of a job."""

    DONE = "done"
    SUBMIT = "submit"
    RESUBMIT = "resubmit"
    POLL = "poll"
    WATCH = "watch"
    HOLD = "hold"


def next_step(
    entry: Entry | None,
    *,
    now_s: float,
    others_alive: bool,
    own: bool,
    retry_failed: bool,
    on_doubt: str,
) -> Step:
    """Decide from the record.

    `now_s` is wall time; `others_alive` tells whether the entry belongs to another run that
    still lives: then that run does the work, and this one watches. `own` tells that it was
    written by this run, which has had its one repetition then.
    """
    if entry is None:
        return Step.SUBMIT
    if entry.state is State.COMPLETED:
        return Step.DONE
    if entry.state is State.FAILED:
        return Step.SUBMIT if retry_failed and not own else Step.DONE
    if others_alive:
        return Step.WATCH
    if entry.state is State.SUBMITTED:
        age_s = now_s - (entry.submitted_s or 0.0)
        return Step.RESUBMIT if age_s >= KEPT_S else Step.POLL
    return Step.SUBMIT if on_doubt == "retry" and not own else Step.HOLD


def is_doubtful(entry: Entry | None, *, others_alive: bool) -> bool:
    """Whether nobody can know if this job was submitted."""
    if entry is None or others_alive:
        return False
    return entry.state in (State.INTENDED, State.DOUBTFUL)


SUBMITTED = Failure("submitted", "submitted and not fetched; collect() fetches it within 24 h")
ELSEWHERE = Failure(
    "in-flight", "another run on this machine has this image under way; run again later"
)
_HELD = Failure(
    "in-doubt",
    "an earlier run sent this image and never learned if it arrived; it may have been billed. "
    'Run again with on_doubt="retry" to submit it once more',
)
_NOT_SUBMITTED = Failure(
    "not-submitted", "there is no task on record to collect; use submit() or recognize()"
)


def end_without_call(step: Step, goal: Goal) -> Failure | None:
    """Why a job stays Pending without any call; None where the goal asks for one."""
    if step is Step.HOLD:
        return _HELD
    if goal == "submit" and step in (Step.POLL, Step.WATCH):
        return SUBMITTED
    if goal == "collect" and step in (Step.SUBMIT, Step.RESUBMIT):
        return _NOT_SUBMITTED
    return None

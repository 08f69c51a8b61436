"""What to do with a job: every state, whoever wrote it, for every goal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.engine import resume
from ocr_frames.engine.ledger import Entry, State
from ocr_frames.engine.resume import Step
from ocr_frames.model import Failure

NOW_S = 1_800_000_000.0
YOUNG = Entry(State.SUBMITTED, 2, "run", NOW_S - resume.KEPT_S + 1, "t")
OLD = Entry(State.SUBMITTED, 2, "run", NOW_S - resume.KEPT_S, "t")
FUTURE = Entry(State.SUBMITTED, 2, "run", NOW_S + 1e6, "t")
UNDATED = Entry(State.SUBMITTED, 2, "run", None, "t")
INTENDED, DOUBTFUL = (Entry(state, 1, "run") for state in (State.INTENDED, State.DOUBTFUL))
COMPLETED = Entry(State.COMPLETED, 3, "run", NOW_S, "t", ("text",))
FAILED = Entry(State.FAILED, 3, "run", NOW_S, "t", (), Failure("bad-request", "no"))


def step(entry: Entry | None, **facts) -> Step:
    known = {"others_alive": False, "own": False, "retry_failed": False, "on_doubt": "retry"}
    return resume.next_step(entry, now_s=NOW_S, **{**known, **facts})


@pytest.mark.parametrize(
    ("entry", "facts", "expected"),
    [
        (None, {}, Step.SUBMIT),
        (None, {"others_alive": True, "on_doubt": "hold"}, Step.SUBMIT),
        (COMPLETED, {}, Step.DONE),
        (COMPLETED, {"retry_failed": True, "others_alive": True}, Step.DONE),
        (FAILED, {}, Step.DONE),
        (FAILED, {"others_alive": True}, Step.DONE),
        (FAILED, {"retry_failed": True}, Step.SUBMIT),
        (YOUNG, {}, Step.POLL),
        (YOUNG, {"on_doubt": "hold", "retry_failed": True}, Step.POLL),
        (YOUNG, {"others_alive": True}, Step.WATCH),
        (OLD, {}, Step.RESUBMIT),
        (OLD, {"others_alive": True}, Step.WATCH),
        (FUTURE, {}, Step.POLL),
        (UNDATED, {}, Step.RESUBMIT),
        (INTENDED, {}, Step.SUBMIT),
        (INTENDED, {"on_doubt": "hold"}, Step.HOLD),
        (INTENDED, {"others_alive": True}, Step.WATCH),
        (INTENDED, {"others_alive": True, "on_doubt": "hold"}, Step.WATCH),
        (DOUBTFUL, {}, Step.SUBMIT),
        (DOUBTFUL, {"on_doubt": "hold"}, Step.HOLD),
        (DOUBTFUL, {"own": True}, Step.HOLD),
        (FAILED, {"own": True, "retry_failed": True}, Step.DONE),
        (YOUNG, {"own": True}, Step.POLL),
    ],
)
def test_the_next_step(entry: Entry | None, facts: dict, expected: Step):
    assert step(entry, **facts) is expected


@given(
    st.sampled_from([None, YOUNG, OLD, FUTURE, INTENDED, DOUBTFUL, COMPLETED, FAILED]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["retry", "hold"]),
)
def test_what_may_be_paid_for_is_never_submitted_by_itself(
    entry, alive: bool, retry_failed: bool, on_doubt: str
):
    found = step(entry, others_alive=alive, retry_failed=retry_failed, on_doubt=on_doubt)
    if entry in (YOUNG, FUTURE, COMPLETED):
        assert found not in (Step.SUBMIT, Step.RESUBMIT)
    if entry in (INTENDED, DOUBTFUL) and on_doubt == "hold":
        assert found in (Step.HOLD, Step.WATCH)


@pytest.mark.parametrize(
    ("entry", "alive", "doubtful"),
    [
        (None, False, False),
        (INTENDED, False, True),
        (INTENDED, True, False),
        (DOUBTFUL, False, True),
        (YOUNG, False, False),
        (COMPLETED, False, False),
        (FAILED, False, False),
    ],
)
def test_what_is_in_doubt(entry: Entry | None, alive: bool, doubtful: bool):
    assert resume.is_doubtful(entry, others_alive=alive) is doubtful


ENDS = {
    ("recognize", Step.HOLD): "in-doubt",
    ("submit", Step.HOLD): "in-doubt",
    ("collect", Step.HOLD): "in-doubt",
    ("submit", Step.POLL): "submitted",
    ("submit", Step.WATCH): "submitted",
    ("collect", Step.SUBMIT): "not-submitted",
    ("collect", Step.RESUBMIT): "not-submitted",
}


@pytest.mark.parametrize("goal", ["recognize", "submit", "collect"])
@pytest.mark.parametrize("planned", list(Step))
def test_which_steps_need_no_call_towards_a_goal(goal, planned: Step):
    failure = resume.end_without_call(planned, goal)
    assert (failure.code if failure else None) == ENDS.get((goal, planned))

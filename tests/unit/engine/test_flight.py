"""What makes jobs equal, and how the end of a task becomes the end of its rows."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.engine.flight import IMAGES_OWN, Flight, end_of, key_of, record_of
from ocr_frames.engine.ledger import Entry, State
from ocr_frames.model import Answer, Failure, Outcome, Result, Status
from tests.adapters.exchanges import job

TEXT = Answer("t", Status.COMPLETED, results=(Result("Text", b"one"), Result("Text", b"two")))
BEFORE = Entry(State.SUBMITTED, 2, "run", 5.0, "t")


def test_equal_jobs_have_one_key_wherever_their_rows_and_bytes_are():
    assert key_of(job(0, b"a"), "me") == key_of(replace(job(9, b"a"), image=None), "me")
    assert len(key_of(job(0, b"a"), "me")) == 32


@pytest.mark.parametrize(
    "other",
    [
        job(0, b"b"),
        replace(job(0, b"a"), kind="label"),
        replace(job(0, b"a"), settings_json='{"language":"German"}'),
    ],
)
def test_other_bytes_kinds_and_settings_are_other_jobs(other):
    assert key_of(other, "me") != key_of(job(0, b"a"), "me")


def test_other_recognizers_are_other_jobs():
    assert key_of(job(0, b"a"), "me") != key_of(job(0, b"a"), "you")


@given(*[st.sampled_from(["", "{}", "image", "x", "{}image"])] * 4)
def test_parts_of_a_key_do_not_run_into_each_other(one: str, two: str, three: str, four: str):
    first = key_of(replace(job(0, b""), settings_json=one), two)
    second = key_of(replace(job(0, b""), settings_json=three), four)
    assert (first == second) == ((one, two) == (three, four))


def test_every_row_of_a_flight_has_the_same_end():
    flight = Flight(b"k", job(3, b"a"), [3, 5, 9], task_id="t")
    told = list(flight.outcomes(Status.COMPLETED, None, ("x",), from_ledger=True))
    assert told == [
        Outcome(position, Status.COMPLETED, ("x",), None, "t", from_ledger=True)
        for position in (3, 5, 9)
    ]


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (TEXT, Status.COMPLETED, None),
        (Answer("t", Status.COMPLETED), Status.COMPLETED, None),
        (Answer("t", Status.COMPLETED, "ResultDataLost"), Status.ERROR, "result-lost"),
        (Answer("t", Status.NOT_EXIST, "TaskNotFound"), Status.NOT_EXIST, "expired"),
        (Answer("t", Status.ERROR), Status.ERROR, "recognition-failed"),
        (Answer("t", Status.ERROR, messages=("a", "b")), Status.ERROR, "recognition-failed"),
    ],
)
def test_the_end_of_a_task(answer: Answer, status: Status, code: str | None):
    found, failure = end_of(answer)
    assert (found, failure.code if failure else None) == (status, code)
    if code == "recognition-failed":
        assert failure is not None
        no_reason = "the endpoint gave no reason; look at the image, or run again with"
        assert failure.message.startswith("; ".join(answer.messages) or no_reason)


def test_a_result_is_kept_with_its_task():
    kept = record_of(Status.COMPLETED, None, ("x",), BEFORE)
    assert kept is not None
    assert (kept.state, kept.texts, kept.task_id, kept.submitted_s) == (
        State.COMPLETED,
        ("x",),
        "t",
        5.0,
    )


@pytest.mark.parametrize("code", sorted(IMAGES_OWN))
def test_a_failure_of_the_images_own_is_kept(code: str):
    failure = Failure(code, "why")
    kept = record_of(Status.ERROR, failure, (), BEFORE)
    assert kept is not None
    assert (kept.state, kept.failure, kept.texts) == (State.FAILED, failure, ())


@pytest.mark.parametrize("code", ["result-lost", "expired", "server-error", "deadline", "account"])
def test_another_failure_leaves_the_job_open(code: str):
    assert record_of(Status.ERROR, Failure(code, "why"), (), BEFORE) is None

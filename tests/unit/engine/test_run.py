"""A run: every job ends once, in bounds, and one job's trouble is its own."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_frames.engine import Run
from ocr_frames.errors import CallFailure
from ocr_frames.model import Answer, Outcome, Status
from ocr_frames.settings import Policy
from tests.adapters import exchanges
from tests.adapters.clock import ManualClock
from tests.adapters.exchanges import Counting, Scripted, failed, jobs

LOST = Answer("t", Status.COMPLETED, "ResultDataLost")
EMPTY = Answer("t", Status.COMPLETED)


async def outcomes_of(
    exchange, images=(b"a",), policy: Policy | None = None, clock: ManualClock | None = None
) -> tuple[list[Outcome], Run]:
    run = Run(exchange, policy or Policy(), clock or ManualClock(), random.Random(7))
    return [outcome async for outcome in run.outcomes(jobs(images))], run


async def only(exchange, **arguments) -> Outcome:
    outcomes, _ = await outcomes_of(exchange, **arguments)
    assert len(outcomes) == 1
    return outcomes[0]


async def test_a_job_is_submitted_once_polled_until_ready_and_ends_completed():
    exchange = Scripted(fetches=[exchanges.PENDING, exchanges.PROCESSING])
    outcome = await only(exchange)
    assert outcome == Outcome(0, Status.COMPLETED, ("text",), None, "task-0-1", calls=4)
    assert exchange.calls == ["submit", *["fetch task-0-1"] * 3]


async def test_no_text_is_no_error():
    outcome = await only(Scripted(fetches=[EMPTY]))
    assert (outcome.status, outcome.failure) == (Status.COMPLETED, None)


async def test_a_failed_task_gives_its_reason():
    outcome = await only(Scripted(fetches=[exchanges.FAILED]))
    assert outcome.status is Status.ERROR
    assert str(outcome.failure) == "recognition-failed: the image is damaged"


async def test_a_lost_result_is_an_error_that_says_so():
    outcome = await only(Scripted(fetches=[LOST]))
    assert (outcome.status, outcome.failure.code) == (Status.ERROR, "result-lost")


async def test_a_forgotten_task_is_submitted_again_once():
    exchange = Scripted(fetches=[exchanges.NOT_EXIST])
    outcome = await only(exchange)
    assert (outcome.status, outcome.task_id) == (Status.COMPLETED, "task-0-2")
    assert exchange.calls.count("submit") == 2


async def test_a_task_forgotten_twice_ends_not_exist():
    exchange = Scripted(fetches=[exchanges.NOT_EXIST, exchanges.NOT_EXIST])
    outcome = await only(exchange)
    assert (outcome.status, outcome.failure.code) == (Status.NOT_EXIST, "expired")
    assert exchange.calls.count("submit") == 2


async def test_a_rejected_image_is_not_sent_twice():
    exchange = Scripted(submits=[failed(CallFailure.REJECTED)])
    outcome = await only(exchange)
    assert outcome.status is Status.ERROR
    assert exchange.calls == ["submit"]


async def test_a_submit_in_doubt_is_repeated_once_and_says_it_may_have_been_billed():
    exchange = Scripted(submits=[failed(CallFailure.IN_DOUBT)] * 3)
    outcome = await only(exchange)
    assert exchange.calls == ["submit"] * 2
    assert "may have been billed" in outcome.failure.message


async def test_a_submit_in_doubt_is_held_back_if_the_user_says_so():
    exchange = Scripted(submits=[failed(CallFailure.IN_DOUBT)])
    outcome = await only(exchange, policy=Policy(on_doubt="hold"))
    assert exchange.calls == ["submit"]
    assert outcome.status is Status.ERROR


async def test_a_failed_poll_never_loses_a_paid_submit():
    doubts = [failed(CallFailure.IN_DOUBT), failed(CallFailure.NOT_SENT)] * 2
    exchange = Scripted(fetches=[*doubts])
    outcome = await only(exchange)
    assert outcome.status is Status.COMPLETED
    assert exchange.calls.count("submit") == 1


async def test_an_expired_token_costs_one_repeat():
    exchange = Scripted(submits=[failed(CallFailure.UNAUTHORIZED)])
    assert (await only(exchange)).status is Status.COMPLETED
    assert (
        await only(Scripted(submits=[failed(CallFailure.UNAUTHORIZED)] * 2))
    ).status is Status.ERROR


async def test_the_servers_wish_to_wait_is_honoured():
    clock = ManualClock()
    exchange = Scripted(submits=[failed(CallFailure.THROTTLED, retry_after_s=17)])
    assert (await only(exchange, clock=clock)).status is Status.COMPLETED
    assert 17 in clock.slept


async def test_throttling_is_waited_out_however_often_it_comes():
    exchange = Scripted(submits=[failed(CallFailure.THROTTLED)] * 20)
    assert (await only(exchange)).status is Status.COMPLETED


async def test_a_task_that_never_ends_ends_at_the_deadline_and_stays_open():
    clock = ManualClock()
    exchange = Scripted(fetches=[exchanges.PROCESSING] * 1000)
    outcome = await only(exchange, policy=Policy(deadline_s=30), clock=clock)
    assert (outcome.status, outcome.failure.code) == (Status.PROCESSING, "deadline")
    assert outcome.task_id == "task-0-1"
    assert clock.time_s <= 1000 + 30


async def test_a_server_that_refuses_for_ever_ends_at_the_deadline():
    clock = ManualClock()
    exchange = Scripted(submits=[failed(CallFailure.THROTTLED)] * 1000)
    outcome = await only(exchange, policy=Policy(deadline_s=30), clock=clock)
    assert (outcome.status, outcome.failure.code) == (Status.ERROR, "deadline")


async def test_an_account_error_stops_the_run_and_leaves_the_rest_pending():
    exchange = Scripted(submits=[failed(CallFailure.ACCOUNT)])
    outcomes, run = await outcomes_of(
        exchange, images=[b"x"] * 50, policy=Policy(max_outstanding=4)
    )
    assert run.stopped is not None
    assert outcomes[0].status is Status.PENDING
    assert exchange.calls.count("submit") <= 4


async def test_a_holding_server_is_asked_at_once_and_not_hammered():
    clock = ManualClock()
    exchange = Scripted(fetches=[exchanges.PENDING] * 3, holds_answers=True)
    await only(exchange, clock=clock)
    assert clock.slept == [1.0] * 3


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.integers(1, 12), st.randoms(use_true_random=False))
def test_every_job_has_one_outcome_and_the_bound_holds(count: int, bound: int, rng: random.Random):
    exchange = Counting(polls_until_ready=lambda position: rng.randint(1, 4))
    images = [str(number).encode() for number in range(count)]
    outcomes, _ = asyncio.run(
        outcomes_of(exchange, images=images, policy=Policy(max_outstanding=bound))
    )
    assert sorted(outcome.position for outcome in outcomes) == list(range(count))
    assert all(outcome.texts == (str(outcome.position),) for outcome in outcomes)
    assert exchange.most_outstanding <= bound
    assert set(exchange.submitted.values()) <= {1}


async def test_images_are_pulled_only_when_their_turn_comes():
    pulled = 0

    async def source():
        nonlocal pulled
        async for job in jobs([b"x"] * 100):
            pulled += 1
            yield job

    run = Run(Counting(), Policy(max_outstanding=3), ManualClock(), random.Random(1))
    outcomes = run.outcomes(source())
    await anext(outcomes)
    assert pulled <= 3 * 3
    await outcomes.aclose()


async def test_when_the_caller_stops_nothing_more_is_sent():
    exchange = Counting()
    run = Run(exchange, Policy(max_outstanding=2), ManualClock(), random.Random(1))
    outcomes = run.outcomes(jobs([b"x"] * 100))
    await anext(outcomes)
    await outcomes.aclose()
    sent = exchange.submitted.total()
    for _ in range(20):
        await asyncio.sleep(0)
    assert exchange.submitted.total() == sent < 100


async def test_a_failing_source_raises_and_does_not_hang():
    async def source():
        async for job in jobs([b"x"] * 3):
            yield job
        raise RuntimeError("the source broke")

    run = Run(Counting(), Policy(max_outstanding=2), ManualClock(), random.Random(1))
    with pytest.raises(ExceptionGroup, match="TaskGroup"):
        [outcome async for outcome in run.outcomes(source())]

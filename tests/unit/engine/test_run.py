"""A run: every job ends once, in bounds, and one job's trouble is its own."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_frames.errors import CallFailure, CredentialsError, UnreachableError
from ocr_frames.model import Answer, Kind, Outcome, Status
from ocr_frames.settings import Policy
from tests.adapters import exchanges
from tests.adapters.clock import ManualClock
from tests.adapters.exchanges import Counting, Scripted, batches, failed
from tests.unit.engine.runs import Trial

LOST = Answer("t", Status.COMPLETED, "ResultDataLost")
EMPTY = Answer("t", Status.COMPLETED)


async def test_a_job_is_submitted_once_polled_until_ready_and_ends_completed():
    exchange = Scripted(fetches=[exchanges.PENDING, exchanges.PROCESSING])
    outcome = await Trial(exchange).only()
    assert outcome == Outcome(
        0, Status.COMPLETED, ("text",), None, "task-1", calls=4, seconds=outcome.seconds
    )
    assert outcome.seconds is not None
    assert outcome.seconds >= 2.0  # no task is asked about more often than once a second
    assert exchange.calls == ["submit", *["fetch task-1"] * 3]


async def test_no_text_is_no_error():
    outcome = await Trial(Scripted(fetches=[EMPTY])).only()
    assert (outcome.status, outcome.failure) == (Status.COMPLETED, None)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (exchanges.FAILED, "recognition-failed: the image is damaged"),
        (LOST, "result-lost: the endpoint lost the result of this task; run again"),
    ],
)
async def test_a_task_that_failed_gives_its_reason(answer: Answer, failure: str):
    outcome = await Trial(Scripted(fetches=[answer])).only()
    assert outcome.status is Status.ERROR
    assert str(outcome.failure).startswith(failure)


async def test_a_forgotten_task_is_submitted_again_once():
    exchange = Scripted(fetches=[exchanges.NOT_EXIST])
    outcome = await Trial(exchange).only()
    assert (outcome.status, outcome.task_id) == (Status.COMPLETED, "task-2")
    assert exchange.calls.count("submit") == 2


async def test_a_task_forgotten_twice_ends_not_exist():
    exchange = Scripted(fetches=[exchanges.NOT_EXIST] * 2)
    outcome = await Trial(exchange).only()
    assert outcome.status is Status.NOT_EXIST
    assert outcome.failure is not None
    assert outcome.failure.code == "expired"
    assert exchange.calls.count("submit") == 2


async def test_a_rejected_image_is_not_sent_twice():
    exchange = Scripted(submits=[failed(CallFailure.REJECTED)])
    assert (await Trial(exchange).only()).status is Status.ERROR
    assert exchange.calls == ["submit"]


@pytest.mark.parametrize(("on_doubt", "submits"), [("retry", 2), ("hold", 1)])
async def test_a_submit_in_doubt_is_repeated_once_or_held(on_doubt, submits: int):
    exchange = Scripted(submits=[failed(CallFailure.IN_DOUBT)] * 3)
    trial = Trial(exchange, policy=Policy(on_doubt=on_doubt))
    outcome = await trial.only()
    assert exchange.calls == ["submit"] * submits
    assert outcome.status is Status.PENDING
    assert "in-doubt" in str(outcome.failure)
    assert "may have been billed" in str(outcome.failure)
    assert trial.counts["in_doubt"] == submits


async def test_a_failed_poll_never_loses_a_paid_submit():
    trouble = [failed(CallFailure.IN_DOUBT), failed(CallFailure.NOT_SENT)] * 2
    exchange = Scripted(fetches=[*trouble])
    assert (await Trial(exchange).only()).status is Status.COMPLETED
    assert exchange.calls.count("submit") == 1


async def test_polls_that_fail_for_ever_leave_the_row_pending():
    exchange = Scripted(fetches=[failed(CallFailure.IN_DOUBT, code="server-error")] * 99)
    outcome = await Trial(exchange).only()
    assert (outcome.status, outcome.task_id) == (Status.PENDING, "task-1")
    assert str(outcome.failure).startswith("server-error")


async def test_an_expired_token_costs_one_repeat():
    once, twice = ([failed(CallFailure.UNAUTHORIZED)] * count for count in (1, 2))
    assert (await Trial(Scripted(submits=once)).only()).status is Status.COMPLETED
    assert (await Trial(Scripted(submits=twice)).only()).status is Status.ERROR


async def test_the_servers_wish_to_wait_is_honoured():
    clock = ManualClock()
    exchange = Scripted(submits=[failed(CallFailure.THROTTLED, retry_after_s=17)])
    assert (await Trial(exchange, clock=clock).only()).status is Status.COMPLETED
    assert clock.time_s >= 1000 + 17


async def test_throttling_and_restarts_are_waited_out():
    trouble = [failed(CallFailure.THROTTLED), failed(CallFailure.NOT_SENT)] * 6
    assert (await Trial(Scripted(submits=trouble)).only()).status is Status.COMPLETED


async def test_a_task_that_never_ends_ends_at_the_deadline_and_stays_open():
    clock = ManualClock()
    exchange = Scripted(fetches=[exchanges.PROCESSING] * 1000)
    outcome = await Trial(exchange, policy=Policy(deadline_s=30), clock=clock).only()
    assert outcome.status is Status.PROCESSING
    assert str(outcome.failure).startswith("deadline: no answer within 30 s")
    assert outcome.task_id == "task-1"
    assert clock.time_s <= 1000 + 31


async def test_a_server_that_refuses_for_ever_ends_at_the_deadline():
    clock = ManualClock()
    exchange = Scripted(submits=[failed(CallFailure.THROTTLED, code="throttled")] * 1000)
    outcome = await Trial(exchange, policy=Policy(deadline_s=30), clock=clock).only()
    assert outcome.status is Status.PENDING
    assert str(outcome.failure).startswith("throttled")
    assert clock.time_s <= 1000 + 31


async def test_an_account_error_stops_the_run_and_leaves_the_rest_pending():
    exchange = Scripted(submits=[failed(CallFailure.ACCOUNT, code="account")])
    trial = Trial(exchange, policy=Policy(max_outstanding=4))
    outcomes = await trial.outcomes(str(number).encode() for number in range(50))
    assert trial.stopped is not None
    assert trial.stopped.code == "account"
    assert exchange.calls.count("submit") <= 4
    assert {outcome.status for outcome in outcomes.values()} <= {Status.PENDING, Status.COMPLETED}


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (CredentialsError("no"), CredentialsError),
        (UnreachableError("no"), UnreachableError),
        (failed(CallFailure.REJECTED), UnreachableError),
    ],
)
async def test_an_endpoint_that_does_not_open_raises_before_anything_is_sent(error, raised):
    exchange = Scripted(opens=[error])
    with pytest.raises(raised):
        await Trial(exchange).outcomes()
    assert exchange.calls == []


async def test_an_endpoint_that_opens_late_is_waited_for():
    exchange = Scripted(opens=[failed(CallFailure.IN_DOUBT), failed(CallFailure.THROTTLED)])
    assert (await Trial(exchange).only()).status is Status.COMPLETED


async def test_a_holding_server_is_asked_at_once_and_not_hammered():
    clock = ManualClock()
    exchange = Scripted(fetches=[exchanges.PENDING] * 3, holds_answers=True)
    began_s = clock.time_s
    assert (await Trial(exchange, clock=clock).only()).status is Status.COMPLETED
    assert exchange.calls.count("fetch task-1") == 4
    assert 3.0 <= clock.time_s - began_s < 4.0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 40), st.integers(1, 12), st.randoms(use_true_random=False))
def test_every_job_has_one_outcome_and_the_bound_holds(count: int, bound: int, rng: random.Random):
    exchange = Counting(polls_until_ready=lambda task_id: rng.randint(1, 3))
    images = [str(number).encode() for number in range(count)]
    outcomes = asyncio.run(Trial(exchange, policy=Policy(max_outstanding=bound)).outcomes(images))
    assert sorted(outcomes) == list(range(count))
    assert all(outcomes[number].texts == (str(number),) for number in range(count))
    assert exchange.most_outstanding <= bound
    assert set(exchange.submitted.values()) <= {1}


async def test_equal_images_are_one_job():
    exchange = Counting()
    trial = Trial(exchange)
    outcomes = await trial.outcomes([b"x", b"y", b"x"] * 20)
    assert len(outcomes) == 60
    assert exchange.submitted == {b"x": 1, b"y": 1}
    assert outcomes[59].texts == ("x",)
    assert trial.counts == {"duplicates": 58, "from_ledger": 0, "in_doubt": 0}


async def test_images_are_pulled_only_when_their_turn_comes():
    pulled = 0

    async def source():
        nonlocal pulled
        async for batch in batches((str(number).encode() for number in range(100)), size=1):
            pulled += 1
            yield batch

    trial = Trial(Scripted(fetches=[exchanges.PENDING] * 9999), policy=Policy(max_outstanding=3))
    run = trial.run()
    reading = asyncio.ensure_future(anext(run.outcomes(source())))
    for _ in range(300):
        await asyncio.sleep(0)
    assert pulled <= 4
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    trial.close()


async def test_when_the_caller_stops_nothing_more_is_sent():
    exchange = Counting()
    trial = Trial(exchange, policy=Policy(max_outstanding=2))
    outcomes = trial.run().outcomes(batches(str(number).encode() for number in range(100)))
    await anext(outcomes)
    await outcomes.aclose()
    sent = exchange.submitted.total()
    for _ in range(50):
        await asyncio.sleep(0)
    assert exchange.submitted.total() == sent < 100
    trial.close()


async def test_a_failing_source_raises_and_does_not_hang():
    async def source():
        async for batch in batches([b"x", b"y"], size=1):
            yield batch
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        await Trial(Counting()).outcomes(source=source())


async def test_a_warning_is_logged_once_and_printable(caplog):
    warned = Answer("t", Status.COMPLETED, warnings=("some \x1b[31mdata lost",))
    await Trial(Scripted(fetches=[warned] * 5)).outcomes([b"a", b"b", b"c"])
    assert [record.message for record in caplog.records] == [
        "the endpoint warns: some [31mdata lost"
    ]


async def test_what_is_outstanding_is_told_at_any_time():
    class Watched(Counting):
        async def fetch(self, kind: Kind, task_id: str, wait_s: float) -> Answer:
            told.append((run.outstanding, self.outstanding))
            return await super().fetch(kind, task_id, wait_s)

    told: list[tuple[int, int]] = []
    trial = Trial(Watched(polls_until_ready=lambda task_id: 2), policy=Policy(max_outstanding=3))
    run = trial.run()
    images = [str(number).encode() for number in range(9)]
    try:
        ends = [ends async for ends in run.outcomes(batches(images))]
    finally:
        trial.close()
    assert sum(map(len, ends)) == 9
    assert all(1 <= here <= 3 and here >= there for here, there in told)
    assert run.outstanding == 0
    assert trial.budget.limit is None

"""The gate: each call in its turn, within the budget, and learned from."""

import asyncio

import pytest

from ocr_frames.engine.meter import Meter
from ocr_frames.engine.pacing import Budget, Rate, Window
from ocr_frames.errors import CallFailed, CallFailure
from tests.adapters.clock import ManualClock
from tests.adapters.exchanges import failed


def meter(limit: int | None = None, per_s: float | None = None) -> tuple[Meter, ManualClock]:
    clock = ManualClock()
    return Meter(Budget(limit), Window(64), Rate(per_s), clock), clock


async def test_calls_go_out_at_the_ceiling_and_no_faster():
    gate, clock = meter(per_s=2.0)
    moments: list[float] = []

    async def one() -> None:
        await gate.turn()
        moments.append(clock.time_s - 1000.0)

    await asyncio.gather(*(one() for _ in range(5)))
    assert moments == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0])


async def test_without_a_ceiling_nobody_sleeps():
    gate, clock = meter()
    for _ in range(100):
        await gate.turn()
    assert clock.time_s == 1000.0


async def test_a_refusal_holds_back_those_who_wait_already():
    gate, clock = meter(per_s=1.0)
    moments: list[float] = []

    async def one() -> None:
        await gate.turn()
        moments.append(clock.time_s - 1000.0)
        if len(moments) == 2:
            gate.settle("fetch", failed(CallFailure.THROTTLED, 20.0, "throttled"))

    await asyncio.gather(*(one() for _ in range(4)))
    assert moments[:2] == [0.0, 1.0]
    assert moments[2] >= 20.0


async def test_no_call_goes_out_beyond_the_budget():
    gate, _ = meter(limit=3)
    for kind in ("token", "submit", "fetch"):
        await gate.admit(kind)
    with pytest.raises(CallFailed) as caught:
        await gate.admit("fetch")
    assert (caught.value.failure, caught.value.code) == (CallFailure.STOPPED, "budget")
    assert gate.budget.calls == {"token": 1, "submit": 1, "fetch": 1}


async def test_a_call_that_was_not_sent_is_given_back_and_no_other():
    gate, _ = meter(limit=1)
    await gate.admit("submit")
    gate.settle("submit", failed(CallFailure.NOT_SENT, code="unreachable"))
    await gate.admit("submit")
    for failure in set(CallFailure) - {CallFailure.NOT_SENT}:
        gate.settle("submit", failed(failure))
    gate.settle("submit", None)
    with pytest.raises(CallFailed):
        await gate.admit("submit")


@pytest.mark.parametrize(
    ("failure", "code", "shrinks"),
    [
        (CallFailure.THROTTLED, "throttled", True),
        (CallFailure.THROTTLED, "unavailable", True),
        (CallFailure.IN_DOUBT, "timeout", True),
        (CallFailure.IN_DOUBT, "server-error", False),
        (CallFailure.NOT_SENT, "unreachable", False),
        (CallFailure.REJECTED, "bad-request", False),
    ],
)
async def test_push_back_shrinks_the_window(failure: CallFailure, code: str, shrinks: bool):
    gate, _ = meter()
    before = gate.window.limit
    await gate.admit("fetch")
    gate.settle("fetch", failed(failure, code=code))
    assert (gate.window.limit < before) is shrinks
    assert gate.throttled == (code == "throttled")


async def test_answers_widen_the_window():
    gate, _ = meter()
    before = gate.window.limit
    gate.settle("fetch", None)
    assert gate.window.limit == before + 1


async def test_who_waits_for_a_turn_wakes_when_the_run_is_halted_and_sends_nothing():
    gate, clock = meter(per_s=0.001)
    await gate.turn()
    await gate.admit("fetch")
    waiting = [asyncio.create_task(gate.turn()) for _ in range(3)]
    await asyncio.sleep(0)
    gate.halted.set()
    await asyncio.gather(*waiting)
    assert clock.time_s == 1000.0
    for kind in ("token", "submit", "fetch"):
        with pytest.raises(CallFailed) as caught:
            await gate.admit(kind)
        assert caught.value.failure is CallFailure.STOPPED
    assert gate.budget.used == 1


async def test_one_that_gives_up_its_turn_does_not_stop_the_others():
    gate, _ = meter(per_s=1.0)
    waiting = [asyncio.create_task(gate.turn()) for _ in range(4)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [error is None for error in told] == [True, False, True, True]
    assert gate.budget.used == 0

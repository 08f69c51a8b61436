"""Budget, window and rate: never more than allowed, and not much less."""

import heapq
import itertools
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.engine.pacing import Budget, Rate, Window
from ocr_frames.errors import CallFailed, CallFailure

KINDS = st.sampled_from(["token", "submit", "fetch"])


@given(
    st.none() | st.integers(0, 12),
    st.lists(st.tuples(st.sampled_from(["reserve", "give back"]), KINDS), max_size=60),
)
def test_a_budget_is_never_exceeded(limit: int | None, steps):
    budget, model = Budget(limit), Counter[str]()
    for step, kind in steps:
        if step == "give back" and model[kind]:
            budget.give_back(kind)
            model[kind] -= 1
        elif step == "reserve" and (limit is None or model.total() < limit):
            assert budget.affords(1)
            budget.reserve(kind)
            model[kind] += 1
        elif step == "reserve":
            assert not budget.affords(1)
            with pytest.raises(CallFailed) as caught:
                budget.reserve(kind)
            assert caught.value.failure is CallFailure.STOPPED
            assert caught.value.code == "budget"
            assert f"max_calls={limit}" in caught.value.message
        assert budget.used == model.total() <= (limit if limit is not None else 10**9)
        assert {kind: count for kind, count in budget.calls.items() if count} == +model


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 30))
def test_what_a_budget_affords_can_be_reserved(limit: int, used: int, more: int):
    budget = Budget(limit)
    for _ in range(min(used, limit)):
        budget.reserve("fetch")
    assert budget.affords(more) == (min(used, limit) + more <= limit)


answers = st.lists(st.tuples(st.booleans(), st.floats(0, 2)), max_size=200)


@given(st.integers(1, 500), answers)
def test_a_window_is_never_below_one_nor_above_the_most(most: int, steps):
    window, now_s = Window(most), 0.0
    for answered, seconds in steps:
        now_s += seconds
        before = window.limit
        if answered:
            window.answered()
            assert window.limit >= before
        else:
            window.pushed_back(now_s)
            assert window.limit <= before
        assert 1 <= window.limit <= most


def test_a_window_doubles_per_round_at_first():
    window = Window(1000)
    for expected in (64, 128, 256, 512, 1000):
        for _ in range(window.limit):
            window.answered()
        assert window.limit == expected


def test_a_window_halves_once_per_round_and_then_grows_by_one_per_round():
    window = Window(64, size=64)
    for at_s in (10.0, 10.1, 10.9):
        window.pushed_back(at_s)
    assert window.limit == 32
    for expected in (33, 34, 35):
        for _ in range(window.limit + 1):
            window.answered()
        assert window.limit == expected
    window.pushed_back(11.0)
    assert window.limit == 17


def test_a_window_that_was_at_one_recovers():
    window = Window(64)
    for second in range(20):
        window.pushed_back(float(second))
    assert window.limit == 1
    for _ in range(200):
        window.answered()
    assert window.limit >= 16


def test_without_a_limit_no_call_waits():
    rate = Rate()
    assert [rate.next_s(5.0) for _ in range(100)] == [5.0] * 100


@given(
    st.floats(0.1, 200),
    st.lists(st.floats(0, 3), min_size=1, max_size=80),
    st.floats(0.05, 10),
)
def test_a_ceiling_holds_over_any_window(ceiling: float, pauses: list[float], window_s: float):
    rate, now_s, turns = Rate(ceiling), 0.0, []
    for pause_s in pauses:
        now_s += pause_s
        turn_s = rate.next_s(now_s)
        assert turn_s >= now_s
        turns.append(turn_s)
    assert all(b - a >= 1 / ceiling - 1e-9 for a, b in itertools.pairwise(turns))
    for begin_s in turns:
        within = sum(begin_s <= turn_s < begin_s + window_s - 1e-6 for turn_s in turns)
        assert within <= window_s * ceiling + 1


def test_a_ceiling_is_used_to_the_full():
    rate = Rate(10.0)
    turns = [rate.next_s(0.0) for _ in range(101)]
    assert turns[-1] == pytest.approx(10.0)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5), st.floats(0, 100)), max_size=100))
def test_whatever_is_learned_never_lifts_the_ceiling_nor_stops_all(steps):
    rate, now_s, last_s = Rate(7.0), 0.0, -1.0
    for passed, seconds, wait_s in steps:
        now_s += seconds
        if passed:
            rate.passed(now_s)
        else:
            rate.refused(now_s, wait_s)
        turn_s = rate.next_s(now_s)
        assert turn_s >= max(now_s, last_s + 1 / 7.0 - 1e-9)
        last_s = turn_s
    assert rate.next_s(last_s + 1000.0) <= last_s + 1000.1


def test_a_refusal_holds_back_the_next_call_for_as_long_as_the_server_asked():
    rate = Rate()
    rate.next_s(0.0)
    rate.refused(0.1, 3.0)
    assert rate.next_s(0.2) >= 3.1
    rate.refused(10.0, 1e9)
    assert rate.next_s(10.1) <= 75.0


@dataclass
class Sliding:
    """Lets `limit` calls through within any second."""

    limit: int
    passed_s: deque[float] = field(default_factory=deque)

    def admits(self, now_s: float) -> bool:
        while self.passed_s and self.passed_s[0] <= now_s - 1.0:
            self.passed_s.popleft()
        if len(self.passed_s) >= self.limit:
            return False
        self.passed_s.append(now_s)
        return True


@dataclass
class Bucket:
    """Holds up to `limit` tokens, `limit` more per second."""

    limit: int
    tokens: float = 20.0
    filled_s: float = 0.0

    def admits(self, now_s: float) -> bool:
        gained = (now_s - self.filled_s) * self.limit
        self.tokens, self.filled_s = min(float(self.limit), self.tokens + gained), now_s
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True


def simulate(
    admits: Callable[[float], bool], workers: int, seed: int, end_s: float = 60.0
) -> list[tuple[float, bool]]:
    """Workers that call without end, one turn given out at a time; when calls came, let through?

    A refused worker waits for the second that the server asks for.
    """
    rate, rng, numbers = Rate(), random.Random(seed), itertools.count()
    events: list[tuple[float, int, str]] = []
    calls: list[tuple[float, bool]] = []

    def after(moment_s: float, what: str) -> None:
        heapq.heappush(events, (moment_s, next(numbers), what))

    def turn(now_s: float) -> None:
        after(rate.next_s(now_s) + rng.uniform(0, 0.004), "turn")

    waiting, busy = workers, True
    turn(0.0)
    while events and events[0][0] < end_s:
        now_s, _, what = heapq.heappop(events)
        if what == "turn":
            after(now_s + rng.uniform(0.003, 0.015), "arrives")
            waiting, busy = waiting - 1, False
        elif what == "arrives":
            calls.append((now_s, admits(now_s)))
            passed = "passed" if calls[-1][1] else "refused"
            after(now_s + rng.uniform(0.003, 0.015), passed)
        elif what == "passed":
            rate.passed(now_s)
            waiting += 1
        elif what == "refused":
            rate.refused(now_s, 1.0)
            after(now_s + 1.0, "again")
        else:
            waiting += 1
        if waiting and not busy:
            busy = True
            turn(now_s)
    return calls


@pytest.mark.parametrize("server", [Sliding, Bucket])
@pytest.mark.parametrize("workers", [8, 64, 256])
@pytest.mark.parametrize("seed", range(3))
def test_a_rate_that_is_not_known_is_found_and_kept(server, workers: int, seed: int):
    calls = [call for call in simulate(server(20).admits, workers, seed) if call[0] >= 10.0]
    passed = sum(admitted for _, admitted in calls)
    assert passed >= 0.9 * 20 * 50
    assert len(calls) - passed < 0.02 * len(calls)


def test_a_limit_that_changes_in_mid_run_is_followed():
    old, new = Sliding(20), Sliding(8)
    calls = simulate(lambda now_s: (old if now_s < 30 else new).admits(now_s), 64, 1, end_s=120.0)
    late = [admitted for now_s, admitted in calls if now_s >= 60.0]
    assert sum(late) >= 0.8 * 8 * 60
    assert late.count(False) < 0.05 * len(late)

"""When to ask: whatever happens, and what it costs in simulated time."""

import math
from dataclasses import replace
from statistics import median

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocr_frames.engine.polling import Poller, PollPolicy
from tests.benchmarks.poll_scenarios import SCENARIOS, Scenario
from tests.benchmarks.poll_simulation import lone, ours, run, warm_for

QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

steps = st.lists(
    st.tuples(
        st.sampled_from(["submit", "poll", "wait", "ready", "not", "failed", "forget"]),
        st.integers(0, 30),
        st.floats(0, 30, allow_subnormal=False),
    ),
    max_size=150,
)


@QUICK
@given(steps, st.sampled_from([0.0, 0.3, 1.0]), st.booleans())
def test_any_order_of_events(  # noqa: C901 - one branch per kind of event
    plan: list, floor_s: float, wanted: bool
) -> None:
    poller = Poller[int](PollPolicy(floor_s=floor_s))
    now_s, number = 0.0, 0
    outstanding: set[int] = set()
    asked: dict[int, float] = {}
    flying: list[int] = []

    def ask() -> float:
        task, when_s = poller.next_poll(now_s, slots_wanted=wanted)
        if task is None:
            assert when_s > now_s
            assert (when_s == math.inf) == (not outstanding - set(flying))
            return when_s
        assert task in outstanding
        assert task not in flying
        assert now_s - asked.get(task, -math.inf) >= floor_s
        asked[task] = now_s
        flying.append(task)
        return now_s

    for what, which, seconds in plan:
        if what == "submit":
            poller.submitted(number, now_s)
            outstanding.add(number)
            number += 1
        elif what == "poll":
            ask()
        elif what == "wait":
            now_s += seconds
        elif what == "forget" and outstanding:
            task = sorted(outstanding)[which % len(outstanding)]
            poller.forgotten(task)
            outstanding.discard(task)
            flying = [other for other in flying if other != task]
        elif flying and what in ("ready", "not", "failed"):
            task = flying.pop(which % len(flying))
            if what == "failed":
                poller.unanswered(task, now_s)
            else:
                poller.answered(task, now_s, ready=what == "ready")
                outstanding -= {task} if what == "ready" else set()

    # from here on everything is ready: the rest is fetched with one question each, soon
    questions, age_s = len(flying), now_s + 1
    start_s = now_s
    left = len(outstanding)
    while outstanding:
        while flying:
            task = flying.pop()
            poller.answered(task, now_s, ready=True)
            outstanding.discard(task)
        when_s = ask()
        questions += when_s == now_s
        now_s = when_s if when_s < math.inf else now_s
    assert questions == left
    assert now_s - start_s <= 2 * age_s + 60


scenarios = st.builds(
    Scenario,
    name=st.just("any"),
    images=st.integers(1, 80),
    capacity=st.sampled_from([1, 2, 7, 64, 1000]),
    mean_s=st.sampled_from([0.02, 0.3, 2.0, 15.0]),
    sigma=st.sampled_from([0.01, 0.5, 1.2]),
    slow_share=st.sampled_from([0.0, 0.05, 0.4]),
    order=st.sampled_from(["fifo", "lifo", "random"]),
    outstanding=st.sampled_from([1, 3, 16, 256]),
    rtt_s=st.sampled_from([(0.0, 0.0), (0.005, 0.03), (0.2, 1.5)]),
    connections=st.sampled_from([1, 4, 64]),
    floor_s=st.sampled_from([0.0, 1.0, 2.5]),
)


@QUICK
@given(scenarios, st.integers(0, 1000))
def test_every_task_ends_and_the_floor_holds(scenario: Scenario, seed: int) -> None:
    got = run(scenario, seed, ours(scenario, seed))
    oracle = run(scenario, seed, None)
    assert len(got.late_s) == scenario.images
    assert got.least_gap_s >= scenario.floor_s
    assert got.calls >= 2 * scenario.images
    # with the logarithm of its age, until a task is so old that the longest pause is reached
    pauses = got.makespan_s / PollPolicy().again_longest_s
    assert got.worst_polls <= 12 + 12 * math.log2(1 + got.makespan_s) + pauses
    calls_s = sum(scenario.rtt_s) / 2 * got.calls / scenario.connections
    slack_s = 3 * scenario.floor_s + 10 * scenario.rtt_s[1] + 5
    assert got.makespan_s <= 4 * oracle.makespan_s + 2 * calls_s + slack_s + scenario.images * 2


def measured(key: str, seeds: int = 5) -> tuple[float, float]:
    scenario = SCENARIOS[key]
    ratios, calls = [], []
    for seed in range(100, 100 + seeds):
        got = run(scenario, seed, ours(scenario, seed))
        ratios.append(got.makespan_s / run(scenario, seed, None).makespan_s)
        calls.append(got.calls / scenario.images)
    return median(ratios), median(calls)


@pytest.mark.parametrize(
    ("key", "makespan", "calls"),
    [
        ("A", 1.04, 2.25),
        ("B", 1.04, 2.22),
        ("C1", 1.05, 2.25),
        ("C2", 1.10, 2.45),
        ("Estop", 1.05, 2.30),
        ("Enet", 1.06, 2.40),
        ("Eloop", 1.06, 2.25),
        ("Econn", 1.04, 2.25),
        ("Ernd", 1.20, 2.50),
        ("Elifo", 1.40, 2.50),
        ("E20%", 1.15, 2.60),
        ("Ew4", 1.06, 2.35),
        ("Ew.25", 1.06, 2.35),
        ("Eo16", 1.65, 2.45),
        ("Ec1", 1.15, 2.90),
    ],
)
def test_throughput(key: str, makespan: float, calls: float) -> None:
    ratio, per_image = measured(key)
    assert ratio <= makespan
    assert per_image <= calls


@pytest.mark.parametrize("service_s", [0.5, 0.7, 1, 1.4, 1.5, 2, 2.4, 3, 3.8, 5, 6, 8, 9, 9.9])
def test_one_image_unknown_service(service_s: float) -> None:
    late_s, calls = lone(service_s, None, PollPolicy())
    assert late_s <= max(1.0, 0.35 * service_s) + 0.05
    assert calls <= (6 if service_s <= 6.2 else 8)


@pytest.mark.parametrize("service_s", [0.5 + 0.05 * n for n in range(190)])
def test_one_image_unknown_service_at_worst(service_s: float) -> None:
    """Both bounds cannot hold above 6.2 s, with a second between questions: the answer does."""
    late_s, calls = lone(service_s, None, PollPolicy())
    assert late_s <= max(1.0, 0.35 * service_s) + 0.1
    assert calls <= (6 if service_s <= 6.2 else 8)


@pytest.mark.parametrize(("outstanding", "late"), [(16, 0.8), (256, 0.85)])
def test_one_image_known_service(outstanding: int, late: float) -> None:
    scenario = Scenario("one", images=1, warm_images=500, warm_outstanding=outstanding)
    lates, calls = [], []
    for seed in range(4):
        known = warm_for(scenario, seed, PollPolicy())
        for draw in range(60):
            got = run(
                replace(scenario, warm_images=0), 50 * seed + draw, Poller(PollPolicy(), known)
            )
            lates.append(got.late_s[0])
            calls.append(got.calls)
    assert median(lates) <= late
    assert sorted(calls)[int(0.9 * len(calls))] <= 4


def test_calls_do_not_depend_on_a_random_source() -> None:
    scenario = SCENARIOS["E100"]
    first = run(scenario, 3, ours(scenario, 3))
    again = run(scenario, 3, ours(scenario, 3))
    assert first.trace == again.trace


def test_rate_recovers_after_a_long_stall() -> None:
    scenario = replace(SCENARIOS["A"], bursts=((22.0, 142.0, 0.0),))
    over_s = []
    for seed in range(3):
        got = run(scenario, seed, ours(scenario, seed))
        over_s.append(got.makespan_s - run(scenario, seed, None).makespan_s)
        first_s = min(at for at, _, ready in got.trace if ready and at > 144.0)
        assert first_s < 148.0
    assert median(over_s) < 20.0


def test_unknown_service_that_is_silent_for_two_minutes() -> None:
    scenario = Scenario("silent", images=256, bursts=((0.0, 120.0, 0.0),))
    got = run(scenario, 1, ours(scenario, 1))
    assert got.makespan_s < 1.3 * run(scenario, 1, None).makespan_s
    assert got.calls / scenario.images < 3.3

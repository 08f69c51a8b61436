"""When to ask, one step at a time."""

import json
import math
from dataclasses import replace

import pytest

from ocr_frames.engine.polling import Latencies, Poller, PollPolicy
from tests.benchmarks.poll_scenarios import Scenario
from tests.benchmarks.poll_simulation import warm_for


def poll(poller: Poller[str], now_s: float) -> str | None:
    return poller.next_poll(now_s, slots_wanted=False)[0]


def ask_when_due(poller: Poller[str], now_s: float) -> tuple[str, float]:
    task, when_s = poller.next_poll(now_s, slots_wanted=False)
    while task is None:
        assert now_s < when_s < math.inf
        now_s = when_s
        task, when_s = poller.next_poll(now_s, slots_wanted=False)
    return task, now_s


def test_nothing_outstanding_never_wakes() -> None:
    assert Poller[str](PollPolicy()).next_poll(5.0, slots_wanted=False) == (None, math.inf)


def test_unknown_service_is_first_asked_after_first_ask_s() -> None:
    poller = Poller[str](PollPolicy())
    poller.submitted("a", 100.0)
    assert poller.next_poll(100.0, slots_wanted=False) == (None, 101.42)
    assert poll(poller, 101.42) == "a"


def test_task_is_not_asked_while_its_answer_is_awaited() -> None:
    poller = Poller[str](PollPolicy())
    poller.submitted("a", 0.0)
    assert poll(poller, 2.0) == "a"
    assert poller.next_poll(50.0, slots_wanted=False) == (None, math.inf)


def test_not_ready_waits_for_a_share_of_the_age() -> None:
    poller = Poller[str](PollPolicy())
    poller.submitted("a", 0.0)
    now_s, asked = 0.0, []
    for _ in range(6):
        task, now_s = ask_when_due(poller, now_s)
        asked.append(now_s)
        poller.answered(task, now_s, ready=False)
    assert asked == pytest.approx([1.42, 2.42, 3.42, 4.617, 6.233, 8.414], abs=0.001)


def test_oldest_is_asked_first() -> None:
    poller = Poller[str](PollPolicy())
    for at, task in enumerate("abc"):
        poller.submitted(task, at / 10)
    now_s, order = 0.0, ""
    for _ in "abc":
        task, now_s = ask_when_due(poller, now_s)
        poller.answered(task, now_s, ready=True)
        order += task
    assert order == "abc"
    assert poller.next_poll(now_s, slots_wanted=False) == (None, math.inf)


def test_forgotten_task_is_never_asked_and_its_answer_ignored() -> None:
    poller = Poller[str](PollPolicy())
    poller.submitted("a", 0.0)
    poller.submitted("b", 0.0)
    assert poll(poller, 2.0) == "a"
    poller.forgotten("a")
    poller.forgotten("a")
    poller.answered("a", 2.1, ready=False)
    assert ask_when_due(poller, 2.1)[0] == "b"
    poller.answered("b", 3.0, ready=False)
    poller.forgotten("b")
    assert poller.next_poll(99.0, slots_wanted=False) == (None, math.inf)


def test_resubmitted_id_does_not_inherit_the_old_schedule() -> None:
    poller = Poller[str](PollPolicy())
    poller.submitted("a", 0.0)
    poller.forgotten("a")
    poller.submitted("a", 10.0)
    assert poll(poller, 11.0) is None
    assert ask_when_due(poller, 11.0) == ("a", pytest.approx(11.42))


def test_failed_question_is_repeated_and_teaches_nothing() -> None:
    poller = Poller[str](PollPolicy())
    poller.submitted("a", 0.0)
    before = poller.known()
    task, now_s = ask_when_due(poller, 0.0)
    poller.unanswered(task, now_s)
    assert poller.known() == before
    assert ask_when_due(poller, now_s)[1] >= now_s + 1.0


def test_slow_task_is_left_alone_for_longer_while_work_waits() -> None:
    poller = Poller[str](PollPolicy())
    for number in range(40):
        poller.submitted(f"{number}", 0.0)
    now_s = 0.0
    for _ in range(40):
        task, now_s = ask_when_due(poller, now_s)
        poller.answered(task, now_s, ready=task != "39")
    while now_s < 20.0:
        task, now_s = ask_when_due(poller, now_s)
        poller.answered(task, now_s, ready=False)
    soon_s = poller.next_poll(now_s, slots_wanted=False)[1]
    patient_s = now_s
    while True:
        task_or_none, when_s = poller.next_poll(patient_s, slots_wanted=True)
        if task_or_none is not None:
            break
        patient_s = when_s
    assert patient_s - now_s > 2 * (soon_s - now_s) > 0


def test_submitted_twice_is_refused() -> None:
    poller = Poller[str](PollPolicy())
    poller.submitted("a", 0.0)
    with pytest.raises(ValueError, match="twice"):
        poller.submitted("a", 1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"floor_s": -1.0},
        {"floor_s": math.nan},
        {"first_ask_s": 0.0},
        {"first_gap_s": math.inf},
        {"hits_alone": 1.0},
        {"hits_queued": 0.0},
        {"tail_share": 0.7},
        {"tail_share": 0.0},
        {"again_longest_s": 0.0},
    ],
)
def test_policy_is_validated(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|between"):
        PollPolicy(**wrong)


def test_knowledge_survives_json_and_is_validated() -> None:
    known = warm_for(Scenario("k", images=1, warm_images=300), 1, PollPolicy())
    assert known is not None
    text = json.dumps(known.to_dict())
    assert Latencies.from_dict(json.loads(text)) == known
    assert len(text) < 200
    assert 1.0 < known.age_s < 4.0
    assert 1 / 64 < known.gap_s < 1 / 16
    with pytest.raises(ValueError, match="positive"):
        replace(known, gap_s=0.0)
    with pytest.raises(ValueError, match="age_asks"):
        replace(known, age_asks=math.nan)

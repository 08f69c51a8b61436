"""A server that holds its answers is asked at once, each task by one question at a time."""

import math

from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.engine.holding import HoldingPoller


def ask(poller: HoldingPoller[str], now_s: float) -> tuple[str | None, float]:
    return poller.next_poll(now_s, slots_wanted=False)


def test_nothing_outstanding_never_wakes():
    assert ask(HoldingPoller(), 5.0) == (None, math.inf)


def test_a_task_is_asked_at_once_the_oldest_first():
    poller = HoldingPoller[str]()
    for task in "abc":
        poller.submitted(task, 0.0)
    assert [ask(poller, 0.0)[0] for _ in range(4)] == ["a", "b", "c", None]


def test_a_task_is_not_asked_while_its_answer_is_awaited():
    poller = HoldingPoller[str]()
    poller.submitted("a", 0.0)
    assert ask(poller, 0.0) == ("a", 0.0)
    assert ask(poller, 99.0) == (None, math.inf)


def test_one_that_only_says_it_holds_is_not_hammered():
    poller = HoldingPoller[str]()
    poller.submitted("a", 0.0)
    for now_s in (0.0, 1.0, 2.0):
        assert ask(poller, now_s) == ("a", now_s)
        poller.answered("a", now_s, ready=False)
        assert ask(poller, now_s) == (None, now_s + 1.0)


def test_a_failed_question_is_asked_again():
    poller = HoldingPoller[str]()
    poller.submitted("a", 0.0)
    ask(poller, 0.0)
    poller.unanswered("a", 7.0)
    assert ask(poller, 7.5) == (None, 8.0)
    assert ask(poller, 8.0) == ("a", 8.0)


def test_what_is_forgotten_is_not_asked():
    poller = HoldingPoller[str]()
    for task in "abc":
        poller.submitted(task, 0.0)
    ask(poller, 0.0)
    poller.answered("a", 0.0, ready=False)
    poller.forgotten("a")
    poller.forgotten("a")
    poller.forgotten("b")
    assert ask(poller, 5.0) == ("c", 5.0)
    assert ask(poller, 99.0) == (None, math.inf)


def test_a_task_submitted_again_is_asked_again():
    poller = HoldingPoller[str]()
    for now_s in (0.0, 5.0):
        poller.submitted("a", now_s)
        assert ask(poller, now_s) == ("a", now_s)
        poller.answered("a", now_s, ready=True)
        assert ask(poller, now_s + 2) == (None, math.inf)


def test_a_task_asked_about_before_it_was_known_to_be_held_comes_in_with_its_answer():
    poller = HoldingPoller[str]()
    poller.answered("a", 0.0, ready=False)
    assert ask(poller, 0.0) == (None, 1.0)
    assert ask(poller, 1.0) == ("a", 1.0)


events = st.lists(
    st.tuples(st.sampled_from(["submit", "ask", "ready", "not", "failed"]), st.integers(0, 9)),
    max_size=80,
)


@given(events)
def test_whatever_happens_every_task_is_asked_until_it_is_ready(plan):
    poller = HoldingPoller[int]()
    left: set[int] = set()
    flying: list[int] = []
    asked: dict[int, float] = {}
    now_s, number = 0.0, 0

    def question() -> None:
        task, when_s = poller.next_poll(now_s, slots_wanted=False)
        if task is None:
            assert when_s > now_s
            assert (when_s == math.inf) == (left <= set(flying))
            return
        assert task in left
        assert task not in flying
        assert now_s - asked.get(task, -1.0) >= 1.0
        asked[task] = now_s
        flying.append(task)

    for what, which in plan:
        now_s += which / 8
        if what == "submit":
            poller.submitted(number, now_s)
            left.add(number)
            number += 1
        elif what == "ask":
            question()
        elif flying:
            task = flying.pop(which % len(flying))
            if what == "failed":
                poller.unanswered(task, now_s)
            else:
                poller.answered(task, now_s, ready=what == "ready")
                left -= {task} if what == "ready" else set()
    for _ in range(3 * number + 3):
        while flying:
            task = flying.pop()
            poller.answered(task, now_s, ready=True)
            left.discard(task)
        question()
        now_s += 1.0
    assert left <= set(flying)

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.server.turns import Turns

SUBMITS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40)), max_size=60)


def drained(turns):
    return [turns.take() for _ in range(len(turns))]


def test_clients_take_turns_and_each_ones_tasks_keep_their_order():
    turns = Turns(100, 1000)
    for number, client in enumerate("aaaabbc"):
        turns.put(client, number, f"{client}{number}", 1)

    assert drained(turns) == ["a0", "b4", "c6", "a1", "b5", "a2", "a3"]
    assert (len(turns), turns.size, turns.clients) == (0, 0, 0)
    with pytest.raises(LookupError):
        turns.take()


def test_who_comes_new_waits_for_one_turn_of_each_other():
    turns = Turns(10_000, 1 << 30)
    for number in range(1000):
        turns.put("busy", number, "busy", 1)
    turns.put("new", 1000, "new", 1)

    assert [turns.take(), turns.take()] == ["busy", "new"]


def test_what_is_removed_is_never_taken():
    turns = Turns(10, 100)
    for number in range(3):
        turns.put("a", number, number, 10)

    turns.remove("a", 1)

    assert turns.size == 20
    assert drained(turns) == [0, 2]


def test_one_client_cannot_fill_the_queue():
    turns = Turns(10, 10_000)
    for number in range(10):
        if turns.refusal("busy", 1) is None:
            turns.put("busy", number, number, 1)

    assert turns.waiting("busy") == 8
    assert "8 tasks are waiting, 8 of them yours" in turns.refusal("busy", 1)
    assert turns.refusal("new", 1) is None


def test_nor_with_large_images():
    turns = Turns(10_000, 1000)
    number = 0
    while turns.refusal("busy", 100) is None:
        turns.put("busy", number, number, 100)
        number += 1

    assert turns.size == 800
    assert "space" in turns.refusal("busy", 100)
    assert turns.refusal("new", 100) is None


def test_an_empty_queue_takes_an_image_of_any_size():
    assert Turns(10, 100).refusal("a", 1000) is None


def test_a_queue_for_nothing_takes_nothing():
    assert Turns(0, 100).refusal("a", 1) is not None


@given(SUBMITS, st.integers(1, 20), st.integers(1, 200))
def test_the_bounds_hold_and_nothing_is_lost(submits, most, most_bytes):
    turns = Turns(most, most_bytes)
    taken = Counter()
    for number, (client, size) in enumerate(submits):
        was_empty = not turns
        if turns.refusal(client, size) is None:
            turns.put(client, number, client, size)
            taken[client] += 1
        assert len(turns) <= most
        assert turns.size <= most_bytes or was_empty or len(turns) == 1
    assert sum(turns.waiting(client) for client in "abc") == len(turns)
    assert Counter(drained(turns)) == taken
    assert turns.size == 0


@given(st.lists(st.sampled_from("abc"), max_size=60))
def test_no_client_gets_two_turns_while_another_waits(clients):
    turns = Turns(1000, 1000)
    for number, client in enumerate(clients):
        turns.put(client, number, client, 1)
    left = Counter(clients)
    served = Counter()
    for client in drained(turns):
        left[client] -= 1
        served[client] += 1
        assert all(served[other] >= served[client] - 1 for other in +left)

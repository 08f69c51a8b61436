import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.server.rates import CallRate, ServiceRate, retry_after_s


def test_the_rate_follows_from_how_long_tasks_take():
    rate = ServiceRate(3)
    assert rate.per_s == 3

    rate.ended(0.5)
    assert rate.per_s == 6

    for _ in range(100):
        rate.ended(2.0)
    assert rate.per_s == pytest.approx(1.5, rel=0.01)


@pytest.mark.parametrize(
    ("waiting", "clients", "per_s", "seconds"),
    [
        (0, 0, 2, 1),
        (1, 1, 2, 1),
        (100, 1, 2, 5),
        (100, 3, 2, 15),
        (5, 1, 0.1, 10),
        (10**9, 1, 1, 3600),
    ],
)
def test_come_back_when_a_tenth_of_yours_is_done(waiting, clients, per_s, seconds):
    assert retry_after_s(waiting, clients, per_s) == seconds


@given(st.integers(0, 10**6), st.integers(0, 1000), st.floats(1e-3, 1e6))
def test_the_longer_the_queue_the_later(waiting, clients, per_s):
    seconds = retry_after_s(waiting, clients, per_s)

    assert 1 <= seconds <= 3600
    assert retry_after_s(waiting * 2, clients, per_s) >= seconds
    assert retry_after_s(waiting, clients, per_s * 2) <= seconds


def test_a_caller_is_let_through_again_when_it_was_told():
    rate = CallRate(6)
    assert [rate.wait_s("me", 100.0) for _ in range(8)] == [0] * 6 + [10, 10]
    assert rate.wait_s("you", 100.0) == 0
    assert rate.wait_s("me", 109.0) == 1
    assert rate.wait_s("me", 110.0) == 0
    assert rate.wait_s("me", 110.0) == 10


@given(st.lists(st.floats(0, 30), max_size=100), st.floats(0.5, 100))
def test_never_more_calls_than_allowed(gaps, per_minute):
    rate = CallRate(per_minute)
    now_s, passed = 0.0, 0
    for gap_s in gaps:
        now_s += gap_s
        passed += rate.wait_s("me", now_s) == 0
    assert passed <= max(1.0, per_minute) + now_s * per_minute / 60 + 1e-6


def test_callers_do_not_add_up_for_ever():
    rate = CallRate(1)
    for number in range(20_000):
        assert rate.wait_s(str(number), 0.0) == 0
    assert len(rate._callers) == 10_000

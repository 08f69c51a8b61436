"""When to ask."""

from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.engine import polling
from ocr_frames.settings import Policy


@given(st.integers(0, 10_000))
def test_the_wait_is_never_below_the_interval_and_never_runs_away(polls: int):
    policy = Policy(poll_interval_s=1.5)
    assert 1.5 <= polling.delay_s(polls, False, policy) <= 6.0


def test_a_holding_server_is_asked_at_once_but_not_hammered():
    policy = Policy()
    assert polling.delay_s(0, True, policy) == 0.0
    assert polling.delay_s(1, True, policy) == 1.0

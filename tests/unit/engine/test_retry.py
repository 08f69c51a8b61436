"""Retry is a pure function: total, bounded, never shorter than the server's wish."""

import random

from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.engine import retry
from ocr_frames.errors import CallFailure
from ocr_frames.settings import Policy

HISTORIES = st.lists(st.sampled_from(CallFailure), min_size=1, max_size=12)
POLICIES = st.builds(
    Policy,
    max_attempts=st.integers(1, 8),
    backoff_s=st.floats(0, 5),
    max_backoff_s=st.floats(0, 60),
    on_doubt=st.sampled_from(["retry", "hold"]),
)
WISHES = st.none() | st.floats(0, 1000)


@given(HISTORIES, POLICIES, WISHES, st.integers())
def test_a_wait_is_bounded_and_honours_the_server(history, policy, wish, seed):
    for wait_s in (retry.submit_wait_s, retry.fetch_wait_s):
        pause = wait_s(history, policy, random.Random(seed), wish)
        if pause is None or history[-1] is CallFailure.UNAUTHORIZED:
            continue
        assert (wish or 0) <= pause <= max(policy.max_backoff_s, wish or 0)


@given(HISTORIES, POLICIES, WISHES, st.integers())
def test_a_submit_in_doubt_is_never_repeated_twice_or_against_the_policy(
    history, policy, wish, seed
):
    repeated = retry.submit_wait_s(history, policy, random.Random(seed), wish) is not None
    if history[-1] is CallFailure.IN_DOUBT and repeated:
        assert policy.on_doubt == "retry"
        assert history.count(CallFailure.IN_DOUBT) == 1


@given(HISTORIES, POLICIES, WISHES, st.integers())
def test_what_is_final_is_not_repeated(history, policy, wish, seed):
    rng = random.Random(seed)
    if history[-1] in (CallFailure.REJECTED, CallFailure.ACCOUNT):
        assert retry.submit_wait_s(history, policy, rng, wish) is None
        assert retry.fetch_wait_s(history, policy, rng, wish) is None


@given(POLICIES, st.integers(1, 40))
def test_attempts_end_except_where_the_server_only_asks_to_slow_down(policy, count):
    rng = random.Random(1)
    lost = [CallFailure.NOT_SENT] * count
    assert (retry.fetch_wait_s(lost, policy, rng, None) is None) == (count >= policy.max_attempts)
    assert retry.fetch_wait_s([CallFailure.THROTTLED] * count, policy, rng, None) is not None


@given(HISTORIES, POLICIES, st.integers())
def test_the_same_dice_give_the_same_wait(history, policy, seed):
    waits = [retry.fetch_wait_s(history, policy, random.Random(seed), None) for _ in range(2)]
    assert waits[0] == waits[1]

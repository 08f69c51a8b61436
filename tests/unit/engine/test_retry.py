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
FINAL = [CallFailure.REJECTED, CallFailure.ACCOUNT, CallFailure.STOPPED]
PATIENT = [CallFailure.THROTTLED, CallFailure.NOT_SENT]
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


@given(HISTORIES, POLICIES, WISHES, st.integers(), st.sampled_from(FINAL))
def test_what_is_final_is_not_repeated(history, policy, wish, seed, last):
    rng = random.Random(seed)
    assert retry.submit_wait_s([*history, last], policy, rng, wish) is None
    assert retry.fetch_wait_s([*history, last], policy, rng, wish) is None


@given(POLICIES, st.sampled_from([CallFailure.IN_DOUBT]), st.integers(1, 40))
def test_attempts_end(policy, failure, count):
    rng = random.Random(1)
    ends = retry.fetch_wait_s([failure] * count, policy, rng, None) is None
    assert ends == (count >= policy.max_attempts)


@given(HISTORIES, POLICIES, st.sampled_from(PATIENT), WISHES)
def test_a_server_that_is_busy_or_away_is_limited_by_the_deadline_alone(
    history, policy, last, wish
):
    for wait_s in (retry.submit_wait_s, retry.fetch_wait_s):
        assert wait_s([*history, last], policy, random.Random(1), wish) is not None


@given(st.lists(st.sampled_from(PATIENT), max_size=60), POLICIES)
def test_patience_does_not_use_up_attempts(history, policy):
    wait_s = retry.fetch_wait_s([*history, CallFailure.IN_DOUBT], policy, random.Random(1), None)
    assert (wait_s is None) == (policy.max_attempts == 1)


@given(HISTORIES, POLICIES)
def test_an_expired_token_is_renewed_once(history, policy):
    times = history.count(CallFailure.UNAUTHORIZED)
    again = retry.fetch_wait_s([*history, CallFailure.UNAUTHORIZED], policy, random.Random(1), 9.0)
    assert again == (None if times else 0.0)


@given(st.integers(1, 200), POLICIES)
def test_the_bound_of_the_wait_doubles_up_to_the_longest(count, policy):
    class Highest(random.Random):
        def uniform(self, a: float, b: float) -> float:
            return b

    pause = retry.fetch_wait_s([CallFailure.THROTTLED] * count, policy, Highest(), None)
    assert pause == min(policy.max_backoff_s, policy.backoff_s * 2.0 ** min(count - 1, 32))


@given(HISTORIES, POLICIES, st.integers())
def test_the_same_dice_give_the_same_wait(history, policy, seed):
    waits = [retry.fetch_wait_s(history, policy, random.Random(seed), None) for _ in range(2)]
    assert waits[0] == waits[1]

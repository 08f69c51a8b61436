"""What may be repeated, and after how long. Pure: PROTOCOL's failure table as functions."""

import random
from collections.abc import Sequence

from ocr_frames.errors import CallFailure
from ocr_frames.settings import Policy

_FINAL = (CallFailure.REJECTED, CallFailure.ACCOUNT, CallFailure.STOPPED)
_PATIENT = (CallFailure.THROTTLED, CallFailure.NOT_SENT)
"""The server is busy or restarting: what limits these is the job's deadline."""


def submit_wait_s(
    history: Sequence[CallFailure], policy: Policy, rng: random.Random, retry_after_s: float | None
) -> float | None:
    """Seconds to wait before the submit is repeated; None when it may not be.

    `history` holds how each attempt so far failed, the last one last. A submit in doubt may
    have been billed, so it is repeated once, and only if the policy says so.
    """
    if history[-1] is CallFailure.IN_DOUBT:
        doubts = history.count(CallFailure.IN_DOUBT)
        if policy.on_doubt == "hold" or doubts > 1:
            return None
    return _wait_s(history, policy, rng, retry_after_s)


def fetch_wait_s(
    history: Sequence[CallFailure], policy: Policy, rng: random.Random, retry_after_s: float | None
) -> float | None:
    """Seconds to wait before a fetch is repeated, which is always safe; None to give up."""
    return _wait_s(history, policy, rng, retry_after_s)


def _wait_s(
    history: Sequence[CallFailure], policy: Policy, rng: random.Random, retry_after_s: float | None
) -> float | None:
    last = history[-1]
    if last in _FINAL:
        return None
    if last is CallFailure.UNAUTHORIZED:
        return 0.0 if history.count(last) == 1 else None
    failed = sum(failure not in _PATIENT for failure in history)
    if last not in _PATIENT and failed >= policy.max_attempts:
        return None
    ceiling = min(policy.max_backoff_s, policy.backoff_s * 2.0 ** min(len(history) - 1, 32))
    return max(rng.uniform(0.0, ceiling), retry_after_s or 0.0)

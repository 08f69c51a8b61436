"""When to ask for a task. Pure."""

from ocr_frames.settings import Policy


def delay_s(polls: int, holds_answers: bool, policy: Policy) -> float:
    """Seconds to wait before the next question about a task asked about `polls` times so far.

    A server that holds its answer until the task has ended is asked at once, and again after
    a short while, in case it only says so.
    """
    if holds_answers:
        return 0.0 if polls == 0 else min(1.0, policy.poll_interval_s)
    return policy.poll_interval_s * min(1.0 + 0.25 * polls, 4.0)

"""How fast tasks are recognized, when to come back, and how often one may call. Pure."""

import math
from collections import OrderedDict
from dataclasses import dataclass

_WEIGHT = 0.1
_FIRST_GUESS_S = 1.0
_LONGEST_S = 3600
_MOST_CALLERS = 10_000


class ServiceRate:
    """Learns how many tasks per second `lanes` lanes recognize, from how long each took.

    With all lanes busy, which is when anybody asks, their number divided by the mean time of a
    task is the rate (Little's law), queueing for a worker included.
    """

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._mean_s: float | None = None

    @property
    def per_s(self) -> float:
        """Tasks per second."""
        return self._lanes / max(1e-6, self._mean_s or _FIRST_GUESS_S)

    def ended(self, seconds: float) -> None:
        """Learn from a task that was under way for so long."""
        before = self._mean_s
        self._mean_s = seconds if before is None else before + _WEIGHT * (seconds - before)


def retry_after_s(waiting: int, clients: int, per_s: float) -> int:
    """Whole seconds until a tenth of a client's `waiting` tasks, at least one, is recognized.

    `clients` take turns, `per_s` tasks are recognized in all.
    """
    turns = max(1, waiting // 10)
    return min(_LONGEST_S, max(1, math.ceil(turns * max(1, clients) / per_s)))


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_s: float


class CallRate:
    """Lets each caller call `per_minute` (above 0) times a minute, as many at once.

    A token bucket per caller; the longest silent are forgotten when there are too many.
    """

    def __init__(self, per_minute: float) -> None:
        self._per_s = per_minute / 60
        self._most = max(1.0, per_minute)
        self._callers: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, caller: str, now_s: float) -> int:
        """Count a call and return 0, or the whole seconds after which it will be let through."""
        bucket = self._callers.setdefault(caller, _Bucket(self._most, now_s))
        self._callers.move_to_end(caller)
        if len(self._callers) > _MOST_CALLERS:
            self._callers.popitem(last=False)
        filled = bucket.tokens + (now_s - bucket.filled_s) * self._per_s
        bucket.tokens, bucket.filled_s = min(self._most, filled), now_s
        if bucket.tokens < 1:
            return min(_LONGEST_S, max(1, math.ceil((1 - bucket.tokens) / self._per_s)))
        bucket.tokens -= 1
        return 0

"""How much at once, how fast, and how much in all. Pure: time comes in, decisions go out."""

import math
from collections import Counter, deque
from dataclasses import dataclass, field

from ocr_frames.errors import CallFailed, CallFailure
from ocr_frames.model import CallKind, Failure

_BELOW = 0.97  # of what the server lets through is the pace after a refusal
_ENOUGH_S = 0.5  # at one pace, to tell what the server lets through
_TRIED = 0.95  # of a pace that held for a while, at least, is what the server lets through
_UNTRIED = 0.8  # of a pace that was refused sooner
_SLOWEST_PER_S = 0.5
_LONGEST_PAUSE_S = 60.0


class Budget:
    """At most `limit` calls, whatever they are; None is without end.

    A call is reserved before it is sent and given back if it never reached the server.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self.calls: Counter[CallKind] = Counter()

    @property
    def used(self) -> int:
        """Calls sent or about to be."""
        return self.calls.total()

    @property
    def limit(self) -> int | None:
        """Calls that may be made in all."""
        return self._limit

    def affords(self, more: int) -> bool:
        """Whether so many more calls fit."""
        return self._limit is None or self.used + more <= self._limit

    @property
    def exhausted(self) -> Failure:
        """What the rows say that the budget stopped."""
        return Failure(
            "budget", f"max_calls={self._limit} does not reach further; run again to go on"
        )

    def reserve(self, kind: CallKind) -> None:
        """Take one call out of the budget. Raises CallFailed when there is none left."""
        if not self.affords(1):
            failure = self.exhausted
            raise CallFailed(CallFailure.STOPPED, failure.code, failure.message)
        self.calls[kind] += 1

    def give_back(self, kind: CallKind) -> None:
        """Put back a call that never reached the server, so was never billed."""
        self.calls[kind] -= 1


@dataclass(slots=True)
class Window:
    """How many tasks may be outstanding, up to `most`.

    Doubles per window of answers at first; halves when the server pushes back, at most once per
    `settle_s` seconds, as what is under way was sent before; then grows by one per window.
    """

    most: int
    settle_s: float = 1.0
    size: float = 32.0
    _threshold: float = field(init=False)
    _cut_s: float = -1e9

    def __post_init__(self) -> None:
        self.size = min(self.size, float(self.most))
        self._threshold = float(self.most)

    @property
    def limit(self) -> int:
        """Tasks that may be outstanding now."""
        return max(1, int(self.size))

    def answered(self) -> None:
        """Grow: a call was answered without push-back."""
        grown = self.size + (1.0 if self.size < self._threshold else 1.0 / self.size)
        self.size = min(float(self.most), grown)

    def pushed_back(self, now_s: float) -> None:
        """Shrink: 429, 503 or a timeout."""
        if now_s - self._cut_s < self.settle_s:
            return
        self._cut_s = now_s
        self.size = max(1.0, self.size / 2)
        self._threshold = self.size


@dataclass(slots=True)
class Rate:
    """When the next call may go out, learned from the server's 429s; unlimited until the first.

    A refusal sets the pace just below what the server has let through since it was last
    changed; between refusals it grows, ever faster, so that a raised limit is found, too.
    Refusals of calls whose turn was given out before the last change say nothing new.
    """

    ceiling_per_s: float | None = None
    per_s: float | None = None
    _next_s: float = -1e9
    _heed_s: float = -1e9  # refusals before are of calls sent at an earlier pace
    _wait_s: float = 1.0
    _refusals: int = 0  # heeded
    _began_s: float | None = None  # when the first call at this pace was let through
    _count: int = 0  # and how many since
    _grown_s: float = 0.0
    _recent: deque[float] = field(default_factory=deque)  # let through within a second

    def next_s(self, now_s: float) -> float:
        """Time at which the next call may go out, in seconds of the same clock; takes the turn."""
        pace = min(self.per_s or math.inf, self.ceiling_per_s or math.inf)
        turn_s = max(now_s, self._next_s)
        self._next_s = turn_s + 1.0 / pace
        return turn_s

    def passed(self, now_s: float) -> None:
        """The server let a call through."""
        self._recent.append(now_s)
        self._lately(now_s)
        if self.per_s is None:
            return
        if now_s < self._heed_s:
            if self._refusals == 1:  # the burst that found the border is still being answered
                self.per_s = max(self.per_s, _BELOW * len(self._recent))
        elif self._began_s is None:
            self._began_s = self._grown_s = now_s
            self._count = 0
        else:
            self._count += 1
            self._grow(now_s, self.per_s, now_s - self._began_s)

    def refused(self, now_s: float, wait_s: float) -> None:
        """The server answered 429 and asked to wait for `wait_s` seconds."""
        given_out_s = self._next_s
        wait_s = min(max(wait_s, 0.0), _LONGEST_PAUSE_S)
        self._next_s = max(given_out_s, now_s + wait_s)
        if now_s < self._heed_s:
            return
        self.per_s = max(_SLOWEST_PER_S, _BELOW * self._border_per_s(now_s))
        self._refusals += 1
        self._wait_s = max(1.0, wait_s)
        self._heed_s = self._next_s
        self._began_s = None

    def _border_per_s(self, now_s: float) -> float:
        """What the server lets through, as far as it has shown."""
        if self.per_s is None:
            return float(self._lately(now_s))
        if self._began_s is None or now_s - self._began_s < _ENOUGH_S:
            return self.per_s * _UNTRIED
        # Fewer calls than the pace allows may only mean that there was less to ask.
        return min(self.per_s, max(self.per_s * _TRIED, self._count / (now_s - self._began_s)))

    def _grow(self, now_s: float, per_s: float, age_s: float) -> None:
        first_per_s, double_s = (0.02, 1.0) if self._refusals == 1 else (0.001, 30.0)
        slowness = 1.0 if self._refusals == 1 else self._wait_s
        growth = first_per_s / slowness * 2.0 ** min(30.0, age_s / double_s / slowness)
        passed_s, self._grown_s = now_s - self._grown_s, now_s
        if len(self._recent) >= per_s / 2:  # else the pace is not what limits
            self.per_s = per_s * math.exp(min(1.0, growth) * min(1.0, passed_s))

    def _lately(self, now_s: float) -> int:
        while self._recent and self._recent[0] <= now_s - 1.0:
            self._recent.popleft()
        return len(self._recent)

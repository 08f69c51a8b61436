"""How much at once, how fast, and how much in all. Pure: time comes in, decisions go out."""

from collections import Counter
from dataclasses import dataclass, field

from ocr_frames.errors import CallFailed, CallFailure
from ocr_frames.model import CallKind, Failure


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

    The first 429 sets the pace to what the server has let through lately; later ones lower it by
    a twentieth. In between it grows slowly, so that few calls are spent on finding the border.
    """

    ceiling_per_s: float | None = None
    per_s: float | None = None
    _next_s: float = -1e9
    _changed_s: float = -1e9
    _passed_s: list[float] = field(default_factory=list)

    def next_s(self, now_s: float) -> float:
        """Time at which the next call may go out, in seconds of the same clock; takes the turn."""
        pace = min(self.per_s or float("inf"), self.ceiling_per_s or float("inf"))
        turn_s = max(now_s, self._next_s)
        self._next_s = turn_s + 1.0 / pace
        return turn_s

    def passed(self, now_s: float) -> None:
        """The server let a call through."""
        recent = self._passed_s
        recent.append(now_s)
        if len(recent) > 4096 or (recent and recent[0] < now_s - 2.0):
            del recent[: sum(moment < now_s - 1.0 for moment in recent)]
        if self.per_s is not None:
            self.per_s *= 1.0 + _GROWTH_PER_S / max(self.per_s, 1.0)

    def refused(self, now_s: float, wait_s: float) -> None:
        """The server answered 429 and asked to wait for `wait_s` seconds."""
        self._next_s = max(self._next_s, now_s + min(wait_s, _LONGEST_PAUSE_S))
        if now_s - self._changed_s < max(1.0, wait_s):
            return
        self._changed_s = now_s
        lately = sum(moment >= now_s - 1.0 for moment in self._passed_s)
        self.per_s = max(_SLOWEST_PER_S, self.per_s * 0.95 if self.per_s else lately * 0.95)


_GROWTH_PER_S = 0.004
_SLOWEST_PER_S = 0.5
_LONGEST_PAUSE_S = 60.0

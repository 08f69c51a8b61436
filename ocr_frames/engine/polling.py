"""When to ask a metered submit-and-poll service, and about which task. Pure.

Every question is billed and one "ready" per task is all that is wanted, so ask late enough to
hear it and early enough to keep the service busy. Monotonic seconds come in and go out.

Two gates hold back the first question about a task: the *age* at which most tasks of an idle
service are ready; and, oldest task first, a *clock* which ticks once per measured gap between
results and stands still while the answer is "not ready". The age rules while the service
takes tasks at once, the clock when they queue there. A task found not ready is left alone for
a share of its age.
"""

import heapq
import itertools
import math
from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Generic, Self, TypeVar

TaskT = TypeVar("TaskT", bound=Hashable)

# How it learns; results hardly move when one of these is changed by half.
LEAST_S = 0.001  # what no learned time falls below
ALONE_AGES, QUEUED_AGES = 1.5, 3.0  # asked so many ages old, a task had not / had queued
AGE_STEP, AGE_STEP_LEAST = 0.5, 0.06  # of the age's logarithm: the first question's, the last's
RARE_RUN, AGE_ASKS = 3, 16  # misses in a row which an age so often tested does not explain
GAP_RESULTS, COLD_RESULTS = 64.0, 2.0  # what the gap is averaged over; what the guess counts for
STREAK = 1.5  # usual runs of hits after which the pace doubles with each further one
LEAD = 4.0  # first questions under way, and hits per further one, up to which that holds
CATCH_UP = 0.6  # of a gap the clock gains at most per hit
CLOCK_SHARE = 0.09  # of the age it loses per miss, about
BURST_SHARE = 0.1  # of the age it may lag behind the time
PAUSE_GAPS = 5.0  # it never pauses for longer, nor than the age, whichever is more
FEW_TASKS = 4
TAIL_RESULTS = 9.0  # a task left per so many results is a short tail


@dataclass(frozen=True, slots=True)
class PollPolicy:
    """What a question is worth.

    ``hits_*`` are the shares of first questions to be answered "ready": fewer where a late
    answer holds up the next task, more where a queue at the service makes lateness free.
    """

    floor_s: float = 1.0  # seconds between two questions about one task, the vendor's rule
    first_ask_s: float = 1.42  # age of the first question to an unknown service
    first_gap_s: float = 0.15  # between its first questions about different tasks
    hits_alone: float = 0.70
    hits_queued: float = 0.90
    again_share: float = 0.6  # of its age a task not ready is left alone,
    few_share: float = 0.35  # or this where so few are asked for that somebody waits
    again_longest_s: float = 20.0  # but never longer than this or than the learned age
    tail_share: float = 0.12  # the same in a short tail, when nothing waits for a place

    def __post_init__(self) -> None:
        if not (0 <= self.floor_s < math.inf):
            raise ValueError("floor_s must be finite and not negative")
        if not (0 < self.first_ask_s < math.inf and 0 < self.first_gap_s < math.inf):
            raise ValueError("first_ask_s and first_gap_s must be finite and positive")
        if not (0 < self.hits_alone < 1 and 0 < self.hits_queued < 1):
            raise ValueError("hits_alone and hits_queued lie between 0 and 1")
        if not (0 < self.tail_share <= self.again_share and self.again_longest_s > 0):
            raise ValueError("tail_share must be positive and at most again_share")


@dataclass(frozen=True, slots=True)
class Latencies:
    """What a run has learned of an endpoint, for the next one; a dict of four numbers."""

    age_s: float  # at which ``hits_alone`` of the tasks of an idle service are ready
    age_asks: float  # questions behind it
    gap_s: float  # between two results
    gap_results: float  # results behind it

    def __post_init__(self) -> None:
        if not all(0 < n < math.inf for n in (self.age_s, self.gap_s, self.gap_results)):
            raise ValueError("latencies must be positive and finite")
        if not 0 <= self.age_asks < math.inf:
            raise ValueError("age_asks must be finite and not negative")

    def to_dict(self) -> dict[str, float]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, float]) -> Self:
        """From what ``to_dict`` gave; a missing or impossible number raises."""
        return cls(**{field.name: float(stored[field.name]) for field in fields(cls)})


@dataclass(slots=True, eq=False)
class _Asked(Generic[TaskT]):
    task: TaskT
    submitted_s: float
    gone: bool = False
    asking: bool = False
    asks: int = 0
    asked_s: float = 0.0  # first
    served_s: float = 0.0  # age at the first question, without the wait in a queue
    queued: bool = False
    hits: float = 0.0  # the share of such questions to be answered "ready"
    patient_s: float = 0.0  # when to ask again if something waits for a place


class Poller(Generic[TaskT]):
    """The one poller of a run: which task to ask now, or when to come back."""

    def __init__(self, policy: PollPolicy, known: Latencies | None = None) -> None:
        self._policy = policy
        self._age_s = known.age_s if known else policy.first_ask_s
        self._age_asks = known.age_asks if known else 0.0
        self._gap_s = known.gap_s if known else policy.first_gap_s
        self._gap_results = known.gap_results if known else COLD_RESULTS
        self._results = 0
        self._tasks: dict[TaskT, _Asked[TaskT]] = {}
        self._fresh: deque[_Asked[TaskT]] = deque()
        self._again: list[tuple[float, int, _Asked[TaskT]]] = []
        self._number = itertools.count()
        self._clock_s = -math.inf
        self._hits_run = self._miss_run = 0
        self._hits_wanted = policy.hits_alone
        self._flying = 0  # first questions not yet answered
        self._counted_s = self._result_s = 0.0
        self._counted = 0  # results since _counted_s

    def submitted(self, task: TaskT, now_s: float) -> None:
        """The service took the task; an earlier ``next_poll`` may now be too late: ask anew."""
        if task in self._tasks:
            raise ValueError(f"submitted twice: {task!r}")
        if not self._tasks:
            self._clock_s = max(self._clock_s, now_s)
            self._counted_s, self._counted = now_s + self._age_s, 0
        self._tasks[task] = state = _Asked(task, now_s)
        self._fresh.append(state)

    def next_poll(self, now_s: float, *, slots_wanted: bool) -> tuple[TaskT | None, float]:
        """The task to ask now; or None and when to call again, unless something happens first.

        ``slots_wanted``: work waits because as much is outstanding as may be. Then a slow task
        is left alone for longer, as it holds up only itself.
        """
        while True:
            fresh_s, again_s = self._fresh_due_s(), self._again_due_s()
            if min(fresh_s, again_s) > now_s:
                return None, min(fresh_s, again_s)
            if again_s > now_s:
                state = self._fresh.popleft()
                self._first_asked(state, now_s)
                break
            state = heapq.heappop(self._again)[2]
            if not slots_wanted or state.patient_s <= now_s:
                break
            half_s = now_s + max(self._policy.floor_s, (state.patient_s - now_s) / 2)
            self._ask_again(state, min(state.patient_s, half_s))
        state.asks += 1
        state.asking = True
        return state.task, now_s

    def answered(self, task: TaskT, now_s: float, ready: bool) -> None:
        """The answer is in; one about a task forgotten meanwhile is ignored."""
        state = self._tasks.get(task)
        if state is None or not state.asking:
            return
        self._landed(state)
        if state.asks == 1:
            self._learn(state, now_s, ready)
        if ready:
            self._results += 1
            self._counted += 1
            self._result_s = now_s
            self.forgotten(task)
        else:
            self._put_off(state, now_s)

    def unanswered(self, task: TaskT, now_s: float) -> None:
        """The question failed: it is asked again, and nothing is learned."""
        state = self._tasks.get(task)
        if state is not None and state.asking:
            self._landed(state)
            self._put_off(state, now_s)

    def forgotten(self, task: TaskT) -> None:
        """The task was fetched, cancelled or has failed."""
        state = self._tasks.pop(task, None)
        if state is not None:
            self._landed(state)
            state.gone = True

    def known(self) -> Latencies:
        """What the next run against this endpoint should start from."""
        if self._counted:
            self._count(self._result_s)
        return Latencies(self._age_s, self._age_asks, self._gap_s, self._gap_results)

    def _landed(self, state: _Asked[TaskT]) -> None:
        self._flying -= state.asking and state.asks == 1
        state.asking = False

    def _fresh_due_s(self) -> float:
        while self._fresh and self._fresh[0].gone:
            self._fresh.popleft()
        if not self._fresh:
            return math.inf
        return max(self._fresh[0].submitted_s + self._age_s, self._clock_s)

    def _again_due_s(self) -> float:
        while self._again and self._again[0][2].gone:
            heapq.heappop(self._again)
        if not self._again:
            return math.inf
        # a service found behind is as much behind with these
        return max(self._again[0][0], self._clock_s if self._fresh else -math.inf)

    def _first_asked(self, state: _Asked[TaskT], now_s: float) -> None:
        p = self._policy
        age_s = now_s - state.submitted_s
        state.asked_s = now_s
        state.served_s = min(age_s, self._age_s)
        state.queued = self._clock_s >= state.submitted_s + self._age_s
        ages = (age_s / self._age_s - ALONE_AGES) / (QUEUED_AGES - ALONE_AGES)
        state.hits = p.hits_alone + (p.hits_queued - p.hits_alone) * min(1.0, max(0.0, ages))
        self._hits_wanted = state.hits
        self._flying += 1
        self._clock_s = max(self._clock_s, now_s - BURST_SHARE * self._age_s) + self._pace_s()

    def _pace_s(self) -> float:
        """Seconds between first questions: the gap, and less in a long run of hits.

        Not while many answers are awaited: the first of them may end the run.
        """
        if self._flying > LEAD + self._hits_run / LEAD:
            return self._gap_s
        usual = min(1 / (1 - self._hits_wanted), max(2.0, self._gap_results / 4))
        doublings = max(0.0, self._hits_run / usual - STREAK)
        return self._gap_s * math.exp2(-min(20.0, doublings))

    def _learn(self, state: _Asked[TaskT], now_s: float, ready: bool) -> None:
        self._hits_run = self._hits_run + 1 if ready else 0
        self._miss_run = 0 if ready else self._miss_run + 1
        if not ready and self._counted:
            self._count(now_s)
        behind = self._miss_run >= RARE_RUN and self._age_asks >= AGE_ASKS
        if state.queued or behind:
            self._set_clock(state, now_s, ready)
        else:
            self._set_age(state.asked_s - state.submitted_s, ready)

    def _count(self, now_s: float) -> None:
        """Average the gap; only a miss shows that no finished task is left to be found."""
        took_s = max(0.0, now_s - self._counted_s)
        took_s = min(took_s, 4 * self._gap_s * (self._counted + 1))  # a stall is no rate
        weight = self._gap_results + self._counted
        self._gap_s = max(LEAST_S / 100, (self._gap_s * self._gap_results + took_s) / weight)
        self._gap_results = min(GAP_RESULTS, weight)
        self._counted_s, self._counted = now_s, 0

    def _set_age(self, asked_age_s: float, ready: bool) -> None:
        """One step towards the quantile ``hits_alone``, never further than this age shows.

        An answer bounds the latency on one side only; stepping by that bound's sign is what
        keeps the estimate from drifting with the poller's own lateness.
        """
        p = self._policy
        self._age_asks += 1
        step = max(AGE_STEP_LEAST, AGE_STEP / math.sqrt(self._age_asks))
        if self._hits_run * (1 - p.hits_alone) > STREAK:
            step = AGE_STEP
        if ready:
            bound_s = max(asked_age_s, self._age_s) * math.exp(-step * (1 - p.hits_alone))
            self._age_s = max(LEAST_S, min(self._age_s, bound_s))
        else:
            bound_s = min(asked_age_s, self._age_s) * math.exp(step * p.hits_alone)
            self._age_s = max(self._age_s, bound_s)

    def _set_clock(self, state: _Asked[TaskT], now_s: float, ready: bool) -> None:
        """Forward a little on a hit; back on a miss, by so much that ``hits`` balances both."""
        usual = self._hits_run * (1 - state.hits) <= STREAK
        step_s = CLOCK_SHARE * self._age_s * (1 - state.hits) if usual else math.inf
        step_s = min(CATCH_UP * self._pace_s(), max(step_s, self._gap_s / 20))
        if ready:
            self._clock_s -= step_s
        else:
            pause_s = step_s * state.hits / (1 - state.hits) * self._miss_run
            latest_s = now_s + max(self._age_s, PAUSE_GAPS * self._gap_s)
            self._clock_s = min(max(self._clock_s, now_s) + pause_s, latest_s)

    def _put_off(self, state: _Asked[TaskT], now_s: float) -> None:
        p = self._policy
        age_s = state.served_s + now_s - state.asked_s
        share = TAIL_RESULTS * len(self._tasks) / max(1, self._results)
        most = p.few_share if len(self._tasks) <= FEW_TASKS else p.again_share
        share = min(most, max(p.tail_share, share))
        least_s, most_s = max(p.floor_s, LEAST_S), max(p.again_longest_s, self._age_s)
        state.patient_s = now_s + max(least_s, min(most_s, p.again_share * age_s))
        self._ask_again(state, now_s + max(least_s, min(most_s, share * age_s)))

    def _ask_again(self, state: _Asked[TaskT], due_s: float) -> None:
        heapq.heappush(self._again, (due_s, next(self._number), state))

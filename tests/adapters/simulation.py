"""How a simulated vendor serves: its configuration, its service times, its queue."""

import asyncio
import heapq
import math
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self

FAULTS = ("500", "502", "503", "reset", "lost", "hang", "garbage")
"""`lost` and `garbage` come after the work was done, and billed; the others instead of it."""


@dataclass(frozen=True)
class Config:
    """How the simulated vendor behaves. Times in seconds, shares and probabilities from 0 to 1.

    `service`: `{"kind": "fixed", "s"}` or `{"kind": "lognormal", "mean_s", "sigma"}`.
    `slow_fraction` of the tasks take `slow_factor` times as long. `half_capacity`: from when to
    when, after the first submit, only half of the slots serve. `rate_limit_per_s`: calls in any
    one second. `faults`: by kind of call, the probability of each of FAULTS; a hang ends after
    `hang_s`. `forgotten`: the share of results that are NotExist when fetched, for each image
    once at most. `failing`: digests of images that end in Error. `token_life_s` is true,
    `token_claims_s` is what is said. `account_after`: calls that the credits pay for.
    `state`: a file that outlives the process.
    """

    capacity: int = 64
    service: Mapping[str, Any] = field(default_factory=lambda: {"kind": "fixed", "s": 0.0})
    slow_fraction: float = 0.0
    slow_factor: float = 10.0
    half_capacity: tuple[float, float] | None = None
    rate_limit_per_s: int | None = None
    faults: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    hang_s: float = 2.0
    forgotten: float = 0.0
    failing: tuple[str, ...] = ()
    guid_format: Literal["bare", "quoted", "mixed"] = "bare"
    token_life_s: float = 3600.0
    token_claims_s: float = 3600.0
    holds: bool = False
    account_after: int | None = None
    seed: int = 0
    state: str | None = None
    port: int = 0

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Check the names; a misspelled fault would never strike."""
        unknown = set(given) - {known.name for known in fields(cls)}
        unknown |= {name for faults in given.get("faults", {}).values() for name in faults} - {
            *FAULTS
        }
        if unknown:
            raise ValueError(f"the simulator knows no {sorted(unknown)}")
        return cls(**given)


@dataclass(slots=True, eq=False)
class Task:
    """One submission. Times are those of the loop; `key` tells equal submissions."""

    id: str
    key: str
    digest: str
    entries: int
    service_s: float
    submitted_s: float
    state: Literal["queued", "running", "done", "cancelled"] = "queued"
    forgotten: bool = False
    acknowledged: bool = False
    ready_s: float | None = None
    fetched_s: float | None = None
    ended: asyncio.Event | None = None


class Draws:
    """Service times in the order of submission, the same for every run with one seed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._rng = random.Random(config.seed)

    def next_s(self) -> float:
        """The next task's service time."""
        service, rng = self._config.service, self._rng
        drawn_s = float(service.get("s", 0.0))
        if service["kind"] == "lognormal":
            sigma = service["sigma"]
            drawn_s = rng.lognormvariate(math.log(service["mean_s"]) - sigma**2 / 2, sigma)
        slow = rng.random() < self._config.slow_fraction
        return drawn_s * (self._config.slow_factor if slow else 1.0)


class Slots:
    """Parallel service, first come first served.

    A task starts at the instant at which its slot became free, not at the one at which the
    loop noticed, so that the delays of timers do not add up.
    """

    def __init__(self, config: Config, loop: asyncio.AbstractEventLoop) -> None:
        self._config = config
        self._loop = loop
        self._queue: deque[Task] = deque()
        self._running: list[tuple[float, int, Task]] = []
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None
        self._limit = config.capacity
        self._opened = False

    def add(self, task: Task) -> None:
        """Queue a task."""
        if not self._opened:
            self._opened = True
            self._plan_half_capacity(task.submitted_s)
        self._queue.append(task)
        self._start(task.submitted_s)

    def _plan_half_capacity(self, first_s: float) -> None:
        if self._config.half_capacity is not None:
            begins_s, ends_s = (first_s + after_s for after_s in self._config.half_capacity)
            half = max(1, self._config.capacity // 2)
            self._loop.call_at(begins_s, self._set_limit, half, begins_s)
            self._loop.call_at(ends_s, self._set_limit, self._config.capacity, ends_s)

    def _set_limit(self, limit: int, at_s: float) -> None:
        self._limit = limit
        self._start(at_s)

    def _start(self, at_s: float) -> None:
        while self._queue and len(self._running) < self._limit:
            task = self._queue.popleft()
            if task.state == "cancelled":
                continue
            began_s = max(at_s, task.submitted_s)
            if task.service_s <= 0:
                self._finish(task, began_s)
                continue
            task.state = "running"
            self._number += 1
            heapq.heappush(self._running, (began_s + task.service_s, self._number, task))
        self._set_timer()

    def _set_timer(self) -> None:
        due_s = self._running[0][0] if self._running else None
        if self._timer is not None:
            if self._timer.when() == due_s:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(due_s, self._tick) if due_s is not None else None

    def _tick(self) -> None:
        self._timer = None
        now_s = self._loop.time()
        while self._running and self._running[0][0] <= now_s:
            ready_s, _, task = heapq.heappop(self._running)
            self._finish(task, ready_s)
            self._start(ready_s)
        self._set_timer()

    def _finish(self, task: Task, ready_s: float) -> None:
        if task.state != "cancelled":
            task.state, task.ready_s = "done", ready_s
        if task.ended is not None:
            task.ended.set()

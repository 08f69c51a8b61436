"""Discrete-event simulation of polling policies against a metered submit-and-poll service.

Server: ``capacity`` tasks in parallel, the rest queue (FIFO, LIFO or random order).
Client: at most ``outstanding`` tasks submitted and not yet fetched, ``connections`` submits
and polls at a time each, a network round trip per call, a few milliseconds of event loop.
The oracle fetches each result the instant it is ready, without a network.
"""

import heapq
import json
import math
from collections import deque
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Protocol

from ocr_frames.engine.polling import Latencies, Poller, PollPolicy
from tests.benchmarks.poll_scenarios import Scenario


class Polling(Protocol):
    def submitted(self, task: int, now_s: float) -> None: ...
    def next_poll(self, now_s: float, *, slots_wanted: bool) -> tuple[Any, float]: ...
    def answered(self, task: int, now_s: float, ready: bool) -> None: ...


@dataclass
class Result:
    makespan_s: float
    calls: int
    late_s: list[float] = field(default_factory=list)
    worst_polls: int = 0
    poller: Any = None
    least_gap_s: float = math.inf
    trace: list[tuple[float, int, bool]] = field(default_factory=list)


class Server:
    def __init__(self, scenario: Scenario, rng: Random) -> None:
        self.scenario, self.rng = scenario, rng
        self.queue: deque[int] = deque()
        self.busy = 0

    def capacity(self, now: float) -> int:
        for start, end, share in self.scenario.bursts:
            if start <= now < end:
                return max(0, int(self.scenario.capacity * share))
        return self.scenario.capacity

    def take(self) -> int:
        order = self.scenario.order
        if order == "fifo":
            return self.queue.popleft()
        if order == "lifo":
            return self.queue.pop()
        at = self.rng.randrange(len(self.queue))
        self.queue[at], self.queue[-1] = self.queue[-1], self.queue[at]
        return self.queue.pop()


def run(  # noqa: C901, PLR0912 - one branch per kind of event
    scenario: Scenario, seed: int, poller: Polling | None
) -> Result:
    """One run; ``poller`` None is the oracle."""
    sc = scenario
    rng = Random(seed)
    services = [sc.service(rng) for _ in range(sc.images)]
    net = Random(seed + 1_000_003)
    server = Server(sc, Random(seed + 7))
    events: list[tuple[float, int, str, int]] = []
    seq = 0

    def at(when: float, kind: str, task: int) -> None:
        nonlocal seq
        seq += 1
        heapq.heappush(events, (when, seq, kind, task))

    ready_at = [math.inf] * sc.images
    asked_at = [-math.inf] * sc.images
    polls = [0] * sc.images
    verdict: dict[int, bool] = {}
    next_image = outstanding = submitting = polling = fetched = 0
    calls = 0
    out = Result(0.0, 0, poller=poller)
    wake = math.inf
    for _, end, _ in sc.bursts:
        at(end, "capacity", -1)

    def start_work(now: float) -> None:
        while server.queue and server.busy < server.capacity(now):
            task = server.take()
            server.busy += 1
            at(now + services[task], "done", task)

    def submit(now: float) -> None:
        nonlocal next_image, outstanding, submitting, calls
        while (
            next_image < sc.images and outstanding < sc.outstanding and submitting < sc.connections
        ):
            outstanding += 1
            submitting += 1
            calls += 1
            at(now + net.uniform(*sc.rtt_s) / 2, "arrive", next_image)
            next_image += 1

    def ask(now: float) -> None:
        nonlocal polling, calls, wake
        if poller is None:
            return
        while polling < sc.connections:
            wanted = next_image < sc.images and outstanding >= sc.outstanding
            task, when = poller.next_poll(now, slots_wanted=wanted)
            if task is None:
                if when < math.inf:
                    assert when > now, (when, now)
                    late = when + net.uniform(0, sc.loop_s)
                    if wake <= now or late < wake:
                        wake = late
                        at(late, "wake", -1)
                return
            out.least_gap_s = min(out.least_gap_s, now - asked_at[task])
            asked_at[task] = now
            polls[task] += 1
            calls += 1
            polling += 1
            at(now + net.uniform(*sc.rtt_s) / 2, "asked", task)

    now = 0.0
    submit(now)
    while fetched < sc.images:
        if not events:
            raise RuntimeError(f"{sc.name}: deadlock at {now:.1f} s, {fetched} fetched")
        now, _, kind, task = heapq.heappop(events)
        if now > 1e6:
            raise RuntimeError(f"{sc.name}: no end")
        if kind == "arrive":
            server.queue.append(task)
            start_work(now)
            at(now + net.uniform(*sc.rtt_s) / 2, "accepted", task)
        elif kind == "accepted":
            submitting -= 1
            if poller is not None:
                poller.submitted(task, now)
        elif kind == "done":
            server.busy -= 1
            ready_at[task] = now
            start_work(now)
            if poller is None:
                outstanding -= 1
                fetched += 1
                calls += 1
        elif kind == "capacity":
            start_work(now)
        elif kind == "asked":
            verdict[task] = ready_at[task] <= now
            at(now + net.uniform(*sc.rtt_s) / 2, "answered", task)
        elif kind == "answered":
            assert poller is not None
            polling -= 1
            ready = verdict[task]
            poller.answered(task, now, ready)
            out.trace.append((now, task, ready))
            if ready:
                outstanding -= 1
                fetched += 1
                out.late_s.append(now - ready_at[task])
        submit(now)
        ask(now)
    out.makespan_s, out.calls, out.worst_polls = now, calls, max(polls)
    return out


def warm_for(sc: Scenario, seed: int, policy: PollPolicy) -> Latencies | None:
    """What an earlier run against the same endpoint left behind."""
    if not sc.warm_images:
        return None
    earlier = replace(
        sc,
        images=sc.warm_images,
        bursts=(),
        mean_s=sc.warm_mean_s or sc.mean_s,
        outstanding=sc.warm_outstanding or sc.outstanding,
    )
    poller: Poller[int] = Poller(policy)
    run(earlier, seed + 5000, poller)
    return Latencies.from_dict(json.loads(json.dumps(poller.known().to_dict())))


def ours(sc: Scenario, seed: int, policy: PollPolicy | None = None) -> Poller[int]:
    policy = replace(policy or PollPolicy(), floor_s=sc.floor_s)
    return Poller(policy, warm_for(sc, seed, policy))


def lone(service_s: float, known: Latencies | None, policy: PollPolicy) -> tuple[float, int]:
    """(seconds late, calls) of a single image."""
    sc = Scenario("lone", images=1, mean_s=service_s, sigma=1e-9)
    got = run(sc, 1, Poller(policy, known))
    return got.late_s[0], got.calls

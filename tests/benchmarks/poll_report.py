"""The table of what polling costs, ours beside fixed intervals and a rate steered by its hits.

python -m tests.benchmarks.poll_report              every scenario, median of 9 seeds
python -m tests.benchmarks.poll_report --seeds 3 --only A,B --baselines
"""

import argparse
import heapq
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from ocr_frames.engine import polling
from ocr_frames.engine.polling import Poller, PollPolicy
from tests.benchmarks.poll_scenarios import SCENARIOS, Scenario
from tests.benchmarks.poll_simulation import Polling, lone, ours, run, warm_for


class FixedInterval:
    """Each task is asked every ``interval_s`` seconds, on its own."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self.heap: list[tuple[float, int]] = []

    def submitted(self, task: int, now_s: float) -> None:
        heapq.heappush(self.heap, (now_s + self.interval_s, task))

    def next_poll(self, now_s: float, *, slots_wanted: bool) -> tuple[int | None, float]:
        if not self.heap:
            return None, math.inf
        if self.heap[0][0] > now_s:
            return None, self.heap[0][0]
        return heapq.heappop(self.heap)[1], now_s

    def answered(self, task: int, now_s: float, ready: bool) -> None:
        if not ready:
            heapq.heappush(self.heap, (now_s + self.interval_s, task))


class HitRatio:
    """A poll rate steered by its own hit ratio, oldest outstanding task first."""

    def __init__(
        self, up: float, down: float = 0.85, rate: float = 10.0, floor_s: float = 1.0
    ) -> None:
        self.up, self.down, self.rate, self.floor_s = up, down, rate, floor_s
        self.idle: list[int] = []  # numbered by age
        self.resting: list[tuple[float, int]] = []
        self.next_at = 1.0

    def submitted(self, task: int, now_s: float) -> None:
        heapq.heappush(self.idle, task)

    def next_poll(self, now_s: float, *, slots_wanted: bool) -> tuple[int | None, float]:
        while self.resting and self.resting[0][0] <= now_s:
            heapq.heappush(self.idle, heapq.heappop(self.resting)[1])
        if now_s < self.next_at:
            return None, self.next_at
        if not self.idle:
            return None, self.resting[0][0] if self.resting else math.inf
        self.next_at = max(self.next_at, now_s - 0.05) + 1 / self.rate
        return heapq.heappop(self.idle), now_s

    def answered(self, task: int, now_s: float, ready: bool) -> None:
        self.rate = min(1e4, max(2.0, self.rate * (self.up if ready else self.down)))
        if not ready:
            heapq.heappush(self.resting, (now_s + self.floor_s, task))


Maker = Callable[[Scenario, int], Polling]

BASELINES: dict[str, Maker] = {
    "fixed 1.5 s": lambda sc, seed: FixedInterval(1.5),
    "hit 1.05/0.85": lambda sc, seed: HitRatio(1.05, floor_s=sc.floor_s),
    "hit 1.08/0.85": lambda sc, seed: HitRatio(1.08, floor_s=sc.floor_s),
}


def measure(sc: Scenario, seeds: int, make: Maker) -> dict[str, float]:
    rows = []
    for seed in range(seeds):
        oracle = run(sc, seed, None)
        got = run(sc, seed, make(sc, seed))
        rows.append(
            (
                got.makespan_s / oracle.makespan_s,
                got.calls / sc.images,
                statistics.mean(got.late_s),
                got.makespan_s - oracle.makespan_s,
                got.worst_polls,
                oracle.makespan_s,
            )
        )
        assert got.least_gap_s >= sc.floor_s or isinstance(got.poller, FixedInterval)
    names = ("ratio", "calls", "late", "extra", "worst_polls", "oracle")
    out = {name: statistics.median(r[i] for r in rows) for i, name in enumerate(names)}
    out["ratio_max"] = max(r[0] for r in rows)
    out["calls_max"] = max(r[1] for r in rows)
    return out


def lone_table(seeds: int) -> None:
    policy = PollPolicy()
    print("\nD, one image alone, cold: seconds late / calls")
    for service in (0.5, 0.7, 1, 1.4, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10):
        late, asked = lone(service, None, policy)
        mark = "" if late <= max(1, 0.35 * service) + 0.03 else f"  > {max(1, 0.35 * service):.2f}"
        print(f"  {service:5.1f} s: {late:5.2f} / {asked}{mark}")
    print("D, one image alone, warm: median late, calls: median, 90 %, mean")
    for mean in (0.5, 1, 2, 3, 4, 5, 7, 10):
        for label, sc in (
            (
                "uncrowded",
                Scenario("w", images=1, mean_s=mean, warm_images=500, warm_outstanding=16),
            ),
            ("crowded", Scenario("w", images=1, mean_s=mean, warm_images=500)),
        ):
            lates: list[float] = []
            calls: list[int] = []
            for seed in range(seeds):
                known = warm_for(sc, seed, policy)
                for draw in range(60):
                    got = run(replace(sc, warm_images=0), 1000 * seed + draw, Poller(policy, known))
                    lates.append(got.late_s[0])
                    calls.append(got.calls)
            calls.sort()
            print(
                f"  mean {mean:4.1f} s, known from {label:9}: {statistics.median(lates):5.2f} late;"
                f" calls {statistics.median(calls):.0f}, {calls[len(calls) * 9 // 10]},"
                f" {statistics.mean(calls):.2f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=9)
    parser.add_argument("--only", default="")
    parser.add_argument("--baselines", action="store_true")
    parser.add_argument("--no-lone", action="store_true")
    parser.add_argument(
        "--set", default="", help="hits_queued=0.9,STREAK=3: of PollPolicy or polling"
    )
    args = parser.parse_args()
    changed = {k: float(v) for k, v in (pair.split("=") for pair in args.set.split(",") if pair)}
    for name in [name for name in changed if name.isupper()]:
        setattr(polling, name, changed.pop(name))
    only = args.only.split(",") if args.only else list(SCENARIOS)
    policy = PollPolicy(**changed)
    makers: dict[str, Maker] = {"ours": lambda sc, seed: ours(sc, seed, policy)}
    if args.baselines:
        makers |= BASELINES
    head = "".join(f"{name:>26}" for name in makers)
    print(
        f"{'makespan x oracle / calls per image':42}{head}"
        "   ours: late, s over, most polls, worst seed"
    )
    for key in only:
        sc = SCENARIOS[key]
        cells, first = "", None
        for make in makers.values():
            m = measure(sc, args.seeds, make)
            first = first or m
            cells += f"{m['ratio']:>18.3f} / {m['calls']:.2f}"
        assert first
        print(
            f"{key:7}{sc.name:35}{cells}   {first['late']:5.2f} {first['extra']:5.1f}"
            f" {first['worst_polls']:3.0f}  {first['ratio_max']:.3f} / {first['calls_max']:.2f}",
            flush=True,
        )
    if not args.no_lone:
        lone_table(args.seeds)


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(f"({time.perf_counter() - started:.0f} s)")

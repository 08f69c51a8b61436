"""The engine beside an oracle, the vendor's own ways and a bare loop, in the same run.

Waiting costs no machine, so runs that mostly wait are measured side by side, each against a
simulated vendor of its own; runs that keep the machine busy come one after the other.
"""

import statistics
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.children import Child
from tests.adapters.oracle import makespan_s
from tests.adapters.simulated import Simulated, several, simulated
from tests.benchmarks import yardsticks

pytestmark = pytest.mark.benchmark
REPEATS = 3
COUNT, CAPACITY, OUTSTANDING = 2000, 64, 256
AT_ONCE = {"kind": "fixed", "s": 0.0}
TWO_S = {"kind": "lognormal", "mean_s": 2.0, "sigma": 0.5}
MEGABYTE = 2**20


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print past pytest's capture."""

    def saying(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="", flush=True)

    return saying


def measured(function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    """The figures of a yardstick in a process of its own."""
    ended = Child(function, *arguments, warm=False).ended()
    assert ended.error is None, ended.error
    return ended.value


def median(rows: Iterable[dict[str, float]]) -> dict[str, float]:
    """The median of each figure."""
    listed = list(rows)
    return {name: statistics.median(row[name] for row in listed) for name in listed[0]}


def told(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in figures.items())


def options(vendor: Simulated, ledger: Path, **more: Any) -> dict[str, Any]:
    return {
        "endpoint": vendor.endpoint,
        "ledger": ledger,
        "max_outstanding": OUTSTANDING,
        **more,
    }


def against_the_oracle(
    vendor: Simulated, run: Callable[[], Any], **config: Any
) -> dict[str, float]:
    """Run against a new vendor; its time as a multiple of the oracle's, its calls per image."""
    vendor.reset(capacity=CAPACITY, service=TWO_S, **config)
    figures = run()
    stats = vendor.stats()
    assert stats["submitted"] == COUNT
    best_s = makespan_s(stats["service_s"], CAPACITY, OUTSTANDING, config.get("half_capacity"))
    return {
        "of the oracle": figures["seconds"] / best_s,
        "calls per image": sum(stats["calls"].values()) / COUNT,
        "seconds": figures["seconds"],
        "oracle": best_s,
    }


def repeated(folder: Path, *, seen: int = 0, **config: Any) -> dict[str, dict[str, float]]:
    """The engine REPEATS times with different draws, and the seeds' loop once, side by side.

    `seen`: results that each ledger has from this endpoint before.
    """

    def ours(vendor: Simulated, number: int) -> dict[str, float]:
        ledger = folder / f"{number}.sqlite"
        if seen:
            vendor.reset(capacity=CAPACITY, service=TWO_S, seed=100 + number)
            measured(yardsticks.ours, (seen, 100, 100 + number), options(vendor, ledger))
        images = (COUNT, 100, number)
        return against_the_oracle(
            vendor,
            lambda: measured(yardsticks.ours, images, options(vendor, ledger)),
            seed=number,
            **config,
        )

    def seeds(vendor: Simulated) -> dict[str, float]:
        arguments = (vendor.url, (COUNT, 100, 0), 64, 1.5)
        return against_the_oracle(
            vendor, lambda: measured(yardsticks.seeds_loop, *arguments), seed=0, **config
        )

    with several(REPEATS + 1) as vendors, ThreadPoolExecutor(REPEATS + 1) as pool:
        beside = pool.submit(seeds, vendors[0])
        rows = list(pool.map(ours, vendors[1:], range(REPEATS)))
        return {"ours": median(rows), "seeds' loop": beside.result()}


@pytest.mark.parametrize(
    ("name", "config", "most", "most_calls"),
    [
        ("empty ledger", {}, 1.06, 2.35),
        ("ledger that has seen 500 results", {"seen": 500}, 1.05, 2.25),
        ("capacity halves for 20 s", {"half_capacity": (20.0, 40.0)}, 1.10, 2.6),
        ("5 % ten times slower", {"slow_fraction": 0.05}, 1.10, 2.6),
    ],
    ids=["cold", "warm", "bursts", "slow"],
)
def test_two_thousand_images(say, tmp_path, name, config, most, most_calls):
    figures = repeated(tmp_path, **config)
    say(f"2,000 images, {name}")
    for who, row in figures.items():
        say(f"{who:>12}: {told(row)}")
    ours = figures["ours"]
    assert ours["of the oracle"] <= most
    assert ours["calls per image"] <= most_calls


def per_image(figures: dict[str, Any]) -> dict[str, float]:
    return {
        "ms of CPU per image": figures["cpu_s"] / COUNT * 1000,
        "images/s": COUNT / figures["seconds"],
    }


def test_a_vendor_without_latency(say, tmp_path):
    """What the client itself costs; warm is a ledger that knows the endpoint from a run before."""
    images = (COUNT, 50_000)
    rows: dict[str, list[dict[str, float]]] = {
        name: [] for name in ("bare loop", "vendor's SDK, 32 threads", "ours, cold", "ours, warm")
    }
    with simulated() as vendor:
        for number in range(REPEATS):
            ledger = tmp_path / f"{number}.sqlite"
            runs = (
                (yardsticks.seeds_loop, vendor.url, (*images, 0), 32, 0.0),
                (yardsticks.vendors_sdk, vendor.url, (*images, 0), 32),
                (yardsticks.ours, (*images, 1), options(vendor, ledger)),
                (yardsticks.ours, (*images, 2), options(vendor, ledger)),
            )
            for name, run in zip(rows, runs, strict=True):
                vendor.reset()
                rows[name].append(per_image(measured(*run)))
    say(f"2,000 images of 50 KB, no latency, median of {REPEATS}")
    medians = {name: median(listed) for name, listed in rows.items()}
    for name, row in medians.items():
        say(f"{name:>24}: {told(row)}")
    assert medians["ours, cold"]["ms of CPU per image"] <= 1.0
    assert medians["ours, warm"]["ms of CPU per image"] <= 1.0
    assert medians["ours, warm"]["images/s"] >= 1000


def test_a_rerun_of_known_files(say, tmp_path):
    count = 100_000
    yardsticks.write_files(tmp_path, count)
    with simulated() as vendor:
        chosen = options(vendor, tmp_path / "ledger.sqlite")
        first = measured(yardsticks.ours_on_files, str(tmp_path), count, chosen)
        calls = vendor.stats()["calls"]
        again = [
            measured(yardsticks.ours_on_files, str(tmp_path), count, chosen)["seconds"]
            for _ in range(REPEATS)
        ]
        assert vendor.stats()["calls"] == calls
    rows_per_s = count / statistics.median(again)
    say(f"rerun of 100,000 known files: {rows_per_s:,.0f} rows/s; the first run, ")
    say(f"{count / first['seconds']:,.0f} rows/s, {first['cpu_s'] / count * 1000:.3f} ms of CPU")
    assert rows_per_s >= 20_000


def test_memory_does_not_grow_with_the_rows(say, tmp_path):
    peaks = {}
    for count in (10_000, 200_000):
        with simulated() as vendor:
            chosen = options(vendor, tmp_path / f"{count}.sqlite")
            figures = measured(yardsticks.streamed, count, chosen)
        peaks[count] = figures["peak_bytes"] / MEGABYTE
        say(f"{count:,} rows: peak {peaks[count]:.1f} MB, {count / figures['seconds']:,.0f} rows/s")
    assert peaks[200_000] - peaks[10_000] <= 30


@pytest.mark.parametrize("service", [AT_ONCE, TWO_S], ids=["at once", "after 2 s"])
def test_a_vendor_that_allows_twenty_calls_per_second(say, tmp_path, service):
    allowed, count = 20, 1000
    with simulated(capacity=CAPACITY, service=service, rate_limit_per_s=allowed) as vendor:
        chosen = options(vendor, tmp_path / "ledger.sqlite")
        figures = measured(yardsticks.ours, (count, 100, 0), chosen)
        stats = vendor.stats()
    seconds = stats["seconds"]
    used = sum(passed for passed, _ in seconds) / (allowed * figures["seconds"])
    later = seconds[10:]
    refused = sum(no for _, no in later) / max(1, sum(yes + no for yes, no in later))
    first = sum(passed for passed, _ in seconds[:10]) / (allowed * 10)
    say(f"20 calls/s allowed: {used:.1%} used over {figures['seconds']:.1f} s, ")
    say(f"{first:.1%} in the first 10 s, last 10 s: {[passed for passed, _ in seconds[-10:]]}, ")
    say(f"{refused:.2%} of calls answered 429 after the first 10 s, {stats['throttled']} in all, ")
    say(f"{sum(stats['calls'].values()) / count:.2f} calls per image")
    assert used >= 0.9
    assert refused < 0.02


def alone(vendor: Simulated, ledger: Path, number: int) -> dict[str, float]:
    """One image to an idle vendor: how late its answer came, and how often it was asked for."""
    before = vendor.stats()
    measured(yardsticks.ours, (1, 100, 1000 + number), options(vendor, ledger))
    stats = vendor.stats()
    late_s = stats["fetched_s"][-1] - stats["ready_s"][-1]
    asks = stats["calls"]["fetch"] - before["calls"]["fetch"]
    return {"late_s": late_s, "asks": asks, "service_s": stats["service_s"][-1]}


def test_one_image_alone_cold(say, tmp_path):
    """At most the longer of 1 s and 35 % of the service time late, asked for at most 6 times."""
    services = (0.5, 1.0, 1.6, 2.5, 4.0, 6.0, 8.0, 10.0)

    def run(vendor: Simulated, service_s: float) -> dict[str, float]:
        vendor.reset(service={"kind": "fixed", "s": service_s})
        return alone(vendor, tmp_path / f"{service_s}.sqlite", 0)

    with several(len(services)) as vendors, ThreadPoolExecutor(len(services)) as pool:
        rows = list(pool.map(run, vendors, services))
    for row in rows:
        say(f"one image, cold: {told(row)}")
    assert all(row["late_s"] <= max(1.0, 0.35 * row["service_s"]) for row in rows)
    assert all(row["asks"] <= 6 for row in rows)


def test_one_image_alone_warm(say, tmp_path):
    """At most 0.7 s late in the median, asked for at most 4 times."""
    means, singles = (0.6, 2.0, 6.0), 12

    def run(vendor: Simulated, mean_s: float) -> list[dict[str, float]]:
        vendor.reset(capacity=CAPACITY, service=TWO_S | {"mean_s": mean_s})
        ledger = tmp_path / f"{mean_s}.sqlite"
        measured(yardsticks.ours, (500, 100, 0), options(vendor, ledger))
        return [alone(vendor, ledger, number) for number in range(singles)]

    with several(len(means)) as vendors, ThreadPoolExecutor(len(means)) as pool:
        rows = [row for listed in pool.map(run, vendors, means) for row in listed]
    for row in rows:
        say(f"one image, warm: {told(row)}")
    assert statistics.median(row["late_s"] for row in rows) <= 0.7
    assert statistics.median(row["asks"] for row in rows) <= 4

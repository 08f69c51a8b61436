"""What the server itself costs: images of 1 KB, an engine that does nothing, one core.

Beside it, in the same run, an aiohttp application that reads bodies and answers constants.
"""

import asyncio
import os
import statistics
from pathlib import Path

import psutil
import pytest

from tests.adapters.contract import answered, verify
from tests.adapters.serving import Serving, token
from tests.benchmarks import loads

pytestmark = pytest.mark.benchmark

COUNT = 5000
AT_ONCE = 32
CLIENTS, ROUNDS, TAKES_S = 200, 10, 1.0
REPEATS = 3


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]):
    def say(line: str) -> None:
        with capsys.disabled():
            print(line)

    return say


@pytest.fixture
def core():
    """Keep the load off the processor that the server has for itself; which one that is."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[1:] or cores)
    yield cores[0]
    os.sched_setaffinity(0, cores)


def orders(folder: Path):
    return {
        "bare aiohttp": {"bare": True},
        "embedded": {"config": {"check_images": False}},
        "in memory": {},
        "on disk": {"config": {"data": str(folder)}},
    }


def cpu_s(server: Serving) -> float:
    used = psutil.Process(server.process.pid).cpu_times()
    return used.user + used.system


def costs(core: int, order) -> dict[str, float]:
    """Calls per second of the server's processor time; recognition and its end are submits'."""
    with Serving(core=core, **order) as server:
        ids, _ = asyncio.run(loads.submits(server.url, AT_ONCE * 10, AT_ONCE))
        asyncio.run(loads.fetches(server.url, ids, AT_ONCE))
        began_s = cpu_s(server)
        ids, submit_s = asyncio.run(loads.submits(server.url, COUNT, AT_ONCE))
        acknowledged_s = cpu_s(server)
        asyncio.run(loads.fetches(server.url, ids[-1:], 1))
        ended_s = cpu_s(server)
        fetch_s = asyncio.run(loads.fetches(server.url, ids, AT_ONCE))
        fetched_s = cpu_s(server)
    return {
        "submits per CPU second": COUNT / (acknowledged_s - began_s),
        "with recognition": COUNT / (ended_s - began_s),
        "fetches per CPU second": COUNT / (fetched_s - ended_s),
        "submits/s": COUNT / submit_s,
        "fetches/s": COUNT / fetch_s,
    }


def test_submits_and_fetches_on_one_core(say, core, tmp_path):
    rows: dict[str, list[dict[str, float]]] = {}
    for number in range(REPEATS):
        for name, order in orders(tmp_path / str(number)).items():
            rows.setdefault(name, []).append(costs(core, order))
    say(f"\n{COUNT:,} images of 1 KB, {AT_ONCE} at once, median of {REPEATS}")
    medians = {
        name: {what: statistics.median(row[what] for row in listed) for what in listed[0]}
        for name, listed in rows.items()
    }
    for name, row in medians.items():
        say(f"{name:>14}: " + ", ".join(f"{what} {value:,.0f}" for what, value in row.items()))
    durable = medians["on disk"]
    assert durable["submits per CPU second"] >= 1500
    assert durable["fetches per CPU second"] >= 4000
    assert medians["embedded"]["with recognition"] >= 1500


def test_two_hundred_clients_wait(say, core, tmp_path):
    """Each submits and has its answer held, ten times; how much later than due it comes."""
    say(f"\n{CLIENTS} clients, each {ROUNDS} times: submit, wait for a task of {TAKES_S:g} s")
    percentiles = {}
    null = {"workers": CLIENTS, "takes_s": TAKES_S}
    for name, order in orders(tmp_path).items():
        with Serving(core=core, null=null, **order) as server:
            late = asyncio.run(loads.held(server.url, CLIENTS, ROUNDS, TAKES_S))
        percentiles[name] = late[int(len(late) * 0.99)]
        middle = statistics.median(late)
        say(f"{name:>14}: {middle * 1000:.1f} ms in the median, ")
        say(f"{percentiles[name] * 1000:>16.1f} ms at the 99th percentile, both calls together")
    assert percentiles["on disk"] <= 0.1


def test_the_document_is_true_at_length(say, tmp_path):
    with Serving(config={"trial_per_minute": 1e6}) as server:
        failures = verify(server.url, token(server.url), 100, tmp_path)
        statuses = answered(server.url)
    say(f"\nschemathesis: {statuses.total():,} requests, {dict(sorted(statuses.items()))}")
    assert failures == ""
    assert statuses.total() >= 2000
    assert [status for status in statuses if status >= "500"] == []

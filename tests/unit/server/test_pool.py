"""Real worker processes around recognizers that go wrong."""

import asyncio
import os
from multiprocessing.connection import Listener

import psutil
import pytest

from ocr_frames.server.config import PoolConfig
from ocr_frames.server.cores import share, usable_cores
from ocr_frames.server.pool import Pool
from ocr_frames.settings import RecognitionSettings
from tests.adapters.faulty import BEACON, UNLUCKY_WIDTH, Treacherous
from tests.unit.server.drawing import sized

SETTINGS = RecognitionSettings()
UNLUCKY = sized(UNLUCKY_WIDTH)
WAIT_S = 20


@pytest.fixture
def make_pool():
    pools = []

    def make(name, **options):
        options = {"workers": 1, "task_limit_s": 60.0, **options}
        pools.append(Pool(PoolConfig(recognizer=f"tests.adapters.faulty:{name}", **options)))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
def beacon(monkeypatch, tmp_path):
    """Where a hanging worker tells its process id."""
    with Listener(str(tmp_path / "beacon")) as listener:
        monkeypatch.setenv(BEACON, listener.address)

        def hanging():
            with listener.accept() as worker:
                return worker.recv()

        yield hanging


def text(recognition):
    assert recognition.messages == ()
    return recognition.results[0].data.decode()


async def test_each_fault_costs_one_task_and_the_others_complete(make_pool):
    pool = make_pool("Treacherous", workers=2, task_limit_s=2.0, memory_limit=2 << 30)
    expected = [fault for fault, _ in Treacherous.FAULTS]

    async def both(height):
        unlucky, lucky = sized(UNLUCKY_WIDTH, height), sized(50, height)
        return await asyncio.gather(*(pool.recognize(one, SETTINGS) for one in (unlucky, lucky)))

    ends = await asyncio.gather(*(both(number + 1) for number in range(len(expected))))

    for number, (failed, well) in enumerate(ends):
        (message,) = failed.messages
        assert expected[number] in message
        assert text(well) == f"50 x {number + 1}"


async def test_a_bug_costs_one_task_and_tells_nothing_of_the_text(make_pool, capfd):
    failed = await make_pool("Reading").recognize(UNLUCKY, SETTINGS)

    assert failed.messages == ("recognition failed on this image (KeyError)",)
    told = capfd.readouterr().err
    assert "recognition failed with KeyError at faulty.py:" in told
    assert "the text of the image" not in told


async def test_a_worker_killed_at_work_costs_its_task(make_pool, beacon):
    pool = make_pool("Hanging", workers=2)
    hanging = asyncio.ensure_future(pool.recognize(UNLUCKY, SETTINGS))
    others = [asyncio.ensure_future(pool.recognize(sized(20 + n), SETTINGS)) for n in range(4)]

    psutil.Process(await asyncio.to_thread(beacon)).kill()

    assert (await hanging).messages == ("recognition crashed on this image",)
    assert [text(await other) for other in others] == [f"{20 + n} x 20" for n in range(4)]


async def test_idle_workers_may_be_killed(make_pool):
    pool = make_pool("Reading")
    await pool.ready()
    workers = [
        child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())
    ]
    for worker in workers:
        worker.kill()
        # seen dead, but left for the pool to find
        await asyncio.to_thread(os.waitid, os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)

    assert text(await pool.recognize(sized(50), SETTINGS)) == "50 x 20"


async def test_a_cancelled_task_frees_its_worker(make_pool, beacon):
    pool = make_pool("Hanging")
    hanging = asyncio.ensure_future(pool.recognize(UNLUCKY, SETTINGS))
    worker = psutil.Process(await asyncio.to_thread(beacon))

    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging

    assert text(await pool.recognize(sized(50), SETTINGS)) == "50 x 20"
    assert psutil.wait_procs([worker], timeout=WAIT_S)[1] == []


async def test_a_cancelled_task_that_waits_is_not_begun(make_pool, beacon):
    pool = make_pool("Hanging", task_limit_s=1.0)
    hanging = asyncio.ensure_future(pool.recognize(UNLUCKY, SETTINGS))
    await asyncio.to_thread(beacon)
    waiting = [asyncio.ensure_future(pool.recognize(UNLUCKY, SETTINGS)) for _ in range(3)]
    last = asyncio.ensure_future(pool.recognize(sized(50), SETTINGS))

    for task in waiting:
        task.cancel()

    assert "took longer than 1 s" in (await hanging).messages[0]
    assert text(await last) == "50 x 20"
    assert all(task.cancelled() for task in waiting)


async def test_workers_are_replaced_after_their_share(make_pool):
    pool = make_pool("Counting", max_tasks=2)

    workers = [text(await pool.recognize(sized(20), SETTINGS)) for _ in range(3)]

    assert workers[0] == workers[1] != workers[2]


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is not told")  # noqa: PTH110
async def test_a_worker_that_grows_is_replaced_in_time(make_pool):
    """Its limit of 1 GiB is reached with the fifth image; half of it with the second."""
    pool = make_pool("Leaking", memory_limit=1 << 30)

    workers = [text(await pool.recognize(sized(20), SETTINGS)) for _ in range(6)]

    assert max(workers.count(worker) for worker in workers) <= 3


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs affinity")
async def test_workers_keep_to_their_share_of_the_processors(make_pool):
    pool = make_pool("Placed", workers=2)

    read = await asyncio.gather(*(pool.recognize(sized(20), SETTINGS) for _ in range(2)))

    cores = usable_cores()
    assert sorted(map(text, read)) == sorted(
        f"{sorted(share(cores, number, 2))} 1" for number in range(2)
    )


async def test_ready_describes_the_engine(make_pool):
    description = await make_pool("Reading").ready()

    assert (description.name, description.languages) == ("faulty", {"English", "German"})
    assert description.chosen == "tests.adapters.faulty:Reading"


async def test_an_engine_that_cannot_start_is_told(make_pool):
    with pytest.raises(Exception, match="workers expired"):
        await make_pool("Unstartable").ready()

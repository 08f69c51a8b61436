"""Real worker processes around recognizers that go wrong."""

import asyncio
import os

import psutil
import pytest

from ocr_frames.server.config import PoolConfig
from ocr_frames.server.pool import Pool
from ocr_frames.settings import RecognitionSettings
from tests.unit.server.drawing import sized

SETTINGS = RecognitionSettings()
UNLUCKY = sized(13)


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


def text(recognition):
    return recognition.results[0].data.decode()


async def test_a_crash_costs_one_task(make_pool):
    pool = make_pool("Crashing")

    crashed, well = await asyncio.gather(
        pool.recognize(UNLUCKY, SETTINGS), pool.recognize(sized(50), SETTINGS)
    )

    assert crashed.messages == ("recognition crashed on this image",)
    assert text(well) == "50 x 20"


async def test_a_hang_costs_one_task(make_pool):
    pool = make_pool("Hanging", task_limit_s=1.0)

    hung, well = await asyncio.gather(
        pool.recognize(UNLUCKY, SETTINGS), pool.recognize(sized(50), SETTINGS)
    )

    assert hung.messages == ("recognition took longer than 1 s",)
    assert text(well) == "50 x 20"


async def test_a_bug_costs_one_task_and_tells_nothing_of_the_text(make_pool):
    failed = await make_pool("Reading").recognize(UNLUCKY, SETTINGS)

    assert failed.messages == ("recognition failed on this image (KeyError)",)


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


async def test_workers_are_replaced_after_their_share(make_pool):
    pool = make_pool("Reading", max_tasks=1)

    read = [text(await pool.recognize(sized(20 + n), SETTINGS)) for n in range(3)]

    assert read == ["20 x 20", "21 x 20", "22 x 20"]


async def test_ready_describes_the_engine(make_pool):
    description = await make_pool("Reading").ready()

    assert (description.name, description.languages) == ("faulty", {"English", "German"})


async def test_an_engine_that_cannot_start_is_told(make_pool):
    with pytest.raises(Exception, match="workers expired"):
        await make_pool("Unstartable").ready()

"""The bridge: the same work with and without a running loop."""

import asyncio

import pytest

from ocr_frames import bridge
from ocr_frames.bridge import run_sync


async def work() -> str:
    await asyncio.sleep(0)
    return "done"


async def fails() -> None:
    raise ValueError("broken")


def test_without_a_loop():
    assert run_sync(work()) == "done"
    with pytest.raises(ValueError, match="broken"):
        run_sync(fails())


async def test_inside_a_running_loop():
    assert run_sync(work()) == "done"
    with pytest.raises(ValueError, match="broken"):
        run_sync(fails())


def test_an_interrupt_inside_a_running_loop_stops_the_work(monkeypatch: pytest.MonkeyPatch):
    ended = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    def interrupted(futures, timeout=None):
        raise KeyboardInterrupt

    async def notebook() -> None:
        monkeypatch.setattr(bridge, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_sync(endless())

    asyncio.run(notebook())
    assert ended == [True]


async def test_a_cancelled_caller_stops_the_work():
    ended = []

    async def endless() -> None:
        try:
            caller.cancel()
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def calls() -> None:
        run_sync(endless())

    caller = asyncio.create_task(calls())
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended == [True]

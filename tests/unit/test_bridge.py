"""The bridge: the same work with and without a running loop."""

import asyncio

import pytest

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
    from concurrent.futures import Future

    ended = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    waited = Future.result

    def interrupted(future, timeout=None):
        if len(started) == 0:
            started.append(True)
            raise KeyboardInterrupt
        return waited(future, timeout)

    started: list[bool] = []

    async def notebook() -> None:
        monkeypatch.setattr(Future, "result", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_sync(endless())

    asyncio.run(notebook())
    assert ended == [True]

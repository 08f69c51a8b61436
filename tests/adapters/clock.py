"""A clock that jumps when everybody sleeps: no test waits."""

import asyncio
import heapq
import itertools
import math

_QUIET_TURNS = 12
"""Turns of the event loop without a new sleeper, after which all are taken to be asleep."""


class ManualClock:
    """Wakes the sleeper whose time comes first, once nothing else runs."""

    def __init__(self) -> None:
        self.time_s = 1000.0
        self.wall_offset_s = 1_800_000_000.0
        self.slept: list[float] = []
        self.busy = 0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._number = itertools.count()
        self._driver: asyncio.Task[None] | None = None

    def now_s(self) -> float:
        return self.time_s

    def wall_s(self) -> float:
        return self.wall_offset_s + self.time_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.wait(asyncio.Event(), seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        if seconds == math.inf:
            await event.wait()
            return
        woken = asyncio.Event()
        heapq.heappush(self._sleepers, (self.time_s + seconds, next(self._number), woken))
        if self._driver is None or self._driver.done():
            self._driver = asyncio.create_task(self._drive())
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(woken.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.set()
            for wait in waits:
                wait.cancel()

    async def _drive(self) -> None:
        while self._sleepers:
            await self._quiet()
            wakes_s, _, woken = heapq.heappop(self._sleepers)
            if not woken.is_set():
                self.time_s = max(self.time_s, wakes_s)
                woken.set()

    async def _quiet(self) -> None:
        """Wait for all others; the ledger's thread gets its time, too."""
        turns = 0
        while turns < _QUIET_TURNS:
            before = next(self._number)
            await asyncio.sleep(0)
            await asyncio.get_running_loop().run_in_executor(None, int)
            turns = turns + 1 if next(self._number) == before + 1 and not self.busy else 0

"""Time as a port: the engine asks a Clock, so that tests need not wait."""

import asyncio
import contextlib
import math
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now_s(self) -> float:
        """Monotonic time in seconds, from an arbitrary start."""
        ...

    def wall_s(self) -> float:
        """Seconds since the epoch, for what outlives the process."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Return when `event` is set, at the latest after `seconds`."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now_s(self) -> float:
        """See Clock."""
        return time.monotonic()

    def wall_s(self) -> float:
        """See Clock."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """See Clock."""
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """See Clock."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds if seconds < math.inf else None):
                await event.wait()

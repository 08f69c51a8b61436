"""A clock that jumps when it is asked to sleep: no test waits."""

import asyncio


class ManualClock:
    """Sleepers wake in the order of their times; time moves only when all are asleep."""

    def __init__(self) -> None:
        self.time_s = 1000.0
        self.slept: list[float] = []

    def now_s(self) -> float:
        return self.time_s

    def wall_s(self) -> float:
        return 1_800_000_000.0 + self.time_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        wakes_s = self.time_s + seconds
        # Let everybody else run first, so that who sleeps less wakes first.
        for _ in range(50):
            await asyncio.sleep(0)
        self.time_s = max(self.time_s, wakes_s)

"""The shortest a run can take: a client that costs nothing and fetches at the very instant."""

import heapq
from collections.abc import Sequence


def makespan_s(
    service_s: Sequence[float],
    capacity: int,
    max_outstanding: int,
    half_capacity: tuple[float, float] | None = None,
) -> float:
    """Seconds from the first submit to the last result.

    `service_s`: each task's service time, in the order of submission, as the simulator reports
    them. As every result makes place for the next submit at once, a free slot never waits while
    there is work. `half_capacity`: from when to when only half of the slots serve.
    """
    running: list[float] = []
    now_s = 0.0
    for needed_s in service_s:
        while len(running) >= _slots(now_s, capacity, max_outstanding, half_capacity):
            now_s = max(now_s, _next_change(now_s, running, half_capacity))
            while running and running[0] <= now_s:
                heapq.heappop(running)
        heapq.heappush(running, now_s + needed_s)
    return max(running, default=now_s)


def _slots(
    now_s: float, capacity: int, max_outstanding: int, half: tuple[float, float] | None
) -> int:
    halved = half is not None and half[0] <= now_s < half[1]
    return min(max(1, capacity // 2) if halved else capacity, max_outstanding)


def _next_change(now_s: float, running: list[float], half: tuple[float, float] | None) -> float:
    changes = [moment for moment in half or () if moment > now_s]
    return min([running[0], *changes] if running else changes)

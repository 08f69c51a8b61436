"""When to ask a server that holds its answer until the task has ended. Pure."""

import heapq
import itertools
import math
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

TaskT = TypeVar("TaskT", bound=Hashable)

_AGAIN_S = 1.0
"""Seconds before a task is asked about again, in case the server only says that it holds."""


class HoldingPoller(Generic[TaskT]):
    """Asks at once, the oldest task first. The same calls as `polling.Poller`."""

    def __init__(self) -> None:
        self._fresh: deque[TaskT] = deque()
        self._again: list[tuple[float, int, TaskT]] = []
        self._tasks: set[TaskT] = set()
        self._number = itertools.count()

    def submitted(self, task: TaskT, now_s: float) -> None:
        """See Poller."""
        self._tasks.add(task)
        self._fresh.append(task)

    def next_poll(self, now_s: float, *, slots_wanted: bool) -> tuple[TaskT | None, float]:
        """See Poller."""
        while self._again and self._again[0][2] not in self._tasks:
            heapq.heappop(self._again)
        if self._again and self._again[0][0] <= now_s:
            return heapq.heappop(self._again)[2], now_s
        while self._fresh:
            task = self._fresh.popleft()
            if task in self._tasks:
                return task, now_s
        return None, self._again[0][0] if self._again else math.inf

    def answered(self, task: TaskT, now_s: float, ready: bool) -> None:
        """See Poller."""
        if ready:
            self.forgotten(task)
        else:
            self.unanswered(task, now_s)

    def unanswered(self, task: TaskT, now_s: float) -> None:
        """See Poller; a task asked about before the server was seen to hold comes in here."""
        self._tasks.add(task)
        heapq.heappush(self._again, (now_s + _AGAIN_S, next(self._number), task))

    def forgotten(self, task: TaskT) -> None:
        """See Poller."""
        self._tasks.discard(task)

"""An event to wait for between two looks, which a test lets pass one by one."""

import queue
import threading

LONGEST_S = 30.0


class Ticks(threading.Event):
    """`wait` returns when the test says so by `tick`, or when the event is set."""

    def __init__(self) -> None:
        super().__init__()
        self.time_s = 0.0
        self._waits: queue.Queue[float] = queue.Queue()
        self._turns: queue.Queue[None] = queue.Queue()

    def wait(self, timeout: float | None = None) -> bool:
        self._waits.put(timeout or 0.0)
        self._turns.get(timeout=LONGEST_S)
        return self.is_set()

    def set(self) -> None:
        super().set()
        self._turns.put(None)

    def now_s(self) -> float:
        return self.time_s

    def tick(self) -> float:
        """Let the time pass that is waited for; return it once what it wakes has been done."""
        waited_s = self._waits.get(timeout=LONGEST_S)
        self.time_s += waited_s
        self._turns.put(None)
        self._waits.put(self._waits.get(timeout=LONGEST_S))
        return waited_s

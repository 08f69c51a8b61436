"""What a simulated vendor keeps account of: every call, every task, across its own crashes."""

import asyncio
import json
import os
import random
import uuid
from collections import Counter, deque
from typing import Any

from tests.adapters.simulation import Config, Draws, Slots, Task

KINDS = ("token", "submit", "fetch", "status", "cancel")


class Bill:
    """Every call, what became of it, and in which second since the first it came."""

    def __init__(self, limit_per_s: int | None) -> None:
        self._limit_per_s = limit_per_s
        self._passed_s: deque[float] = deque()
        self._first_s: float | None = None
        self.calls: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.seconds: list[list[int]] = []

    def admits(self, now_s: float) -> bool:
        """Whether the rate allows one more call now."""
        while self._passed_s and self._passed_s[0] <= now_s - 1.0:
            self._passed_s.popleft()
        admitted = self._limit_per_s is None or len(self._passed_s) < self._limit_per_s
        if admitted and self._limit_per_s is not None:
            self._passed_s.append(now_s)
        self._note(now_s, admitted=admitted)
        return admitted

    def _note(self, now_s: float, *, admitted: bool) -> None:
        if self._first_s is None:
            self._first_s = now_s
        second = int(now_s - self._first_s)
        while len(self.seconds) <= second:
            self.seconds.append([0, 0])
        self.seconds[second][0 if admitted else 1] += 1


class Diary:
    """Events in a file, each one there before anybody hears of it; read again after a crash."""

    def __init__(self, path: str | None) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        self._file = os.open(path, flags, 0o600) if path else None

    def write(self, **event: Any) -> None:
        """Append one event."""
        if self._file is not None:
            os.write(self._file, json.dumps(event).encode() + b"\n")

    def read(self) -> list[dict[str, Any]]:
        """All events so far."""
        if self._file is None:
            return []
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            return [json.loads(line) for line in file]

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)


class Books:
    """The tasks, the bill, and the faults that are drawn on the way."""

    def __init__(self, config: Config, loop: asyncio.AbstractEventLoop) -> None:
        self.config = config
        self.bill = Bill(config.rate_limit_per_s)
        self.diary = Diary(config.state)
        self.tasks: dict[str, Task] = {}
        self.acknowledged: Counter[str] = Counter()
        self.acknowledged_twice: set[str] = set()
        self._present: set[str] = set()
        self._loop = loop
        self._draws = Draws(config)
        self._slots = Slots(config, loop)
        self._rng = random.Random(config.seed + 1)
        self._once_forgotten: set[str] = set()
        self._recall()

    def _recall(self) -> None:
        """Take up the tasks of an earlier process; what it had not finished is queued again."""
        for event in self.diary.read():
            if event["event"] == "call":
                self.bill.calls[event["kind"]] += 1
            elif event["event"] == "created":
                self._draws.next_s()
                self._add(Task(**event["task"], submitted_s=self._loop.time()))
            elif event["event"] == "acknowledged":
                self._acknowledge(self.tasks[event["id"]])

    def count(self, kind: str) -> int:
        """Bill one call; return how many there were."""
        self.bill.calls[kind] += 1
        self.diary.write(event="call", kind=kind)
        return self.bill.calls.total()

    def fault(self, kind: str) -> str | None:
        """Draw what goes wrong with this call, if anything."""
        shares = self.config.faults.get(kind)
        if not shares:
            return None
        drawn = self._rng.random()
        for name, share in shares.items():
            drawn -= share
            if drawn < 0:
                return name
        return None

    def create(self, key: str, digest: str, entries: int) -> Task:
        """Take a submission."""
        forgotten = self._rng.random() < self.config.forgotten and key not in self._once_forgotten
        kept = {
            "id": str(uuid.uuid4()),
            "key": key,
            "digest": digest,
            "entries": entries,
            "service_s": self._draws.next_s(),
            "forgotten": forgotten,
        }
        self.diary.write(event="created", task=kept)
        task = Task(**kept, submitted_s=self._loop.time())
        self._add(task)
        return task

    def _add(self, task: Task) -> None:
        self.tasks[task.id] = task
        if task.forgotten:
            self._once_forgotten.add(task.key)
        self._slots.add(task)

    def acknowledge(self, task: Task) -> None:
        """Note that the task id is on its way to the client."""
        self.diary.write(event="acknowledged", id=task.id)
        self._acknowledge(task)

    def _acknowledge(self, task: Task) -> None:
        if task.key in self._present:
            self.acknowledged_twice.add(task.key)
        task.acknowledged = True
        self.acknowledged[task.digest] += 1
        if not task.forgotten:
            self._present.add(task.key)

    def stats(self) -> dict[str, Any]:
        """What a test may ask. Lists are in the order of submission, times from the first one."""
        tasks = list(self.tasks.values())
        first_s = tasks[0].submitted_s if tasks else 0.0

        def since(moment_s: float | None) -> float | None:
            return None if moment_s is None else moment_s - first_s

        return {
            "calls": {kind: self.bill.calls[kind] for kind in KINDS},
            "answers": dict(self.bill.answers),
            "seconds": self.bill.seconds,
            "throttled": self.bill.answers["429"],
            "submitted": len(tasks),
            "submitted_most": max(Counter(task.key for task in tasks).values(), default=0),
            "acknowledged": self.acknowledged.total(),
            "acknowledged_twice": len(self.acknowledged_twice),
            "forgotten": len(self._once_forgotten),
            "per_image": dict(self.acknowledged),
            "service_s": [task.service_s for task in tasks],
            "submitted_s": [since(task.submitted_s) for task in tasks],
            "ready_s": [since(task.ready_s) for task in tasks],
            "fetched_s": [since(task.fetched_s) for task in tasks],
        }

    def close(self) -> None:
        """Close what is open."""
        self.diary.close()

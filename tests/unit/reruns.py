"""A vendor that outlives the runs against it, and the line to it, cut where a test wants it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocr_frames.engine.ledger import Ledger
from ocr_frames.errors import CallFailed
from ocr_frames.model import Answer, CallKind, Kind, Outcome, Result, Status
from ocr_frames.settings import Policy
from tests.adapters import exchanges
from tests.adapters.clock import ManualClock
from tests.unit.engine.runs import Trial

IMAGES = [b"a", b"b", b"c", b"d", b"a"]
SMALL = Policy(max_outstanding=2)


@dataclass
class Vendor:
    """Keeps its tasks from run to run; ready at the second question unless told otherwise."""

    asks_until_ready: int = 2
    arrived: Counter[bytes] = field(default_factory=Counter)
    tasks: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forgets: bool = False

    def take(self, image: bytes) -> str:
        self.arrived[image] += 1
        task_id = f"task-{len(self.tasks)}"
        self.tasks[task_id] = image
        return task_id

    def ask(self, task_id: str) -> Answer:
        self.asked.append(task_id)
        if self.forgets:
            self.forgets = False
            return exchanges.NOT_EXIST
        if self.asked.count(task_id) < self.asks_until_ready:
            return exchanges.PENDING
        if self.tasks[task_id].startswith(b"bad"):
            return exchanges.FAILED
        return Answer(task_id, Status.COMPLETED, results=(Result("Text", self.tasks[task_id]),))


@dataclass
class Line:
    """The way to the vendor: through the meter, and `tick` on both sides of each exchange."""

    vendor: Vendor
    tick: Callable[[], None] = lambda: None
    losses: list[CallFailed] = field(default_factory=list)
    holds_answers: bool = False
    calls: int = 0
    acknowledged: Counter[bytes] = field(default_factory=Counter)
    trial: Trial | None = None

    async def open(self) -> None:
        await asyncio.sleep(0)

    async def submit(self, kind: Kind, settings_json: str, image: bytes) -> str:
        task_id = await self._call("submit", lambda: self.vendor.take(image))
        self.acknowledged[image] += 1
        return task_id

    async def fetch(self, kind: Kind, task_id: str, wait_s: float) -> Answer:
        return await self._call("fetch", lambda: self.vendor.ask(task_id))

    async def _call(self, kind: CallKind, reach: Callable[[], Any]) -> Any:
        assert self.trial is not None
        await self.trial.meter.admit(kind)
        self.tick()
        await asyncio.sleep(0)
        self.calls += 1
        answer = reach()
        await asyncio.sleep(0)
        self.tick()
        if self.losses and kind == "submit":
            self.trial.meter.settle(kind, self.losses[0])
            raise self.losses.pop(0)
        self.trial.meter.settle(kind, None)
        return answer


def trial_on(line: Line, path: Path, **settings: Any) -> Trial:
    line.trial = Trial(line, path, **{"policy": SMALL, "clock": ManualClock(), **settings})
    return line.trial


async def rerun(vendor: Vendor, path: Path, images=IMAGES, **settings: Any) -> dict[int, Outcome]:
    return await trial_on(Line(vendor), path, **settings).outcomes(images)


def assert_complete(outcomes: dict[int, Outcome], images=IMAGES) -> None:
    texts = {position: outcome.texts for position, outcome in outcomes.items()}
    assert texts == {position: (image.decode(),) for position, image in enumerate(images)}


def states(path: Path) -> dict[str, int]:
    ledger = Ledger(path)
    try:
        return ledger.counts()
    finally:
        ledger.close()


async def until(done: Callable[[], bool]) -> None:
    """Let others work, the ledger's thread among them, until it is `done`."""
    for _ in range(20_000):
        if done():
            return
        await asyncio.to_thread(int)
    raise AssertionError("it did not come to that")

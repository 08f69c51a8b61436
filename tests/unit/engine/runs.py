"""A run put together for a test: real ledger, manual clock, scripted endpoint."""

import random
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ocr_frames.engine import Run
from ocr_frames.engine.calls import Caller, Exchange
from ocr_frames.engine.journal import Journal
from ocr_frames.engine.ledger import Ledger
from ocr_frames.engine.meter import Meter
from ocr_frames.engine.pacing import Budget, Rate, Window
from ocr_frames.engine.presence import Presence
from ocr_frames.engine.resume import Goal
from ocr_frames.model import Job, Outcome
from ocr_frames.settings import Policy
from tests.adapters.clock import ManualClock
from tests.adapters.exchanges import batches

T = TypeVar("T")


class _Patient(Journal):
    """Time stands still while the ledger is at work."""

    async def _threaded(self, work: Callable[[], T]) -> T:
        assert isinstance(self._clock, ManualClock)
        self._clock.busy += 1
        try:
            return await super()._threaded(work)
        finally:
            self._clock.busy -= 1


@dataclass
class Trial:
    """Runs jobs through `exchange` with the ledger at `path`, or one of its own."""

    exchange: Exchange
    path: Path | None = None
    policy: Policy = field(default_factory=Policy)
    clock: ManualClock = field(default_factory=ManualClock)
    goal: Goal = "recognize"
    recognizer: str = "somebody"

    def run(self) -> Run:
        self.ledger, self.presence = Ledger(self.path), Presence(self.path)
        self.budget = Budget(self.policy.max_calls)
        window = Window(self.policy.max_outstanding)
        self.meter = Meter(self.budget, window, Rate(self.policy.calls_per_second), self.clock)
        caller = Caller(self.policy, self.meter, self.clock, random.Random(7))
        journal = _Patient(self.ledger, self.presence, self.recognizer, self.clock)
        return Run(
            self.exchange,
            journal,
            self.meter,
            caller,
            self.policy,
            self.clock,
            recognizer=self.recognizer,
            goal=self.goal,
        )

    def close(self) -> None:
        self.presence.close()
        self.ledger.close()

    async def outcomes(
        self, images: Iterable[bytes] = (b"a",), source: AsyncIterator[Sequence[Job]] | None = None
    ) -> dict[int, Outcome]:
        run = self.run()
        try:
            told = [
                outcome
                async for ends in run.outcomes(source or batches(images))
                for outcome in ends
            ]
        finally:
            self.close()
        assert len(told) == len({outcome.position for outcome in told})
        self.stopped, self.counts = run.stopped, run.counts
        return {outcome.position: outcome for outcome in told}

    async def only(self) -> Outcome:
        outcomes = await self.outcomes()
        assert list(outcomes) == [0]
        return outcomes[0]

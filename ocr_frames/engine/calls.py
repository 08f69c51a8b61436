"""One call with all its repetitions, as the retry policy has it."""

import random
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from ocr_frames.clock import Clock
from ocr_frames.engine.meter import Meter, check_halted
from ocr_frames.errors import CallFailed, CallFailure
from ocr_frames.model import Answer, Kind
from ocr_frames.settings import Policy

T = TypeVar("T")
WaitPolicy = Callable[[list[CallFailure], Policy, random.Random, float | None], float | None]


class Exchange(Protocol):
    """The calls a run may make: one method, one exchange, CallFailed when it gave no answer."""

    @property
    def holds_answers(self) -> bool:
        """Whether the server holds a fetch until the task has ended."""
        ...

    async def open(self) -> None:
        """Prove that calls can be made at all, before anything is submitted."""
        ...

    async def submit(self, kind: Kind, settings_json: str, image: bytes) -> str:
        """Send one image; return its task id."""
        ...

    async def fetch(self, kind: Kind, task_id: str, wait_s: float) -> Answer:
        """Ask for a task once."""
        ...


class DeadlineError(Exception):
    """The next attempt would come after the deadline; `failed` is how the last one ended."""

    def __init__(self, failed: CallFailed) -> None:
        super().__init__(str(failed))
        self.failed = failed


class Caller:
    """Repeats calls, each in its turn; counts how often."""

    def __init__(self, policy: Policy, meter: Meter, clock: Clock, rng: random.Random) -> None:
        self._policy = policy
        self._meter = meter
        self._clock = clock
        self._rng = rng
        self.retries = 0

    async def call(
        self,
        attempt: Callable[[], Awaitable[T]],
        wait_s: WaitPolicy,
        deadline_s: float,
        history: list[CallFailure],
    ) -> T:
        """Call `attempt` until it is answered; add to `history` how each one failed.

        Raises the last CallFailed when it may not be repeated, DeadlineError when there is no
        time left for it.
        """
        while True:
            await self._meter.turn()
            check_halted(self._meter.halted)
            try:
                return await attempt()
            except CallFailed as failed:
                history.append(failed.failure)
                pause_s = wait_s(history, self._policy, self._rng, failed.retry_after_s)
                if pause_s is None:
                    raise
                if self._clock.now_s() + pause_s > deadline_s:
                    raise DeadlineError(failed) from failed
            await self._clock.wait(self._meter.halted, pause_s)
            self.retries += 1

"""The gate through which every call goes: in its turn, within the budget, counted."""

from ocr_frames.clock import Clock
from ocr_frames.engine.pacing import Budget, Rate, Window
from ocr_frames.errors import CallFailed, CallFailure
from ocr_frames.model import CallKind


class Meter:
    """Applies the pacing policies to the calls of one run."""

    def __init__(self, budget: Budget, window: Window, rate: Rate, clock: Clock) -> None:
        self.budget = budget
        self.window = window
        self.throttled = 0
        self._rate = rate
        self._clock = clock

    async def admit(self, kind: CallKind) -> None:
        """Return when a call of this kind may be sent. Raises CallFailed without budget."""
        now_s = self._clock.now_s()
        wait_s = self._rate.next_s(now_s) - now_s
        if wait_s > 0:
            await self._clock.sleep(wait_s)
        self.budget.reserve(kind)

    def settle(self, kind: CallKind, failed: CallFailed | None) -> None:
        """Learn from how a call ended; `failed` None means that it was answered."""
        now_s = self._clock.now_s()
        if failed is None:
            self._rate.passed(now_s)
            self.window.answered()
            return
        if failed.failure is CallFailure.NOT_SENT:
            self.budget.give_back(kind)
        if failed.failure is CallFailure.THROTTLED or failed.code == "timeout":
            self.window.pushed_back(now_s)
        if failed.code == "throttled":
            self.throttled += 1
            self._rate.refused(now_s, failed.retry_after_s or 1.0)

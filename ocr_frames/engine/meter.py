"""The gate through which every call goes: in its turn, within the budget, counted."""

import asyncio

from ocr_frames.clock import Clock
from ocr_frames.engine.pacing import Budget, Rate, Window
from ocr_frames.errors import CallFailed, CallFailure
from ocr_frames.model import CallKind


class Meter:
    """Applies the pacing policies to the calls of one run; `halted` when it makes no more."""

    def __init__(self, budget: Budget, window: Window, rate: Rate, clock: Clock) -> None:
        self.budget = budget
        self.window = window
        self.throttled = 0
        self.halted = asyncio.Event()
        self._turn = asyncio.Lock()
        self._rate = rate
        self._clock = clock

    async def turn(self) -> None:
        """Return when the pace allows a call, or the run is halted."""
        # One at a time: a turn given out at the old pace would not know of the new one.
        async with self._turn:
            now_s = self._clock.now_s()
            wait_s = self._rate.next_s(now_s) - now_s
            if wait_s > 0:
                await self._clock.wait(self.halted, wait_s)

    async def admit(self, kind: CallKind) -> None:
        """Reserve a call that is about to be sent. Raises CallFailed when it may not be.

        A submit and a fetch have had their turn: there is something to write down between the
        turn and the call. A token waits for it here.
        """
        if kind == "token":
            await self.turn()
        check_halted(self.halted)
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


def check_halted(halted: asyncio.Event) -> None:
    """Raise CallFailed if the run makes no more calls."""
    if halted.is_set():
        raise CallFailed(
            CallFailure.STOPPED, "interrupted", "the run has stopped; run again to go on"
        )

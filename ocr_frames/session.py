"""One run and its parts: ledger, budget, pace, connection, put together and taken apart."""

import asyncio
import logging
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from ocr_frames.clock import Clock, SystemClock
from ocr_frames.cloud import CloudClient
from ocr_frames.engine import Run
from ocr_frames.engine.calls import Caller
from ocr_frames.engine.journal import Journal
from ocr_frames.engine.ledger import Ledger
from ocr_frames.engine.meter import Meter
from ocr_frames.engine.pacing import Budget, Rate, Window
from ocr_frames.engine.presence import Presence
from ocr_frames.engine.resume import Goal
from ocr_frames.model import Answer, Failure, Kind
from ocr_frames.progress import Figures
from ocr_frames.request import Request
from ocr_frames.server.embedded import local_endpoint

log = logging.getLogger("ocr_frames")


@dataclass(frozen=True, slots=True)
class Report:
    """How a run went.

    `rows` by status; `calls` by kind, repetitions among them counted in `retries`; `in_doubt`
    submits whose answer was lost; `duplicates` and `from_ledger` rows that cost nothing;
    `seconds`; `stopped` what kept the run from going on, if anything did.
    """

    rows: Mapping[str, int]
    calls: Mapping[str, int]
    retries: int
    in_doubt: int
    duplicates: int
    from_ledger: int
    seconds: float
    stopped: Failure | None

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {status}" for status, count in self.rows.items())
        saved = f"{self.from_ledger} from the ledger, {self.duplicates} duplicates"
        return (
            f"{sum(self.rows.values())} rows in {self.seconds:.1f} s: {counts or 'none'}; "
            f"{sum(self.calls.values())} calls, {saved}"
            + (f"; stopped by {self.stopped}" if self.stopped else "")
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `frame.attrs["ocr"]` holds them: pandas writes these to Parquet."""
        rows, calls = sum(self.rows.values()), sum(self.calls.values())
        return {
            "rows": dict(self.rows),
            "calls": dict(self.calls),
            "retries": self.retries,
            "in_doubt": self.in_doubt,
            "duplicates": self.duplicates,
            "from_ledger": self.from_ledger,
            "seconds": round(self.seconds, 3),
            "calls_per_image": round(calls / rows, 3) if rows else 0.0,
            "images_per_second": round(rows / self.seconds, 3) if self.seconds else 0.0,
            "stopped": str(self.stopped) if self.stopped else None,
        }


@dataclass(frozen=True, slots=True)
class Session:
    """The parts of one run that its caller speaks to."""

    run: Run
    caller: Caller
    budget: Budget

    def figures(self) -> Figures:
        """How the run stands, to be asked at any time."""
        return Figures(self.run.outstanding, self.budget.used, self.budget.limit)

    def report(self, rows: Mapping[str, int], seconds: float) -> Report:
        """Sum up: `rows` by status, `seconds` from the first to the last."""
        return Report(
            rows=rows,
            calls={str(kind): count for kind, count in self.budget.calls.items()},
            retries=self.caller.retries,
            seconds=seconds,
            stopped=self.run.stopped,
            **self.run.counts,
        )


def open_session(request: Request, goal: Goal, stack: AsyncExitStack) -> Session:
    """Put the parts of one run together; `stack` takes them apart."""
    clock, policy = SystemClock(), request.policy
    ledger = Ledger(request.ledger)
    stack.callback(ledger.close)
    presence = Presence(request.ledger)
    stack.callback(presence.close)
    budget = Budget(policy.max_calls)
    meter = Meter(budget, Window(policy.max_outstanding), Rate(policy.calls_per_second), clock)
    caller = Caller(policy, meter, clock, random.Random())  # noqa: S311 - jitter
    exchange = _Connection(request, meter, clock)
    stack.push_async_callback(exchange.close)
    journal = Journal(ledger, presence, request.recognizer, clock)
    run = Run(
        exchange,
        journal,
        meter,
        caller,
        policy,
        clock,
        recognizer=request.recognizer,
        goal=goal,
        with_results=request.with_results,
    )
    return Session(run, caller, budget)


class _Connection:
    """The endpoint, reached when the first call is made: a run that needs none starts nothing."""

    def __init__(self, request: Request, meter: Meter, clock: Clock) -> None:
        self._request = request
        self._meter = meter
        self._clock = clock
        self._client: CloudClient | None = None
        self._stack = AsyncExitStack()

    @property
    def holds_answers(self) -> bool:
        if self._client is None:
            return self._request.endpoint.is_local
        return self._client.holds_answers

    async def open(self) -> None:
        if self._client is None:
            endpoint = self._request.endpoint
            if endpoint.is_local:
                log.info("no endpoint given: recognizing on this machine with the local engine")
                endpoint = await asyncio.to_thread(local_endpoint, endpoint.workers)
            client = CloudClient(
                endpoint,
                self._request.policy,
                self._clock,
                self._meter,
                holds_answers=self.holds_answers,
            )
            self._client = await self._stack.enter_async_context(client)
        await self._client.open()

    async def submit(self, kind: Kind, settings_json: str, image: bytes) -> str:
        assert self._client is not None  # noqa: S101 - opened before
        return await self._client.submit(kind, settings_json, image)

    async def fetch(self, kind: Kind, task_id: str, wait_s: float) -> Answer:
        assert self._client is not None  # noqa: S101
        return await self._client.fetch(kind, task_id, wait_s)

    async def close(self) -> None:
        await self._stack.aclose()

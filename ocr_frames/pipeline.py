"""The composition root: cells to outcomes, frame to frame, table to table."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import pandas as pd

from ocr_frames import columns, settings, tables
from ocr_frames.bridge import run_sync
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
from ocr_frames.errors import MisuseError
from ocr_frames.jobs import Jobs
from ocr_frames.model import Answer, Failure, Kind, Outcome, Status
from ocr_frames.plan import Plan, plan_cells
from ocr_frames.progress import OnOutcome, bar
from ocr_frames.request import Options, Request
from ocr_frames.server.embedded import local_endpoint

log = logging.getLogger("ocr_frames")
report_log = logging.getLogger("ocr_frames.report")


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
class Recognized:
    """One outcome per cell, in their order, and how the run went."""

    outcomes: Sequence[Outcome]
    report: Report


async def recognize_frame(
    frame: pd.DataFrame, column: str, goal: Goal = "recognize", **options: Unpack[Options]
) -> pd.DataFrame:
    """Return a copy of `frame` with the added columns; index and row order are kept."""
    request = Request.of(options)
    cells = _cells(frame, column)
    request.layout.check_free(frame.columns)
    with bar(len(frame), show=request.progress) as moved:
        recognized = await recognize_cells(cells, request, [Path.cwd()], moved, goal)
    added = columns.to_pandas(recognized.outcomes, request.layout, frame.index)
    out = frame.assign(**{str(name): added[name].array for name in added.columns})
    out.attrs["ocr"] = recognized.report.to_dict()
    return out


async def plan_frame(
    frame: pd.DataFrame,
    column: str,
    price_per_call: float | None = None,
    **options: Unpack[Options],
) -> Plan:
    """Tell what `recognize_frame` would take."""
    request = Request.of(options)
    cells = _cells(frame, column)
    request.layout.check_free(frame.columns)
    return await plan_cells(cells, request, [Path.cwd()], price_per_call)


def _cells(frame: pd.DataFrame, column: str) -> list[object]:
    if column not in frame.columns:
        names = [str(name) for name in frame.columns]
        raise MisuseError(f"there is no column {column!r}{settings.nearest(str(column), names)}")
    series = frame[column]
    if isinstance(series, pd.DataFrame):
        raise MisuseError(f"there are {series.shape[1]} columns named {column!r}; rename one")
    return [None if null else cell for cell, null in zip(series, series.isna(), strict=True)]


def recognize_table(
    source: str | Path, destination: str | Path, column: str, **options: Unpack[Options]
) -> Report:
    """Recognize the images of a Parquet or CSV file; write them with the added columns.

    Relative paths in `column` are looked for in the folder of `source`, then in the working
    directory. The table is held in memory. `destination` is written beside and renamed, so it
    is whole or untouched. Raises MisuseError or TableError, and what `df.ocr.recognize` raises.
    """
    source, destination = Path(source), Path(destination)
    request = Request.of(options)
    tables.format_of(destination)
    table, cells = _table_cells(source, column)
    request.layout.check_free(table.column_names)
    tables.check_writable(destination)
    with bar(len(table), show=request.progress) as moved:
        recognized = run_sync(recognize_cells(cells, request, _folders(source), moved))
    added = columns.to_arrow(recognized.outcomes, request.layout)
    for field, values in zip(added.schema, added.columns, strict=True):
        table = table.append_column(field, values)
    tables.write(table, destination)
    return recognized.report


def plan_table(
    source: str | Path, column: str, price_per_call: float | None = None, **options: Unpack[Options]
) -> Plan:
    """Tell what `recognize_table` would take."""
    request = Request.of(options)
    _, cells = _table_cells(Path(source), column)
    return run_sync(plan_cells(cells, request, _folders(Path(source)), price_per_call))


def _table_cells(source: Path, column: str) -> tuple[Any, list[object]]:
    table = tables.read(source)
    if column not in table.column_names:
        hint = settings.nearest(column, table.column_names)
        raise MisuseError(f"there is no column {column!r} in {str(source)!r}{hint}")
    return table, table[column].to_pylist()


def _folders(source: Path) -> list[Path]:
    return [source.resolve().parent, Path.cwd()]


async def recognize_cells(
    cells: Sequence[object],
    request: Request,
    folders: Sequence[Path],
    moved: OnOutcome,
    goal: Goal = "recognize",
) -> Recognized:
    """Bring every cell to its outcome. `moved` is called once per outcome, as they come."""
    began_s = time.monotonic()
    outcomes: dict[int, Outcome] = {}

    def ended(outcome: Outcome) -> None:
        outcomes[outcome.position] = outcome
        moved(outcome)

    async with AsyncExitStack() as stack:
        jobs = Jobs(cells, request, folders, ended)
        stack.callback(jobs.close)
        session = await _session(request, goal, stack)
        async for ends in session.run.outcomes(jobs.batches()):
            for outcome in ends:
                ended(outcome)
    stopped = session.run.stopped
    for position in range(len(cells)):
        if position not in outcomes:
            ended(Outcome(position, Status.PENDING, failure=stopped))
    rows = Counter(outcome.status.value for outcome in outcomes.values())
    report = session.report(rows, time.monotonic() - began_s)
    report_log.log(logging.ERROR if stopped else logging.INFO, "%s", report)
    return Recognized([outcomes[position] for position in range(len(cells))], report)


@dataclass(frozen=True, slots=True)
class _Session:
    run: Run
    caller: Caller
    budget: Budget

    def report(self, rows: Mapping[str, int], seconds: float) -> Report:
        return Report(
            rows=rows,
            calls={str(kind): count for kind, count in self.budget.calls.items()},
            retries=self.caller.retries,
            seconds=seconds,
            stopped=self.run.stopped,
            **self.run.counts,
        )


async def _session(request: Request, goal: Goal, stack: AsyncExitStack) -> _Session:
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
        exchange, journal, meter, caller, policy, clock, recognizer=request.recognizer, goal=goal
    )
    return _Session(run, caller, budget)


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
                endpoint = await asyncio.to_thread(local_endpoint)
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

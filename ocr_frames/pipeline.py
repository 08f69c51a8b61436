"""The composition root: rows to outcomes, frame to frame, table to table."""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import pandas as pd
import pyarrow as pa

from ocr_frames import columns, settings, tables
from ocr_frames.bridge import run_sync
from ocr_frames.engine.resume import Goal
from ocr_frames.errors import MisuseError
from ocr_frames.jobs import Jobs, Row
from ocr_frames.model import Outcome, Status
from ocr_frames.plan import Plan, plan_rows
from ocr_frames.progress import Progress, bar
from ocr_frames.request import Options, Request
from ocr_frames.session import Report, open_session

report_log = logging.getLogger("ocr_frames.report")


@dataclass(frozen=True, slots=True)
class Recognized:
    """One outcome per row, in their order, and how the run went."""

    outcomes: Sequence[Outcome]
    report: Report


async def recognize_frame(
    frame: pd.DataFrame, column: str, goal: Goal = "recognize", **options: Unpack[Options]
) -> pd.DataFrame:
    """Return a copy of `frame` with the added columns; index and row order are kept."""
    request = Request.of(options)
    rows = _frame_rows(frame, column, request)
    with bar(len(frame), show=request.progress) as moved:
        recognized = await recognize_rows(rows, request, [Path.cwd()], moved, goal)
    added = columns.to_pandas(recognized.outcomes, request.layout, frame.index)
    out = frame.assign(**{str(name): added[name].array for name in added.columns})
    out.attrs["ocr"] = recognized.report.to_dict() | request.remembered(column)
    return out


async def plan_frame(
    frame: pd.DataFrame,
    column: str,
    price_per_call: float | None = None,
    **options: Unpack[Options],
) -> Plan:
    """Tell what `recognize_frame` would take."""
    request = Request.of(options)
    rows = _frame_rows(frame, column, request)
    return await plan_rows(rows, request, [Path.cwd()], price_per_call)


def _frame_rows(frame: pd.DataFrame, column: str, request: Request) -> list[Row]:
    cells = [_cells(frame, name) for name in (column, *request.row_columns)]
    request.layout.check_free(frame.columns)
    return list(zip(*cells, strict=True))


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

    For example:
        >>> import ocr_frames
        >>> import pandas as pd
        >>> paths = ["images/street_sign.jpg", "gone.jpg"]
        >>> pd.DataFrame({"path": paths}).to_csv("in.csv", index=False)
        >>> report = ocr_frames.recognize_table(
        ...     "in.csv", "out.parquet", column="path", progress=False
        ... )
        >>> sorted(report.rows.items())
        [('Completed', 1), ('Error', 1)]
    """
    source, destination = Path(source), Path(destination)
    request = Request.of(options)
    tables.format_of(destination)
    table = tables.read(source)
    rows = _table_rows(table, column, request)
    tables.check_writable(destination)
    with bar(len(table), show=request.progress) as moved:
        recognized = run_sync(recognize_rows(rows, request, _folders(source), moved))
    tables.write(_joined(table, recognized.outcomes, request), destination)
    return recognized.report


def recognize_arrow(table: pa.Table, column: str, **options: Unpack[Options]) -> pa.Table:
    """Return `table` with the added columns: for polars, DuckDB and whatever speaks Arrow.

    Relative paths in `column` start at the working directory. Raises what `df.ocr.recognize`
    raises.

    For example:
        >>> import ocr_frames
        >>> import pyarrow as pa
        >>> table = pa.table({"path": ["images/blank.jpg"]})
        >>> out = ocr_frames.recognize_arrow(table, column="path", progress=False)
        >>> out.column_names
        ['path', 'ocr_status', 'ocr_text', 'ocr_error']
    """
    request = Request.of(options)
    rows = _table_rows(table, column, request)
    with bar(len(table), show=request.progress) as moved:
        recognized = run_sync(recognize_rows(rows, request, [Path.cwd()], moved))
    return _joined(table, recognized.outcomes, request)


def _joined(table: pa.Table, outcomes: Sequence[Outcome], request: Request) -> pa.Table:
    added = columns.to_arrow(outcomes, request.layout)
    for field, values in zip(added.schema, added.columns, strict=True):
        table = table.append_column(field, values)
    return table


def plan_table(
    source: str | Path, column: str, price_per_call: float | None = None, **options: Unpack[Options]
) -> Plan:
    """Tell what `recognize_table` would take."""
    request = Request.of(options)
    rows = _table_rows(tables.read(Path(source)), column, request)
    return run_sync(plan_rows(rows, request, _folders(Path(source)), price_per_call))


def _table_rows(table: pa.Table, column: str, request: Request) -> list[Row]:
    names = (column, *request.row_columns)
    for name in names:
        if name not in table.column_names:
            hint = settings.nearest(name, table.column_names)
            raise MisuseError(f"there is no column {name!r}{hint}")
    request.layout.check_free(table.column_names)
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


def _folders(source: Path) -> list[Path]:
    return [source.resolve().parent, Path.cwd()]


async def recognize_rows(
    rows: Sequence[Row],
    request: Request,
    folders: Sequence[Path],
    moved: Progress,
    goal: Goal = "recognize",
) -> Recognized:
    """Bring every row to its outcome. `moved` is called once per outcome, as they come."""
    began_s = time.monotonic()
    outcomes: dict[int, Outcome] = {}

    def ended(outcome: Outcome) -> None:
        outcomes[outcome.position] = outcome
        moved(outcome)

    async with AsyncExitStack() as stack:
        jobs = Jobs(rows, request, folders, ended)
        stack.callback(jobs.close)
        session = open_session(request, goal, stack)
        moved.watch(session.figures)
        async for ends in session.run.outcomes(jobs.batches()):
            for outcome in ends:
                ended(outcome)
    stopped = session.run.stopped
    for position in range(len(rows)):
        if position not in outcomes:
            ended(Outcome(position, Status.PENDING, failure=stopped))
    by_status = Counter(outcome.status.value for outcome in outcomes.values())
    report = session.report(by_status, time.monotonic() - began_s)
    report_log.log(logging.ERROR if stopped else logging.INFO, "%s", report)
    return Recognized([outcomes[position] for position in range(len(rows))], report)

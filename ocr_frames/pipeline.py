"""The composition root: frame to frame, Arrow to Arrow, table to table, and their plans."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Unpack

import pandas as pd
import pyarrow as pa

from ocr_frames import columns, settings
from ocr_frames.bridge import run_sync
from ocr_frames.engine.resume import Goal
from ocr_frames.errors import MisuseError
from ocr_frames.jobs import Row
from ocr_frames.model import Outcome
from ocr_frames.plan import Plan, plan_rows
from ocr_frames.progress import bar
from ocr_frames.request import Options, Request
from ocr_frames.session import Report
from ocr_frames.stream import Stream
from ocr_frames.tables import Source
from ocr_frames.transform import TableOptions, Transform, check_columns


async def recognize_frame(
    frame: pd.DataFrame, column: str, goal: Goal = "recognize", **options: Unpack[Options]
) -> pd.DataFrame:
    """Return a copy of `frame` with the added columns; index and row order are kept."""
    request = Request.of(options)
    rows = _frame_rows(frame, column, request)
    outcomes, report = await _recognize(rows, request, goal)
    added = columns.to_pandas(outcomes, request.layout, frame.index)
    out = frame.assign(**{str(name): added[name].array for name in added.columns})
    out.attrs["ocr"] = report.to_dict() | request.remembered(column)
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


async def _recognize(
    rows: Sequence[Row], request: Request, goal: Goal = "recognize"
) -> tuple[Sequence[Outcome], Report]:
    with bar(len(rows), show=request.progress) as moved:
        async with Stream(rows, request, [Path.cwd()], moved, goal) as stream:
            return await stream.take(len(rows)), await stream.report()


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
    names = (column, *request.row_columns)
    check_columns(table.schema, names)
    request.layout.check_free(table.column_names)
    rows = list(zip(*(table[name].to_pylist() for name in names), strict=True))
    outcomes, _ = run_sync(_recognize(rows, request))
    added = columns.to_arrow(outcomes, request.layout)
    for field, values in zip(added.schema, added.columns, strict=True):
        table = table.append_column(field, values)
    return table


def recognize_table(
    source: str | Path, destination: str | Path, column: str, **options: Unpack[TableOptions]
) -> Report:
    """Recognize the images that `column` of a table names; write the table with the new columns.

    `source` is a Parquet or CSV file, a folder of them (partitions as Hive names them become
    columns), a glob, or the URL of one of these, for which fsspec and its driver are needed.
    `destination` is a file that ends in .parquet or .csv, or a folder, which gets one Parquet
    part or more per source file, in the folder of its partition. Rows stay in their order; all
    other columns, their types and metadata stay as they are. CSV has no types: its columns are
    text, empty fields null.

    Neither table is held in memory. For any number of rows it takes 300 MB at most beside Python,
    three times the images under way (`max_outstanding`), the answers to 1,000 rows, and three
    times the largest page of a Parquet source (many writers make pages of 1,024 rows, whatever
    these hold). What waits for a late row goes to temporary files beside the destination, 8 GB
    at most. Relative paths in `column` are looked for in the folder of the source, then in the
    working directory.

    Each file is written beside its name, and renamed when it is complete. Killed and run again,
    a folder keeps its finished parts, and what was paid for comes from the ledger; a part with
    Pending rows is made anew. A folder's `_manifest.json` comes last.

    Options beside those of `df.ocr.recognize`:

    - `only`: "failed" (Error, NotExist) or "pending" (Pending, Processing): take a table that was
      written before with the same arguments, and do these rows again; the others stay as they
      are. `destination` may be the source itself.
    - `row_group_rows`: rows to a Parquet row group, at most (131,072; it ends at 64 MB besides).
    - `compression`: "zstd" (default), "snappy", "gzip", "brotli", "lz4" or "none".
    - `part_rows`: rows to a part of a folder, at most (100,000).
    - `escape_formulas`: in CSV, put a ' before texts that a spreadsheet would take for a formula.
    - `overwrite`: take away what a folder holds of another source or of other arguments.

    Returns the report: rows by status, those of parts that were finished before among them, and
    the calls of this run. Raises MisuseError or TableError, and what `df.ocr.recognize` raises;
    no half file is left then.

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
    transform = Transform(source, destination, column, options)
    with transform.destination.locked():
        return run_sync(transform.run())


def plan_table(
    source: str | Path, column: str, price_per_call: float | None = None, **options: Unpack[Options]
) -> Plan:
    """Tell what `recognize_table` would take, row by row."""
    request = Request.of(options)
    table = Source(source)
    names = (column, *request.row_columns)
    check_columns(table.schema, names)
    request.layout.check_free(table.schema.names)
    rows = _table_rows(table, names)
    return run_sync(plan_rows(rows, request, table.folders, price_per_call))


def _table_rows(table: Source, names: Sequence[str]) -> Iterator[Row]:
    for fragment in table.fragments:
        for _, slab in table.slabs(fragment, list(dict.fromkeys(names))):
            yield from zip(*(slab[name].to_pylist() for name in names), strict=True)

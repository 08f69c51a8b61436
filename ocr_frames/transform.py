"""A table in files to a table in files: read once, recognized by one run, written in order."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import pyarrow as pa

from ocr_frames import columns, settings
from ocr_frames.errors import MisuseError, TableError
from ocr_frames.jobs import Row
from ocr_frames.model import Outcome, Status
from ocr_frames.progress import bar
from ocr_frames.request import Options, Request, settled
from ocr_frames.session import Report
from ocr_frames.settings import Policy
from ocr_frames.stream import Stream
from ocr_frames.tables import Destination, Parts, Sink, Source, WriteOptions
from ocr_frames.tables.formats import Compression
from ocr_frames.tables.joining import Appended, Joining, Replaced
from ocr_frames.tables.parts import Part, Piece
from ocr_frames.tables.spool import Spool

T = TypeVar("T")
Only = Literal["failed", "pending"]

_WAITING_BYTES = 64 * 2**20
_PENDING = frozenset({Status.PENDING, Status.PROCESSING})
_FAILED = frozenset({Status.ERROR, Status.NOT_EXIST})
_SELECTED: Mapping[str, frozenset[Status]] = {"failed": _FAILED, "pending": _PENDING}


class TableOptions(Options, total=False):
    """What recognizing a table takes besides; `recognize_table` describes each."""

    only: Only | None
    row_group_rows: int | None
    compression: Compression | None
    part_rows: int | None
    escape_formulas: bool
    overwrite: bool


_OF_TABLES = frozenset(TableOptions.__annotations__) - frozenset(Options.__annotations__)
_WITHOUT_TRACE = frozenset({*Policy.model_fields, "endpoint", "ledger", "progress", "overwrite"})
"""Options that do not shape what is written."""


class Transform:
    """One table on its way. Everything that can be wrong beforehand is found when it is made."""

    def __init__(
        self, source: str | Path, destination: str | Path, column: str, options: Mapping[str, Any]
    ) -> None:
        """Raise MisuseError or TableError."""
        own = {name: value for name, value in options.items() if name in _OF_TABLES}
        self._only = _only(own.get("only"))
        implied = {"retry_failed": True} if self._only == "failed" else {}
        self.request = Request.of(_others(options) | implied)
        write = _write_options(own)
        self._source = Source(source)
        self.destination = Destination(destination, self._source)
        _check_fitting(own, self.destination)
        self._overwrite = own.get("overwrite", False)
        self._names = (column, *self.request.row_columns)
        check_columns(self._source.schema, self._names)
        # In a folder, the names of its folders hold the values of partitions.
        is_folder = self.destination.is_folder
        self._kept = self._source.file_schema if is_folder else self._source.schema
        self._joining = self._join()
        self._columns = list(dict.fromkeys([*self._kept.names, *self._names, *self._joining.needs]))
        self.destination.check_writable()
        layout = self.request.layout
        identity = _identity(own | settled(_others(options)), self.request, column)
        self._parts = Parts(self._source, self.destination, write.part_rows, identity)
        self._sink = Sink(
            self._source, self.destination, self._joining.schema, write, self._parts,
            counts=layout.names[0],
        )  # fmt: skip

    def _join(self) -> Joining:
        layout = self.request.layout
        if self._only is not None:
            return Replaced(self._kept, layout.schema, layout.names[0], _SELECTED[self._only])
        if self.destination.in_place and self.destination.is_folder:
            raise MisuseError("a folder is recognized in place with only= alone; name another")
        layout.check_free(self._source.schema.names)
        return Appended(self._kept, layout.schema)

    async def run(self) -> Report:
        """Recognize and write. What is not finished leaves nothing but finished parts."""
        retried = _FAILED if self.request.policy.retry_failed else frozenset()
        self._sink.resume(frozenset(_PENDING | retried), overwrite=self._overwrite)
        with (
            bar(self._total(), show=self.request.progress) as moved,
            closing(self._sink),
            _Reading(self._parts.scan(self._columns), self.destination.staged()[0]) as reading,
        ):
            rows = reading.rows(self._joining, self._names)
            async with Stream(
                rows, self.request, self._source.folders, moved,
                most_bytes=_WAITING_BYTES, changed=reading.changed,
            ) as stream:  # fmt: skip
                while (piece := await reading.next(stream)) is not None:
                    await self._recognized(piece, stream, reading)
                await reading.beside(self._sink.finish)
                return await stream.report(self._sink.values)

    def _total(self) -> int | None:
        if self._only is not None or self._source.rows is None:
            return None
        return self._source.rows - self._sink.rows

    async def _recognized(self, piece: Piece, stream: Stream, reading: "_Reading") -> None:
        """Write a piece as its answers come."""
        rest, wanted = piece.table, self._joining.chosen(piece.table).num_rows
        while True:
            outcomes = await stream.take(wanted)
            if wanted and not outcomes:
                raise RuntimeError("the run has lost rows")
            wanted -= len(outcomes)
            rows = self._joining.rows(rest, len(outcomes))
            table, rest = rest.slice(0, rows), rest.slice(rows)
            is_last = piece.is_last and not wanted
            await reading.beside(partial(self._write, piece.part, table, outcomes, is_last))
            if not wanted:
                return

    def _write(
        self, part: Part, table: pa.Table, outcomes: Sequence[Outcome], is_last: bool
    ) -> None:
        added = columns.to_arrow(outcomes, self.request.layout)
        joined = self._joining.joined(table.select(self._kept.names), added)
        self._sink.write(part, joined, is_last=is_last)


class _Reading:
    """One reading of the source, by the run for its images and by the writer for all columns.

    The run pulls, on a thread of its own; the writer, on another, gets what was pulled, and when
    the run is over, what it has left. `changed` is set when there may be more to write.
    """

    def __init__(self, pieces: Iterator[Piece], folder: Path) -> None:
        self.changed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def came() -> None:
            loop.call_soon_threadsafe(self.changed.set)

        self._failed: TableError | None = None
        self._pieces = pieces
        self._spool: Spool = Spool(folder, came)
        self._thread = ThreadPoolExecutor(1, "ocr_frames table")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What is being written comes to its end first.
        self._thread.shutdown()
        self._spool.close()

    def rows(self, joining: Joining, names: Sequence[str]) -> Iterator[Row]:
        """The cells of the rows that are to be recognized, read as they are pulled.

        Where the source cannot be read any further, what came before is brought to its end.
        """
        try:
            for piece in self._pieces:
                self._spool.put(piece)
                chosen = joining.chosen(piece.table)
                yield from zip(*(chosen[name].to_pylist() for name in names), strict=True)
        except TableError as error:
            self._failed = error

    async def next(self, stream: Stream) -> Piece | None:
        """The next rows to write; None at the end. Raises what the run or the reading raised."""
        while True:
            is_over = stream.is_over
            if (piece := await self.beside(self._spool.get)) is not None:
                return piece
            if is_over and self._failed is not None:
                raise self._failed
            if is_over:
                return await self.beside(lambda: next(self._pieces, None))
            await self.changed.wait()
            self.changed.clear()

    async def beside(self, work: Callable[[], T]) -> T:
        """Do the writer's work on its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def check_columns(schema: pa.Schema, names: Sequence[str]) -> None:
    """Raise MisuseError where a column is missing."""
    for name in names:
        if name not in schema.names:
            hint = settings.nearest(str(name), schema.names)
            raise MisuseError(f"there is no column {name!r}{hint}")


def _only(chosen: object) -> Only | None:
    if chosen is None or chosen in ("failed", "pending"):
        return chosen
    raise MisuseError(f"only={chosen!r}{settings.nearest(str(chosen), _SELECTED)}")


def _others(options: Mapping[str, Any]) -> dict[str, Any]:
    for name in options:
        if name not in TableOptions.__annotations__:
            hint = settings.nearest(name, TableOptions.__annotations__)
            raise MisuseError(f"unknown argument {name!r}{hint}")
    return {name: value for name, value in options.items() if name not in _OF_TABLES}


def _write_options(own: Mapping[str, Any]) -> WriteOptions:
    names = [field.name for field in fields(WriteOptions)]
    return WriteOptions(**{name: own[name] for name in names if own.get(name) is not None})


def _check_fitting(own: Mapping[str, Any], destination: Destination) -> None:
    """Raise MisuseError for an option that would do nothing."""
    if not isinstance(own.get("overwrite", False), bool):
        raise MisuseError(f"overwrite={own['overwrite']!r} is not of type bool")
    cut = destination.is_folder and not destination.in_place
    applies = {
        "row_group_rows": (destination.format == "Parquet", "Parquet"),
        "compression": (destination.format == "Parquet", "Parquet"),
        "part_rows": (cut, "a new folder of parts"),
        "escape_formulas": (destination.format == "CSV", "CSV"),
    }
    for name, (does, what) in applies.items():
        if own.get(name) and not does:
            raise MisuseError(f"{name}= is for {what}, and {destination.where!r} is not that")


def _identity(options: Mapping[str, Any], request: Request, column: str) -> str:
    """All that shapes the output beside the source, as a text."""
    shaping = {name: value for name, value in options.items() if name not in _WITHOUT_TRACE}
    known = {"column": column, "recognizer": request.recognizer, **shaping}
    return json.dumps(known, sort_keys=True, default=repr)

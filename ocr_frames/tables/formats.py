"""What Parquet and CSV have in common, and which file is which."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal, Protocol, get_args

import pyarrow as pa

from ocr_frames.errors import MisuseError
from ocr_frames.tables.storage import Storage

Compression = Literal["zstd", "snappy", "gzip", "brotli", "lz4", "none"]
FormatName = Literal["Parquet", "CSV"]

SLAB_ROWS = 1024
SLAB_BYTES = 8 * 2**20
ROW_GROUP_BYTES = 64 * 2**20
_ENDINGS: dict[str, FormatName] = {".parquet": "Parquet", ".pq": "Parquet", ".csv": "CSV"}


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How tables are written.

    Parquet: `row_group_rows` to a row group at most, which also ends at 64 MB; `compression` of
    the pages; in a folder, `part_rows` to a file at most. CSV: `escape_formulas` puts a ' before
    texts that begin with = + - @, a tab or a carriage return, which spreadsheets would run.
    """

    row_group_rows: int = 131_072
    compression: Compression = "zstd"
    part_rows: int = 100_000
    escape_formulas: bool = False

    def __post_init__(self) -> None:
        for name in ("row_group_rows", "part_rows"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise MisuseError(f"{name}={value!r} is not a positive number of rows")
        if self.compression not in get_args(Compression):
            known = ", ".join(get_args(Compression))
            raise MisuseError(f"compression={self.compression!r}; there are: {known}")
        if not isinstance(self.escape_formulas, bool):
            raise MisuseError(f"escape_formulas={self.escape_formulas!r} is not of type bool")


class Writer(Protocol):
    """One file that is being written."""

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        ...

    def close(self) -> None:
        """Write what is left, and the end."""
        ...

    def discard(self) -> None:
        """Let go of the file, whatever became of it."""
        ...


class Format(Protocol):
    """How one kind of file is read and written."""

    def facts(self, storage: Storage, path: str) -> tuple[pa.Schema, int | None]:
        """The columns of a file, and its rows where that can be known without reading it."""
        ...

    def batches(
        self, storage: Storage, path: str, columns: list[str], first_row: int
    ) -> Iterator[tuple[int, Any]]:
        """Yield small record batches with at least these columns, each with its first row.

        Rows before `first_row` may be left out.
        """
        ...

    def writer(self, path: Path, schema: pa.Schema, options: WriteOptions) -> Writer:
        """Begin a file. Raises MisuseError for a column that it cannot hold."""
        ...


def format_of(name: str | PurePath) -> FormatName | None:
    """Tell the format from the ending of a file's name."""
    return _ENDINGS.get(PurePath(name).suffix.lower())


def slabs(batches: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, pa.Table]]:
    """Join small batches to about SLAB_ROWS rows or SLAB_BYTES bytes."""
    held: list[Any] = []
    first = rows = size = 0
    for at, batch in batches:
        if held and (rows >= SLAB_ROWS or size + batch.nbytes > SLAB_BYTES):
            yield first, pa.Table.from_batches(held)
            held, rows, size = [], 0, 0
        first = first if held else at
        held.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
    if rows:
        yield first, pa.Table.from_batches(held)

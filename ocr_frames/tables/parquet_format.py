"""Parquet files, a few rows at a time."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from ocr_frames.tables.formats import ROW_GROUP_BYTES, SLAB_BYTES, WriteOptions
from ocr_frames.tables.storage import Storage

_READ_ROWS = 128
"""Few, for equal values come as one in the file: 128 images that take no place there do here."""
_READ_AHEAD_BYTES = 2**20
_PAGE_BYTES = 2**20
_PAGE_ROWS = 1024


class ParquetFormat:
    """Reads and writes Parquet. See Format."""

    def facts(self, storage: Storage, path: str) -> tuple[pa.Schema, int | None]:
        """See Format."""
        with _opened(storage, path) as file:
            return file.schema_arrow, file.metadata.num_rows

    def batches(
        self, storage: Storage, path: str, columns: list[str], first_row: int
    ) -> Iterator[tuple[int, Any]]:
        """See Format; whole row groups before `first_row` are left out.

        A dataset's scanner decodes a row group at once, however large; this decodes what it
        yields, and holds one page per column.
        """
        with _opened(storage, path) as file:
            groups, at = _groups_from(file.metadata, first_row)
            rows = _rows_at_once(file.metadata, groups, set(columns))
            for batch in file.iter_batches(
                rows, row_groups=groups, columns=columns, use_threads=False
            ):
                yield at, batch
                at += batch.num_rows

    def writer(self, path: Path, schema: pa.Schema, options: WriteOptions) -> "ParquetWriter":
        """See Format."""
        return ParquetWriter(path, schema, options)


def _opened(storage: Storage, path: str) -> Any:
    return pa.parquet.ParquetFile(
        path, filesystem=storage.arrow, buffer_size=_READ_AHEAD_BYTES, pre_buffer=False
    )


def _groups_from(metadata: Any, first_row: int) -> tuple[list[int], int]:
    counts = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    starts = list(accumulate(counts, initial=0))
    groups = [number for number, (_, end) in enumerate(pairwise(starts)) if end > first_row]
    return groups, starts[groups[0]] if groups else metadata.num_rows


def _rows_at_once(metadata: Any, groups: list[int], columns: set[str]) -> int:
    widest = 1.0
    for group in (metadata.row_group(number) for number in groups):
        chunks = (group.column(number) for number in range(group.num_columns))
        size = sum(
            chunk.total_uncompressed_size
            for chunk in chunks
            if chunk.path_in_schema in columns or chunk.path_in_schema.partition(".")[0] in columns
        )
        widest = max(widest, size / max(1, group.num_rows))
    return max(1, min(_READ_ROWS, int(SLAB_BYTES / widest)))


class ParquetWriter:
    """Gathers rows to row groups. See Writer."""

    def __init__(self, path: Path, schema: pa.Schema, options: WriteOptions) -> None:
        self._path = path
        self._schema = schema
        self._options = options
        self._file: Any = None
        self._held: list[pa.Table] = []
        self._rows = 0
        self._bytes = 0

    def write(self, table: pa.Table) -> None:
        """See Writer."""
        while table.num_rows:
            part = table.slice(0, self._options.row_group_rows - self._rows)
            table = table.slice(part.num_rows)
            self._held.append(part)
            self._rows += part.num_rows
            self._bytes += part.nbytes
            if self._rows == self._options.row_group_rows or self._bytes >= ROW_GROUP_BYTES:
                self._flush()

    def close(self) -> None:
        """See Writer."""
        if self._held or self._file is None:
            self._flush()
        self._file.close()

    def discard(self) -> None:
        """See Writer."""
        self._held = []
        if self._file is not None:
            with suppress(OSError, pa.ArrowException):
                self._file.close()

    def _flush(self) -> None:
        table = pa.concat_tables(self._held) if self._held else self._schema.empty_table()
        if self._file is None:
            self._file = self._opened(self._bytes / max(1, self._rows))
        self._file.write_table(table, row_group_size=max(1, table.num_rows))
        self._held, self._rows, self._bytes = [], 0, 0

    def _opened(self, row_bytes: float) -> Any:
        # A page takes whole batches of rows: many rows of images would make it enormous.
        page_rows = max(1, min(_PAGE_ROWS, int(_PAGE_BYTES / max(1.0, row_bytes))))
        return pa.parquet.ParquetWriter(
            self._path,
            self._schema,
            compression=self._options.compression,
            write_batch_size=page_rows,
        )

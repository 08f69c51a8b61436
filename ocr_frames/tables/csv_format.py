"""CSV files: UTF-8, a header, texts quoted. They have no types, so columns stay text."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from ocr_frames.errors import MisuseError
from ocr_frames.tables.formats import SLAB_BYTES, SLAB_ROWS, WriteOptions
from ocr_frames.tables.storage import Storage

_FORMULA = r"^([=+\-@\t\r])"


class CsvFormat:
    """Reads and writes CSV. See Format."""

    def facts(self, storage: Storage, path: str) -> tuple[pa.Schema, int | None]:
        """See Format."""
        with storage.arrow.open_input_stream(path) as stream, _reader(stream) as reader:
            return pa.schema([(name, pa.string()) for name in reader.schema.names]), None

    def batches(
        self, storage: Storage, path: str, columns: list[str], first_row: int
    ) -> Iterator[tuple[int, Any]]:
        """See Format. Empty fields are null, quoted empty ones are empty texts."""
        options = pa.csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            include_columns=columns,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        )
        at = 0
        with storage.arrow.open_input_stream(path) as stream, _reader(stream, options) as reader:
            for block in reader:
                for start in range(0, block.num_rows, SLAB_ROWS):
                    batch = block.slice(start, SLAB_ROWS)
                    yield at, batch
                    at += batch.num_rows

    def writer(self, path: Path, schema: pa.Schema, options: WriteOptions) -> "CsvWriter":
        """See Format."""
        return CsvWriter(path, schema, options)


def _reader(stream: Any, convert: Any = None) -> Any:
    # A row must fit into a block.
    return pa.csv.open_csv(
        stream,
        read_options=pa.csv.ReadOptions(block_size=SLAB_BYTES, use_threads=False),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=convert,
    )


class CsvWriter:
    """See Writer."""

    def __init__(self, path: Path, schema: pa.Schema, options: WriteOptions) -> None:
        self._schema = pa.schema([field.with_type(_plain(field)) for field in schema])
        self._escape = options.escape_formulas
        self._file = pa.csv.CSVWriter(path, self._schema)

    def write(self, table: pa.Table) -> None:
        """See Writer."""
        table = table.cast(self._schema)
        if self._escape:
            for number, field in enumerate(self._schema):
                if field.type in (pa.string(), pa.large_string()):
                    escaped = pa.compute.replace_substring_regex(
                        table.column(number), pattern=_FORMULA, replacement=r"'\1"
                    )
                    table = table.set_column(number, field, escaped)
        self._file.write(table)

    def close(self) -> None:
        """See Writer."""
        self._file.close()

    def discard(self) -> None:
        """See Writer."""
        with suppress(OSError, pa.ArrowException):
            self._file.close()


def check_types(schema: pa.Schema) -> None:
    """Raise MisuseError for a column that CSV cannot hold."""
    for field in schema:
        _plain(field)


def _plain(field: Any) -> Any:
    """The type as which a column is written: dictionaries are decoded."""
    types = pa.types
    kind = field.type.value_type if types.is_dictionary(field.type) else field.type
    if types.is_string_view(kind):
        kind = pa.string()
    unfit = (
        types.is_nested,
        types.is_binary,
        types.is_large_binary,
        types.is_binary_view,
        types.is_fixed_size_binary,
    )
    if any(test(kind) for test in unfit) or isinstance(kind, pa.BaseExtensionType):
        raise MisuseError(
            f"CSV cannot hold the column {field.name!r} of type {field.type}; "
            "write Parquet, or drop the column first"
        )
    return kind

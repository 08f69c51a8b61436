"""Tables in files: Parquet or CSV in, Parquet or CSV out, written beside and renamed."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ocr_frames.errors import MisuseError, TableError

_FORMATS = {".parquet": "Parquet", ".pq": "Parquet", ".csv": "CSV"}


def format_of(path: Path) -> str:
    """Tell "Parquet" or "CSV" from the file name's ending. Raises MisuseError."""
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise MisuseError(f"{str(path)!r}: the name of a table ends in .parquet or .csv") from None


def read(path: Path) -> pa.Table:
    """Read a whole table. CSV has no types: its columns stay text, empty fields are null.

    Raises TableError naming the file and what is wrong.
    """
    load = _read_csv if format_of(path) == "CSV" else pa.parquet.read_table
    try:
        return load(path)
    except FileNotFoundError as error:
        raise TableError(f"there is no file {str(path)!r}; check the path") from error
    except (OSError, pa.ArrowException) as error:
        raise TableError(f"{str(path)!r} could not be read: {error}") from error


def _read_csv(path: Path) -> pa.Table:
    with pa.csv.open_csv(path, parse_options=_quoted()) as reader:
        names = reader.schema.names
    if len(set(names)) < len(names):
        raise TableError(f"{str(path)!r} has two columns of the same name; rename one")
    options = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
    )
    return pa.csv.read_csv(path, parse_options=_quoted(), convert_options=options)


def _quoted() -> Any:
    return pa.csv.ParseOptions(newlines_in_values=True)


def check_writable(path: Path) -> None:
    """Raise TableError early where `write` could not even begin."""
    if not path.parent.is_dir():
        raise TableError(f"there is no folder {str(path.parent)!r}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise TableError(f"no permission to write to {str(path.parent)!r}")


def write(table: pa.Table, path: Path) -> None:
    """Write the table beside `path` and rename it there: all of it, or nothing.

    Raises TableError; an existing file is untouched then.
    """
    save: Callable[[pa.Table, str], None] = (
        pa.csv.write_csv if format_of(path) == "CSV" else pa.parquet.write_table
    )
    if format_of(path) == "CSV":
        table = _plain(table)
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise TableError(f"cannot write to {str(path.parent)!r}: {error.strerror}") from error
    try:
        save(table, beside)
        _publish(Path(beside), path)
    except (OSError, pa.ArrowException) as error:
        raise TableError(f"{str(path)!r} could not be written: {error}") from error
    finally:
        Path(beside).unlink(missing_ok=True)


def _publish(beside: Path, path: Path) -> None:
    """Make the file durable and give it the mode a new file would have, then its name."""
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    mask = os.umask(0)
    os.umask(mask)
    beside.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~mask)
    beside.replace(path)


def _plain(table: pa.Table) -> pa.Table:
    """Decode dictionaries, which the CSV writer does not know."""
    fields = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))

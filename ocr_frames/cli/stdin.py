"""`-` as a table: a path per line on standard input."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from ocr_frames.errors import MisuseError

STDIN = "-"
COLUMN = "path"


@contextmanager
def source_table(source: str, column: str | None) -> Iterator[tuple[str, str]]:
    """Give the table and the column to read: for `-` a private one of the paths, while it lasts.

    Raises MisuseError where no path comes, and where a table is named without its column.
    """
    if source != STDIN:
        if column is None:
            raise MisuseError("--column is missing: name the column with the paths of the images")
        yield source, column
        return
    with tempfile.TemporaryDirectory(prefix="ocr_frames-") as folder:
        path = Path(folder) / "stdin.parquet"
        name = column or COLUMN
        pa.parquet.write_table(pa.table({name: pa.array(_paths(), pa.string())}), path)
        yield str(path), name


def _paths() -> list[str]:
    try:
        lines = sys.stdin.buffer.read().decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise MisuseError(f"standard input is no UTF-8 text: {error}") from error
    paths = [line.removesuffix("\r") for line in lines]
    paths = [path for path in paths if path]
    if not paths:
        raise MisuseError("standard input is empty; send it a path per line, such as of ls *.png")
    return paths

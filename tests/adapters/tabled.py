"""Tables of images and their recognition, as functions that a child process can run."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import ocr_frames
from ocr_frames.tables.storage import LocalStorage


def write_images(folder: Path, count: int) -> None:
    """Tiny files that all differ, a thousand to a folder."""
    for number in range(count):
        path = folder / image_name(number)
        if number % 1000 == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(content(number))


def image_name(number: int) -> str:
    """The path of an image from the folder of its table."""
    return f"images/{number // 1000}/{number}.png"


def content(number: int) -> bytes:
    """An image of its own for each number."""
    return b"image %d" % number


def image_of(row: int, rows: int, images: int) -> int:
    """New images come all along the table, and between them any that came before."""
    every = rows // images
    seen = row // every
    return seen if row % every == 0 else row * 7919 % (seen + 1)


def table_of(rows: int, images: int) -> pa.Table:
    """A table of `rows` that name `images` in all, with other columns beside."""
    return pa.table(
        {
            "id": pa.array(range(rows), pa.int64()),
            "path": [image_name(image_of(row, rows, images)) for row in range(rows)],
            "label": pa.array([f"label {row % 7}" for row in range(rows)]).dictionary_encode(),
        }
    )


def write_table(path: Path, rows: int, images: int, row_group_rows: int = 100_000) -> None:
    """Write such a table piece by piece."""
    schema = table_of(1, 1).schema
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, row_group_rows):
            count = min(row_group_rows, rows - start)
            numbers = range(start, start + count)
            writer.write_table(
                pa.table(
                    {
                        "id": pa.array(numbers, pa.int64()),
                        "path": [image_name(image_of(row, rows, images)) for row in numbers],
                        "label": pa.array([f"label {row % 7}" for row in numbers]),
                    }
                ).cast(schema)
            )


def recognize(source: Path | str, destination: Path | str, options: Mapping[str, Any]) -> Any:
    """`recognize_table`; the report comes back."""
    chosen = {"column": "path", "progress": False, **options}
    return ocr_frames.recognize_table(source, destination, **chosen)


def recognize_and_die(
    source: Path, destination: Path, options: Mapping[str, Any], renames: int, when: str
) -> None:
    """Do the same until so many files are published: die before or after the last is renamed."""
    publish = LocalStorage.publish
    left = renames

    def publishing(self: LocalStorage, staged: Path, path: str) -> None:
        nonlocal left
        left -= 1
        if left == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        publish(self, staged, path)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    LocalStorage.publish = publishing  # type: ignore[method-assign]
    recognize(source, destination, options)

"""Tables of images and their recognition, as functions that a child process can run."""

import os
import resource
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import ocr_frames
from ocr_frames.engine.ledger import Ledger
from ocr_frames.tables import Source
from ocr_frames.tables.storage import LocalStorage
from tests.adapters.simulated import Simulated

_KNOWN = {"age_s": 0.005, "age_asks": 500.0, "gap_s": 0.002, "gap_results": 500.0}


class Shop:
    """A folder with images, a vendor, a ledger that knows how soon the vendor answers."""

    def __init__(self, vendor: Simulated, folder: Path) -> None:
        self.vendor = vendor
        self.folder = folder
        ledger = Ledger(folder / "ledger.sqlite")
        ledger.remember_latencies(vendor.endpoint.identity, _KNOWN)
        ledger.close()

    @property
    def options(self) -> dict[str, Any]:
        """Where images go, and what is on record."""
        return {"endpoint": self.vendor.endpoint, "ledger": self.folder / "ledger.sqlite"}

    def images(self, count: int) -> list[str]:
        """Write so many images; their paths from here."""
        write_images(self.folder, count)
        return [image_name(number) for number in range(count)]

    def recognize(self, source: str, destination: str, **options: Any) -> Any:
        """`recognize_table` with names of this folder, or URLs."""
        places = (
            place if "://" in place else f"{self.folder}/{place}" for place in (source, destination)
        )
        return recognize(*places, self.options | options)

    def __truediv__(self, name: str) -> Path:
        return self.folder / name


def litter(folder: Path) -> list[str]:
    """What a run should not leave."""
    return [str(path) for path in folder.rglob(".*")]


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


def recognize_on_a_full_disk(
    file_bytes: int, source: Path, destination: Path, options: Mapping[str, Any]
) -> Any:
    """Do it where no file can grow over so many bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, hard))
    return recognize(source, destination, options)


def recognize_and_lose_permission(folder: Path, options: Mapping[str, Any]) -> Any:
    """Overwrite a file whose folder turns read-only before it is renamed; not as root."""
    destination = folder / "to"
    destination.mkdir()
    (destination / "out.parquet").write_text("precious")
    pq.write_table(pa.table({"path": pa.nulls(10, pa.string())}), folder / "in.parquet")
    for path in (folder, destination, *folder.parents[:3]):
        path.chmod(0o777)
    if os.getuid() == 0:
        os.setegid(65534)
        os.seteuid(65534)
    publish = LocalStorage.publish

    def publishing(self: LocalStorage, staged: Path, path: str) -> None:
        destination.chmod(0o555)
        publish(self, staged, path)

    LocalStorage.publish = publishing  # type: ignore[method-assign]
    try:
        return recognize(folder / "in.parquet", destination / "out.parquet", options)
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
            os.setegid(0)


def read(path: Path) -> pa.Table:
    """The whole table of a file."""
    source = Source(path)
    slabs = source.slabs(source.fragments[0], source.schema.names)
    return pa.concat_tables([slab for _, slab in slabs]).combine_chunks()


def write_bytes_table(path: Path, rows: int, size: int, page_rows: int) -> None:
    """A table that holds its images, `page_rows` to a page of the file, in one row group."""
    images = pa.array([os.urandom(size) for _ in range(rows)], pa.binary())
    table = pa.table({"id": range(rows), "image": images})
    pq.write_table(table, path, write_batch_size=page_rows)

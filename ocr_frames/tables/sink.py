"""A table to write, part by part: each one staged, then published whole; the manifest last."""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

from ocr_frames.errors import MisuseError, TableError
from ocr_frames.tables.csv_format import check_types
from ocr_frames.tables.destination import Destination
from ocr_frames.tables.formats import WriteOptions, Writer, format_of
from ocr_frames.tables.parts import Part, Parts
from ocr_frames.tables.source import FORMATS, Source
from ocr_frames.tables.storage import STAGED, explained

MANIFEST = "_manifest.json"
_LOOKING = 16
_DAMAGED = "damaged"


class _Staged:
    """One file that is written under another name."""

    def __init__(self, part: Part, sink: "Sink") -> None:
        self.part = part
        self.rows = 0
        self.values: Counter[str] = Counter()
        folder, prefix = sink.destination.staged()
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=STAGED, dir=folder)
        os.close(handle)
        self.path = Path(name)
        self._sink = sink
        self._writer: Writer = FORMATS[sink.destination.format].writer(
            self.path, sink.schema, sink.options
        )

    def write(self, table: pa.Table) -> None:
        self._writer.write(table)
        self.rows += table.num_rows
        self.values += counted(table[self._sink.counts])

    def publish(self) -> None:
        """Finish the file; give it its name if what it was made of is unchanged."""
        self._writer.close()
        self._sink.source.check_unchanged(self.part.fragments)
        self._sink.destination.storage.publish(self.path, self.part.path)

    def discard(self) -> None:
        """Leave nothing of it."""
        self._writer.discard()
        self.path.unlink(missing_ok=True)


class Sink:
    """Writes tables of `schema` to a destination; what is not published is discarded.

    `counts` names the column whose values are counted in `values`, those of finished parts
    among them.
    """

    def __init__(
        self,
        source: Source,
        destination: Destination,
        schema: pa.Schema,
        options: WriteOptions,
        parts: Parts,
        counts: str,
    ) -> None:
        """Raise MisuseError for a column that the format cannot hold."""
        if destination.format == "CSV":
            check_types(schema)
        self.source = source
        self.destination = destination
        self.schema = schema
        self.options = options
        self.counts = counts
        self.values: Counter[str] = Counter()
        self._parts = parts
        self._staged: _Staged | None = None
        self._published: dict[str, int] = {}

    @property
    def rows(self) -> int:
        """How many rows are in published parts."""
        return sum(self._published.values())

    def resume(self, unfinished: frozenset[str], *, overwrite: bool) -> None:
        """Find the parts that an earlier run has finished; they are not written again.

        None of their counted values is `unfinished`. `overwrite` takes away what an earlier run
        made of another source or with other arguments; without it that is a MisuseError. Raises
        TableError where there are files that no run made.
        """
        if not self.destination.is_folder or self.destination.in_place:
            return
        storage, path = self.destination.storage, self.destination.path
        with explained(self.destination.where, "written"):
            files = storage.files(path)
            there = [each for each in files if format_of(each) is not None and not _is_hidden(each)]
            self._check_ours(there, overwrite=overwrite)
            for each in files:
                if self._parts.is_half(each):
                    storage.remove(each)
            ours = [each for each in there if self._parts.belongs(each)]
            kept = self._settled(ours, unfinished)
            for each in set(there).difference(ours):
                storage.remove(each)
            self._parts.done |= kept.keys()
            storage.remove(str(PurePosixPath(path) / MANIFEST))
        for each, values in kept.items():
            self._published[each] = values.total()
            self.values += values

    def _check_ours(self, there: list[str], *, overwrite: bool) -> None:
        foreign = [each for each in there if not self._parts.is_ours(each)]
        if foreign:
            raise TableError(
                f"there are other tables in {self.destination.where!r}, such as {foreign[0]!r}; "
                "name an empty folder or a new one"
            )
        others = [each for each in there if not self._parts.belongs(each)]
        if others and not overwrite:
            raise MisuseError(
                f"{self.destination.where!r} holds the output of another source, of a source that "
                "has changed since, or of other arguments; overwrite it (overwrite=True), or "
                "name another folder"
            )

    def _settled(self, paths: list[str], unfinished: frozenset[str]) -> dict[str, Counter[str]]:
        with ThreadPoolExecutor(_LOOKING) as pool:
            found = dict(zip(paths, pool.map(self._values_of, paths), strict=True))
        unwanted = unfinished | {_DAMAGED}
        return {path: values for path, values in found.items() if not unwanted & values.keys()}

    def _values_of(self, path: str) -> Counter[str]:
        """What is counted of a part."""
        try:
            table = pa.parquet.read_table(
                path, columns=[self.counts], filesystem=self.destination.storage.arrow
            )
        except (OSError, pa.ArrowException):
            return Counter({_DAMAGED: 1})
        return counted(table[self.counts])

    def write(self, part: Part, table: pa.Table, *, is_last: bool) -> None:
        """Append rows to a part, one after the other; publish it with the last ones."""
        with explained(self.destination.where, "written"):
            if self._staged is None:
                self._staged = _Staged(part, self)
            self._staged.write(table)
            if is_last:
                self._publish(self._staged)

    def finish(self) -> None:
        """Publish the manifest of a folder."""
        with explained(self.destination.where, "written"):
            self.source.check_complete()
            if self.destination.is_folder and not self.destination.in_place:
                self._write_manifest()

    def close(self) -> None:
        """Leave nothing of a part that is not complete."""
        staged, self._staged = self._staged, None
        if staged is not None:
            staged.discard()

    def _publish(self, staged: _Staged) -> None:
        staged.publish()
        self._staged = None
        self._published[staged.part.path] = staged.rows
        self.values += staged.values

    def _write_manifest(self) -> None:
        folder = PurePosixPath(self.destination.path)
        document: Mapping[str, Any] = {
            "version": 1,
            "source": self.source.storage.absolute(self.source.path),
            "rows": self.rows,
            self.counts: dict(sorted(self.values.items())),
            "parts": [
                {"path": str(PurePosixPath(path).relative_to(folder)), "rows": rows}
                for path, rows in sorted(self._published.items())
            ],
        }
        staging, prefix = self.destination.staged()
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=STAGED, dir=staging)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=1)
            self.destination.storage.publish(Path(name), str(folder / MANIFEST))
        finally:
            Path(name).unlink(missing_ok=True)


def _is_hidden(path: str) -> bool:
    return PurePosixPath(path).name.startswith((".", "_"))


def counted(column: pa.ChunkedArray) -> Counter[str]:
    """How often each value is there."""
    values = pa.compute.value_counts(column.cast(pa.string()))
    return Counter({each["values"]: each["counts"] for each in values.to_pylist()})

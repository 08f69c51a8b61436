"""Which files the rows of a table go to. The name of a part says what it was made of."""

import hashlib
import json
import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pyarrow as pa

from ocr_frames.tables.destination import Destination
from ocr_frames.tables.source import Fragment, Source

_NAME = re.compile(r"part-(\d{5,})-(\d{5,})-[0-9a-f]{16}\.parquet")


@dataclass(frozen=True, slots=True)
class Part:
    """One file to write, from some rows of some files."""

    path: str
    fragments: tuple[Fragment, ...]


class Parts:
    """The files of a destination.

    A folder gets one or more parts per source file, of `part_rows` at most, in its partition's
    folder. A part's name holds a digest of the source file's name and state and of `identity`,
    which is all that shapes the output: a part that is there under its name is finished, and
    belongs to this source and these arguments. `done` are the paths of parts to leave as they are.
    """

    def __init__(
        self, source: Source, destination: Destination, part_rows: int, identity: str
    ) -> None:
        self._source = source
        self._destination = destination
        self._is_cut = destination.is_folder and not destination.in_place
        self._part_rows = part_rows
        self._identity = json.dumps(
            [identity, source.storage.absolute(source.root), part_rows], ensure_ascii=True
        )
        self.done: set[str] = set()

    def of(self, fragment: Fragment, number: int) -> Part:
        """The part for the rows of a file from `number * part_rows` on."""
        if not self._destination.is_folder:
            return Part(self._destination.path, tuple(self._source.fragments))
        folder = PurePosixPath(self._destination.path)
        if not self._is_cut:
            return Part(str(folder / fragment.name), (fragment,))
        made_of = f"{self._identity}\n{fragment.name}\n{fragment.state}"
        digest = hashlib.sha256(made_of.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        name = f"part-{fragment.number:05d}-{number:05d}-{digest}.parquet"
        return Part(str(folder / PurePosixPath(fragment.name).parent / name), (fragment,))

    def is_ours(self, path: str) -> bool:
        """Whether a file has the name of a part, of whatever source."""
        return _NAME.fullmatch(PurePosixPath(path).name) is not None

    def belongs(self, path: str) -> bool:
        """Whether a file has the name of a part of this source with these arguments."""
        found = _NAME.fullmatch(PurePosixPath(path).name)
        if found is None or int(found[1]) >= len(self._source.fragments):
            return False
        fragment, number = self._source.fragments[int(found[1])], int(found[2])
        within = fragment.rows is None or number * self._part_rows < max(1, fragment.rows)
        return within and self.of(fragment, number).path == path

    def scan(self, columns: Sequence[str]) -> Generator[tuple[Part, pa.Table]]:
        """Yield the rows that are not done yet, in order, each with the part it belongs to.

        A source file without rows yields a table without rows.
        """
        for fragment in self._source.fragments:
            yield from self._scan(fragment, columns)

    def _scan(self, fragment: Fragment, columns: Sequence[str]) -> Iterator[tuple[Part, pa.Table]]:
        start = self._first_row(fragment)
        if fragment.rows is not None and start >= max(1, fragment.rows):
            return
        at = 0
        for first, slab in self._source.slabs(fragment, columns, start):
            at = first
            while slab.num_rows:
                number = at // self._part_rows if self._is_cut else 0
                room = (number + 1) * self._part_rows - at if self._is_cut else slab.num_rows
                part, piece = self.of(fragment, number), slab.slice(0, room)
                if part.path not in self.done:
                    yield part, piece
                slab = slab.slice(piece.num_rows)
                at += piece.num_rows
        if at == 0 and self.of(fragment, 0).path not in self.done:
            schema = pa.schema([self._source.schema.field(name) for name in columns])
            yield self.of(fragment, 0), schema.empty_table()

    def _first_row(self, fragment: Fragment) -> int:
        """How many rows at the beginning of a file are in parts that are done."""
        number = 0
        while self.of(fragment, number).path in self.done:
            number += 1
        return number * self._part_rows

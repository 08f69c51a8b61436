"""Which files the rows of a table go to. The name of a part says what it was made of."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import pyarrow as pa

from ocr_frames.tables.destination import Destination
from ocr_frames.tables.source import Fragment, Source
from ocr_frames.tables.storage import STAGED

_NAME = re.compile(r"part-(\d{5,})-(\d{5,})-[0-9a-f]{16}\.parquet")


@dataclass(frozen=True, slots=True)
class Part:
    """One file to write, from some rows of some files."""

    path: str
    fragments: tuple[Fragment, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows, and the part to which they go; `is_last` of that part."""

    part: Part
    table: pa.Table
    is_last: bool


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

    def is_half(self, path: str) -> bool:
        """Whether a file is what a killed run left of uploading a part."""
        name = PurePosixPath(path).name
        return name.startswith(".") and self.is_ours(name[1:].removesuffix(STAGED))

    def belongs(self, path: str) -> bool:
        """Whether a file has the name of a part of this source with these arguments."""
        found = _NAME.fullmatch(PurePosixPath(path).name)
        if found is None or int(found[1]) >= len(self._source.fragments):
            return False
        fragment, number = self._source.fragments[int(found[1])], int(found[2])
        within = fragment.rows is None or number * self._part_rows < max(1, fragment.rows)
        return within and self.of(fragment, number).path == path

    def scan(self, columns: Sequence[str]) -> Iterator[Piece]:
        """Yield the rows that are not done yet, in order. The last piece of a part may be empty."""
        part = None
        for fragment in self._source.fragments:
            for piece in self._scan(fragment, columns):
                part = piece.part
                yield piece if self._destination.is_folder else replace(piece, is_last=False)
        if part is not None and not self._destination.is_folder:
            yield Piece(part, self._no_rows(columns), is_last=True)

    def _scan(self, fragment: Fragment, columns: Sequence[str]) -> Iterator[Piece]:
        start = self._first_row(fragment)
        if fragment.rows is not None and start >= max(1, fragment.rows):
            return
        at = 0
        for first, slab in self._source.slabs(fragment, columns, start):
            at = first
            while slab.num_rows:
                number = at // self._part_rows if self._is_cut else 0
                room = (number + 1) * self._part_rows - at if self._is_cut else slab.num_rows + 1
                part, piece = self.of(fragment, number), slab.slice(0, room)
                if part.path not in self.done:
                    yield Piece(part, piece, is_last=piece.num_rows == room)
                slab = slab.slice(piece.num_rows)
                at += piece.num_rows
        if at == 0 or at % self._part_rows or not self._is_cut:
            part = self.of(fragment, at // self._part_rows if self._is_cut else 0)
            if part.path not in self.done:
                yield Piece(part, self._no_rows(columns), is_last=True)

    def _no_rows(self, columns: Sequence[str]) -> pa.Table:
        fields = [self._source.schema.field(name) for name in columns]
        return pa.schema(fields, self._source.schema.metadata).empty_table()

    def _first_row(self, fragment: Fragment) -> int:
        """How many rows at the beginning of a file are in parts that are done."""
        number = 0
        while self.of(fragment, number).path in self.done:
            number += 1
        return number * self._part_rows

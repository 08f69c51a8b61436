"""What was read and cannot be written yet: a little in memory, the rest in temporary files."""

import tempfile
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.ipc

from ocr_frames.tables.parts import Piece
from ocr_frames.tables.storage import explained

MEMORY_BYTES = 64 * 2**20
DISK_BYTES = 8 * 2**30
SEGMENT_BYTES = 64 * 2**20
FREE_ROWS = 4096
"""So many rows are taken in any case: a run asks for less at a time."""


@dataclass(slots=True, eq=False)
class _Segment:
    """Pieces in a file without a name, which goes with the process. `left` are not read yet."""

    file: IO[bytes]
    size: int = 0
    left: int = 0


@dataclass(slots=True)
class _Held:
    """A piece in memory, or one whose table is at `offset` of a segment."""

    piece: Piece
    rows: int
    size: int
    segment: _Segment | None = None
    offset: int = 0


class Spool:
    """Hands pieces out in the order in which they came.

    One thread puts, another one gets. `put` waits while too much is held. `came` is called, on
    the thread that puts, when there is something to get. Temporary files are in `folder`.
    """

    def __init__(self, folder: Path, came: Callable[[], None]) -> None:
        self._folder = folder
        self._came = came
        self._held: deque[_Held] = deque()
        self._segment: _Segment | None = None
        self._rows = 0
        self._memory_bytes = 0
        self._disk_bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def disk_bytes(self) -> int:
        """What is held in temporary files."""
        return self._disk_bytes

    def put(self, piece: Piece) -> None:
        """Take a piece. Raises TableError where there is no room for it on the disk."""
        with self._changed:
            self._changed.wait_for(self._has_room)
            if self._closed:
                return
            size = piece.table.nbytes
            if self._memory_bytes + size <= MEMORY_BYTES:
                held = _Held(piece, piece.table.num_rows, size)
                self._memory_bytes += held.size
            else:
                with explained(self._folder, "written"):
                    held = self._stored(piece)
                self._disk_bytes += held.size
            self._rows += held.rows
            self._held.append(held)
        self._came()

    def get(self) -> Piece | None:
        """The next piece; None when there is none at the moment."""
        with self._changed:
            if not self._held:
                return None
            held = self._held.popleft()
            self._rows -= held.rows
            if held.segment is None:
                self._memory_bytes -= held.size
                piece = held.piece
            else:
                self._disk_bytes -= held.size
                with explained(self._folder, "read"):
                    table = self._restored(held.segment, held.offset)
                piece = replace(held.piece, table=table)
            self._changed.notify()
        return piece

    def close(self) -> None:
        """Take no more, let nobody wait, free the disk."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            segments = {id(held.segment): held.segment for held in self._held}
            self._held.clear()
            for segment in (*segments.values(), self._segment):
                if segment is not None:
                    segment.file.close()

    def _has_room(self) -> bool:
        return self._closed or self._rows <= FREE_ROWS or self._disk_bytes <= DISK_BYTES

    def _stored(self, piece: Piece) -> _Held:
        segment = self._segment
        if segment is None or segment.size >= SEGMENT_BYTES:
            file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed when read
            segment = self._segment = _Segment(file)
        offset = segment.size
        segment.file.seek(offset)
        table = piece.table
        with pa.ipc.new_stream(segment.file, table.schema) as stream:
            stream.write_table(table)
        segment.file.flush()
        segment.size = segment.file.tell()
        segment.left += 1
        left = replace(piece, table=table.schema.empty_table())
        return _Held(left, table.num_rows, segment.size - offset, segment, offset)

    def _restored(self, segment: _Segment, offset: int) -> Any:
        segment.file.seek(offset)
        with pa.ipc.open_stream(segment.file) as stream:
            table = stream.read_all()
        segment.left -= 1
        if segment.left == 0:
            segment.file.close()
            if segment is self._segment:
                self._segment = None
        return table

"""Tasks on disk: one SQLite file that holds what was acknowledged, until it expires.

Images lie in the same file as the tasks they belong to, not beside it: then one commit, so one
wait for the disk, makes any number of submissions durable, and a task and its image cannot part.
"""

import json
import os
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any
from uuid import UUID

from ocr_frames.errors import LocalEngineError
from ocr_frames.model import Status
from ocr_frames.settings import RecognitionSettings, Region
from ocr_frames.wire import Submission

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE tasks (
    number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, client TEXT NOT NULL,
    submitted_s REAL NOT NULL, size INTEGER NOT NULL, status TEXT NOT NULL,
    brief TEXT, checksum INTEGER, document TEXT
);
CREATE TABLE inputs (
    number INTEGER PRIMARY KEY, settings TEXT NOT NULL, regions TEXT NOT NULL, image BLOB NOT NULL
);
"""
_ADD = (
    "INSERT INTO tasks (number, id, client, submitted_s, size, status)"
    " VALUES (?, ?, ?, ?, ?, 'Pending')"
)
_ADD_INPUT = "INSERT INTO inputs VALUES (?, ?, ?, ?)"
_END = (
    "INSERT INTO tasks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (number) DO UPDATE"
    " SET status = ?6, brief = ?7, checksum = ?8, document = ?9"
)
_PURGED_AT_ONCE = 200
_VACUUMED_PAGES = 2000


class StoreFailed(Exception):  # noqa: N818 - an answer of the server
    """The disk did not take a change, of which nothing is on record then, or does not give."""


@dataclass(frozen=True, slots=True)
class Head:
    """Which task it is. `number` counts up in the order of submission; `size` of its image."""

    number: int
    id: UUID
    client: str
    submitted_s: float
    size: int


@dataclass(frozen=True, slots=True)
class Added:
    """A task was submitted."""

    head: Head
    submission: Submission


@dataclass(frozen=True, slots=True)
class Ended:
    """A task has come to its end.

    `document` is the answer to a fetch as it goes over the wire; `brief` the same without results.
    """

    head: Head
    status: Status
    brief: str
    document: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """A task is not wanted any more."""

    head: Head


Change = Added | Ended | Dropped


@dataclass(frozen=True, slots=True)
class Record:
    """How a task ended; see Ended. `document` is None where it was lost or damaged."""

    head: Head
    brief: str
    document: str | None


class Store:
    """The tasks of one server, in a file or, with `path` None, for this process alone.

    The latter are only those that have ended, in a temporary file without a name. Raises
    LocalEngineError where the file is not one of ours.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        try:
            # "" is a private temporary file that SQLite deletes by itself
            self._writer = _connected(path or "")
            self._reader = self._writer if path is None else _connected(path)
        except (sqlite3.Error, OSError) as error:
            raise LocalEngineError(
                f"the tasks in {path} cannot be used: {error}. Mend the file, or move it away "
                "to begin with none"
            ) from error

    @property
    def is_durable(self) -> bool:
        """Whether tasks outlive the process."""
        return self.path is not None

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
        self._writer.close()

    def apply(self, changes: Sequence[Change]) -> None:
        """Write all changes in one transaction, on the disk on return. Raises StoreFailed.

        May be called on another thread than the other methods, one call at a time.
        """
        with self._transaction() as sqlite:
            added = [change for change in changes if isinstance(change, Added)]
            if added and self.path:
                sqlite.executemany(_ADD, [_row(change.head) for change in added])
                sqlite.executemany(_ADD_INPUT, map(_input_row, added))
            # in this order: a task that is dropped at its very end is gone
            ended = [change for change in changes if isinstance(change, Ended)]
            if ended:
                sqlite.executemany(_END, map(_end_row, ended))
            dropped = [change for change in changes if isinstance(change, Dropped)]
            _delete(sqlite, "tasks", dropped)
            if self.path:
                _delete(sqlite, "inputs", [*ended, *dropped])

    def unfinished(self) -> list[Head]:
        """The tasks that wait to be recognized, in the order of submission."""
        rows = self._reader.execute(
            "SELECT number, id, client, submitted_s, size FROM tasks WHERE status = 'Pending'"
            " ORDER BY number"
        )
        return [_head(row) for row in rows]

    def last_number(self) -> int:
        """The highest number of a task on record, 0 if there is none."""
        (number,) = self._reader.execute("SELECT ifnull(max(number), 0) FROM tasks").fetchone()
        return int(number)

    def submission(self, head: Head) -> Submission:
        """What is to be recognized.

        Raises StoreFailed, and ValueError where it cannot be understood any more.
        """
        row = self._read_one(
            "SELECT settings, regions, image FROM inputs WHERE number = ?", head.number
        )
        if row is None:
            raise ValueError("the image is not on record")
        settings, regions, image = row
        return Submission(
            image=image,
            settings=RecognitionSettings.model_validate_json(settings),
            regions=tuple(Region.model_validate(box) for box in json.loads(regions)),
        )

    def record(self, task_id: UUID, *, results: bool) -> Record | None:
        """How a task ended, None where it has not or is not known. Raises StoreFailed."""
        wanted = "checksum, document" if results else "NULL, NULL"
        row = self._read_one(
            f"SELECT number, id, client, submitted_s, size, brief, {wanted} FROM tasks"  # noqa: S608
            " WHERE id = ? AND brief IS NOT NULL",
            task_id.bytes,
        )
        if row is None:
            return None
        *head, brief, checksum, document = row
        intact = document is not None and zlib.crc32(document.encode()) == checksum
        return Record(_head(head), brief, document if intact else None)

    def purge(self, before_s: float) -> int:
        """Delete some tasks submitted before `before_s`; return how many. Raises StoreFailed.

        What is deleted is overwritten. Call it again until there are none, then `shrink`.
        """
        with self._transaction() as sqlite:
            # the oldest first, as far as they have expired: the others need not be read
            oldest = sqlite.execute(
                "SELECT submitted_s, number FROM tasks ORDER BY number LIMIT ?", (_PURGED_AT_ONCE,)
            ).fetchall()
            numbers = [row[1:] for row in takewhile(lambda row: row[0] < before_s, oldest)]
            sqlite.executemany("DELETE FROM tasks WHERE number = ?", numbers)
            sqlite.executemany("DELETE FROM inputs WHERE number = ?", numbers)
        return len(numbers)

    def shrink(self) -> None:
        """Give space back, and leave nothing of what was deleted in the log of changes."""
        try:
            # execute() would stop after the first page
            self._writer.executescript(f"PRAGMA incremental_vacuum({_VACUUMED_PAGES})")
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            raise StoreFailed(str(error)) from error

    def _read_one(self, query: str, key: object) -> tuple[Any, ...] | None:
        try:
            return next(self._reader.execute(query, (key,)), None)
        except sqlite3.Error as error:
            raise StoreFailed(str(error)) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        sqlite = self._writer
        try:
            if self.path is None:
                yield sqlite  # nobody sees, and nothing survives, half a change
                return
            sqlite.execute("BEGIN IMMEDIATE")
            try:
                yield sqlite
                sqlite.execute("COMMIT")
            except BaseException:
                if sqlite.in_transaction:
                    sqlite.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StoreFailed(str(error)) from error


def _connected(path: Path | str) -> sqlite3.Connection:
    if isinstance(path, Path):
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    sqlite = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        _prepare(sqlite, durable=isinstance(path, Path))
    except BaseException:
        sqlite.close()
        raise
    return sqlite


def _prepare(sqlite: sqlite3.Connection, *, durable: bool) -> None:
    (tables,) = sqlite.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (version,) = sqlite.execute("PRAGMA user_version").fetchone()
    if version not in (0, _SCHEMA_VERSION):
        raise sqlite3.DatabaseError(f"it is of version {version}, made by a newer ocr_frames")
    if version == 0 and tables:
        raise sqlite3.DatabaseError("it is a database of another program")
    sqlite.execute("PRAGMA auto_vacuum = INCREMENTAL")
    # what was deleted is overwritten, and no part of it goes into temporary files
    sqlite.execute(f"PRAGMA secure_delete = {'ON' if durable else 'OFF'}")
    sqlite.execute("PRAGMA temp_store = MEMORY")
    sqlite.execute(f"PRAGMA journal_mode = {'WAL' if durable else 'MEMORY'}").fetchall()
    # a commit is on the disk when it returns: pulling the plug loses nothing either
    sqlite.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
    if version == 0:
        sqlite.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;"
        )


def _delete(sqlite: sqlite3.Connection, table: str, changes: Sequence[Change]) -> None:
    if changes:
        numbers = [(change.head.number,) for change in changes]
        sqlite.executemany(f"DELETE FROM {table} WHERE number = ?", numbers)  # noqa: S608 - ours


def _row(head: Head) -> tuple[Any, ...]:
    return head.number, head.id.bytes, head.client, head.submitted_s, head.size


def _head(row: Sequence[Any]) -> Head:
    number, task_id, client, submitted_s, size = row
    return Head(number, UUID(bytes=task_id), client, submitted_s, size)


def _input_row(added: Added) -> tuple[Any, ...]:
    submission = added.submission
    regions = json.dumps([box.model_dump() for box in submission.regions])
    return added.head.number, submission.settings.model_dump_json(), regions, submission.image


def _end_row(ended: Ended) -> tuple[Any, ...]:
    checksum = zlib.crc32(ended.document.encode())
    return (*_row(ended.head), ended.status, ended.brief, checksum, ended.document)

"""What was paid for: one row per job, in SQLite, written before and after every paid step.

    (none) -> intended -> submitted -> completed | failed
                 |            |
                 +-> doubtful +-> (none), when the endpoint has forgotten the task

`intended` is durable before the submit is sent, `submitted` before the first poll, `completed`
before anybody hears of the result. So whatever kills the process, what is on record is what
was paid for; an `intended` job whose run is gone is the only doubt.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ocr_frames.errors import LedgerError
from ocr_frames.model import Failure

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE jobs (
    key BLOB PRIMARY KEY, state TEXT NOT NULL, version INTEGER NOT NULL, run TEXT NOT NULL,
    endpoint TEXT NOT NULL, changed_s REAL NOT NULL, submitted_s REAL, task_id TEXT,
    texts TEXT, code TEXT, message TEXT
) WITHOUT ROWID;
CREATE TABLE files (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE latencies (endpoint TEXT PRIMARY KEY, learned TEXT NOT NULL) WITHOUT ROWID;
"""
_INSERT = (
    "INSERT INTO jobs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
    " ON CONFLICT (key) DO NOTHING"
)
_UPDATE = (
    "UPDATE jobs SET state = ?2, version = ?3, run = ?4, endpoint = ?5, changed_s = ?6,"
    " submitted_s = ?7, task_id = ?8, texts = ?9, code = ?10, message = ?11"
    " WHERE key = ?1 AND version = ?12"
)
_AT_ONCE = 500
_TRIES, _PAUSE_S = 600, 0.05


class State(StrEnum):
    """How far a job has come, as far as anybody can know."""

    INTENDED = "intended"
    SUBMITTED = "submitted"
    COMPLETED = "completed"
    FAILED = "failed"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Entry:
    """One job on record. `version` is another after each change: who writes says what it saw."""

    state: State
    version: int
    run: str
    submitted_s: float | None = None
    task_id: str | None = None
    texts: tuple[str, ...] = ()
    failure: Failure | None = None

    @property
    def is_open(self) -> bool:
        """Whether the run that wrote it works on it, if that still lives."""
        return self.state in (State.INTENDED, State.SUBMITTED)


@dataclass(frozen=True, slots=True)
class Change:
    """The job with `key` becomes `entry`, provided it still has the version `seen`.

    `seen` None: provided there is none. `entry` None takes the job off the record.
    """

    key: bytes
    entry: Entry | None
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file as it was when its bytes were read: `size` in bytes, `digest` their sha256."""

    path: str
    size: int
    mtime_ns: int
    digest: bytes = b""


class Ledger:
    """The record in a file, or for this run alone with `path` None.

    Safe for several processes. Every method raises LedgerError where the file cannot serve.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        with self._explained():
            if path is not None:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.touch(mode=0o600)
            # "" is a private temporary file that SQLite deletes by itself.
            self._sqlite = sqlite3.connect(
                path or "", timeout=30, isolation_level=None, check_same_thread=False
            )
        try:
            with self._explained():
                self._prepare()
        except LedgerError:
            self._sqlite.close()
            raise

    def _prepare(self) -> None:
        self._check_ours()
        self._write_ahead()
        # A commit is on the disk when it returns: pulling the plug loses nothing either.
        self._sqlite.execute("PRAGMA synchronous = FULL" if self.path else "PRAGMA synchronous = 0")
        with self._transaction():
            if self._check_ours() == 0:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._sqlite.execute(statement)
                self._sqlite.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")

    def _write_ahead(self) -> None:
        for tries_left in reversed(range(_TRIES)):
            try:
                self._sqlite.execute("PRAGMA journal_mode = WAL")
                return  # noqa: TRY300 - an else would only be longer
            except sqlite3.OperationalError as error:
                # SQLite does not wait by itself for another process that is opening the file.
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not tries_left:
                    raise
                time.sleep(_PAUSE_S)

    def _check_ours(self) -> int:
        """Return the version of the file, 0 if it is empty; leave one that is not ours as it is."""
        # Tables first: who makes them sets the version in the same transaction.
        (tables,) = self._sqlite.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (version,) = self._sqlite.execute("PRAGMA user_version").fetchone()
        if version not in (0, _SCHEMA_VERSION):
            raise sqlite3.DatabaseError(f"it is of version {version}, made by a newer ocr_frames")
        if version == 0 and tables:
            raise sqlite3.DatabaseError("it is a database of another program")
        return int(version)

    def close(self) -> None:
        """Close the file."""
        self._sqlite.close()

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, Entry]:
        """What is on record of these jobs."""
        rows = self._select(
            "SELECT key, state, version, run, submitted_s, task_id, texts, code, message"
            " FROM jobs WHERE key IN",
            keys,
        )
        with self._explained():
            return {row[0]: _entry(row[1:]) for row in rows}

    def apply(self, changes: Sequence[Change], endpoint: str, now_s: float) -> list[bool]:
        """Write all changes in one transaction; tell for each whether it took place.

        One whose job was changed by another process meanwhile does not. `now_s` is wall time.
        """
        with self._explained(), self._transaction():
            return [self._apply(change, endpoint, now_s) for change in changes]

    def _apply(self, change: Change, endpoint: str, now_s: float) -> bool:
        entry = change.entry
        if entry is None:
            where = (change.key, change.seen)
            return self._changed("DELETE FROM jobs WHERE key = ? AND version = ?", where)
        failure = entry.failure
        row = (
            change.key,
            entry.state,
            entry.version,
            entry.run,
            endpoint,
            now_s,
            entry.submitted_s,
            entry.task_id,
            json.dumps(entry.texts) if entry.state is State.COMPLETED else None,
            failure.code if failure else None,
            failure.message.encode("utf-8", "replace").decode() if failure else None,
        )
        return (
            self._changed(_INSERT, row)
            if change.seen is None
            else self._changed(_UPDATE, (*row, change.seen))
        )

    def _changed(self, statement: str, values: tuple[object, ...]) -> bool:
        return self._sqlite.execute(statement, values).rowcount > 0

    def known_files(self, paths: Sequence[str]) -> dict[str, FileFacts]:
        """What is on record of the files at these absolute paths."""
        rows = self._select(
            "SELECT path, size, mtime_ns, digest FROM files WHERE path IN",
            [os.fsencode(path) for path in paths],
        )
        return {(path := os.fsdecode(row[0])): FileFacts(path, *row[1:]) for row in rows}

    def remember_files(self, files: Iterable[FileFacts]) -> None:
        """Put files on record, so that unchanged ones need not be read again."""
        rows = [(os.fsencode(file.path), file.size, file.mtime_ns, file.digest) for file in files]
        with self._explained(), self._transaction():
            self._sqlite.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)

    def latencies(self, endpoint: str) -> Mapping[str, float] | None:
        """What earlier runs have learned of an endpoint."""
        with self._explained():
            row = self._sqlite.execute(
                "SELECT learned FROM latencies WHERE endpoint = ?", (endpoint,)
            ).fetchone()
            return json.loads(row[0]) if row else None

    def remember_latencies(self, endpoint: str, learned: Mapping[str, float]) -> None:
        """Keep what this run has learned of an endpoint."""
        with self._explained(), self._transaction():
            self._sqlite.execute(
                "INSERT OR REPLACE INTO latencies VALUES (?, ?)", (endpoint, json.dumps(learned))
            )

    def counts(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        with self._explained():
            return dict(
                self._sqlite.execute(
                    "SELECT state, count(*) FROM jobs GROUP BY state ORDER BY state"
                )
            )

    def prune(self, before_s: float) -> int:
        """Forget jobs last changed before `before_s` (wall time); return how many.

        The index of files goes with them: it is only a shortcut, and grows again.
        """
        with self._explained(), self._transaction():
            gone = self._sqlite.execute("DELETE FROM jobs WHERE changed_s < ?", (before_s,))
            self._sqlite.execute("DELETE FROM files")
        with self._explained():
            self._sqlite.execute("VACUUM")
        return gone.rowcount

    def _select(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        with self._explained():
            for start in range(0, len(values), _AT_ONCE):
                part = values[start : start + _AT_ONCE]
                marks = ",".join("?" * len(part))
                rows += self._sqlite.execute(f"{query} ({marks})", tuple(part))
        return rows

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        # IMMEDIATE: two writers wait for each other now instead of failing later.
        self._sqlite.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._sqlite.execute("COMMIT")
        except BaseException:
            if self._sqlite.in_transaction:
                self._sqlite.execute("ROLLBACK")
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError, TypeError) as error:
            raise LedgerError(
                f"the ledger {self.path or '(temporary)'} cannot be used: {error}. Nothing more "
                "is sent without it; mend it, name another with ledger= or OCR_FRAMES_LEDGER, "
                "or go without with ledger=False"
            ) from error


def _entry(row: tuple[Any, ...]) -> Entry:
    state, version, run, submitted_s, task_id, texts, code, message = row
    return Entry(
        state=State(state),
        version=version,
        run=run,
        submitted_s=submitted_s,
        task_id=task_id,
        texts=tuple(json.loads(texts)) if texts is not None else (),
        failure=Failure(code, message) if code is not None else None,
    )

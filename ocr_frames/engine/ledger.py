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
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import itemgetter
from typing import Any, NamedTuple

from ocr_frames.engine.database import Database
from ocr_frames.model import Failure, Result

_INSERT = (
    "INSERT INTO jobs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    " ON CONFLICT (key) DO NOTHING"
)
_UPDATE = (
    "UPDATE jobs SET state = ?2, version = ?3, run = ?4, endpoint = ?5, changed_s = ?6,"
    " submitted_s = ?7, task_id = ?8, texts = ?9, code = ?10, message = ?11, calls = ?12,"
    " seconds = ?13 WHERE key = ?1 AND version = ?14"
)
_QUICKLY = 1  # zlib's level: hOCR shrinks to a tenth, and it is written while others wait


class State(StrEnum):
    """How far a job has come, as far as anybody can know."""

    INTENDED = "intended"
    SUBMITTED = "submitted"
    COMPLETED = "completed"
    FAILED = "failed"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Entry:
    """One job on record. `version` is another after each change: who writes says what it saw.

    `calls` made for it so far, `seconds` from its submit to its result. `results` beside the
    texts are written with it and read apart, under the `key` at which it was found.
    """

    state: State
    version: int
    run: str
    submitted_s: float | None = None
    task_id: str | None = None
    texts: tuple[str, ...] = ()
    failure: Failure | None = None
    calls: int | None = None
    seconds: float | None = None
    results: tuple[Result, ...] = ()
    key: bytes | None = field(default=None, compare=False)

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


class FileFacts(NamedTuple):
    """A file as it was when its bytes were read: `size` in bytes, `digest` their sha256.

    `pages` as `ocr_frames.images.pages` writes them, None if nobody looked. What comes from
    elsewhere has a name for `path`, and a `validator` that is another when it has changed.
    """

    path: str
    size: int
    mtime_ns: int
    digest: bytes = b""
    pages: bytes | None = None
    validator: str | None = None


class Ledger(Database):
    """The record in a file, or for this run alone with `path` None.

    Safe for several processes. Every method raises LedgerError where the file cannot serve.
    """

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, Entry]:
        """What is on record of these jobs."""
        rows = self.select(
            "SELECT key, state, version, run, submitted_s, task_id, texts, code, message, calls,"
            " seconds FROM jobs WHERE key IN",
            keys,
        )
        with self.explained():
            return {row[0]: _entry(row) for row in rows}

    def results(self, keys: Sequence[bytes]) -> dict[bytes, tuple[Result, ...]]:
        """The results beside the texts of these jobs, of those that have some."""
        found: dict[bytes, tuple[Result, ...]] = {}
        rows = self.select("SELECT key, number, type, data FROM results WHERE key IN", keys)
        with self.explained():
            for key, _, kind, data in sorted(rows, key=itemgetter(0, 1)):
                found[key] = (*found.get(key, ()), Result(kind, zlib.decompress(data)))
        return found

    def has_results(self) -> bool:
        """Whether any job has results beside its texts."""
        with self.explained():
            (some,) = self._sqlite.execute("SELECT EXISTS (SELECT 1 FROM results)").fetchone()
            return bool(some)

    def apply(self, changes: Sequence[Change], endpoint: str, now_s: float) -> list[bool]:
        """Write all changes in one transaction; tell for each whether it took place.

        One whose job was changed by another process meanwhile does not. `now_s` is wall time.
        """
        with self.explained(), self.transaction():
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
            entry.calls,
            entry.seconds,
        )
        took_place = (
            self._changed(_INSERT, row)
            if change.seen is None
            else self._changed(_UPDATE, (*row, change.seen))
        )
        if took_place and entry.results:
            self._keep_results(change.key, entry.results)
        return took_place

    def _keep_results(self, key: bytes, results: Sequence[Result]) -> None:
        packed = (zlib.compress(result.data, _QUICKLY) for result in results)
        rows = [
            (key, number, result.type, data)
            for number, (result, data) in enumerate(zip(results, packed, strict=True))
        ]
        self._sqlite.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", rows)

    def _changed(self, statement: str, values: tuple[object, ...]) -> bool:
        return self._sqlite.execute(statement, values).rowcount > 0

    def known_files(self, paths: Sequence[str]) -> dict[str, FileFacts]:
        """What is on record of the files at these absolute paths."""
        rows = self.select(
            "SELECT path, size, mtime_ns, digest, pages, validator FROM files WHERE path IN",
            [os.fsencode(path) for path in paths],
        )
        return {(path := os.fsdecode(row[0])): FileFacts(path, *row[1:]) for row in rows}

    def remember_files(self, files: Iterable[FileFacts]) -> None:
        """Put files on record, so that unchanged ones need not be read again."""
        rows = [
            (os.fsencode(f.path), f.size, f.mtime_ns, f.digest, f.pages, f.validator) for f in files
        ]
        with self.explained(), self.transaction():
            self._sqlite.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", rows)

    def latencies(self, endpoint: str) -> Mapping[str, float] | None:
        """What earlier runs have learned of an endpoint."""
        with self.explained():
            row = self._sqlite.execute(
                "SELECT learned FROM latencies WHERE endpoint = ?", (endpoint,)
            ).fetchone()
            return json.loads(row[0]) if row else None

    def remember_latencies(self, endpoint: str, learned: Mapping[str, float]) -> None:
        """Keep what this run has learned of an endpoint."""
        with self.explained(), self.transaction():
            self._sqlite.execute(
                "INSERT OR REPLACE INTO latencies VALUES (?, ?)", (endpoint, json.dumps(learned))
            )

    def counts(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        with self.explained():
            return dict(
                self._sqlite.execute(
                    "SELECT state, count(*) FROM jobs GROUP BY state ORDER BY state"
                )
            )

    def prune(self, before_s: float) -> int:
        """Forget jobs last changed before `before_s` (wall time); return how many.

        Their results go with them, and the index of files: it is only a shortcut, and grows again.
        """
        with self.explained(), self.transaction():
            gone = self._sqlite.execute("DELETE FROM jobs WHERE changed_s < ?", (before_s,))
            self._sqlite.execute("DELETE FROM results WHERE key NOT IN (SELECT key FROM jobs)")
            self._sqlite.execute("DELETE FROM files")
        with self.explained():
            self._sqlite.execute("VACUUM")
        return gone.rowcount


def _entry(row: tuple[Any, ...]) -> Entry:
    key, state, version, run, submitted_s, task_id, texts, code, message, calls, seconds = row
    return Entry(
        state=State(state),
        version=version,
        run=run,
        submitted_s=submitted_s,
        task_id=task_id,
        texts=tuple(json.loads(texts)) if texts is not None else (),
        failure=Failure(code, message) if code is not None else None,
        calls=calls,
        seconds=seconds,
        key=key,
    )

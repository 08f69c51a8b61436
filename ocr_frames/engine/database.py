"""The SQLite file under the ledger: opened, brought up to date, its trouble explained."""

import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ocr_frames.engine import schema
from ocr_frames.errors import LedgerError

_AT_ONCE = 500
_TRIES, _PAUSE_S = 600, 0.05


class Database:
    """A file, or with `path` None a private one that ends with this object."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        with self.explained():
            if path is not None:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.touch(mode=0o600)
            # "" is a private temporary file that SQLite deletes by itself.
            self._sqlite = sqlite3.connect(
                path or "", timeout=30, isolation_level=None, check_same_thread=False
            )
        try:
            with self.explained():
                self._prepare()
        except LedgerError:
            self._sqlite.close()
            raise

    def _prepare(self) -> None:
        schema.version_of(self._sqlite)
        self._write_ahead()
        # A commit is on the disk when it returns: pulling the plug loses nothing either.
        self._sqlite.execute("PRAGMA synchronous = FULL" if self.path else "PRAGMA synchronous = 0")
        with self.transaction():
            schema.bring_up_to_date(self._sqlite)

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

    def close(self) -> None:
        """Close the file."""
        self._sqlite.close()

    def select(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """Rows of a `query` that ends in IN, for these values, in no order."""
        rows: list[tuple[Any, ...]] = []
        with self.explained():
            for start in range(0, len(values), _AT_ONCE):
                part = values[start : start + _AT_ONCE]
                marks = ",".join("?" * len(part))
                rows += self._sqlite.execute(f"{query} ({marks})", tuple(part))
        return rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that is in the block, or nothing."""
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
    def explained(self) -> Iterator[None]:
        """Turn what SQLite and the disk raise into LedgerError."""
        try:
            yield
        except (sqlite3.Error, zlib.error, OSError, ValueError, TypeError) as error:
            raise LedgerError(
                f"the ledger {self.path or '(temporary)'} cannot be used: {error}. Nothing more "
                "is sent without it; mend it, name another with ledger= or OCR_FRAMES_LEDGER, "
                "or go without with ledger=False"
            ) from error

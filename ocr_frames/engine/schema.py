"""The tables of the ledger, and how a file that an earlier version wrote is brought up to date."""

import sqlite3

_STEPS = (
    """
    CREATE TABLE jobs (
        key BLOB PRIMARY KEY, state TEXT NOT NULL, version INTEGER NOT NULL, run TEXT NOT NULL,
        endpoint TEXT NOT NULL, changed_s REAL NOT NULL, submitted_s REAL, task_id TEXT,
        texts TEXT, code TEXT, message TEXT
    ) WITHOUT ROWID;
    CREATE TABLE files (
        path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        digest BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE latencies (endpoint TEXT PRIMARY KEY, learned TEXT NOT NULL) WITHOUT ROWID
    """,
    """
    ALTER TABLE jobs ADD COLUMN calls INTEGER;
    ALTER TABLE jobs ADD COLUMN seconds REAL;
    ALTER TABLE files ADD COLUMN pages BLOB;
    ALTER TABLE files ADD COLUMN validator TEXT;
    CREATE TABLE results (
        key BLOB NOT NULL, number INTEGER NOT NULL, type TEXT NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (key, number)
    )
    """,
)
"""What leads from each version to the next, from an empty file on."""

VERSION = len(_STEPS)


def version_of(sqlite: sqlite3.Connection) -> int:
    """Return the version of a file, 0 if it is empty.

    Raises sqlite3.DatabaseError for one that is not ours, which is left as it is.
    """
    # Tables first: who makes them sets the version in the same transaction.
    (tables,) = sqlite.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (version,) = sqlite.execute("PRAGMA user_version").fetchone()
    if not 0 <= version <= VERSION:
        raise sqlite3.DatabaseError(f"it is of version {version}, made by a newer ocr_frames")
    if version == 0 and tables:
        raise sqlite3.DatabaseError("it is a database of another program")
    return int(version)


def bring_up_to_date(sqlite: sqlite3.Connection) -> None:
    """Take the steps that a file lacks; the caller holds the transaction."""
    version = version_of(sqlite)
    for step in _STEPS[version:]:
        for statement in step.split(";"):
            sqlite.execute(statement)
    if version < VERSION:
        sqlite.execute(f"PRAGMA user_version = {VERSION}")

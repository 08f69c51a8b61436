"""A ledger that an earlier version wrote is brought up to date, with all that it holds."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ocr_frames.engine import schema
from ocr_frames.engine.ledger import Change, Entry, FileFacts, Ledger, State
from ocr_frames.model import Failure, Result
from tests.adapters.children import Child

KEYS = [bytes([number]) * 32 for number in range(5)]
# As the first version made it, to the letter.
FIRST = """
CREATE TABLE jobs (
    key BLOB PRIMARY KEY, state TEXT NOT NULL, version INTEGER NOT NULL, run TEXT NOT NULL,
    endpoint TEXT NOT NULL, changed_s REAL NOT NULL, submitted_s REAL, task_id TEXT,
    texts TEXT, code TEXT, message TEXT
) WITHOUT ROWID;
CREATE TABLE files (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE latencies (endpoint TEXT PRIMARY KEY, learned TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
HELD = {
    KEYS[0]: Entry(State.COMPLETED, 3, "run", 5.5, "task", ("one", "ß\n")),
    KEYS[1]: Entry(State.SUBMITTED, 2, "run", 6.5, "task-2"),
    KEYS[2]: Entry(State.FAILED, 2, "run", 7.5, "t", (), Failure("bad-request", "why")),
    KEYS[3]: Entry(State.INTENDED, 1, "run"),
}


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A ledger of the first version, with one job in each state."""
    path = tmp_path / "ledger.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.executescript(FIRST)
        rows = [
            (KEYS[0], "completed", 3, "run", "e", 1.0, 5.5, "task", '["one", "ß\\n"]', None, None),
            (KEYS[1], "submitted", 2, "run", "e", 1.0, 6.5, "task-2", None, None, None),
            (KEYS[2], "failed", 2, "run", "e", 1.0, 7.5, "t", None, "bad-request", "why"),
            (KEYS[3], "intended", 1, "run", "e", 1.0, None, None, None, None, None),
        ]
        marks = ", ".join("?" * 11)
        file.executemany(f"INSERT INTO jobs VALUES ({marks})", rows)
        file.execute("INSERT INTO files VALUES (?, ?, ?, ?)", (b"/a", 1, 2, b"d" * 32))
        file.execute("INSERT INTO latencies VALUES (?, ?)", ("e", '{"age_s": 1.5}'))
        file.commit()
    return path


def version(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as file:
        return int(file.execute("PRAGMA user_version").fetchone()[0])


def structure(path: Path) -> dict[str, Any]:
    with contextlib.closing(sqlite3.connect(path)) as file:
        tables = [name for (name,) in file.execute("SELECT name FROM sqlite_master")]
        return {
            name: file.execute(f"PRAGMA table_info('{name}')").fetchall() for name in sorted(tables)
        }


def test_all_that_it_holds_is_kept(first: Path):
    ledger = Ledger(first)
    assert ledger.look_up(KEYS) == HELD
    assert ledger.known_files(["/a"]) == {"/a": FileFacts("/a", 1, 2, b"d" * 32)}
    assert ledger.latencies("e") == {"age_s": 1.5}
    assert not ledger.has_results()
    ledger.close()
    assert version(first) == schema.VERSION == 2


def test_it_is_the_same_as_a_new_one(first: Path, tmp_path: Path):
    for path in (first, tmp_path / "new"):
        Ledger(path).close()
    assert structure(first) == structure(tmp_path / "new")


def test_it_takes_what_the_first_version_did_not_know(first: Path):
    ledger = Ledger(first)
    completed = Entry(
        State.COMPLETED, 4, "r", 6.5, "task-2", ("x",), calls=3, seconds=0.5,
        results=(Result("Hocr", b"<b>"), Result("Pdf", b"%PDF")),
    )  # fmt: skip
    assert ledger.apply([Change(KEYS[1], completed, seen=2)], "e", 2.0) == [True]
    facts = FileFacts("url:x", 5, 0, b"e" * 32, b"T" + b"f" * 64, "etag:1")
    ledger.remember_files([facts])
    ledger.close()
    again = Ledger(first)
    (entry,) = again.look_up([KEYS[1]]).values()
    assert (entry.calls, entry.seconds) == (3, 0.5)
    assert again.results(KEYS) == {KEYS[1]: completed.results}
    assert again.known_files(["url:x"]) == {"url:x": facts}
    again.close()


def test_one_that_cannot_be_brought_up_to_date_is_left_as_it_is(
    first: Path, monkeypatch: pytest.MonkeyPatch
):
    before = structure(first)
    monkeypatch.setattr(schema, "_STEPS", (*schema._STEPS[:1], "CREATE TABLE new (a); NONSENSE"))
    with pytest.raises(Exception, match="syntax error"):
        Ledger(first)
    monkeypatch.undo()
    assert version(first) == 1
    assert structure(first) == before
    ledger = Ledger(first)
    assert ledger.look_up(KEYS) == HELD
    ledger.close()


def open_together(path: str, barrier: Any) -> int:
    barrier.wait(30)
    ledger = Ledger(Path(path))
    try:
        return len(ledger.look_up(KEYS))
    finally:
        ledger.close()


def test_several_processes_open_it_at_once(first: Path):
    import multiprocessing

    with multiprocessing.get_context("forkserver").Manager() as shared:
        barrier = shared.Barrier(4)
        children = [Child(open_together, str(first), barrier) for _ in range(4)]
        ended = [child.ended() for child in children]
    assert [(end.value, end.error) for end in ended] == [(len(HELD), None)] * 4

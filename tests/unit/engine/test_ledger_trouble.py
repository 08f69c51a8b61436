"""A ledger that cannot serve says so, and loses nothing; a killed writer leaves it whole."""

import contextlib
import json
import os
import random
import sqlite3
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from ocr_frames.engine.ledger import Change, Entry, FileFacts, Ledger, State
from ocr_frames.errors import LedgerError
from tests.adapters.children import Child

KEY = b"k" * 32
INTENDED = Entry(State.INTENDED, 1, "run")
ROOT = os.access("/", os.W_OK)


def put(ledger: Ledger, *changes: Change) -> list[bool]:
    return ledger.apply(changes, "endpoint", 0.0)


def _text(path: Path) -> None:
    path.write_text("these are notes, not a database\n" * 100)


def _half(path: Path) -> None:
    whole = path.with_name("whole")
    Ledger(whole).close()
    path.write_bytes(whole.read_bytes()[:5000] + b"\xff" * 3000)


def _newer(path: Path) -> None:
    Ledger(path).close()
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 999")


def _another_program(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE jobs (anything)")


@pytest.mark.parametrize("spoil", [_text, _half, _newer, _another_program, Path.mkdir])
def test_what_is_no_ledger_is_refused_and_left_as_it_is(
    tmp_path: Path, spoil: Callable[[Path], None]
):
    path = tmp_path / "ledger.sqlite"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(LedgerError) as caught:  # noqa: PT012 - damage may show on opening only
        ledger = Ledger(path)
        try:
            put(ledger, Change(KEY, INTENDED))
            ledger.look_up([KEY])
        finally:
            ledger.close()
    assert str(path) in str(caught.value)
    assert "OCR_FRAMES_LEDGER" in str(caught.value)
    assert "ledger=False" in str(caught.value)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_newer_ledger_says_that_it_is_newer(tmp_path: Path):
    _newer(tmp_path / "l")
    with pytest.raises(LedgerError, match="newer ocr_frames"):
        Ledger(tmp_path / "l")


def test_a_file_where_the_folder_should_be(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="file/ledger"):
        Ledger(tmp_path / "file" / "ledger.sqlite")


@pytest.mark.skipif(ROOT, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite"):
        Ledger(tmp_path / "ledger.sqlite")


def test_a_ledger_that_may_only_be_read_refuses_writing_and_keeps_what_it_has(tmp_path: Path):
    ledger = Ledger(tmp_path / "l")
    put(ledger, Change(KEY, INTENDED))
    ledger._sqlite.execute("PRAGMA query_only = 1")
    with pytest.raises(LedgerError, match="readonly"):
        put(ledger, Change(b"other", INTENDED))
    with pytest.raises(LedgerError, match="readonly"):
        ledger.remember_files([FileFacts("/a", 1, 2, b"d")])
    with pytest.raises(LedgerError, match="readonly"):
        ledger.prune(1e12)
    assert ledger.look_up([KEY]) == {KEY: INTENDED}
    ledger.close()


def test_a_full_disk_loses_nothing_that_was_written(tmp_path: Path):
    ledger = Ledger(tmp_path / "l")
    put(ledger, Change(KEY, INTENDED))
    (pages,) = ledger._sqlite.execute("PRAGMA page_count").fetchone()
    ledger._sqlite.execute(f"PRAGMA max_page_count = {pages}")
    long = Entry(State.COMPLETED, 1, "run", texts=("x" * 100_000,))
    with pytest.raises(LedgerError, match="full"):
        put(ledger, Change(b"small", INTENDED), Change(b"long", long))
    assert ledger.look_up([KEY, b"small", b"long"]) == {KEY: INTENDED}
    ledger._sqlite.execute(f"PRAGMA max_page_count = {pages + 100}")
    assert put(ledger, Change(b"small", INTENDED), Change(b"long", long)) == [True, True]
    ledger.close()


@pytest.mark.parametrize(
    "damage", ["state = 'nonsense'", "texts = '{'", "state = 'completed', texts = 'null'"]
)
def test_a_row_that_makes_no_sense_is_a_ledger_error(tmp_path: Path, damage: str):
    ledger = Ledger(tmp_path / "l")
    put(ledger, Change(KEY, INTENDED))
    ledger._sqlite.execute(f"UPDATE jobs SET {damage}")
    with pytest.raises(LedgerError, match="cannot be used"):
        ledger.look_up([KEY])
    ledger.close()


def test_a_closed_ledger_is_a_ledger_error(tmp_path: Path):
    ledger = Ledger(tmp_path / "l")
    ledger.close()
    with pytest.raises(LedgerError, match="closed"):
        put(ledger, Change(KEY, INTENDED))


def write_states(path: Path, acknowledged: Connection) -> None:
    """Bring job after job through its states; tell each step that is on record."""
    ledger = Ledger(path)
    for number in range(1_000_000):
        key = number.to_bytes(4)
        for version, state in enumerate((State.INTENDED, State.SUBMITTED, State.COMPLETED), 1):
            entry = Entry(state, version, "run", 1.0, f"task-{number}", ("text",))
            assert put(ledger, Change(key, entry, version - 1 or None)) == [True]
            acknowledged.send((number, version))


@pytest.mark.parametrize("seed", range(4))
def test_a_writer_killed_at_any_time_keeps_all_that_it_acknowledged(tmp_path: Path, seed: int):
    path = tmp_path / "l"
    for turn in range(2):
        reader, writer = Pipe(duplex=False)
        steps: list[tuple[int, int]] = []
        child = Child(write_states, path.with_name(f"{seed}-{turn}"), writer)
        writer.close()
        with contextlib.suppress(EOFError):
            for left in range(random.Random(seed + 10 * turn).randint(1, 200), -10_000, -1):
                steps.append(reader.recv())
                if left == 0:
                    child.kill()
        child.ended()
        reader.close()
        ledger = Ledger(path.with_name(f"{seed}-{turn}"))
        assert ledger._sqlite.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        last = dict(steps)
        found = ledger.look_up([number.to_bytes(4) for number in range(len(last) + 2)])
        for number, version in last.items():
            assert found[number.to_bytes(4)].version >= version
        # At most the one step that was not acknowledged is there beyond.
        assert sum(entry.version for entry in found.values()) - len(steps) in (0, 1)
        ledger.close()


def claim(path: Path, run: str, keys: list[bytes], gate: Connection) -> list[str]:
    """Claim every key that can be had, one commit each."""
    gate.recv()
    ledger = Ledger(path)
    won = [k.hex() for k in keys if put(ledger, Change(k, Entry(State.INTENDED, 1, run))) == [True]]
    ledger.close()
    return won


def test_of_processes_that_claim_the_same_jobs_one_has_each(tmp_path: Path):
    path, keys = tmp_path / "fresh" / "l", [number.to_bytes(4) for number in range(200)]
    pipes = [Pipe() for _ in range(4)]
    orders = [keys, keys[::-1], keys[100:] + keys[:100], keys]
    children = [
        Child(claim, path, f"run-{n}", order, pipe[1])
        for n, (order, pipe) in enumerate(zip(orders, pipes, strict=True))
    ]
    for ours, _ in pipes:
        ours.send("all at once: the file is not there yet")
    ends = [child.ended() for child in children]
    for pipe in pipes:
        for end in pipe:
            end.close()
    assert [end.error for end in ends] == [None] * 4
    assert sorted(key for end in ends for key in end.value) == [key.hex() for key in keys]
    ledger = Ledger(path)
    found = ledger.look_up(keys)
    for number, end in enumerate(ends):
        assert all(found[bytes.fromhex(key)].run == f"run-{number}" for key in end.value)
    assert ledger._sqlite.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    ledger.close()


def test_who_opens_a_new_ledger_waits_for_another_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    other = sqlite3.connect(tmp_path / "l", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            other.execute("COMMIT")

    monkeypatch.setattr(time, "sleep", sleep)
    with contextlib.closing(Ledger(tmp_path / "l")) as ledger:
        assert ledger.counts() == {}
    assert len(waited) == 3
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()


def test_who_never_ends_opening_is_a_ledger_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    other = sqlite3.connect(tmp_path / "l", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with pytest.raises(LedgerError, match="database is locked"):
        Ledger(tmp_path / "l")
    other.close()


def test_what_is_learned_is_json_that_others_can_read(tmp_path: Path):
    ledger = Ledger(tmp_path / "l")
    ledger.remember_latencies("e", {"age_s": 1.5})
    (stored,) = ledger._sqlite.execute("SELECT learned FROM latencies").fetchone()
    assert json.loads(stored) == {"age_s": 1.5}
    ledger.close()

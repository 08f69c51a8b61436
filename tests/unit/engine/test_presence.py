"""A run is alive as long as its process holds its lock, and no longer."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from ocr_frames.engine.ledger import Entry, State
from ocr_frames.engine.presence import Presence
from ocr_frames.errors import LedgerError
from tests.adapters.children import Child


def test_a_run_is_alive_until_it_closes(tmp_path: Path):
    one, two = Presence(tmp_path / "l"), Presence(tmp_path / "l")
    assert one.run != two.run
    assert one.is_alive(one.run)
    assert one.is_alive(two.run)
    assert two.is_alive(one.run)
    one.close()
    assert not two.is_alive(one.run)
    two.close()
    assert list((tmp_path / "l-runs").iterdir()) == []


def test_asking_does_not_take_the_lock_away(tmp_path: Path):
    one, two = Presence(tmp_path / "l"), Presence(tmp_path / "l")
    assert all(two.is_alive(one.run) for _ in range(5))
    one.close()
    two.close()


def test_an_unknown_run_is_dead(tmp_path: Path):
    presence = Presence(tmp_path / "l")
    assert not presence.is_alive("0" * 32)
    assert not presence.is_alive("")
    presence.close()


def test_without_a_file_nobody_else_is_there():
    presence, other = Presence(None), Presence(None)
    assert presence.is_alive(presence.run)
    assert not presence.is_alive(other.run)
    presence.close()
    presence.close()


def test_closing_twice_is_harmless(tmp_path: Path):
    presence = Presence(tmp_path / "l")
    presence.close()
    presence.close()


@pytest.mark.parametrize(
    ("state", "theirs"),
    [
        (State.INTENDED, True),
        (State.SUBMITTED, True),
        (State.COMPLETED, False),
        (State.FAILED, False),
    ],
)
def test_only_a_job_under_way_is_anothers(tmp_path: Path, state: State, theirs: bool):
    one, two = Presence(tmp_path / "l"), Presence(tmp_path / "l")
    assert two.is_others(Entry(state, 1, one.run)) is theirs
    assert not one.is_others(Entry(state, 1, one.run))
    assert not one.is_others(Entry(state, 1, "dead"))
    assert not one.is_others(None)
    one.close()
    two.close()


def live(ledger: Path, said: Connection) -> None:
    """Tell the run, and live until killed."""
    presence = Presence(ledger)
    said.send(presence.run)
    said.recv()


def test_a_killed_process_is_dead_and_its_sign_is_cleared_away(tmp_path: Path):
    ours, theirs = Pipe()
    child = Child(live, tmp_path / "l", theirs)
    theirs.close()
    run = ours.recv()
    presence = Presence(tmp_path / "l")
    assert presence.is_alive(run)
    child.kill()
    child.ended()
    ours.close()
    assert (tmp_path / "l-runs" / f"{run}.lock").exists()
    assert not presence.is_alive(run)
    assert not (tmp_path / "l-runs" / f"{run}.lock").exists()
    presence.close()


def test_many_that_begin_and_tidy_at_once_are_all_alive(tmp_path: Path):
    """A sign is there before it is locked: whoever tidies then must not take a life."""
    stop = threading.Event()

    def tidy() -> None:
        while not stop.is_set():
            Presence(tmp_path / "l").close()

    with ThreadPoolExecutor(4) as pool:
        tidying = [pool.submit(tidy) for _ in range(3)]
        try:
            begun = [Presence(tmp_path / "l") for _ in range(60)]
        finally:
            stop.set()
    other = Presence(tmp_path / "l")
    assert [other.is_alive(one.run) for one in begun] == [True] * 60
    assert [task.exception() for task in tidying] == [None] * 3
    for one in (*begun, other):
        one.close()
    assert list((tmp_path / "l-runs").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_ledger_error(tmp_path: Path):
    (tmp_path / "l-runs").touch()
    with pytest.raises(LedgerError, match="l-runs"):
        Presence(tmp_path / "l")


@pytest.mark.skipif(os.access("/", os.W_OK), reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_a_ledger_error(tmp_path: Path):
    (tmp_path / "l-runs").mkdir(mode=0o500)
    with pytest.raises(LedgerError, match="l-runs"):
        Presence(tmp_path / "l")

"""The journal: what is written at one time shares a commit, and everybody hears of errors."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from ocr_frames.engine.journal import Journal
from ocr_frames.engine.ledger import Change, Entry, Ledger, State
from ocr_frames.engine.presence import Presence
from ocr_frames.errors import LedgerError
from tests.adapters.clock import ManualClock

INTENDED = Entry(State.INTENDED, 0, "")
SUBMITTED = Entry(State.SUBMITTED, 0, "", 5.0, "task")
LEARNED = {"age_s": 1.0, "age_asks": 2.0, "gap_s": 0.5, "gap_results": 3.0}


class Gated(Ledger):
    """Notes its commits; holds each until the gate is open; fails on demand."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path)
        self.commits: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None

    def apply(self, changes: Sequence[Change], endpoint: str, now_s: float) -> list[bool]:
        self.gate.wait(30)
        if self.error is not None:
            raise self.error
        self.commits.append(len(changes))
        return super().apply(changes, endpoint, now_s)


@pytest.fixture
def ledger() -> Gated:
    return Gated(None)


@pytest.fixture
async def journal(ledger: Gated) -> AsyncIterator[Journal]:
    journal = Journal(ledger, Presence(None), "endpoint", ManualClock())
    yield journal
    ledger.gate.set()
    await journal.close()
    ledger.close()


def key(number: int) -> bytes:
    return number.to_bytes(32)


async def held(journal: Journal, ledger: Gated, count: int) -> list[asyncio.Task[Entry | None]]:
    """Records that wait: the first in a commit, the others for the next one."""
    ledger.gate.clear()
    tasks = [
        asyncio.create_task(journal.record(key(number), None, INTENDED)) for number in range(count)
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_what_is_recorded_is_on_record_under_this_run(journal: Journal, ledger: Gated):
    written = await journal.record(key(1), None, INTENDED)
    assert written is not None
    assert (written.state, written.run) == (State.INTENDED, journal.run)
    assert ledger.look_up([key(1)]) == {key(1): written}
    assert await journal.look_up([key(1), key(2)]) == {key(1): written}


async def test_each_change_needs_what_was_last_seen(journal: Journal):
    first = await journal.record(key(1), None, INTENDED)
    second = await journal.record(key(1), first, SUBMITTED)
    assert second is not None
    assert await journal.record(key(1), first, SUBMITTED) is None
    assert await journal.record(key(1), None, INTENDED) is None
    await journal.strike(key(1), first)
    assert await journal.look_up([key(1)]) == {key(1): second}
    await journal.strike(key(1), second)
    assert await journal.look_up([key(1)]) == {}


async def test_a_job_struck_out_and_written_anew_is_another(journal: Journal):
    first = await journal.record(key(1), None, INTENDED)
    assert first is not None
    await journal.strike(key(1), first)
    again = await journal.record(key(1), None, INTENDED)
    assert await journal.record(key(1), first, SUBMITTED) is None
    assert await journal.look_up([key(1)]) == {key(1): again}


async def test_many_records_at_once_share_few_commits(journal: Journal, ledger: Gated):
    tasks = await held(journal, ledger, 500)
    ledger.gate.set()
    assert all(await asyncio.gather(*tasks))
    assert sum(ledger.commits) == 500
    assert len(ledger.commits) <= 2
    await journal.record(key(999), None, INTENDED)
    assert ledger.commits[-1] == 1


async def test_an_error_reaches_every_waiter_and_the_next_one_starts_afresh(
    journal: Journal, ledger: Gated
):
    tasks = await held(journal, ledger, 20)
    ledger.error = LedgerError("the disk is full")
    ledger.gate.set()
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(error) for error in told] == ["ledger: the disk is full"] * 20
    ledger.error = None
    assert await journal.record(key(1), None, INTENDED) is not None


async def test_one_that_stops_waiting_does_not_harm_the_others(journal: Journal, ledger: Gated):
    tasks = await held(journal, ledger, 5)
    for gone in tasks[::2]:
        gone.cancel()
    await asyncio.sleep(0)
    ledger.gate.set()
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(entry, Entry) for entry in told] == [False, True, False, True, False]
    assert len(await journal.look_up([key(number) for number in range(5)])) == 5


@pytest.mark.parametrize("failing", [False, True])
async def test_closing_writes_what_waits(tmp_path: Path, failing: bool):
    ledger = Gated(tmp_path / "l")
    journal = Journal(ledger, Presence(None), "endpoint", ManualClock())
    tasks = await held(journal, ledger, 50)
    ledger.error = LedgerError("no") if failing else None
    closing = asyncio.create_task(journal.close())
    await asyncio.sleep(0)
    ledger.gate.set()
    await closing
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(entry) for entry in told} == {LedgerError if failing else Entry}
    assert len(ledger.look_up([key(number) for number in range(50)])) == (0 if failing else 50)
    ledger.close()


async def test_an_impatient_close_does_not_lose_what_waits(tmp_path: Path):
    ledger = Gated(tmp_path / "l")
    journal = Journal(ledger, Presence(None), "endpoint", ManualClock())
    tasks = await held(journal, ledger, 50)
    closing = asyncio.create_task(journal.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    ledger.gate.set()
    assert all(await asyncio.gather(*tasks))
    await journal.close()
    ledger.close()


async def test_closing_twice_and_closing_unused_are_harmless():
    ledger = Gated(None)
    journal = Journal(ledger, Presence(None), "endpoint", ManualClock())
    await journal.close()
    await journal.close()
    ledger.close()


async def test_what_is_learned_is_kept_and_nonsense_is_forgotten(journal: Journal, ledger: Gated):
    assert await journal.latencies() is None
    await journal.remember_latencies(LEARNED)
    learned = await journal.latencies()
    assert learned is not None
    assert learned.to_dict() == LEARNED
    for nonsense in ({}, {"age_s": 1.0}, {**LEARNED, "gap_s": -1.0}, {**LEARNED, "age_s": None}):
        ledger.remember_latencies("endpoint", nonsense)  # type: ignore[arg-type]
        assert await journal.latencies() is None

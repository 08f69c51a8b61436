"""Reruns with a goal, a budget, another run beside them, or a clock that jumps."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ocr_frames.engine.ledger import Ledger
from ocr_frames.model import Outcome, Status
from ocr_frames.settings import Policy
from tests.adapters.clock import ManualClock
from tests.adapters.exchanges import batches
from tests.unit.reruns import (
    IMAGES,
    Line,
    Trial,
    Vendor,
    assert_complete,
    rerun,
    states,
    trial_on,
    until,
)

MANY = [str(number).encode() for number in range(30)]


async def test_a_forgotten_task_is_submitted_again_once(tmp_path: Path):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    await rerun(vendor, path, goal="submit")
    vendor.forgets = True
    assert_complete(await rerun(vendor, path))
    assert vendor.arrived.total() == 5


async def test_the_intention_to_submit_again_is_on_record_before_it_is_done(tmp_path: Path):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    await rerun(vendor, path, [b"a"], goal="submit")
    vendor.forgets = True
    line = Line(vendor)
    seen: list[dict[str, int]] = []
    line.tick = lambda: seen.append(states(path))
    assert_complete(await trial_on(line, path).outcomes([b"a"]), [b"a"])
    assert seen[2] == {"intended": 1}
    vendor = Vendor(forgets=True)
    line, path = Line(vendor), tmp_path / "m.sqlite"
    seen.clear()
    line.tick = lambda: seen.append(states(path))
    trial = trial_on(line, path)
    assert_complete(await trial.outcomes([b"a"]), [b"a"])
    assert seen[4] == {"intended": 1}
    assert trial.stopped is None


@pytest.mark.parametrize("jump_s", [-7 * 86400.0, -3600.0, 3600.0, 7 * 86400.0])
async def test_a_wall_clock_that_jumps_in_mid_run_changes_nothing(tmp_path: Path, jump_s: float):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    line = Line(vendor)
    trial = trial_on(line, path)
    jumped = 0

    def jump() -> None:
        nonlocal jumped
        jumped += 1
        trial.clock.wall_offset_s += jump_s if jumped == 9 else 0.0

    line.tick = jump
    assert_complete(await trial.outcomes(IMAGES))
    assert jumped > 9
    assert set(vendor.arrived.values()) == {1}
    assert_complete(await rerun(vendor, path))
    assert set(vendor.arrived.values()) == {1}


async def test_submit_returns_task_ids_and_collect_fetches_the_oldest_first(tmp_path: Path):
    vendor, path = Vendor(asks_until_ready=1), tmp_path / "l.sqlite"
    clock = ManualClock()
    for image in reversed(MANY):
        told = await rerun(vendor, path, [image], goal="submit", clock=clock)
        assert told[0].status is Status.PENDING
        assert told[0].task_id == f"task-{len(vendor.tasks) - 1}"
        clock.time_s += 60.0
    assert vendor.asked == []
    policy = Policy(max_outstanding=1)
    told = await rerun(vendor, path, MANY, goal="collect", clock=clock, policy=policy)
    assert_complete(told, MANY)
    assert vendor.arrived == dict.fromkeys(MANY, 1)
    assert vendor.asked == [f"task-{number}" for number in range(len(MANY))]


async def test_collect_submits_nothing(tmp_path: Path):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    told = await rerun(vendor, path, goal="collect")
    assert {str(outcome.failure)[:13] for outcome in told.values()} == {"not-submitted"}
    assert vendor.arrived.total() == 0
    await rerun(vendor, path, [b"a"], goal="submit")
    told = await rerun(vendor, path, goal="collect")
    assert [told[position].status for position in (0, 1)] == [Status.COMPLETED, Status.PENDING]
    assert vendor.arrived == {b"a": 1}


async def test_submit_twice_submits_once(tmp_path: Path):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    for _ in range(2):
        told = await rerun(vendor, path, goal="submit")
        assert {str(outcome.failure).split(":")[0] for outcome in told.values()} == {"submitted"}
    assert vendor.arrived == dict.fromkeys(IMAGES, 1)
    assert states(path) == {"submitted": 4}


async def _with_budget(line: Line, path: Path, budget: int, **settings: Any) -> dict[int, Outcome]:
    policy = Policy(max_outstanding=2, max_calls=budget)
    told = await trial_on(line, path, policy=policy, **settings).outcomes(IMAGES)
    assert line.trial is not None
    assert line.calls == line.trial.budget.used <= budget
    # A row without an outcome is one that the run left alone; `stopped` says why.
    if len(told) < len(IMAGES):
        assert line.trial.stopped is not None
        assert line.trial.stopped.code == "budget"
    for outcome in told.values():
        assert outcome.status is Status.COMPLETED or str(outcome.failure).startswith("budget")
    return told


@pytest.mark.parametrize("budget", range(14))
async def test_a_budget_is_never_exceeded_and_reruns_with_it_complete(tmp_path: Path, budget: int):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    told: dict[int, Outcome] = {}
    for _ in range(12):
        told = await _with_budget(Line(vendor), path, budget)
        if len(told) == len(IMAGES) and all(outcome.texts for outcome in told.values()):
            break
    assert max(vendor.arrived.values(), default=1) == 1
    if budget >= 2:  # one image needs a submit and a fetch
        assert_complete(told)
    if budget < 2:
        assert vendor.arrived.total() == 0


async def test_a_budget_for_submits_alone_goes_into_submits(tmp_path: Path):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    for submitted in (1, 2, 3, 4):
        policy = Policy(max_calls=1)
        await rerun(vendor, path, goal="submit", policy=policy)
        assert vendor.arrived.total() == submitted


@pytest.mark.parametrize("outstanding", [1, 2, 8])
async def test_two_runs_at_once_submit_each_image_once(tmp_path: Path, outstanding: int):
    vendor, path, clock = Vendor(), tmp_path / "l.sqlite", ManualClock()
    policy = Policy(max_outstanding=outstanding)
    told = await asyncio.gather(
        rerun(vendor, path, MANY, clock=clock, policy=policy),
        rerun(vendor, path, MANY[::-1], clock=clock, policy=policy),
    )
    assert_complete(told[0], MANY)
    assert_complete(told[1], MANY[::-1])
    assert vendor.arrived == dict.fromkeys(MANY, 1)


class OpensLate(Line):
    """Refuses calls made before it was opened, as the real one does."""

    opened = False

    async def open(self) -> None:
        for _ in range(50):
            await asyncio.sleep(0)
        self.opened = True

    async def submit(self, kind: Any, settings_json: str, image: bytes) -> str:
        assert self.opened, "submitted before it was opened"
        return await super().submit(kind, settings_json, image)


async def test_jobs_of_a_run_that_dies_while_it_is_watched_are_taken_over(tmp_path: Path):
    vendor, path, clock = Vendor(), tmp_path / "l.sqlite", ManualClock()
    dying = trial_on(Line(vendor), path, clock=clock)
    dying.run()
    _intend(dying, path)
    watching = trial_on(OpensLate(vendor), path, clock=clock)
    reading = asyncio.create_task(watching.outcomes(IMAGES))
    await until(lambda: len(clock.slept) >= 3)
    assert vendor.arrived.total() == 0
    dying.close()
    assert_complete(await reading)
    assert vendor.arrived == dict.fromkeys(IMAGES, 1)


def _intend(trial: Trial, path: Path) -> None:
    """As a run that is about to send all images."""
    from ocr_frames.engine.flight import key_of
    from ocr_frames.engine.ledger import Change, Entry, State
    from tests.adapters.exchanges import job

    intended = Entry(State.INTENDED, 1, trial.presence.run)
    keys = {key_of(job(0, image), trial.recognizer) for image in IMAGES}
    ledger = Ledger(path)
    ledger.apply([Change(key, intended) for key in keys], trial.recognizer, 0.0)
    ledger.close()


@pytest.mark.parametrize("sent_first", [0, 1, 3])
async def test_after_an_interrupt_no_call_waits_for_its_turn(tmp_path: Path, sent_first: int):
    vendor, path, clock = Vendor(), tmp_path / "l.sqlite", ManualClock()
    policy = Policy(max_outstanding=8, calls_per_second=1.0)
    line = Line(vendor)
    reading = asyncio.create_task(_ends(trial_on(line, path, clock=clock, policy=policy)))
    await until(lambda: line.calls >= sent_first and clock.time_s > 1000 + sent_first / 2)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert line.calls <= sent_first + 1
    assert "intended" not in states(path)
    assert_complete(await rerun(vendor, path, MANY), MANY)
    assert vendor.arrived == dict.fromkeys(MANY, 1)


async def test_no_more_is_in_doubt_than_is_being_sent(tmp_path: Path):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    line = Line(vendor)
    intended: list[int] = []
    line.tick = lambda: intended.append(states(path).get("intended", 0))
    policy = Policy(max_outstanding=8, calls_per_second=1.0)
    assert_complete(await trial_on(line, path, policy=policy).outcomes(MANY[:10]), MANY[:10])
    assert max(intended) == 1


async def _ends(trial: Trial) -> Sequence[Outcome]:
    try:
        return [o async for ends in trial.run().outcomes(batches(MANY)) for o in ends]
    finally:
        trial.close()

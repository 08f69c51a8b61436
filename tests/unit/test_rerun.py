"""A run that was cut anywhere is taken up again: nothing paid twice, nothing lost."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocr_frames.engine.ledger import State
from ocr_frames.errors import CallFailure, LedgerError
from ocr_frames.model import Outcome, Status
from ocr_frames.settings import Policy
from tests.adapters.clock import ManualClock
from tests.adapters.exchanges import batches, failed
from tests.unit.engine.runs import Trial
from tests.unit.reruns import (
    IMAGES,
    SMALL,
    Line,
    Vendor,
    assert_complete,
    rerun,
    states,
    trial_on,
    until,
)

DOUBT = CallFailure.IN_DOUBT
OTHERS = [str(number).encode() for number in range(20)]


async def test_a_rerun_after_the_end_makes_no_call(tmp_path: Path):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    assert_complete(await rerun(vendor, path))
    line = Line(vendor)
    trial = trial_on(line, path)
    outcomes = await trial.outcomes(IMAGES)
    assert_complete(outcomes)
    assert line.calls == 0
    assert all(outcome.from_ledger for outcome in outcomes.values())
    assert trial.counts["duplicates"] + trial.counts["from_ledger"] == len(IMAGES)


class Cut:
    """Counts operations of the ledger and the line; `act` at the one numbered `after`."""

    def __init__(self, after: int, act: Callable[[], None]) -> None:
        self.left = after
        self.count = 0
        self.act = act

    def __call__(self) -> None:
        self.count += 1
        self.left -= 1
        if self.left == 0:
            self.act()

    def wire(self, trial: Trial) -> None:
        """Tick before and after each commit of the trial's ledger, once it has one."""
        apply = trial.ledger.apply

        def ticked(*arguments: Any) -> list[bool]:
            self()
            written = apply(*arguments)
            self()
            return written

        trial.ledger.apply = ticked  # type: ignore[method-assign]


async def _told(trial: Trial, cut: Cut) -> list[Outcome]:
    run = trial.run()
    cut.wire(trial)
    try:
        return [o async for ends in run.outcomes(batches(IMAGES, size=2)) for o in ends]
    finally:
        trial.close()


async def _operations(folder: Path) -> int:
    cut = Cut(-1, lambda: None)
    await _told(trial_on(Line(Vendor(), cut), folder / "whole.sqlite"), cut)
    return cut.count


async def test_a_run_cancelled_at_any_point_is_taken_up_where_it_was(tmp_path: Path):
    for after in range(1, await _operations(tmp_path) + 1):
        vendor, path = Vendor(), tmp_path / f"{after}.sqlite"
        loop = asyncio.get_running_loop()
        cut = Cut(after, lambda: loop.call_soon_threadsafe(victim.cancel))  # noqa: B023
        line = Line(vendor, cut)
        victim = asyncio.create_task(_told(trial_on(line, path), cut))
        await asyncio.gather(victim, return_exceptions=True)
        sent = line.calls
        for _ in range(20):
            await asyncio.sleep(0)
        assert line.calls == sent, "calls after the end of the run"
        assert_complete(await rerun(vendor, path))
        # What was under way was answered and recorded first: not even a doubt is left.
        assert vendor.arrived == dict.fromkeys(IMAGES, 1), after


async def test_a_run_whose_power_fails_at_any_point_is_taken_up_where_it_was(tmp_path: Path):
    for after in range(1, await _operations(tmp_path) + 1):
        vendor, path = Vendor(), tmp_path / f"{after}.sqlite"

        def fail() -> None:
            cut.left = 1  # noqa: B023 - and so does every operation from here on
            raise LedgerError("no power")

        cut = Cut(after, fail)
        line = Line(vendor, cut)
        in_time = asyncio.timeout(30)
        with pytest.raises(LedgerError, match="no power"):
            async with in_time:
                await _told(trial_on(line, path), cut)
        before = Counter(vendor.arrived)
        on_record = states(path)
        assert_complete(await rerun(vendor, path))
        again = vendor.arrived - Counter(IMAGES[:4])
        assert again.total() <= on_record.get(State.INTENDED, 0) <= SMALL.max_outstanding
        kept = on_record.get(State.SUBMITTED, 0) + on_record.get(State.COMPLETED, 0)
        assert (vendor.arrived - before).total() <= 4 - kept, after


async def test_a_task_cancelled_from_within_ends_the_run_and_does_not_hang(tmp_path: Path):
    def cancelled() -> None:
        raise asyncio.CancelledError

    vendor, path = Vendor(), tmp_path / "l.sqlite"
    for after in (1, 2, 5, 6):
        cut = Cut(after, cancelled)
        trial = trial_on(Line(vendor, cut), path)
        clock = trial.clock
        reading = asyncio.create_task(trial.outcomes(IMAGES))
        await until(lambda: reading.done() or clock.time_s > 3000)  # noqa: B023
        hangs = not reading.done()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert not hangs
    assert_complete(await rerun(vendor, path))


@pytest.mark.parametrize(("on_doubt", "again"), [("retry", 1), ("hold", 0)])
async def test_what_an_earlier_run_left_in_doubt_is_repeated_once_or_held(
    tmp_path: Path, on_doubt, again: int
):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    line = Line(vendor, losses=[failed(DOUBT)])
    first = await trial_on(line, path, policy=Policy(on_doubt="hold")).outcomes([b"x"])
    assert str(first[0].failure).startswith("in-doubt")
    assert states(path) == {"doubtful": 1}
    line = Line(vendor, losses=[failed(DOUBT)] * 3)
    trial = trial_on(line, path, policy=Policy(on_doubt=on_doubt))
    second = await trial.outcomes([b"x"])
    assert line.calls == again
    assert second[0].status is Status.PENDING
    assert str(second[0].failure).startswith("in-doubt")
    assert states(path) == {"doubtful": 1}
    assert_complete(await rerun(vendor, path, [b"x"]), [b"x"])


async def test_rows_of_an_image_in_doubt_share_its_one_repetition(tmp_path: Path):
    vendor = Vendor()
    line = Line(vendor, losses=[failed(DOUBT)] * 99)
    images = [b"x", *[b"y"] * 20, b"x"]
    outcomes = await trial_on(line, tmp_path / "l.sqlite").outcomes(images)
    assert {outcome.status for outcome in outcomes.values()} == {Status.PENDING}
    assert vendor.arrived == {b"x": 2, b"y": 2}


async def test_a_doubtful_image_that_is_refused_is_an_error_and_settled(tmp_path: Path):
    refused = failed(CallFailure.REJECTED, code="bad-request")
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    line = Line(vendor, losses=[failed(DOUBT), refused])
    outcomes = await trial_on(line, path).outcomes([b"x"])
    assert outcomes[0].status is Status.ERROR
    assert states(path) == {"failed": 1}


async def test_a_failure_of_the_image_itself_is_repeated_only_on_request(tmp_path: Path):
    vendor, path, images = Vendor(), tmp_path / "l.sqlite", [b"bad", *OTHERS, b"bad"]
    for retry_failed, submits in ((False, 1), (False, 1), (True, 2), (True, 3), (False, 3)):
        policy = Policy(retry_failed=retry_failed)
        outcomes = await rerun(vendor, path, images, policy=policy)
        assert [outcomes[n].status for n in (0, 1, 21)] == ["Error", "Completed", "Error"]
        assert vendor.arrived == {b"bad": submits, **dict.fromkeys(OTHERS, 1)}


async def test_a_failure_that_is_not_the_images_own_is_tried_again(tmp_path: Path):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    line = Line(vendor, losses=[failed(CallFailure.REJECTED, code="unexpected-status")])
    first = await trial_on(line, path).outcomes([b"x"])
    assert first[0].status is Status.ERROR
    assert states(path) == {}
    assert_complete(await rerun(vendor, path, [b"x"]), [b"x"])


@pytest.mark.parametrize(("hours", "submits"), [(23.9, 1), (24.1, 2), (1000.0, 2), (-48.0, 1)])
async def test_what_was_submitted_is_polled_for_24_hours_of_wall_time(
    tmp_path: Path, hours: float, submits: int
):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    await rerun(vendor, path, goal="submit")
    later = ManualClock()
    later.wall_offset_s += hours * 3600
    assert_complete(await rerun(vendor, path, clock=later))
    assert set(vendor.arrived.values()) == {submits}

"""The stream: answers in the order of the rows, bounded, and a run's end told as it was."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ocr_frames import stream as streams
from ocr_frames.errors import LedgerError
from ocr_frames.model import Failure, Job, Outcome, Status
from ocr_frames.progress import Figures, Progress
from ocr_frames.request import Request
from ocr_frames.session import Report
from ocr_frames.settings import Endpoint
from ocr_frames.stream import Stream
from tests.unit.reruns import until

STOPPED = Failure("budget", "no more")


@dataclass
class Engine:
    """A run whose ends are let go by hand: `answer` some positions, or `stop` or `fail`."""

    late: Callable[[int], bool] = lambda position: False
    stop_after: int | None = None
    fail_after: int | None = None
    stopped: Failure | None = None
    pulled: int = 0
    waiting: list[Outcome] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def outcomes(
        self, batches: AsyncIterator[Sequence[Job]]
    ) -> AsyncIterator[Sequence[Outcome]]:
        async for batch in batches:
            self.pulled += len(batch)
            ends = [
                Outcome(job.position, Status.COMPLETED, (f"text {job.position}",)) for job in batch
            ]
            self.waiting += [end for end in ends if self.late(end.position)]
            yield [end for end in ends if not self.late(end.position)]
            if self.stop_after is not None and self.pulled >= self.stop_after:
                self.stopped = STOPPED
                return
            if self.fail_after is not None and self.pulled >= self.fail_after:
                raise LedgerError("the disk is gone")
        await self.released.wait() if self.waiting else None
        yield self.waiting


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()

    def report(rows: Any, seconds: float) -> Report:
        return Report(dict(rows), {}, 0, 0, 0, 0, seconds, engine.stopped)

    session = SimpleNamespace(run=engine, report=report, figures=lambda: Figures(0, 0))
    monkeypatch.setattr(streams, "open_session", lambda *_: session)
    return engine


def streamed(rows: Iterator[Any], **options: Any) -> Stream:
    request = Request.of({"endpoint": Endpoint.trial(), "ledger": False})
    moved = options.pop("moved", Progress())
    return Stream(rows, request, [Path.cwd()], moved, **options)


def images(count: int) -> Iterator[tuple[bytes]]:
    return ((b"image %d" % number,) for number in range(count))


def positions(outcomes: Sequence[Outcome]) -> list[int]:
    return [outcome.position for outcome in outcomes]


@pytest.mark.parametrize("count", [1, 7, 1000, 5000])
async def test_answers_come_in_the_order_of_the_rows(engine: Engine, count: int):
    engine.late = lambda position: position % 3 == 0
    engine.released.set()
    taken: list[Outcome] = []
    async with streamed(images(3000)) as stream:
        while part := await stream.take(count):
            assert len(part) == count or len(taken) + len(part) == 3000
            taken += part
        report = await stream.report()
    assert positions(taken) == list(range(3000))
    assert [outcome.texts for outcome in taken[:2]] == [("text 0",), ("text 1",)]
    assert report.rows == {"Completed": 3000}


async def test_cells_that_are_no_images_have_their_place(engine: Engine):
    cells = [(None,), (b"image",), (5,), (None,)]
    async with streamed(iter(cells)) as stream:
        taken = await stream.take(4)
        assert await stream.take(1) == []
    assert [outcome.status.value for outcome in taken] == [
        "Skipped", "Completed", "Error", "Skipped"
    ]  # fmt: skip


async def test_a_late_row_does_not_keep_others_from_being_pulled(engine: Engine):
    engine.late = lambda position: position == 0
    async with streamed(images(5000), most_bytes=10**9) as stream:
        first = asyncio.create_task(stream.take(1))
        await until(lambda: engine.pulled == 5000)
        assert not first.done()
        engine.released.set()
        assert positions(await first) == [0]
        assert positions(await stream.take(4999)) == list(range(1, 5000))


async def test_what_waits_for_a_late_row_is_bounded(engine: Engine):
    """No more rows are pulled than make up the bound, and one batch more."""
    engine.late = lambda position: position == 0
    pulled = 0

    def counted() -> Iterator[tuple[bytes]]:
        nonlocal pulled
        for row in images(20_000):
            pulled += 1
            yield row

    async with streamed(counted(), most_bytes=1_000_000) as stream:
        first = asyncio.create_task(stream.take(1))
        await until(lambda: engine.pulled >= 1064)  # two batches
        for _ in range(200):
            await asyncio.to_thread(int)
        assert pulled < 1_000_000 / 700 + 1000
        assert not first.done()
        # The late row's answer alone lets the others go on.
        engine.waiting.clear()
        engine.released.set()
        stream._ended(Outcome(0, Status.COMPLETED, ("late",)))
        assert (await first)[0].texts == ("late",)
        rest: list[Outcome] = []
        while len(rest) < 19_999:
            rest += await stream.take(500)
    assert positions(rest) == list(range(1, 20_000))


async def test_answers_larger_than_the_bound_come_through(engine: Engine):
    async with streamed(images(3000), most_bytes=1) as stream:
        assert positions(await stream.take(3000)) == list(range(3000))


async def test_large_answers_are_taken_a_few_at_a_time(engine: Engine):
    async with streamed(images(1000), most_bytes=10**9) as stream:
        await until(lambda: engine.pulled == 1000)
        for at in range(1000):
            stream._outcomes[at] = Outcome(at, Status.COMPLETED, ("x" * 2**20,))
        stream._held_bytes = 1000 * 2**20
        taken = await stream.take(1000)
        assert positions(taken) == list(range(8))
        assert positions(await stream.take(3)) == [8, 9, 10]


async def test_rows_that_a_stopped_run_did_not_come_to_are_pending(engine: Engine):
    engine.stop_after = 1000
    moved = Progress()
    async with streamed(images(9000), moved=moved) as stream:
        taken = await stream.take(5000)
        assert stream.is_over
        taken = [*taken, *await stream.take(4000)]
        report = await stream.report()
    assert positions(taken) == list(range(9000))
    done = engine.pulled
    assert {outcome.status for outcome in taken[:done]} == {Status.COMPLETED}
    assert {outcome.status for outcome in taken[done:]} == {Status.PENDING}
    assert {outcome.failure for outcome in taken[done:]} == {STOPPED}
    assert (moved.done, moved.failed) == (9000, 9000 - done)
    assert report.rows == {"Completed": done, "Pending": 9000 - done}
    assert report.stopped == STOPPED


async def test_what_the_run_raises_is_raised_and_a_report_is_logged(
    engine: Engine, caplog: pytest.LogCaptureFixture
):
    engine.fail_after = 1000
    with caplog.at_level(logging.INFO), pytest.raises(LedgerError):
        async with streamed(images(9000)) as stream:
            await stream.take(9000)
    assert caplog.records[-1].message.startswith("not finished: 1064 rows in ")


async def test_what_reading_the_rows_raises_is_raised(engine: Engine):
    def rows() -> Iterator[tuple[bytes]]:
        yield from images(10)
        raise LedgerError("no more rows")

    with pytest.raises(LedgerError, match="no more rows"):
        async with streamed(rows()) as stream:
            await stream.take(20)


async def test_leaving_early_lets_go_of_the_thread_that_waits_for_room(engine: Engine):
    engine.late = lambda position: position == 0
    async with streamed(images(9000), most_bytes=1000) as stream:
        await until(lambda: engine.pulled > 0)
        assert not stream.is_over
    async with asyncio.timeout(10):
        await asyncio.get_running_loop().shutdown_default_executor()
    assert engine.pulled < 9000


async def test_a_report_may_count_other_rows(engine: Engine, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO):
        async with streamed(images(10)) as stream:
            await stream.take(10)
            report = await stream.report({"Completed": 500})
    assert report.rows == {"Completed": 500}
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert caplog.records[0].message.startswith("500 rows in ")

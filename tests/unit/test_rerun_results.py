"""Results beside the texts: paid for once, kept with the job, good for those who want less."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ocr_frames.engine.run import Run
from ocr_frames.errors import CallFailure
from ocr_frames.model import Answer, Job, Outcome, Result, Status
from ocr_frames.settings import Policy
from tests.adapters.clock import ManualClock
from tests.adapters.exchanges import batches, failed
from tests.unit.reruns import IMAGES, Line, Trial, Vendor, trial_on

TEXT, HOCR, FULL = '{"type":"Text"}', '{"type":"TextAndHocr"}', '{"type":"TextAndPdfAndHocr"}'
COVERED_BY = {TEXT: (HOCR, FULL), HOCR: (FULL,), FULL: ()}


@dataclass
class Documents(Vendor):
    """Answers with as many documents as there are in the settings' names."""

    def ask(self, task_id: str) -> Answer:
        answer = super().ask(task_id)
        if answer.status is not Status.COMPLETED:
            return answer
        image = self.tasks[task_id]
        beside = (Result("Hocr", b"<b>" + image), Result("Pdf", b"%PDF" + image))
        return replace(answer, results=(*answer.results, *beside))


async def jobs(images: Sequence[bytes], settings_json: str) -> AsyncIterator[Sequence[Job]]:
    async for batch in batches(images):
        yield [
            replace(one, settings_json=settings_json, covered_by=COVERED_BY[settings_json])
            for one in batch
        ]


@dataclass
class Detailed(Trial):
    """A trial whose outcomes bring along all results."""

    with_results: bool = True

    def run(self) -> Run:
        run = super().run()
        run._with_results = self.with_results
        return run


async def run(
    vendor: Vendor, path: Path, settings_json: str, *, images=IMAGES, with_results: bool = True,
    policy: Policy | None = None, clock: ManualClock | None = None, goal="recognize", losses=(),
) -> list[Outcome]:  # fmt: skip
    line = Line(vendor, losses=list(losses))
    trial = Detailed(
        line, path, policy or Policy(), clock or ManualClock(), goal, with_results=with_results
    )
    line.trial = trial
    outcomes = await trial.outcomes(source=jobs(images, settings_json))
    return [outcomes[position] for position in range(len(images))]


def results(outcomes: list[Outcome]) -> list[tuple[bytes, ...]]:
    return [tuple(result.data for result in outcome.results) for outcome in outcomes]


EXPECTED = [(b"<b>" + image, b"%PDF" + image) for image in IMAGES]


async def test_results_come_with_the_outcome_and_again_from_the_ledger(tmp_path: Path):
    vendor, path = Documents(), tmp_path / "l.sqlite"
    first = await run(vendor, path, FULL)
    again = await run(vendor, path, FULL)
    assert results(first) == results(again) == EXPECTED
    assert [outcome.from_ledger for outcome in again] == [True] * 5
    assert vendor.arrived.total() == 4
    for one, other in zip(first, again, strict=True):
        assert (one.calls, one.seconds, one.task_id) == (other.calls, other.seconds, other.task_id)
        assert one.calls == 3
        assert one.seconds is not None


async def test_they_are_read_only_for_who_wants_them(tmp_path: Path):
    vendor, path = Documents(), tmp_path / "l.sqlite"
    await run(vendor, path, FULL)
    again = await run(vendor, path, FULL, with_results=False)
    assert results(again) == [()] * 5
    assert [outcome.texts for outcome in again] == [(image.decode(),) for image in IMAGES]


async def test_many_results_are_read_a_few_at_a_time(tmp_path: Path):
    vendor, path = Documents(), tmp_path / "l.sqlite"
    images = [str(number).encode() for number in range(40)]
    await run(vendor, path, FULL, images=images)
    line = Line(vendor)
    line.trial = trial = Detailed(line, path)
    made = trial.run()
    try:
        told = [ends async for ends in made.outcomes(jobs(images, FULL))]
    finally:
        trial.close()
    assert sum(map(len, told)) == 40
    assert max(map(len, told)) <= 16


@pytest.mark.parametrize(("kept", "wanted"), [(HOCR, TEXT), (FULL, TEXT), (FULL, HOCR)])
async def test_more_on_record_answers_who_wants_less(tmp_path: Path, kept: str, wanted: str):
    vendor, path = Documents(), tmp_path / "l.sqlite"
    await run(vendor, path, kept)
    line = Line(vendor)
    line.trial = trial = Detailed(line, path)
    outcomes = await trial.outcomes(source=jobs(IMAGES, wanted))
    assert line.calls == 0
    assert results([outcomes[n] for n in range(5)]) == EXPECTED
    assert all(outcome.from_ledger for outcome in outcomes.values())


@pytest.mark.parametrize(("kept", "wanted"), [(TEXT, HOCR), (HOCR, FULL)])
async def test_less_on_record_does_not_answer_who_wants_more(
    tmp_path: Path, kept: str, wanted: str
):
    vendor, path = Documents(), tmp_path / "l.sqlite"
    await run(vendor, path, kept)
    again = await run(vendor, path, wanted)
    assert vendor.arrived.total() == 8
    assert not any(outcome.from_ledger for outcome in again)


async def test_what_is_not_completed_answers_nobody_else(tmp_path: Path):
    vendor, path = Documents(), tmp_path / "l.sqlite"
    await run(vendor, path, FULL, images=[b"fine"])
    await run(vendor, path, FULL, images=[b"bad"])
    await run(vendor, path, FULL, images=[b"submitted"], goal="submit")
    await run(vendor, path, TEXT, images=[b"fine", b"bad", b"submitted"])
    assert vendor.arrived == {b"fine": 1, b"bad": 2, b"submitted": 2}


async def test_calls_are_counted_with_their_repetitions(tmp_path: Path):
    vendor = Vendor()
    throttled = failed(CallFailure.THROTTLED, 1.0)
    (outcome,) = await run(vendor, tmp_path / "l", TEXT, images=[b"a"], losses=[throttled] * 2)
    assert outcome.calls == 5
    line = Line(vendor, losses=[failed(CallFailure.NOT_SENT)] * 2)
    (outcome,) = (await trial_on(line, tmp_path / "m").outcomes([b"a"])).values()
    assert outcome.calls == 3


async def test_calls_and_seconds_go_on_in_another_run(tmp_path: Path):
    vendor, path = Vendor(), tmp_path / "l.sqlite"
    (submitted,) = await run(vendor, path, TEXT, images=[b"a"], goal="submit")
    assert (submitted.calls, submitted.seconds) == (1, None)
    later = ManualClock()
    later.wall_offset_s += 3600
    (outcome,) = await run(vendor, path, TEXT, images=[b"a"], clock=later)
    assert outcome.calls == 3
    assert outcome.seconds is not None
    assert 3600 <= outcome.seconds < 3700
    earlier = ManualClock()
    (b,) = await run(vendor, path, TEXT, images=[b"b"], goal="submit", clock=earlier)
    earlier.wall_offset_s -= 7200
    (outcome,) = await run(vendor, path, TEXT, images=[b"b"], clock=earlier)
    assert (b.calls, outcome.seconds) == (1, 0.0)


async def test_what_failed_and_was_forgotten_counts_all_its_calls(tmp_path: Path):
    vendor, path = Vendor(asks_until_ready=1), tmp_path / "l.sqlite"
    (bad,) = await run(vendor, path, TEXT, images=[b"bad"])
    assert (bad.status, bad.calls) == (Status.ERROR, 2)
    (known,) = await run(vendor, path, TEXT, images=[b"bad"])
    assert (known.calls, known.from_ledger) == (2, True)
    (again,) = await run(vendor, path, TEXT, images=[b"bad"], policy=Policy(retry_failed=True))
    assert again.calls == 4
    vendor.forgets = True
    (found,) = await run(vendor, path, TEXT, images=[b"fine"])
    assert (found.status, found.calls) == (Status.COMPLETED, 4)

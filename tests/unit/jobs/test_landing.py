"""Pages to rows: each row ends once, with all of its pages or the reason why not."""

import random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.jobs.landing import Landing, joined
from ocr_frames.model import Failure, Outcome, Result, Status


def page(text: str, **more: Any) -> Outcome:
    return Outcome(-1, Status.COMPLETED, (text,), **{"calls": 2, "seconds": 1.0, **more})


def lost(status: Status = Status.ERROR, code: str = "recognition-failed") -> Outcome:
    return Outcome(-1, status, failure=Failure(code, "why"), calls=1)


def hocr(word: str) -> tuple[Result, ...]:
    span = f"<span class='ocrx_word' title='bbox 1 2 3 4; x_wconf 50'>{word}</span>"
    return (Result("Hocr", f"<div class='ocr_page'>{span}</div>".encode()),)


def landed(names: tuple[Any, ...], *outcomes: Outcome) -> list[Outcome]:
    ends: list[Outcome] = []
    landing = Landing(names, ends.append)
    for outcome in outcomes:
        landing.land(outcome)
    return ends


def test_a_row_of_one_job_ends_with_it():
    outcome = Outcome(7, Status.COMPLETED, ("a",), task_id="t", calls=2)
    assert landed((), outcome) == [outcome]


@given(st.integers(2, 6), st.randoms(use_true_random=False))
def test_a_row_ends_when_its_last_page_has_in_whatever_order(count: int, rng: random.Random):
    ends: list[Outcome] = []
    landing, done = Landing((), ends.append), []
    rows = {row: landing.expect(row, count, lambda row=row: done.append(row)) for row in (3, 9)}
    positions = [(p, f"{row} {n}") for row, ps in rows.items() for n, p in enumerate(ps)]
    assert len({position for position, _ in positions if position < 0}) == 2 * count
    rng.shuffle(positions)
    for number, (position, text) in enumerate(positions, start=1):
        landing.land(page(text)._replace(position=position))
        assert len(ends) <= number // count
    assert {end.position: end.texts for end in ends} == {
        row: ("\f".join(f"{row} {number}" for number in range(count)),) for row in rows
    }
    assert sorted(done) == [3, 9]


def test_calls_are_added_up_and_the_longest_wait_counts():
    end = joined(5, [page("a", task_id="x"), page("", task_id="y", calls=3, seconds=2.5)])
    assert end == Outcome(
        5, Status.COMPLETED, ("a\f",), task_id="x y", calls=5, seconds=2.5, from_ledger=False
    )
    known = [page("a", from_ledger=True, calls=None, seconds=None)] * 2
    assert joined(5, known)[:6] == (5, Status.COMPLETED, ("a\fa",), None, None, True)
    assert not joined(5, [known[0], page("b")]).from_ledger


@pytest.mark.parametrize(
    ("pages", "status", "said"),
    [
        ([page("a"), lost()], "Error", "recognition-failed: page 2 of 2: why"),
        ([lost(), page("a"), lost()], "Error", "recognition-failed: page 1 of 3, and 1 more: why"),
        ([lost(Status.PENDING, "budget"), lost()], "Error", "recognition-failed: page 2 of 2: why"),
        ([page(""), lost(Status.PENDING, "budget")], "Pending", "budget: page 2 of 2: why"),
        ([lost(Status.NOT_EXIST, "expired"), page("")], "NotExist", "expired: page 1 of 2: why"),
        ([lost(Status.PROCESSING, "deadline"), page("")], "Processing", "deadline: page 1 of 2"),
    ],
)
def test_one_page_that_failed_is_told_with_its_number(pages, status: str, said: str):
    end = joined(5, pages)
    assert end.status == status
    assert str(end.failure).startswith(said)
    assert (end.texts, end.results) == ((), ())
    assert end.calls == sum(page.calls for page in pages)


def test_details_of_pages_are_those_of_a_document():
    ends: list[Outcome] = []
    landing = Landing(("pages", "words", "hocr", "confidence"), ends.append)
    first, blank, last = landing.expect(4, 3)
    landing.land(page("two", results=hocr("two"))._replace(position=last))
    landing.land(page("one", results=hocr("one"))._replace(position=first))
    landing.land(Outcome(blank, Status.COMPLETED, calls=2))
    (end,) = ends
    count, words, document, confidence = end.details
    assert (count, confidence, end.failure, end.results) == (3, 0.5, None, ())
    assert [(w["text"], w["page"]) for w in words.to_pylist()] == [("one", 1), ("two", 3)]
    assert document.count("ocr_page") == 2


def test_what_did_not_come_for_any_page_is_told():
    ends: list[Outcome] = []
    landing = Landing(("words",), ends.append)
    for position in landing.expect(0, 2):
        landing.land(page("a")._replace(position=position))
    assert ends[0].details == (None,)
    assert str(ends[0].failure).startswith("details-missing")


def test_texts_are_taken_out_of_json():
    result = Result("JSON", b'{"pages": [{"text": "a"}, {"text": "b"}]}')
    outcome = Outcome(0, Status.COMPLETED, results=(result,), calls=2)
    (end,) = landed(("json", "pages"), outcome)
    assert end.texts == ("a\fb",)
    assert end.details == (result.data.decode(), 2)
    (regions,) = landed(("json",), outcome._replace(results=(result, result)))
    assert regions.texts == ("a\fb", "a\fb")
    (blank,) = landed(("json",), Outcome(0, Status.COMPLETED, calls=2))
    assert (blank.texts, blank.failure) == ((), None)


def test_rows_of_one_task_share_what_is_drawn_once(monkeypatch: pytest.MonkeyPatch):
    from ocr_frames import hocr as module

    read, texts = module.read, []
    monkeypatch.setattr(module, "read", lambda text: texts.append(text) or read(text))
    one = Outcome(0, Status.COMPLETED, ("a",), task_id="1", results=hocr("a"), calls=2)
    other = one._replace(task_id="2")
    rows = [one, one._replace(position=1), one._replace(position=2), other._replace(position=3)]
    ends = landed(("words", "task_id"), *rows)
    assert len(texts) == 2
    assert [end.position for end in ends] == [0, 1, 2, 3]
    assert [end.details[1] for end in ends] == ["1", "1", "1", "2"]
    assert ends[0].details[0] is ends[2].details[0]
    assert isinstance(ends[0].details[0], pa.Array)

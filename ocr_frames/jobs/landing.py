"""Outcomes of jobs to outcomes of rows: pages are put together, details drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from ocr_frames import details, documents
from ocr_frames.details import Detail
from ocr_frames.model import Failure, Outcome, Result, Status
from ocr_frames.progress import OnOutcome

_WORST = (Status.ERROR, Status.NOT_EXIST, Status.PROCESSING, Status.PENDING)


@dataclass(slots=True)
class _Pages:
    row: int
    outcomes: list[Outcome | None]
    after: Callable[[], None]


class Landing:
    """Calls `ended` once for every row whose outcome is known."""

    def __init__(self, names: Sequence[Detail], ended: OnOutcome) -> None:
        self._names = names
        self._ended = ended
        self._tickets = count(-1, -1)
        self._pages: dict[int, tuple[_Pages, int]] = {}
        self._last: Outcome | None = None
        self._drawn: Outcome | None = None

    def expect(
        self, row: int, pages: int, after: Callable[[], None] = lambda: None
    ) -> Sequence[int]:
        """Give positions for the pages of a row, which ends when all have; `after` that."""
        waiting = _Pages(row, [None] * pages, after)
        positions = [next(self._tickets) for _ in range(pages)]
        for number, position in enumerate(positions):
            self._pages[position] = (waiting, number)
        return positions

    def land(self, outcome: Outcome) -> None:
        """Take the outcome of a job."""
        if outcome.position >= 0 and not self._names:
            self._ended(outcome)
            return
        if "json" in self._names and outcome.results and not outcome.texts:
            found = documents.texts(outcome.results, "JSON")
            outcome = outcome._replace(texts=tuple(map(documents.text_of_json, found)))
        if outcome.position >= 0:
            self._end(outcome)
            return
        pages, number = self._pages.pop(outcome.position)
        pages.outcomes[number] = outcome
        landed = [page for page in pages.outcomes if page is not None]
        if len(landed) == len(pages.outcomes):
            pages.after()
            self._end(joined(pages.row, landed))

    def _end(self, outcome: Outcome) -> None:
        if not self._names:
            self._ended(outcome)
            return
        # Rows with the same image come one after the other.
        if self._drawn is None or not _is_same(outcome, self._last):
            self._last, self._drawn = outcome, self._detailed(outcome)
        drawn = self._drawn
        self._ended(outcome._replace(details=drawn.details, failure=drawn.failure, results=()))

    def _detailed(self, outcome: Outcome) -> Outcome:
        values = details.values(self._names, outcome)
        failure = outcome.failure or details.missing(self._names, outcome, values)
        return outcome._replace(details=values, failure=failure)


def _is_same(outcome: Outcome, last: Outcome | None) -> bool:
    """Whether both are of one task, so that they differ in their rows alone."""
    return last is not None and outcome[1:] == last[1:]


def joined(row: int, pages: Sequence[Outcome]) -> Outcome:
    """The outcome of a row whose pages, at least two, were jobs of their own.

    Completed when all are; else the worst of them, with its page. Texts are joined by form
    feeds, task ids by spaces; calls are added up, seconds those of the last to end.
    """
    calls = [page.calls for page in pages if page.calls is not None]
    seconds = [page.seconds for page in pages if page.seconds is not None]
    ids = [page.task_id for page in pages if page.task_id is not None]
    outcome = Outcome(
        row,
        Status.COMPLETED,
        task_id=" ".join(ids) or None,
        from_ledger=all(page.from_ledger for page in pages),
        calls=sum(calls) if calls else None,
        seconds=max(seconds, default=None),
    )
    for status in _WORST:
        failed = [number for number, page in enumerate(pages) if page.status is status]
        if failed:
            return outcome._replace(status=status, failure=_failure(failed, pages))
    text = "\f".join("\n".join(page.texts) for page in pages)
    return outcome._replace(texts=(text,), results=_results(pages))


def _failure(failed: Sequence[int], pages: Sequence[Outcome]) -> Failure | None:
    first = pages[failed[0]].failure
    if first is None:
        return None
    others = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    return Failure(first.code, f"page {failed[0] + 1} of {len(pages)}{others}: {first.message}")


def _results(pages: Sequence[Outcome]) -> tuple[Result, ...]:
    """All results in the order of pages; a page that alone has no hOCR keeps its place."""
    with_hocr = [bool(documents.data(page.results, "Hocr")) for page in pages]
    found: list[Result] = []
    for page, has_hocr in zip(pages, with_hocr, strict=True):
        found += page.results
        if any(with_hocr) and not has_hocr:
            found.append(Result("Hocr", b""))
    return tuple(found)

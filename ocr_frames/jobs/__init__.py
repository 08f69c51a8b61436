"""Rows to jobs, in batches: unchanged images are known by their facts and not read again."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ocr_frames import images
from ocr_frames.engine.ledger import FileFacts, Ledger
from ocr_frames.images import Place, Url
from ocr_frames.jobs.elsewhere import Elsewhere
from ocr_frames.jobs.landing import Landing
from ocr_frames.jobs.making import Maker
from ocr_frames.model import Failure, Job, Outcome, Status
from ocr_frames.progress import OnOutcome
from ocr_frames.request import Request
from ocr_frames.row_settings import Choice

_ROWS = 1000
_FIRST_ROWS = 64
_BYTES = 16 * 2**20

Row = tuple[object, ...]


@dataclass(slots=True)
class _Batch:
    """What came of some rows: jobs, ends, and images elsewhere; `more` may follow."""

    jobs: list[Job] = field(default_factory=list)
    ends: list[Outcome] = field(default_factory=list)
    elsewhere: list[tuple[int, Choice, Url]] = field(default_factory=list)
    more: bool = False

    def take(self, row: int, made: Sequence[Job] | Failure) -> None:
        """Add the jobs of a row, or its end."""
        if isinstance(made, Failure):
            self.ends.append(Outcome(row, Status.ERROR, failure=made))
        else:
            self.jobs += made


class Jobs:
    """The jobs of a table's rows, pulled batch by batch.

    A row holds its image cell and the values of `request.row_columns`, null as None. Relative
    paths are looked for in `folders`. A batch holds at most about 16 MB of images, or one image.
    `ended` is called once for every row: for what cannot become a job as soon as that is known,
    for others by `land`, which takes the outcomes of the jobs.
    """

    def __init__(
        self, rows: Iterable[Row], request: Request, folders: Sequence[Path], ended: OnOutcome
    ) -> None:
        self._rows = enumerate(rows)
        self._settings = request.row_settings
        self._folders = folders
        self._ended = ended
        self._landing = Landing(request.layout.details, ended)
        # A connection of its own: it is used on another thread than the run's.
        self._index = Ledger(request.ledger) if request.ledger else None
        self._maker = Maker(request, self._landing)
        self._elsewhere = Elsewhere(request, self._maker, self._index)
        self._located: deque[tuple[int, Choice, Place]] = deque()
        self._known: dict[str, FileFacts] = {}

    async def batches(self) -> AsyncIterator[Sequence[Job]]:
        """Yield the jobs in the order of their rows; those elsewhere after others beside them."""
        rows = _FIRST_ROWS
        try:
            while True:
                batch = await asyncio.to_thread(self._batch, rows)
                self._end(batch.ends)
                if batch.jobs:
                    yield batch.jobs
                async for jobs, ends in self._elsewhere.jobs(batch.elsewhere):
                    self._end(ends)
                    if jobs:
                        yield jobs
                if not batch.more:
                    return
                rows = _ROWS
        finally:
            await self._elsewhere.disconnect()

    def land(self, outcome: Outcome) -> None:
        """Take the outcome of a job: a row ends when its job has, or all its pages have."""
        self._landing.land(outcome)

    def close(self) -> None:
        """Close the index and delete what was put aside."""
        self._elsewhere.close()
        if self._index is not None:
            self._index.close()

    def _end(self, ends: Sequence[Outcome]) -> None:
        for outcome in ends:
            self._ended(outcome)

    def _batch(self, rows: int) -> _Batch:
        batch = _Batch()
        if not self._located:
            self._locate(rows, batch)
        held = 0
        new: list[FileFacts] = []
        while self._located:
            row, choice, place = self._located[0]
            if isinstance(place, FileFacts):
                jobs = self._of_known_file(row, choice, place)
                if jobs is None:
                    if held and held + place.size > _BYTES:
                        break
                    held += place.size
                    jobs = self._of_new_file(row, choice, place, new)
                batch.take(row, jobs)
            elif isinstance(place, Url):
                batch.elsewhere.append((row, choice, place))
            else:
                batch.take(row, self._of_cell(row, choice, place))
            self._located.popleft()
        batch.more = batch.more or bool(self._located)
        if self._index is not None and new:
            self._index.remember_files(new)
        return batch

    def _locate(self, rows: int, batch: _Batch) -> None:
        """Pull rows, find where their images are, and what is known of these."""
        same_for_all = None if self._settings.columns else self._settings.fixed
        files: list[str] = []
        held = 0
        for row, (cell, *values) in islice(self._rows, rows):
            batch.more = True
            choice = same_for_all or self._settings.of(tuple(values))
            place = None if cell is None else images.locate(cell, self._folders)
            if place is None or choice is None:
                batch.ends.append(Outcome(row, Status.SKIPPED))
            elif isinstance(choice, Failure):
                batch.take(row, choice)
            elif isinstance(place, Failure):
                batch.take(row, place)
            else:
                self._located.append((row, choice, place))
                if isinstance(place, FileFacts):
                    files.append(place.path)
                elif isinstance(place, bytes):
                    held += len(place)
                    if held >= _BYTES:
                        break
        self._known = self._index.known_files(files) if self._index is not None else {}

    def _of_known_file(
        self, row: int, choice: Choice, file: FileFacts
    ) -> Sequence[Job] | Failure | None:
        """The jobs of a file that has not changed since it was read; None for others."""
        known = self._known.get(file.path)
        if known is None or known.size != file.size or known.mtime_ns != file.mtime_ns:
            return None
        return self._maker.of_known(row, choice, known.digest, known.pages, images.read, file.path)

    def _of_new_file(
        self, row: int, choice: Choice, file: FileFacts, new: list[FileFacts]
    ) -> Sequence[Job] | Failure:
        image = images.read(file.path)
        if isinstance(image, Failure):
            return image
        made = self._maker.of_image(row, choice, image, images.read, file.path)
        if isinstance(made, Failure):
            return made
        new.append(FileFacts(file.path, file.size, file.mtime_ns, made.digest, made.pages))
        return made.jobs

    def _of_cell(
        self, row: int, choice: Choice, place: bytes | images.Picture
    ) -> Sequence[Job] | Failure:
        if isinstance(place, images.Picture):
            return self._maker.of_picture(row, choice, place)
        made = self._maker.of_image(row, choice, place, _itself, place)
        return made if isinstance(made, Failure) else made.jobs


def _itself(image: bytes) -> bytes | Failure:
    return image

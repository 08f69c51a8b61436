"""Rows to jobs, in batches: unchanged files are known by their facts and not read again."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from ocr_frames import images
from ocr_frames.engine.ledger import FileFacts, Ledger
from ocr_frames.model import Failure, Job, Outcome, Status
from ocr_frames.progress import OnOutcome
from ocr_frames.request import Request

_ROWS = 1000
_FIRST_ROWS = 64
_BYTES = 16 * 2**20


Row = tuple[object, ...]


class Jobs:
    """The jobs of a table's rows, pulled batch by batch.

    A row holds its image cell and the values of `request.row_columns`, null as None.
    What cannot become a job ends at once: `ended` is called with its outcome. Relative paths
    are looked for in `folders`. A batch holds at most about 16 MB of images, or one image.
    """

    def __init__(
        self, rows: Iterable[Row], request: Request, folders: Sequence[Path], ended: OnOutcome
    ) -> None:
        self._rows = enumerate(rows)
        self._request = request
        self._folders = folders
        self._ended = ended
        # A connection of its own: it is used on another thread than the run's.
        self._index = Ledger(request.ledger) if request.ledger else None

    async def batches(self) -> AsyncIterator[Sequence[Job]]:
        """Yield the jobs in the order of their rows."""
        rows = _FIRST_ROWS
        while True:
            jobs, ends, more = await asyncio.to_thread(self._batch, rows)
            for outcome in ends:
                self._ended(outcome)
            if jobs:
                yield jobs
            if not more:
                return
            rows = _ROWS

    def close(self) -> None:
        """Close the index."""
        if self._index is not None:
            self._index.close()

    def _batch(self, rows: int) -> tuple[list[Job], list[Outcome], bool]:
        ends: list[Outcome] = []
        found: list[tuple[int, bytes | FileFacts]] = []
        pulled = self._pull(rows)
        for position, (cell, *_) in pulled:
            place = None if cell is None else images.locate(cell, self._folders)
            if place is None:
                ends.append(Outcome(position, Status.SKIPPED))
            elif isinstance(place, Failure):
                ends.append(Outcome(position, Status.ERROR, failure=place))
            else:
                found.append((position, place))
        return self._jobs(found, ends), ends, bool(pulled)

    def _pull(self, rows: int) -> list[tuple[int, Row]]:
        pulled: list[tuple[int, Row]] = []
        held = 0
        for numbered in islice(self._rows, rows):
            pulled.append(numbered)
            cell = numbered[1][0]
            held += len(cell) if isinstance(cell, bytes) else 0
            if held >= _BYTES:
                break
        return pulled

    def _jobs(
        self, found: Sequence[tuple[int, bytes | FileFacts]], ends: list[Outcome]
    ) -> list[Job]:
        files = [place for _, place in found if isinstance(place, FileFacts)]
        known = self._index.known_files([file.path for file in files]) if self._index else {}
        jobs: list[Job] = []
        new: list[FileFacts] = []
        held = 0
        for position, place in found:
            if isinstance(place, bytes):
                jobs.append(self._job(position, place, lambda image=place: image))  # type: ignore[misc]
                continue
            load = partial(images.read, place.path)
            before = known.get(place.path)
            if before is not None and _unchanged(before, place):
                jobs.append(self._job(position, None, load, before.digest))
                continue
            image = load()
            if isinstance(image, Failure):
                ends.append(Outcome(position, Status.ERROR, failure=image))
                continue
            held += len(image)
            job = self._job(position, image if held <= _BYTES else None, load, _digest(image))
            new.append(FileFacts(place.path, place.size, place.mtime_ns, job.digest))
            jobs.append(job)
        if self._index is not None and new:
            self._index.remember_files(new)
        return jobs

    def _job(
        self,
        position: int,
        image: bytes | None,
        load: Callable[[], bytes | Failure],
        digest: bytes | None = None,
    ) -> Job:
        digest = digest or _digest(image or b"")
        return Job(position, self._request.kind, self._request.settings_json, digest, load, image)


def _digest(image: bytes) -> bytes:
    return hashlib.sha256(image).digest()


def _unchanged(before: FileFacts, now: FileFacts) -> bool:
    return (before.size, before.mtime_ns) == (now.size, now.mtime_ns)

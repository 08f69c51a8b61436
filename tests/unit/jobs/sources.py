"""What tests of jobs share: requests, files with pages, and all jobs of some cells."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ocr_frames.jobs import Jobs
from ocr_frames.model import Failure, Job, Outcome, Status
from ocr_frames.request import Request
from ocr_frames.settings import Endpoint
from tests.unit.images.test_pages import file, frames

CLOUD = Endpoint.cloud("id", "secret")
SERVER = Endpoint("http://127.0.0.1:9", "id", "secret")


def request_for(folder: Path, endpoint: Endpoint = CLOUD, **options: Any) -> Request:
    return Request.of({"endpoint": endpoint, "ledger": folder / "l" / "ledger.sqlite", **options})


def write_pages(folder: Path, name: str, count: int) -> str:
    """Write a file with pages that all differ; its format is its ending."""
    kind = {".tif": "TIFF", ".gif": "GIF", ".webp": "WEBP", ".png": "PNG"}[Path(name).suffix]
    (folder / name).write_bytes(file(kind, frames(count)))
    return name


class Read:
    """The jobs of some rows, and how rows end that get none or whose jobs have landed."""

    def __init__(self, request: Request, folder: Path) -> None:
        self._request = request
        self._folder = folder
        self.jobs: list[Job] = []
        self.ends: list[Outcome] = []

    async def rows(self, *rows: tuple[object, ...]) -> "Read":
        """Read rows to their jobs, and land every job with its number as text."""
        jobs = Jobs(iter(rows), self._request, [self._folder], self.ends.append)
        try:
            async for batch in jobs.batches():
                self.jobs += batch
            for number, job in enumerate(self.jobs):
                jobs.land(Outcome(job.position, Status.COMPLETED, (str(number),), calls=2))
        finally:
            jobs.close()
        return self

    async def cells(self, *cells: object) -> "Read":
        return await self.rows(*((cell,) for cell in cells))

    @property
    def digests(self) -> list[bytes]:
        return [job.digest for job in self.jobs]

    @property
    def texts(self) -> list[str | None]:
        """The text of every row, in their order; the code of those that have none."""
        ends = sorted(self.ends, key=lambda end: end.position)
        return [
            "\n".join(end.texts)
            if end.status is Status.COMPLETED
            else end.failure and end.failure.code
            for end in ends
        ]

    def images(self) -> Sequence[bytes]:
        """What would be sent."""
        loaded = [job.image if job.image is not None else job.load() for job in self.jobs]
        assert not any(isinstance(image, Failure) for image in loaded), loaded
        return [image for image in loaded if isinstance(image, bytes)]

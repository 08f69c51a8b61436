"""Images from elsewhere: several at once, each URL once, known ones asked whether they changed."""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from ocr_frames.engine.ledger import FileFacts, Ledger
from ocr_frames.images import Url
from ocr_frames.jobs.making import Maker
from ocr_frames.jobs.spool import Remote, Spool
from ocr_frames.model import Failure, Job, Outcome, Status
from ocr_frames.remote import AT_ONCE, Downloads, Fetched
from ocr_frames.request import Request
from ocr_frames.row_settings import Choice

_BYTES = 16 * 2**20
_ON_THE_WAY_BYTES = 64 * 2**20

Ends = tuple[Sequence[Job], Sequence[Outcome]]


@dataclass(slots=True)
class _Wanted:
    """An image and the rows that want it; `known` from an earlier run."""

    url: str
    rows: list[tuple[int, Choice]] = field(default_factory=list)
    known: FileFacts | None = None

    @property
    def name(self) -> str:
        """Under which it is in the index: a URL may hold a signature, which is a secret."""
        return "url:" + hashlib.sha256(self.url.encode("utf-8", "replace")).hexdigest()


class Elsewhere:
    """Makes jobs of images that have a URL."""

    def __init__(self, request: Request, maker: Maker, index: Ledger | None) -> None:
        self._allow_private = request.allow_private_urls
        self._maker = maker
        self._index = index
        self._spool = Spool()
        self._downloads: Downloads | None = None
        self._at_once = AT_ONCE

    async def jobs(self, found: Sequence[tuple[int, Choice, Url]]) -> AsyncIterator[Ends]:
        """Yield jobs, and ends of rows that get none, as their images come.

        What is yielded at once holds at most about 16 MB of images, or one image.
        """
        waiting = deque(await asyncio.to_thread(self._wanted, found)) if found else deque()
        active: set[asyncio.Task[tuple[_Wanted, Fetched | Failure]]] = set()
        came: list[tuple[_Wanted, Fetched | Failure]] = []
        try:
            while waiting or active:
                while waiting and len(active) < self._at_once:
                    active.add(asyncio.create_task(self._fetched(waiting.popleft())))
                done, active = await asyncio.wait(active, return_when=asyncio.FIRST_COMPLETED)
                came += [task.result() for task in done]
                sizes = [_size(fetched) for _, fetched in came]
                # Where images are large, fewer of them are on the way at once.
                self._at_once = min(self._at_once, _ON_THE_WAY_BYTES // (max(sizes) + 1) or 1)
                if sum(sizes) >= _BYTES or not (waiting or active):
                    yield await asyncio.to_thread(self._made, came)
                    came = []
        finally:
            for task in active:
                task.cancel()
            await asyncio.gather(*active, return_exceptions=True)

    async def disconnect(self) -> None:
        """Close all connections."""
        if self._downloads is not None:
            await self._downloads.close()
            self._downloads = None

    def close(self) -> None:
        """Delete what was put aside."""
        self._spool.close()

    def _wanted(self, found: Sequence[tuple[int, Choice, Url]]) -> Sequence[_Wanted]:
        by_url: dict[str, _Wanted] = {}
        for row, choice, url in found:
            by_url.setdefault(url.address, _Wanted(url.address)).rows.append((row, choice))
        if self._index is not None:
            known = self._index.known_files([wanted.name for wanted in by_url.values()])
            for wanted in by_url.values():
                wanted.known = known.get(wanted.name)
        return list(by_url.values())

    async def _fetched(self, wanted: _Wanted) -> tuple[_Wanted, Fetched | Failure]:
        if self._downloads is None:
            self._downloads = Downloads(allow_private=self._allow_private)
        known = wanted.known
        if known is not None and any(
            self._maker.must_look(choice, known.pages) for _, choice in wanted.rows
        ):
            known = None
        validator = known.validator if known is not None else None
        return wanted, await self._downloads.fetch(wanted.url, validator)

    def _made(self, came: Sequence[tuple[_Wanted, Fetched | Failure]]) -> Ends:
        jobs: list[Job] = []
        ends: list[Outcome] = []
        new: list[FileFacts] = []
        for wanted, fetched in came:
            for row, choice in wanted.rows:
                made = self._of_row(row, choice, wanted, fetched, new)
                if isinstance(made, Failure):
                    ends.append(Outcome(row, Status.ERROR, failure=made))
                else:
                    jobs += made
        if self._index is not None and new:
            self._index.remember_files(new)
        return jobs, ends

    def _of_row(
        self,
        row: int,
        choice: Choice,
        wanted: _Wanted,
        fetched: Fetched | Failure,
        new: list[FileFacts],
    ) -> Sequence[Job] | Failure:
        if isinstance(fetched, Failure):
            return fetched
        remote = Remote(wanted.url, self._spool, allow_private=self._allow_private)
        if fetched.image is None:
            assert wanted.known is not None  # noqa: S101 - asked about, so known
            known = wanted.known
            jobs = self._maker.of_known(row, choice, known.digest, known.pages, Remote.read, remote)
            assert jobs is not None  # noqa: S101 - else it would not have been asked about
            return jobs
        made = self._maker.of_image(row, choice, fetched.image, Remote.read, remote)
        if isinstance(made, Failure):
            return made
        if fetched.validator is not None:
            size = len(fetched.image)
            new.append(FileFacts(wanted.name, size, 0, made.digest, made.pages, fetched.validator))
        return made.jobs


def _size(fetched: Fetched | Failure) -> int:
    return 0 if isinstance(fetched, Failure) else len(fetched.image or b"")

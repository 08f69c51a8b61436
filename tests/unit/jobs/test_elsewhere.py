"""Images from elsewhere become jobs: each URL fetched once, known ones only asked about."""

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from ocr_frames.jobs import Jobs, elsewhere
from ocr_frames.model import Failure, Outcome, Status
from ocr_frames.settings import Endpoint
from tests.adapters.store import Store, store
from tests.unit.images.test_pages import file, frames
from tests.unit.jobs.sources import SERVER, Read, request_for


@pytest.fixture
async def served() -> AsyncIterator[Store]:
    async with store() as running:
        yield running


async def read(folder: Path, *cells: object, **options: Any) -> Read:
    request = request_for(folder, **{"allow_private_urls": True, **options})
    return await Read(request, folder).cells(*cells)


def digest(image: bytes) -> bytes:
    return hashlib.sha256(image).digest()


async def test_urls_among_other_cells(served: Store, tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"A")
    url = served.holds("/b.png", b"B")
    cells = ["a.png", url, {"bytes": None, "path": url}, None, served.url + "/gone", b"C"]
    found = await read(tmp_path, *cells)
    assert found.digests == [digest(b"A"), digest(b"C"), digest(b"B"), digest(b"B")]
    assert found.texts == ["0", "2", "3", None, "url-not-found", "1"]
    assert found.images() == [b"A", b"C", b"B", b"B"]
    assert served.paths() == ["/b.png", "/gone"]


async def test_private_addresses_are_refused_unless_allowed(served: Store, tmp_path: Path):
    url = served.holds("/a.png", b"A")
    assert (await read(tmp_path, url, allow_private_urls=False)).texts == ["private-address"]
    assert served.asked == []
    assert (await read(tmp_path, url)).texts == ["0"]


async def test_an_unchanged_image_is_asked_about_and_not_sent(served: Store, tmp_path: Path):
    url = served.holds("/a.png", b"A", ETag='"1"')
    first = await read(tmp_path, url)
    again = await read(tmp_path, url)
    assert again.digests == first.digests
    assert [headers.get("If-None-Match") for _, headers in served.asked] == [None, '"1"']
    assert again.jobs[0].image is None
    served.holds("/a.png", b"B", ETag='"2"')
    assert (await read(tmp_path, url)).digests == [digest(b"B")]
    assert (await read(tmp_path, url)).digests == [digest(b"B")]
    assert len(served.asked) == 4


async def test_without_a_validator_or_a_ledger_it_is_fetched_each_time(
    served: Store, tmp_path: Path
):
    plain, tagged = served.holds("/a.png", b"A"), served.holds("/b.png", b"B", ETag='"1"')
    for _ in range(2):
        await read(tmp_path, plain)
        await read(tmp_path, tagged, ledger=False)
    assert [headers.get("If-None-Match") for _, headers in served.asked] == [None] * 4


async def test_a_known_image_is_fetched_when_it_is_to_be_sent(served: Store, tmp_path: Path):
    url = served.holds("/a.png", b"A", ETag='"1"')
    await read(tmp_path, url)
    (job,) = (await read(tmp_path, url)).jobs
    assert await asyncio.to_thread(job.load) == b"A"
    served.holds("/a.png", b"B", ETag='"2"')
    changed = await asyncio.to_thread(job.load)
    assert isinstance(changed, Failure)
    assert changed.code == "image-changed"


async def test_no_url_is_on_record(served: Store, tmp_path: Path):
    """It may hold a signature that lets everybody in."""
    url = served.holds("/a.png", b"A", ETag='"1"') + "?sig=secret"
    await read(tmp_path, url)
    ledger = tmp_path / "l" / "ledger.sqlite"
    with closing(sqlite3.connect(ledger)) as record:
        (kept,) = record.execute("SELECT count(*) FROM files").fetchone()
        record.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert kept == 1
    assert b"secret" not in ledger.read_bytes()


async def test_pages_of_a_document_from_elsewhere(served: Store, tmp_path: Path):
    data = file("TIFF", frames(3))
    url = served.holds("/a.tif", data, ETag='"1"')
    found = await Pages(tmp_path).read(url)
    assert found.texts == ["0\f1\f2"]
    assert found.loaded == [digest(image) for image in found.sent]
    assert len(set(found.sent)) == 3
    assert len(served.asked) == 1, "pages are cut from what was fetched"
    assert found.left == []
    again = await Pages(tmp_path).read(url)
    assert again.sent == found.sent
    assert len(served.asked) == 3, "once asked about, once fetched for all pages"
    whole = await read(tmp_path, url, endpoint=SERVER)
    assert whole.digests == [digest(data)]


class Pages(Read):
    """Loads each page while the run is on, as the engine does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(request_for(folder, allow_private_urls=True), folder)
        self.sent: list[bytes] = []
        self.left: list[str] | None = None

    @property
    def loaded(self) -> list[bytes]:
        return [digest(image) for image in self.sent]

    async def read(self, url: str) -> "Pages":
        jobs = Jobs([(url,)], self._request, [], self.ends.append)
        try:
            async for batch in jobs.batches():
                loads = [asyncio.to_thread(job.load) for job in batch]
                for number, image in enumerate(await asyncio.gather(*loads)):
                    assert isinstance(image, bytes), image
                    self.sent.append(image)
                    position = batch[number].position
                    jobs.land(Outcome(position, Status.COMPLETED, (str(number),)))
            spool = jobs._elsewhere._spool._folder
            assert spool is not None
            self.left = left_in(spool.name)
        finally:
            jobs.close()
        assert left_in(spool.name) is None
        return self


def left_in(folder: str) -> list[str] | None:
    """The names of files in a folder; None where there is none."""
    path = Path(folder)
    return [file.name for file in path.iterdir()] if path.exists() else None


async def test_many_are_fetched_at_once_but_not_all(served: Store, tmp_path: Path):
    urls = [served.holds(f"/{number}.png", b"%d" % number) for number in range(100)]
    found = await read(tmp_path, *urls, endpoint=Endpoint.trial())
    assert sorted(found.digests) == sorted(digest(b"%d" % number) for number in range(100))
    assert 1 < served.most <= 16


async def test_what_is_held_at_once_is_bounded(served: Store, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(elsewhere, "_BYTES", 5000)
    monkeypatch.setattr(elsewhere, "_ON_THE_WAY_BYTES", 2500)
    urls = [served.holds(f"/{number}", bytes([number]) * 1000) for number in range(40)]
    request = request_for(tmp_path, allow_private_urls=True)
    jobs = Jobs([(url,) for url in urls], request, [], lambda end: None)
    held = [sum(len(job.image or b"") for job in batch) async for batch in jobs.batches()]
    jobs.close()
    assert sum(held) == 40_000
    assert max(held[1:]) <= 7000
    assert jobs._elsewhere._at_once == 2


async def test_a_reader_that_stops_leaves_nothing_open(served: Store, tmp_path: Path):
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    urls = [served.holds("/a.png", b"A"), served.url + "/slow"]
    served.replies["/slow"] = slow
    request = request_for(tmp_path, allow_private_urls=True)
    jobs = Jobs([(b"first",), *((url,) for url in urls)], request, [], lambda end: None)
    batches = jobs.batches()
    await anext(batches)
    await batches.aclose()  # type: ignore[attr-defined]
    assert jobs._elsewhere._downloads is None
    jobs.close()

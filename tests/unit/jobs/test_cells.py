"""Cells of every kind in one column: pages apart where the endpoint reads but one."""

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ocr_frames import col, images
from ocr_frames.images import pages
from ocr_frames.images.pixels import Picture
from ocr_frames.model import Failure
from ocr_frames.settings import Endpoint
from tests.unit.images.test_pages import file, frames
from tests.unit.images.test_png import some
from tests.unit.jobs.sources import CLOUD, SERVER, Read, request_for, write_pages

PAGES = [Picture(frame).digest() for frame in frames(3)]


async def read(folder: Path, *cells: object, **options: Any) -> Read:
    return await Read(request_for(folder, **options), folder).cells(*cells)


async def test_all_kinds_of_cells_in_one_column(tmp_path: Path):
    grey = some((4, 6), np.uint8)
    (tmp_path / "a.png").write_bytes(b"A")
    cells = ["a.png", b"A", {"bytes": b"A"}, None, grey, Image.fromarray(grey), 5, "gone"]
    found = await read(tmp_path, *cells)
    assert found.texts == ["0", "1", "2", None, "3", "4", "unsupported-cell", "file-not-found"]
    assert len(set(found.digests)) == 2
    sent = found.images()
    assert sent[:3] == [b"A"] * 3
    for image in sent[3:]:
        np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(image))), grey)


@pytest.mark.parametrize(
    ("endpoint", "chosen", "tiff", "gif"),
    [
        (CLOUD, None, 3, 3),
        (Endpoint.trial(), None, 3, 3),
        (Endpoint.trial("http://elsewhere"), None, 3, 3),
        (SERVER, None, 1, 1),
        (Endpoint.local(), None, 1, 1),
        (SERVER, True, 3, 3),
        (CLOUD, False, 1, 1),
        (SERVER, False, 1, 1),
    ],
)
async def test_which_endpoint_gets_pages_one_by_one(tmp_path: Path, endpoint, chosen, tiff, gif):
    for name, count in (("a.tif", tiff), ("a.gif", gif)):
        write_pages(tmp_path, name, 3)
        found = await read(tmp_path, name, endpoint=endpoint, split_pages=chosen)
        assert len(found.jobs) == count, name
        assert found.texts == ["\f".join(map(str, range(count)))]
        if count == 1:
            assert found.images() == [(tmp_path / name).read_bytes()]
        elif name == "a.tif":
            assert found.digests == PAGES
        else:
            assert len(set(found.digests)) == 3


@pytest.mark.parametrize("name", ["a.tif", "a.gif", "a.png", "a.webp"])
async def test_pages_are_sent_as_files_of_their_own(tmp_path: Path, name: str):
    write_pages(tmp_path, name, 3)
    found = await read(tmp_path, name)
    for image, expected in zip(found.images(), frames(3), strict=True):
        shown = Image.open(BytesIO(image)).convert("L")
        np.testing.assert_array_equal(np.asarray(shown), np.asarray(expected))
    assert all(job.image is None for job in found.jobs)


async def test_pages_out_of_bytes_and_images_in_memory(tmp_path: Path):
    data = file("TIFF", frames(3))
    with Image.open(BytesIO(data)) as image:
        found = await read(tmp_path, data, {"bytes": data}, image)
        assert found.texts == ["0\f1\f2", "3\f4\f5", "6\f7\f8"]
        assert found.digests == PAGES * 3
        assert len(set(found.images())) == 3
        local = await read(tmp_path, data, image, endpoint=SERVER)
        assert local.texts == ["0", "1\f2\f3"]
        assert local.digests[1:] == PAGES
        whole = await read(tmp_path, image, split_pages=False)
    assert whole.digests == PAGES[:1]


async def test_one_page_is_one_job_whatever_the_format(tmp_path: Path):
    names = [write_pages(tmp_path, f"a{ending}", 1) for ending in (".tif", ".gif", ".png")]
    found = await read(tmp_path, *names)
    assert found.texts == ["0", "1", "2"]
    assert found.images() == [(tmp_path / name).read_bytes() for name in names]


class Counted:
    """Counts how often files are read and pages looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reads = self.looks = 0
        read, digests = images.read, pages.digests

        def counted_read(path: str) -> bytes | Failure:
            self.reads += 1
            return read(path)

        def counted_digests(image: bytes) -> list[bytes] | Failure:
            self.looks += 1
            return digests(image)

        monkeypatch.setattr(images, "read", counted_read)
        monkeypatch.setattr(pages, "digests", counted_digests)


async def test_pages_of_an_unchanged_file_are_known(tmp_path: Path, monkeypatch):
    counted = Counted(monkeypatch)
    names = [write_pages(tmp_path, "a.tif", 3), write_pages(tmp_path, "b.gif", 2), "c.png"]
    (tmp_path / "c.png").write_bytes(b"C")
    first = await read(tmp_path, *names)
    assert (counted.reads, counted.looks) == (3, 2)
    again = await read(tmp_path, *names)
    assert (counted.reads, counted.looks) == (3, 2)
    assert again.digests == first.digests
    assert again.texts == first.texts
    write_pages(tmp_path, "a.tif", 4)
    assert len((await read(tmp_path, *names)).jobs) == 4 + 2 + 1
    assert (counted.reads, counted.looks) == (4, 3)


async def test_what_one_endpoint_needs_to_know_another_may_not(tmp_path: Path, monkeypatch):
    """The index is one for all; pages are looked at when somebody wants them apart."""
    counted = Counted(monkeypatch)
    name = write_pages(tmp_path, "a.tif", 3)
    for endpoint, jobs, reads, looks in (
        (SERVER, 1, 1, 0),
        (SERVER, 1, 1, 0),
        (CLOUD, 3, 2, 1),
        (SERVER, 1, 2, 1),
        (CLOUD, 3, 2, 1),
    ):
        found = await read(tmp_path, name, endpoint=endpoint)
        assert (len(found.jobs), counted.reads, counted.looks) == (jobs, reads, looks)


async def test_regions_are_read_of_the_whole_file(tmp_path: Path):
    name = write_pages(tmp_path, "a.tif", 3)
    box = [(1, 2, 3, 4)]
    found = await read(tmp_path, name, regions=box)
    assert found.images() == [(tmp_path / name).read_bytes()]
    with Image.open(tmp_path / name) as image:
        assert (await read(tmp_path, image, regions=box)).digests == PAGES[:1]
    request = request_for(tmp_path, kind=col("kind"), regions=col("boxes"))
    mixed = await Read(request, tmp_path).rows((name, None, box), (name, "image", None))
    assert [job.kind for job in mixed.jobs] == ["regions", *["image"] * 3]
    assert mixed.texts == ["0", "1\f2\f3"]


async def test_a_file_that_cannot_be_taken_apart_costs_its_row_alone(tmp_path: Path, monkeypatch):
    (tmp_path / "broken.tif").write_bytes(file("TIFF", frames(3, "RGB"))[:-40])
    (tmp_path / "fine.png").write_bytes(b"F")
    found = await read(tmp_path, "broken.tif", "fine.png")
    assert found.texts == ["damaged-image", "0"]
    assert (await read(tmp_path, "broken.tif", split_pages=False)).texts == ["0"]
    write_pages(tmp_path, "a.tif", 3)
    monkeypatch.setattr(pages, "MOST", 2)
    assert (await read(tmp_path, "a.tif")).texts == ["too-many-pages"]
    with Image.open(tmp_path / "a.tif") as image:
        assert (await read(tmp_path, image)).texts == ["too-many-pages"]


async def test_without_pillow_or_pypdf_only_rows_that_need_them_fail(tmp_path: Path, monkeypatch):
    name = write_pages(tmp_path, "a.tif", 2)
    cells = [name, write_pages(tmp_path, "one.tif", 1), some((4, 6), np.uint8)]
    monkeypatch.setitem(sys.modules, "pypdf", None)
    assert (await read(tmp_path, *cells, details=["pdf"])).texts == ["missing-extra", "0", "1"]
    assert (await read(tmp_path, *cells)).texts == ["0\f1", "2", "3"]
    monkeypatch.setitem(sys.modules, "PIL", None)
    (tmp_path / "new.tif").write_bytes((tmp_path / name).read_bytes())
    assert (await read(tmp_path, "new.tif", cells[2])).texts == ["missing-extra", "0"]


async def test_a_file_that_changes_during_the_run_is_not_sent(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"A")
    name = write_pages(tmp_path, "a.tif", 2)
    found = await read(tmp_path, "a.png", name)
    (tmp_path / "a.png").write_bytes(b"B")
    (tmp_path / name).write_bytes(file("TIFF", frames(3)[1:]))
    loaded = [job.load() for job in found.jobs]
    assert [image.code for image in loaded if isinstance(image, Failure)] == ["image-changed"] * 3


async def test_settings_come_with_the_row(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"A")
    request = request_for(tmp_path, language=col("lang"), make_upsampling=True)
    rows = [("a.png", "German"), ("a.png", None), ("a.png", "Klingon"), (None, "Klingon"),
            ("gone", "Klingon"), (b"A", "German")]  # fmt: skip
    found = await Read(request, tmp_path).rows(*rows)
    assert found.texts == ["0", "1", "bad-setting", None, "bad-setting", "2"]
    kinds = [job.settings_json for job in found.jobs]
    assert kinds[0] == kinds[2] != kinds[1]
    assert '"language":"German"' in kinds[0]
    assert found.jobs[0].covered_by


async def test_a_row_without_regions_is_skipped(tmp_path: Path):
    request = request_for(tmp_path, regions=col("boxes"))
    rows = [(b"A", [(1, 2, 3, 4)]), (b"A", None), (b"A", []), (b"A", "[[9, 9, 1, 1]]")]
    found = await Read(request, tmp_path).rows(*rows)
    assert found.texts == ["0", None, None, "bad-setting"]
    assert [end.status for end in sorted(found.ends)[1:3]] == ["Skipped", "Skipped"]

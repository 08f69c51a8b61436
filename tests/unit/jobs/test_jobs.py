"""Cells to jobs: in order, bounded, unchanged files not read again, bad cells told at once."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ocr_frames import images, jobs
from ocr_frames.jobs import Jobs
from ocr_frames.model import Failure, Job, Outcome, Status
from ocr_frames.request import Request
from ocr_frames.settings import Endpoint


class Reading:
    """Counts what is read of the files."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths: list[str] = []
        read = images.read

        def counted(path: str) -> bytes | Failure:
            self.paths.append(path)
            return read(path)

        monkeypatch.setattr(images, "read", counted)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    return Reading(monkeypatch)


def request_for(tmp_path: Path, *, ledger: bool = True) -> Request:
    chosen = tmp_path / "l" / "ledger.sqlite" if ledger else False
    return Request.of({"endpoint": Endpoint.trial(), "ledger": chosen})


async def batches_of(
    cells: Sequence[object], request: Request, folder: Path
) -> tuple[list[Sequence[Job]], list[Outcome]]:
    ends: list[Outcome] = []
    column = Jobs(zip(cells), request, [folder], ends.append)
    try:
        return [batch async for batch in column.batches()], ends
    finally:
        column.close()


async def jobs_of(cells: Sequence[object], request: Request, folder: Path) -> list[Job]:
    batches, ends = await batches_of(cells, request, folder)
    assert ends == []
    return [job for batch in batches for job in batch]


def files(folder: Path, count: int) -> list[str]:
    for number in range(count):
        (folder / f"{number}.png").write_bytes(b"image %d" % number)
    return [f"{number}.png" for number in range(count)]


def digest(image: bytes) -> bytes:
    return hashlib.sha256(image).digest()


async def test_jobs_come_in_the_order_of_the_rows_with_their_digests(tmp_path: Path):
    found = await jobs_of(files(tmp_path, 2500), request_for(tmp_path), tmp_path)
    assert [job.position for job in found] == list(range(2500))
    assert found[1234].digest == digest(b"image 1234")
    assert found[1234].load() == b"image 1234"
    assert found[1234].kind == "image"


async def test_unchanged_files_are_not_read_again(tmp_path: Path, reading: Reading):
    cells, request = files(tmp_path, 10), request_for(tmp_path)
    first = await jobs_of(cells, request, tmp_path)
    assert len(reading.paths) == 10
    second = await jobs_of(cells, request, tmp_path)
    assert len(reading.paths) == 10
    assert [job.digest for job in second] == [job.digest for job in first]
    assert all(job.image is None for job in second)
    assert second[3].load() == b"image 3"


@pytest.mark.parametrize("change", ["content", "time", "size"])
async def test_a_changed_file_is_read_again(tmp_path: Path, reading: Reading, change: str):
    cells, request = files(tmp_path, 3), request_for(tmp_path)
    await jobs_of(cells, request, tmp_path)
    path = tmp_path / "1.png"
    before = path.stat()
    if change == "size":
        path.write_bytes(b"longer than before")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    else:
        path.write_bytes(b"image X" if change == "content" else b"image 1")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    found = await jobs_of(cells, request, tmp_path)
    assert reading.paths[3:] == [str(path)]
    assert found[1].digest == digest(path.read_bytes())
    await jobs_of(cells, request, tmp_path)
    assert len(reading.paths) == 4


async def test_without_a_ledger_files_are_read_each_time(tmp_path: Path, reading: Reading):
    cells, request = files(tmp_path, 3), request_for(tmp_path, ledger=False)
    for _ in range(2):
        await jobs_of(cells, request, tmp_path)
    assert len(reading.paths) == 6


async def test_the_same_file_in_many_rows_has_one_digest(tmp_path: Path):
    cells = [files(tmp_path, 1)[0], str(tmp_path / "0.png"), Path("0.png"), b"image 0"] * 2
    found = await jobs_of(cells, request_for(tmp_path), tmp_path)
    assert len(found) == 8
    assert {job.digest for job in found} == {digest(b"image 0")}


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
async def test_cells_may_hold_the_bytes(tmp_path: Path, kind):
    (found,) = await jobs_of([kind(b"abc")], request_for(tmp_path), tmp_path)
    assert (found.digest, found.image, found.load()) == (digest(b"abc"), b"abc", b"abc")


async def test_each_bytes_cell_loads_its_own_bytes(tmp_path: Path):
    found = await jobs_of([b"one", b"two", b"three"], request_for(tmp_path), tmp_path)
    assert [job.load() for job in found] == [b"one", b"two", b"three"]


async def test_what_is_no_image_ends_at_once_and_the_others_go_on(tmp_path: Path):
    files(tmp_path, 1)
    (tmp_path / "empty.png").touch()
    cells = [None, "0.png", "gone.png", b"", 5, tmp_path, "empty.png", "a\0b", b"x", ""]
    batches, ends = await batches_of(cells, request_for(tmp_path), tmp_path)
    assert [job.position for batch in batches for job in batch] == [1, 8]
    told = {end.position: end.failure.code if end.failure else end.status for end in ends}
    assert told == {
        0: Status.SKIPPED,
        2: "file-not-found",
        3: "empty-cell",
        4: "unsupported-cell",
        5: "not-a-file",
        6: "empty-file",
        7: "file-unreadable",
        9: "empty-cell",
    }


async def test_a_file_that_cannot_be_read_costs_its_row_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    cells, read = files(tmp_path, 3), images.read

    def failing(path: str) -> bytes | Failure:
        return Failure("file-unreadable", "no") if path.endswith("1.png") else read(path)

    monkeypatch.setattr(images, "read", failing)
    for _ in range(2):
        batches, ends = await batches_of(cells, request_for(tmp_path), tmp_path)
        assert [job.position for batch in batches for job in batch] == [0, 2]
        assert [(end.position, end.status) for end in ends] == [(1, Status.ERROR)]


async def test_a_name_that_is_not_text_is_a_file_like_others(tmp_path: Path):
    name = os.fsdecode(b"caf\xe9.png")
    (tmp_path / name).write_bytes(b"image")
    for _ in range(2):
        (found,) = await jobs_of([name], request_for(tmp_path), tmp_path)
        assert found.digest == digest(b"image")
    _, ends = await batches_of(["\ud800.png"], request_for(tmp_path), tmp_path)
    assert [end.status for end in ends] == [Status.ERROR]


async def test_batches_hold_a_bounded_number_of_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(jobs, "_BYTES", 5000)
    for number in range(50):
        (tmp_path / f"{number}").write_bytes(bytes([number]) * 1000)
    cells = [str(number) for number in range(50)]
    batches, _ = await batches_of(cells, request_for(tmp_path), tmp_path)
    held = [sum(len(job.image or b"") for job in batch) for batch in batches]
    assert max(held) <= 5000
    found = [job for batch in batches for job in batch]
    assert [job.load() for job in found] == [bytes([number]) * 1000 for number in range(50)]


async def test_one_image_larger_than_a_batch_is_a_job_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(jobs, "_BYTES", 10)
    (tmp_path / "large").write_bytes(b"x" * 100)
    (found,) = await jobs_of(["large"], request_for(tmp_path), tmp_path)
    assert (found.digest, found.load()) == (digest(b"x" * 100), b"x" * 100)


async def test_nothing_gives_no_batch(tmp_path: Path):
    assert await batches_of([], request_for(tmp_path), tmp_path) == ([], [])
    batches, ends = await batches_of([None] * 3000, request_for(tmp_path), tmp_path)
    assert batches == []
    assert [end.position for end in ends] == list(range(3000))


async def test_rows_are_pulled_only_when_their_turn_comes(tmp_path: Path):
    pulled = 0

    def cells():
        nonlocal pulled
        for _ in range(10_000):
            pulled += 1
            yield b"x"

    column = Jobs(zip(cells()), request_for(tmp_path), [], lambda end: None)
    batches = column.batches()
    await anext(batches)
    assert pulled <= 64
    await anext(batches)
    assert pulled <= 1064
    await batches.aclose()  # type: ignore[attr-defined]
    column.close()
    column.close()

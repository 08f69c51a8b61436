"""Broken, odd and mutilated files against a real server: each task ends, and the server lives."""

import asyncio
import csv
import os
import random
from io import BytesIO
from pathlib import Path

import aiohttp
import psutil
import pytest
from PIL import Image, ImageDraw

from ocr_frames import wire
from ocr_frames.model import Status
from ocr_frames.settings import RecognitionSettings
from tests.adapters.serving import Serving, token

IMAGE = wire.SUBMIT_PATHS["image"]
SETTINGS = wire.encode_settings(RecognitionSettings())
DIGEST = "tests.adapters.null:Digest"
AT_ONCE = 8


def seeds() -> list[bytes]:
    """A small image in every format there is, pages and frames among them."""
    page = Image.new("RGB", (160, 80), "white")
    ImageDraw.Draw(page).text((10, 30), "not for long", fill="black")
    files = []
    for kind in ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP", "JPEG2000"):
        file = BytesIO()
        page.save(file, kind)
        files.append(file.getvalue())
    for kind in ("TIFF", "GIF", "WEBP", "PNG"):
        file = BytesIO()
        turned = [page.rotate(angle) for angle in (90, 180)]
        page.save(file, kind, save_all=True, append_images=turned)
        files.append(file.getvalue())
    return files


def mutated(files: list[bytes], number: int) -> bytes:
    """One of the files with bytes flipped, its end cut off, or another one in its middle."""
    rng = random.Random(number)
    image = bytearray(rng.choice(files))
    cut = rng.randrange(1, len(image))
    how = number % 3
    if how == 0:
        for _ in range(rng.randint(1, 20)):
            image[rng.randrange(len(image))] ^= rng.randint(1, 255)
        return bytes(image)
    if how == 1:
        return bytes(image[:cut])
    other = rng.choice(files)
    return bytes(image[:cut]) + other[rng.randrange(len(other)) :]


class Client:
    """Sends images, so many at once, and sees each to its end."""

    def __init__(self, server: Serving) -> None:
        self._url = server.url + IMAGE
        self._headers = {"Authorization": token(server.url)}
        self._process = psutil.Process(server.process.pid)
        self.ended = 0
        self.held: dict[int, int] = {}
        self.statuses: set[Status] = set()

    async def send_all(self, images) -> None:
        todo = iter(images)
        async with aiohttp.ClientSession(headers=self._headers) as session:
            await asyncio.gather(*(self._lane(session, todo) for _ in range(AT_ONCE)))

    async def _lane(self, session: aiohttp.ClientSession, todo) -> None:
        for image in todo:
            await self._end(session, image)
            self.ended += 1
            if self.ended in (200, 2000):
                self.held[self.ended] = self._memory()

    async def _end(self, session: aiohttp.ClientSession, image: bytes) -> None:
        body = wire.encode_submit(image, SETTINGS)
        async with session.post(self._url, data=body) as response:
            # Too many pixels or pages are told at once; all else by the task.
            assert response.status in (200, 413), await response.text()
            if response.status == 413:
                return
            task_id = wire.decode_task_id(await response.read())
        answer = None
        while answer is None or answer.response_code == "NotReady":
            headers = {"Prefer": "wait=30"}
            async with session.get(f"{self._url}?id={task_id}", headers=headers) as response:
                assert response.status == 200
                answer = wire.decode_answer(await response.read())
        assert answer.status in (Status.COMPLETED, Status.ERROR)
        assert (answer.status is Status.ERROR) == bool(answer.messages)
        self.statuses.add(answer.status)

    def _memory(self) -> int:
        processes = [self._process, *self._process.children(recursive=True)]
        return sum(process.memory_info().rss for process in processes)


async def lives_through(images, **config) -> Client:
    with Serving(recognizer=DIGEST, config=config) as server:
        client = Client(server)
        async with asyncio.timeout(900):
            await client.send_all(images)
        assert server.process.poll() is None
    return client


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.benchmark)])
async def test_mutated_images_end_and_the_server_lives(tmp_path: Path, count: int):
    files = seeds()
    images = (mutated(files, number) for number in range(count))
    client = await lives_through(images, data=str(tmp_path / "server"))
    assert client.ended == count
    assert client.statuses == {Status.COMPLETED, Status.ERROR}
    if 2000 in client.held:
        ratio = client.held[2000] / client.held[200]
        print(f"\nmemory after 2,000 tasks / after 200: {ratio:.3f} ({client.held})")
        assert ratio <= 1.10


@pytest.mark.skipif(
    "OCR_FRAMES_BENCH_DATA" not in os.environ, reason="OCR_FRAMES_BENCH_DATA names no folder"
)
async def test_odd_files_end_and_the_server_lives():
    folder = Path(os.environ["OCR_FRAMES_BENCH_DATA"])
    with (folder / "odd.csv").open(encoding="utf-8") as file:
        images = [(folder / row["path"]).read_bytes() for row in csv.DictReader(file)]
    client = await lives_through(images)
    assert client.ended == len(images) > 60
    assert client.statuses == {Status.COMPLETED, Status.ERROR}

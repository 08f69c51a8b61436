"""What the engine is measured beside, and itself, as functions for a process of their own."""

import asyncio
import base64
import itertools
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pandas as pd

import ocr_frames  # noqa: F401 - registers df.ocr
from ocr_frames import wire
from ocr_frames.jobs import Jobs
from ocr_frames.model import Status
from ocr_frames.request import Request
from ocr_frames.session import open_session
from tests.adapters.children import peak_bytes

Figures = dict[str, Any]


def cells(count: int, size: int = 100, tag: int = 0) -> list[bytes]:
    """Images of `size` random bytes, the same for the same arguments."""
    rng = random.Random(f"{count} {size} {tag}")
    return [rng.randbytes(size) for _ in range(count)]


def ours(images: tuple[int, int, int], options: Mapping[str, Any]) -> Figures:
    """`df.ocr.recognize` over `cells(*images)`."""
    frame = pd.DataFrame({"image": cells(*images)})
    return _measured(lambda: _recognize(frame, options))


def ours_on_files(folder: str, count: int, options: Mapping[str, Any]) -> Figures:
    """`df.ocr.recognize` over the files that `write_files` made."""
    frame = pd.DataFrame(
        {"image": [f"{folder}/{number // 1000}/{number}" for number in range(count)]}
    )
    return _measured(lambda: _recognize(frame, options))


def write_files(folder: Path, count: int) -> None:
    """Small files that all differ, a thousand to a folder."""
    for number in range(count):
        if number % 1000 == 0:
            (folder / str(number // 1000)).mkdir()
        (folder / str(number // 1000) / str(number)).write_bytes(b"image %d" % number)


def _recognize(frame: pd.DataFrame, options: Mapping[str, Any]) -> Figures:
    out = frame.ocr.recognize(column="image", progress=False, **options)
    assert (out["ocr_status"] == "Completed").all(), out["ocr_error"].dropna().head().tolist()
    return {"report": out.attrs["ocr"]}


def streamed(count: int, options: Mapping[str, Any]) -> Figures:
    """As many small images through the engine, none of them kept; the process's peak memory."""

    def run() -> Figures:
        done = asyncio.run(_stream(count, Request.of(options)))
        assert done == count
        return {"peak_bytes": peak_bytes()}

    return _measured(run)


async def _stream(count: int, request: Request) -> int:
    done = 0
    source: Iterator[object] = (b"image %d" % number for number in range(count))
    async with AsyncExitStack() as stack:
        jobs = Jobs(zip(source), request, [], lambda outcome: None)
        stack.callback(jobs.close)
        session = open_session(request, "recognize", stack)
        async for ends in session.run.outcomes(jobs.batches()):
            done += sum(end.status is Status.COMPLETED for end in ends)
    return done


def seeds_loop(url: str, images: tuple[int, int, int], at_once: int, interval_s: float) -> Figures:
    """The vendor's tutorials, in a loop: submit, ask every so often, so many images at once."""
    images_ = cells(*images)
    return _measured(lambda: asyncio.run(_loop(url, images_, at_once, interval_s)))


async def _loop(url: str, images: list[bytes], at_once: int, interval_s: float) -> Figures:
    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector) as session:
        form = wire.token_form("id", "secret")
        async with session.post(url + wire.TOKEN_PATH, data=form) as response:
            token = wire.decode_token(await response.read()).access_token
        session.headers["Authorization"] = f"Bearer {token}"
        todo = iter(images)

        async def lane() -> int:
            return sum([await _read(session, url, image, interval_s) for image in todo])

        fetches = await asyncio.gather(*(lane() for _ in range(at_once)))
    return {"calls": {"token": 1, "submit": len(images), "fetch": sum(fetches)}}


async def _read(session: aiohttp.ClientSession, url: str, image: bytes, interval_s: float) -> int:
    path = url + wire.SUBMIT_PATHS["image"]
    async with session.post(path, data=wire.encode_submit(image, "{}")) as response:
        task_id = wire.decode_task_id(await response.read())
    for fetches in itertools.count(1):
        await asyncio.sleep(interval_s)
        async with session.get(path, params={"id": task_id}) as response:
            answer = wire.decode_answer(await response.read())
        if answer.status is Status.COMPLETED:
            return fetches
    raise AssertionError


def vendors_sdk(url: str, images: tuple[int, int, int], threads: int) -> Figures:
    """The vendor's own client, on threads as it blocks; asks at once."""
    from aspose_ocr_cloud import ApiClient, Configuration
    from aspose_ocr_cloud.api.recognize_image_api import RecognizeImageApi
    from aspose_ocr_cloud.models.ocr_recognize_image_body import OCRRecognizeImageBody
    from aspose_ocr_cloud.models.ocr_settings_recognize_image import OCRSettingsRecognizeImage

    images_ = cells(*images)
    form = wire.token_form("id", "secret")

    def run() -> Figures:
        token = asyncio.run(_token(url, form))
        with ApiClient(Configuration(host=url, access_token=token)) as client:
            client.set_default_header("Authorization", f"Bearer {token}")
            api = RecognizeImageApi(client)

            def read(image: bytes) -> None:
                body = OCRRecognizeImageBody(
                    image=base64.b64encode(image).decode(), settings=OCRSettingsRecognizeImage()
                )
                answer = api.get_recognize_image(id=api.post_recognize_image(body))
                assert answer.task_status == "Completed"

            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(read, images_))
        return {}

    return _measured(run)


async def _token(url: str, form: dict[str, str]) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + wire.TOKEN_PATH, data=form) as response,
    ):
        return wire.decode_token(await response.read()).access_token


def _measured(work: Callable[[], Figures]) -> Figures:
    began_s, used = time.perf_counter(), os.times()
    figures = work()
    now = os.times()
    figures["seconds"] = time.perf_counter() - began_s
    figures["cpu_s"] = now.user + now.system - used.user - used.system
    return figures

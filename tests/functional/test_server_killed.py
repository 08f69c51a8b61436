"""Kill -9 of the server, again and again: what it acknowledged, it does."""

import asyncio
import json
import signal
import urllib.error
import urllib.request
from contextlib import asynccontextmanager

import aiohttp
import pytest
from PIL import Image

from ocr_frames import wire
from ocr_frames.model import Status
from ocr_frames.settings import RecognitionSettings
from tests.adapters.faulty import UNLUCKY_WIDTH
from tests.adapters.serving import Serving, token
from tests.unit.server.drawing import file_of, sized

IMAGE = wire.SUBMIT_PATHS["image"]
SETTINGS = wire.encode_settings(RecognitionSettings())
SUBMITTERS = 8


def image(number):
    """An image of its own for every task."""
    return file_of(Image.new("RGB", (40, 20), (number % 256, number // 256, 7)))


class Run:
    """Submits so many images, and kills the server after every so many acknowledgements."""

    def __init__(self, server, count, kills):
        self._server = server
        self._todo = iter(range(count))
        self._kill_at = {count * (kill + 1) // (kills + 1) for kill in range(kills)}
        self._headers = {"Authorization": token(server.url)}
        self._up = asyncio.Lock()
        self.acknowledged = {}
        self.kills = 0

    async def submit(self):
        async with self._session() as session:
            await asyncio.gather(*(self._lane(session) for _ in range(SUBMITTERS)))

    async def _lane(self, session):
        for number in self._todo:
            while number not in self.acknowledged:
                await self._submit(session, number)

    async def _submit(self, session, number):
        body = wire.encode_submit(image(number), SETTINGS)
        async with self._up:
            url = self._server.url
        try:
            async with session.post(url + IMAGE, data=body) as response:
                assert response.status == 200, await response.text()
                task_id = wire.decode_task_id(await response.read())
        except aiohttp.ClientConnectionError:
            return
        self.acknowledged[number] = task_id
        if len(self.acknowledged) in self._kill_at:
            async with self._up:
                self.kills += 1
                self._server.kill()
                await asyncio.to_thread(self._server.start)

    async def texts(self):
        """Fetch what was acknowledged, in the order of the images."""
        async with self._session() as session:
            answers = [
                await self._fetch(session, task_id)
                for _, task_id in sorted(self.acknowledged.items())
            ]
        assert {answer.status for answer in answers} == {Status.COMPLETED}
        return [answer.texts for answer in answers]

    async def _fetch(self, session, task_id):
        while True:
            headers = {"Prefer": "wait=30"}
            url = f"{self._server.url}{IMAGE}?id={task_id}"
            async with session.get(url, headers=headers) as response:
                assert response.status == 200
                answer = wire.decode_answer(await response.read())
            if answer.response_code != "NotReady":
                return answer

    @asynccontextmanager
    async def _session(self):
        # a repeated GET or POST would be aiohttp's own, which nobody counted
        async with aiohttp.ClientSession(headers=self._headers) as session:
            session._retry_connection = False
            yield session


async def run(folder, count, kills):
    order = {"recognizer": "tests.adapters.null:Thorough", "config": {"data": str(folder)}}
    with Serving(**order) as server:
        running = Run(server, count, kills)
        await running.submit()
        assert running.kills == kills
        return await running.texts()


@pytest.mark.parametrize(
    ("count", "kills"), [(60, 2), pytest.param(300, 10, marks=pytest.mark.benchmark)]
)
async def test_what_was_acknowledged_is_done(tmp_path, count, kills):
    disturbed = await run(tmp_path / "disturbed", count, kills)
    undisturbed = await run(tmp_path / "undisturbed", count, 0)

    assert len(disturbed) == len(set(disturbed)) == count
    assert disturbed == undisturbed


def health(server):
    try:
        with urllib.request.urlopen(f"{server.url}/healthz") as response:
            return json.load(response)["status"]
    except urllib.error.HTTPError as error:
        with error:
            return json.load(error)["status"]


async def test_the_second_signal_does_not_wait(tmp_path):
    config = {"data": str(tmp_path), "stop_limit_s": 600}
    with Serving(recognizer="tests.adapters.faulty:Hanging", config=config) as server:
        async with aiohttp.ClientSession(headers={"Authorization": token(server.url)}) as session:
            body = wire.encode_submit(sized(UNLUCKY_WIDTH), SETTINGS)
            async with session.post(server.url + IMAGE, data=body) as response:
                assert response.status == 200
        server.process.terminate()
        while health(server) != "stopping":
            pass

        server.process.terminate()

        assert server.process.wait(timeout=60) == -signal.SIGTERM

"""A load on a server that costs the loader little: requests are bytes, answers hardly read."""

import asyncio
import base64
import json
import time
from urllib.parse import urlsplit

from ocr_frames import wire
from ocr_frames.settings import RecognitionSettings
from tests.adapters.serving import token

SETTINGS = wire.encode_settings(RecognitionSettings())


class Connection:
    """One kept connection: a request out, an answer in."""

    def __init__(self, url, authorization):
        self._host = urlsplit(url)
        self._common = f"Host: {self._host.netloc}\r\nAuthorization: {authorization}\r\n"

    async def open(self):
        self._in, self._out = await asyncio.open_connection(self._host.hostname, self._host.port)

    async def post(self, image):
        body = wire.encode_submit(image, SETTINGS)
        head = f"POST {wire.SUBMIT_PATHS['image']} HTTP/1.1\r\n{self._common}"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return (await self._answer(head.encode() + body)).decode()

    async def get(self, task_id, wait_s=None):
        prefer = "" if wait_s is None else f"Prefer: wait={wait_s}\r\n"
        path = f"{wire.SUBMIT_PATHS['image']}?id={task_id}"
        return await self._answer(f"GET {path} HTTP/1.1\r\n{self._common}{prefer}\r\n".encode())

    async def _answer(self, request):
        self._out.write(request)
        head = await self._in.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        return await self._in.readexactly(length)

    def close(self):
        self._out.close()


def images(count, size=1024):
    return [number.to_bytes(4) + bytes(size - 4) for number in range(count)]


async def connections(url, count):
    opened = [Connection(url, token(url)) for _ in range(count)]
    await asyncio.gather(*(one.open() for one in opened))
    return opened


async def shared(work, over):
    """Spread `work` over connections, each taking the next when it is done; all the answers."""
    work = iter(enumerate(work))
    answers = {}

    async def lane(one):
        for number, call in work:
            answers[number] = await call(one)

    await asyncio.gather(*(lane(one) for one in over))
    return [answers[number] for number in sorted(answers)]


async def submits(url, count, at_once):
    """Submit so many images of 1 KB; their task ids and the seconds it took."""
    over = await connections(url, at_once)
    began = time.perf_counter()
    ids = await shared([lambda one, image=image: one.post(image) for image in images(count)], over)
    seconds = time.perf_counter() - began
    for one in over:
        one.close()
    return ids, seconds


async def fetches(url, ids, at_once):
    """Fetch all of them once, when they have ended; the seconds it took."""
    over = await connections(url, at_once)
    await over[0].get(ids[-1], 30)
    began = time.perf_counter()
    documents = await shared([lambda one, task=task: one.get(task) for task in ids], over)
    seconds = time.perf_counter() - began
    for one in over:
        one.close()
    assert all(json.loads(text)["taskStatus"] == "Completed" for text in documents)
    return seconds


async def held(url, clients, rounds, takes_s):
    """So many clients that submit and wait, again and again; seconds each round took too long."""
    over = await connections(url, clients)
    late = []

    async def client(number, one):
        await asyncio.sleep(takes_s * number / clients)
        for turn in range(rounds):
            began = time.perf_counter()
            task = await one.post((number * rounds + turn).to_bytes(1024))
            document = await one.get(task, 30)
            late.append(time.perf_counter() - began - takes_s)
            assert base64.b64decode(json.loads(document)["results"][0]["data"])

    await asyncio.gather(*(client(number, one) for number, one in enumerate(over)))
    for one in over:
        one.close()
    return sorted(late)

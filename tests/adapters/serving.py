"""A server of ours in a process of its own: `python -m tests.adapters.serving`.

Reads one line of JSON from stdin, prints `{"url": ...}`, ends in good order when stdin closes.

    recognizer  "module:class" for worker processes, or nothing for tests.adapters.null.NullPool
    null        the arguments of NullPool
    bare        instead: an aiohttp application whose answers are constants
    core        the processor to run on
    config      of the server; `data` as text
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
import uuid
from pathlib import Path

from aiohttp import web

from ocr_frames import wire
from ocr_frames.model import Answer, Result, Status
from ocr_frames.server import serve
from ocr_frames.server.config import PoolConfig, ServerConfig
from tests.adapters.null import NullPool

ROOT = Path(__file__).parents[2]
CLIENTS = {"me": "secret", "you": "yours"}


class Serving:
    """The process, from a test's side."""

    def __init__(self, **order):
        self._order = order
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.serving"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.process.stdin.write(json.dumps(self._order).encode() + b"\n")
        self.process.stdin.flush()
        self.url = json.loads(self.process.stdout.readline())["url"]

    def kill(self):
        """Kill -9."""
        self.process.kill()
        self.close()

    def close(self):
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def token(url):
    """An Authorization header for the first client of the server there."""
    (client, secret), *_ = CLIENTS.items()
    form = "&".join(f"{name}={value}" for name, value in wire.token_form(client, secret).items())
    with urllib.request.urlopen(url + wire.TOKEN_PATH, form.encode()) as response:
        return "Bearer " + wire.decode_token(response.read()).access_token


def main():
    order = json.loads(sys.stdin.readline())
    if order.get("core") is not None:
        os.sched_setaffinity(0, {order["core"]})
    null = order.get("null", {})
    if order.get("bare"):
        asyncio.run(run_bare(null.get("takes_s", 0.0)))
        return
    options = order.get("config", {})
    if "data" in options:
        options["data"] = Path(options["data"])
    pool, open_pool = PoolConfig(), None
    if order.get("recognizer"):
        pool = PoolConfig(workers=1, recognizer=order["recognizer"])
    else:

        def open_pool(_):
            return NullPool(**null)

    serve.run(ServerConfig(CLIENTS, pool=pool, **options), ready, open_pool)


def ready(url):
    print(json.dumps({"url": url}), flush=True)
    threading.Thread(target=end_with_stdin, daemon=True).start()


def end_with_stdin():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


async def run_bare(takes_s):
    """Answer as fast as aiohttp can: bodies are read, nothing is looked at."""
    guid = str(uuid.uuid4())
    answer = Answer(guid, Status.COMPLETED, "Ok", (Result("Text", b"f" * 64),))
    document = wire.encode_answer(answer)

    async def post(request):
        await request.read()
        return web.Response(text=guid)

    async def get(request):
        if "Prefer" in request.headers:
            await asyncio.sleep(takes_s)
        return web.Response(text=document, content_type="application/json")

    async def token(request):
        await request.read()
        return web.Response(text=wire.encode_token(wire.Token(access_token="x" * 200)))

    app = web.Application()
    app.router.add_post(wire.TOKEN_PATH, token)
    app.router.add_post(wire.SUBMIT_PATHS["image"], post)
    app.router.add_get(wire.SUBMIT_PATHS["image"], get)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    ready(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    main()

"""The embedded server: started by `embedded.py`, ends with the process that started it.

Standard input: one line of JSON with `client_id`, `client_secret`, `recognizer` and `workers` (of
PoolConfig), then nothing, open for as long as the server is wanted. Standard output: one line of
JSON with `url`.
"""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable

from ocr_frames.server.config import PoolConfig, ServerConfig
from ocr_frames.server.serve import serve

PARENT_POLL_S = 1.0
STOP_LIMIT_S = 8.0
"""Seconds after which a server that does not stop in good order just ends."""


def main() -> None:
    """Serve on a free port of this machine until standard input ends or the parent is gone."""
    parent = os.getppid()
    order = json.loads(sys.stdin.readline())
    config = ServerConfig(
        clients={order["client_id"]: order["client_secret"]},
        pool=PoolConfig(workers=order["workers"], recognizer=order["recognizer"]),
        # its only client waits for nothing when it ends, and its workers look at images anyway
        stop_limit_s=0.0,
        check_images=False,
    )
    asyncio.run(_serve(config, parent))


async def _serve(config: ServerConfig, parent: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    ended = threading.Event()
    for watch in (_end_of_input, lambda: _end_of_parent(parent, ended)):
        _watch(watch, lambda: loop.call_soon_threadsafe(stop.set))
    serving = asyncio.ensure_future(serve(config, _say_url, stop))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    ended.set()
    stopping.cancel()
    await serving


def _watch(wait: Callable[[], None], then: Callable[[], object]) -> None:
    def target() -> None:
        wait()
        timer = threading.Timer(STOP_LIMIT_S, os._exit, (1,))
        timer.daemon = True
        timer.start()
        then()

    threading.Thread(target=target, daemon=True).start()


def _end_of_input() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass


def _end_of_parent(parent: int, ended: threading.Event) -> None:
    """Return when this process has another parent; the pipe may live on in a sibling."""
    while os.getppid() == parent and not ended.wait(PARENT_POLL_S):
        pass


def _say_url(url: str) -> None:
    sys.stdout.write(json.dumps({"url": url}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Runs a server until it is told to stop."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

from aiohttp import web

from ocr_frames.server.app import create_app
from ocr_frames.server.config import ServerConfig

STOP_LIMIT_S = 3.0
"""Seconds for requests under way when the server stops."""


async def serve(config: ServerConfig, on_ready: Callable[[str], None], stop: asyncio.Event) -> None:
    """Serve until `stop` is set; `on_ready` gets the URL once the port listens."""
    runner = web.AppRunner(create_app(config), access_log=None, shutdown_timeout=STOP_LIMIT_S)
    try:
        await runner.setup()
        site = web.TCPSite(runner, config.host, config.port)
        await site.start()
        host, port = runner.addresses[0][:2]
        on_ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        await stop.wait()
    finally:
        await runner.cleanup()


def run(config: ServerConfig, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then stop in good order. Blocks; main thread only."""

    async def main() -> None:
        stop = asyncio.Event()
        with _stopping_on_signals(stop):
            await serve(config, on_ready, stop)

    asyncio.run(main())


@contextlib.contextmanager
def _stopping_on_signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {
        number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        for number in numbers
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

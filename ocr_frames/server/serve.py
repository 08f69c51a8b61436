"""Runs a server until it is told to stop."""

import asyncio
import contextlib
import logging
import signal
import ssl
import warnings
from collections.abc import Callable, Iterator

from aiohttp import web

from ocr_frames.errors import LocalEngineError, MisuseError
from ocr_frames.server.app import create_app
from ocr_frames.server.config import Certificate, ServerConfig
from ocr_frames.server.room import ROOM, OpenPool, Room

CLOSE_LIMIT_S = 3.0
"""Seconds for requests under way when the server stops."""


class _KindOnly(logging.Filter):
    """Tells the kind of an error alone: aiohttp's hold parts of the request, tokens too."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0]:
            if issubclass(record.exc_info[0], web.RequestPayloadError):
                return False  # was answered already
            record.msg = f"{record.msg} ({record.exc_info[0].__name__})"
            record.exc_info = None
        return True


_http_log = logging.getLogger("ocr_frames.server.http")
_http_log.addFilter(_KindOnly())


async def serve(
    config: ServerConfig,
    on_ready: Callable[[str], None],
    stop: asyncio.Event,
    open_pool: OpenPool | None = None,
) -> None:
    """Serve until `stop` is set; `on_ready` gets the URL once the port listens.

    Then nothing more is taken, what is being recognized is given time to end and to be fetched,
    and what has not ended stays on record. Raises MisuseError for a certificate that cannot be
    used, LocalEngineError where the port or the tasks cannot.
    """
    tls = _tls(config.certificate) if config.certificate else None
    app = create_app(config, open_pool)
    runner = web.AppRunner(app, access_log=None, logger=_http_log, shutdown_timeout=CLOSE_LIMIT_S)
    try:
        await runner.setup()
        on_ready(await _listening(runner, config, tls))
        await _stopped(app[ROOM], stop)
        await app[ROOM].tasks.stop(config.stop_limit_s)
    finally:
        await runner.cleanup()


async def _stopped(room: Room, stop: asyncio.Event) -> None:
    """Return when the server is told to stop. Raises what keeps it from going on."""
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((stopping, room.work), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if room.work.done():
        room.work.result()


async def _listening(
    runner: web.AppRunner, config: ServerConfig, tls: ssl.SSLContext | None
) -> str:
    try:
        await web.TCPSite(runner, config.host, config.port, ssl_context=tls).start()
    except OSError as error:
        raise LocalEngineError(
            f"cannot listen on {config.host} port {config.port}: {error.strerror or error}"
        ) from error
    host, port = runner.addresses[0][:2]
    scheme = "https" if tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def run(
    config: ServerConfig, on_ready: Callable[[str], None], open_pool: OpenPool | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then stop in good order. Blocks; main thread only."""

    async def main() -> None:
        stop = asyncio.Event()
        with _stopping_on_signals(stop):
            await serve(config, on_ready, stop, open_pool)

    # what Pillow warns of, looking at an image's size, is not for who runs the server
    warnings.filterwarnings("ignore", module="PIL")
    asyncio.run(main())


def _tls(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate.chain, certificate.key)
    except (OSError, ssl.SSLError) as error:
        raise MisuseError(
            f"--cert {certificate.chain} and --key {certificate.key} cannot be used: {error}"
        ) from error
    return context


@contextlib.contextmanager
def _stopping_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` at the first signal; the second one does what it would have done without us."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def on_signal(*_: object) -> None:
        restore()
        loop.call_soon_threadsafe(stop.set)

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        restore()

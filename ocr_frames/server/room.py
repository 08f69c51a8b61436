"""What the handlers share, and its life from start to stop."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from filelock import FileLock, Timeout

from ocr_frames.clock import Clock, SystemClock
from ocr_frames.errors import LocalEngineError
from ocr_frames.server import openapi
from ocr_frames.server.auth import Tokens, signing_key
from ocr_frames.server.config import ServerConfig
from ocr_frames.server.metrics import Metrics
from ocr_frames.server.pool import Pool
from ocr_frames.server.rates import CallRate
from ocr_frames.server.recognition import Recognition
from ocr_frames.server.store import Store, StoreFailed
from ocr_frames.server.submissions import Bodies
from ocr_frames.server.tasks import Tasks
from ocr_frames.server.worker import Description
from ocr_frames.wire import Submission

TIDY_S = 60.0
TRIAL_CLIENT = ""
"""Owner of all evaluation tasks; no client has an empty id."""

_log = logging.getLogger(__name__)

OpenPool = Callable[[ServerConfig], Pool]


@dataclass(frozen=True, slots=True)
class Room:
    """What the handlers share."""

    config: ServerConfig
    engine: Description
    tasks: Tasks
    tokens: Tokens
    trials: CallRate
    bodies: Bodies
    metrics: Metrics
    clock: Clock
    openapi: bytes
    work: asyncio.Future[None]
    """Ends with an exception when nothing can be recognized any more."""


ROOM = web.AppKey("room", Room)


def room_of(
    config: ServerConfig, open_pool: OpenPool | None = None
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Open a room for as long as an application runs."""

    async def room(app: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app[ROOM] = await _opened(config, open_pool or _pool, stack)
            yield

    return room


def _pool(config: ServerConfig) -> Pool:
    return Pool(config.pool)


async def _opened(config: ServerConfig, open_pool: OpenPool, stack: AsyncExitStack) -> Room:
    if config.data is not None:
        _lock(config.data, stack)
    store = Store(config.data / "tasks.sqlite" if config.data else None)
    stack.callback(store.close)
    key = signing_key(config.data / "signing.key") if config.data else None
    pool = open_pool(config)
    stack.push_async_callback(asyncio.to_thread, pool.close)
    engine = await pool.ready()

    async def recognize(client: str, task: Submission) -> Recognition:
        is_trial = client == TRIAL_CLIENT
        return await pool.recognize(task.image, task.settings, task.regions, masked=is_trial)

    clock, metrics = SystemClock(), Metrics()
    tasks = Tasks(
        store,
        clock,
        recognize,
        metrics,
        keep_s=config.keep_s,
        # one more than there are workers, so that none waits for its next task
        lanes=pool.workers + 1,
        max_queued=config.max_queued,
        max_queued_bytes=config.max_queued_bytes,
    )
    stack.push_async_callback(tasks.close)
    _watch(metrics, tasks)
    work = _begin(tasks, clock, stack)
    bodies = Bodies(config.max_body, config.max_bodies)
    tokens = Tokens(config.clients, config.token_s, key)
    trials = CallRate(config.trial_per_minute or 1.0)
    described = json.dumps(openapi.document(config, engine)).encode()
    return Room(config, engine, tasks, tokens, trials, bodies, metrics, clock, described, work)


def _lock(data: Path, stack: AsyncExitStack) -> None:
    """Make sure that no other server works on the same tasks."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(data / "server.lock", mode=0o600, thread_local=False)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LocalEngineError(
            f"another server uses the data folder {data}; stop it, or name another with --data"
        ) from error
    except (OSError, NotImplementedError) as error:
        raise LocalEngineError(f"the data folder {data} cannot be used: {error}") from error
    stack.callback(lock.release)


def _begin(tasks: Tasks, clock: Clock, stack: AsyncExitStack) -> asyncio.Future[None]:
    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(tasks.work())
            group.create_task(_tidy(tasks, clock))

    working = asyncio.ensure_future(work())

    async def end() -> None:
        working.cancel()
        await asyncio.wait((working,))

    stack.push_async_callback(end)
    return working


async def _tidy(tasks: Tasks, clock: Clock) -> None:
    while True:
        try:
            await tasks.tidy()
        except StoreFailed as error:
            _log.error("what has expired cannot be deleted now: %s", error)
        await clock.sleep(TIDY_S)


def _watch(metrics: Metrics, tasks: Tasks) -> None:
    metrics.watch_process()
    metrics.watch("ocr_tasks_queued", "Tasks that wait", lambda: tasks.queued)
    metrics.watch("ocr_tasks_running", "Tasks being recognized", lambda: tasks.running)
    metrics.watch("ocr_queued_bytes", "Bytes of images that wait", lambda: tasks.queued_bytes)

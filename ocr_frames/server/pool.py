"""Worker processes: a crash, a hang or a flood of memory ends one task, never the server."""

import asyncio
import logging
import multiprocessing
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from pebble import ProcessExpired, ProcessPool

from ocr_frames.server import worker
from ocr_frames.server.config import PoolConfig
from ocr_frames.server.cores import default_workers, share, usable_cores
from ocr_frames.server.recognition import Recognition
from ocr_frames.server.worker import Description, Done, Order
from ocr_frames.settings import RecognitionSettings, Region

_log = logging.getLogger(__name__)

START_LIMIT_S = 100.0
"""Seconds for a worker to load its models."""


class Pool:
    """Recognizes in `config.workers` processes, which end with this one however it ends."""

    def __init__(self, config: PoolConfig) -> None:
        self.workers = config.workers or default_workers()
        self._config = config
        cores = usable_cores()
        self._seats = [
            _Seat(config, share(cores, number, self.workers)) for number in range(self.workers)
        ]
        self._free: asyncio.Queue[_Seat] = asyncio.Queue()
        for seat in self._seats:
            self._free.put_nowait(seat)

    async def ready(self) -> Description:
        """Wait until a worker has loaded its models. Raises what kept it from doing so."""
        description: Description = await asyncio.wait_for(
            self._anywhere(worker.describe), START_LIMIT_S
        )
        return description

    async def recognize(
        self,
        image: bytes,
        settings: RecognitionSettings,
        regions: Sequence[Region] = (),
        masked: bool = False,
    ) -> Recognition:
        """Recognize one task in the next free worker; whatever goes wrong becomes a message.

        Cancelled, it ends the worker that is at it, and a fresh one takes its place.
        """
        try:
            task = (image, settings, tuple(regions), masked)
            done: Done = await self._anywhere(worker.run, *task)
        except ProcessExpired:
            return _failed("recognition crashed on this image")
        except TimeoutError:
            return _failed(f"recognition took longer than {self._config.task_limit_s:g} s")
        except BrokenProcessPool:
            return _failed("the recognition workers ended; submit the image again")
        return done.recognition

    def close(self) -> None:
        """End all workers at once and wait for them."""
        for seat in self._seats:
            seat.stop()
        for seat in self._seats:
            seat.join()

    async def _anywhere(self, function: Any, *arguments: Any) -> Any:
        seat = await self._free.get()
        try:
            return await seat.run(function, arguments)
        finally:
            self._free.put_nowait(seat)


class _Seat:
    """A place for one worker, which is replaced as often as it takes.

    It is a pool of one: what a dying worker leaves behind in pipes and locks is its own.
    """

    def __init__(self, config: PoolConfig, cores: tuple[int, ...]) -> None:
        self._config = config
        self._order = Order(config.recognizer, config.memory_limit, cores)
        self._processes = self._new_processes()

    async def run(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        try:
            result = await self._run(function, arguments)
        except BrokenProcessPool:
            # the worker was ended while idle or starting; this task had no part in it
            result = await self._run(function, arguments)
        if isinstance(result, Done) and result.full:
            _log.info("a worker holds much memory and is replaced")
            self.stop()
        return result

    def stop(self) -> None:
        self._processes.stop()  # type: ignore[no-untyped-call]

    def join(self) -> None:
        self._processes.join()

    async def _run(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        if not self._processes.active:
            ended, self._processes = self._processes, self._new_processes()
            await asyncio.to_thread(ended.join)
        limit_s = self._config.task_limit_s
        return await asyncio.wrap_future(
            self._processes.schedule(function, args=arguments, timeout=limit_s)
        )

    def _new_processes(self) -> ProcessPool:
        processes = ProcessPool(
            max_workers=1,
            max_tasks=self._config.max_tasks,
            initializer=worker.start,
            initargs=(self._order,),
            # a server has threads, which do not survive a fork
            context=multiprocessing.get_context("spawn"),
        )
        # asking starts the worker; all of them load their models at the same time
        _ = processes.active
        return processes


def _failed(message: str) -> Recognition:
    return Recognition(messages=(message,))

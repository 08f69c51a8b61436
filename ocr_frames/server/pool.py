"""Worker processes: a crash, a hang or a flood of memory ends one task, never the server."""

import asyncio
import logging
import multiprocessing
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from pebble import ProcessExpired, ProcessPool

from ocr_frames.server import worker
from ocr_frames.server.config import PoolConfig
from ocr_frames.server.recognition import Recognition
from ocr_frames.server.worker import Description
from ocr_frames.settings import RecognitionSettings, Region

_log = logging.getLogger(__name__)

START_LIMIT_S = 100.0
"""Seconds for a worker to load its models."""


class Pool:
    """Recognizes in `config.workers` processes, which end with this one however it ends."""

    def __init__(self, config: PoolConfig) -> None:
        self.workers = config.workers or os.cpu_count() or 1
        self._config = config
        self._lock = threading.Lock()
        self._processes = self._new_processes()

    async def ready(self) -> Description:
        """Wait until a worker has loaded its models. Raises what kept it from doing so."""
        waiting = asyncio.wrap_future(
            self._schedule(worker.describe, (), self._config.task_limit_s)
        )
        return await asyncio.wait_for(waiting, START_LIMIT_S)

    async def recognize(
        self,
        image: bytes,
        settings: RecognitionSettings,
        regions: Sequence[Region] = (),
        masked: bool = False,
    ) -> Recognition:
        """Recognize one task; whatever goes wrong becomes a message."""
        try:
            return await self._recognize(image, settings, regions, masked)
        except ProcessExpired:
            return _failed("recognition crashed on this image")
        except TimeoutError:
            return _failed(f"recognition took longer than {self._config.task_limit_s:g} s")
        except BrokenProcessPool:
            return _failed("the recognition workers ended; submit the image again")
        except Exception as error:  # one image must not end the server, whatever it found
            kind = type(error).__name__
            _log.error("recognition failed with %s", kind)
            return _failed(f"recognition failed on this image ({kind})")

    async def _recognize(self, *task: Any) -> Recognition:
        try:
            return await asyncio.wrap_future(self.submit(*task))
        except BrokenProcessPool:
            # an idle worker was ended from outside; this task had no part in it
            return await asyncio.wrap_future(self.submit(*task))

    def submit(
        self,
        image: bytes,
        settings: RecognitionSettings,
        regions: Sequence[Region] = (),
        masked: bool = False,
    ) -> Future[Recognition]:
        """Hand one task to the next free worker; the future raises what the worker raised."""
        task = (image, settings, regions, masked)
        return self._schedule(worker.run, task, self._config.task_limit_s)

    def close(self) -> None:
        """End all workers at once and wait for them."""
        self._processes.stop()  # type: ignore[no-untyped-call]
        self._processes.join()

    def _schedule(self, function: Any, arguments: tuple[Any, ...], limit_s: float) -> Future[Any]:
        with self._lock:
            # pebble gives up for good when an idle worker dies
            if not self._processes.active:
                self._processes.join()
                self._processes = self._new_processes()
            future: Future[Any] = self._processes.schedule(
                function, args=arguments, timeout=limit_s
            )
        return future

    def _new_processes(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self.workers,
            max_tasks=self._config.max_tasks,
            initializer=worker.start,
            initargs=(self._config.recognizer, self._config.memory_limit),
            # a server has threads, which do not survive a fork
            context=multiprocessing.get_context("spawn"),
        )


def _failed(message: str) -> Recognition:
    return Recognition(messages=(message,))

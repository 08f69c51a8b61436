"""Changes to the store, each on record when its writer goes on, and few waits for the disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ocr_frames.server.store import Change, Store, StoreFailed

T = TypeVar("T")


class Commits:
    """Writes to a store that outlives the process on a thread of its own.

    Changes that come while a commit is under way share the next one. A store for this process
    alone never waits for the disk: it is written to at once.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, "ocr_frames tasks")
        self._waiting: list[tuple[Change, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, change: Change) -> None:
        """Return when the change is on record. Raises StoreFailed."""
        if not self._store.is_durable:
            self._store.apply([change])
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await done

    async def run(self, work: Callable[[], T]) -> T:
        """Run work that writes to the store between two commits."""
        if not self._store.is_durable:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Write what waits, and end the thread."""
        if self._writing is not None:
            await self._writing
        self._thread.shutdown()

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            changes = [change for change, _ in batch]
            failed: Exception | None = None
            try:
                await self.run(lambda changes=changes: self._store.apply(changes))  # type: ignore[misc]
            except Exception as error:  # each writer is told
                failed = error
            for _, done in batch:
                _settle(done, failed)
        self._writing = None


def _settle(done: asyncio.Future[None], failed: Exception | None) -> None:
    if done.done():
        return
    if failed is None:
        done.set_result(None)
    else:
        done.set_exception(StoreFailed(str(failed)))

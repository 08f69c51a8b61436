"""The one place that knows whether an event loop is already running."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, wait
from typing import Any, TypeVar

T = TypeVar("T")

_LOOK_S = 0.1


def run_sync(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end and return its result, with or without a running event loop.

    Where a loop runs already (Jupyter, an async web handler) the work gets a thread with a
    loop of its own. KeyboardInterrupt cancels the work, waits for it to stop, and is raised.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    return _run_in_thread(work)


def _run_in_thread(work: Coroutine[Any, Any, T]) -> T:
    result: Future[T] = Future()
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = Future()

    async def main() -> T:
        task = asyncio.ensure_future(work)
        started.set_result((asyncio.get_running_loop(), task))
        return await task

    def target() -> None:
        try:
            result.set_result(asyncio.run(main()))
        except BaseException as error:  # carried over to the calling thread
            result.set_exception(error)

    thread = threading.Thread(target=target, name="ocr_frames", daemon=True)
    thread.start()
    try:
        _wait(result, asyncio.current_task())
    except (KeyboardInterrupt, asyncio.CancelledError):
        loop, task = started.result()
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        raise
    return result.result()


def _wait(result: Future[T], caller: asyncio.Task[Any] | None) -> None:
    """Wait for the result, or until the calling task is to be cancelled.

    asyncio.run answers the first Ctrl-C by cancelling its task, which this thread is blocking:
    nothing is raised, so one has to look.
    """
    while not result.done():
        wait([result], timeout=_LOOK_S)
        if caller is not None and caller.cancelling() and not result.done():
            raise asyncio.CancelledError

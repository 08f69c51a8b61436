import asyncio
import threading

import pytest

from ocr_frames.server.commits import Commits
from ocr_frames.server.store import StoreFailed


class Slow:
    """A store whose commits end when they are let go; it notes what came together."""

    is_durable = True

    def __init__(self):
        self.batches = []
        self.may_end = threading.Semaphore(0)
        self.began = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.failure = None

    def apply(self, changes):
        self.batches.append(changes)
        self.loop.call_soon_threadsafe(self.began.set)
        self.may_end.acquire()
        if self.failure:
            raise self.failure


class Temporary:
    is_durable = False

    def __init__(self):
        self.batches = []

    def apply(self, changes):
        self.batches.append(changes)


async def test_what_comes_during_a_commit_shares_the_next():
    store = Slow()
    commits = Commits(store)
    first = asyncio.ensure_future(commits.write("first"))
    await store.began.wait()
    later = [asyncio.ensure_future(commits.write(number)) for number in range(50)]
    await asyncio.sleep(0)
    assert not first.done()

    store.may_end.release(2)
    await asyncio.gather(first, *later)

    assert store.batches == [["first"], list(range(50))]
    await commits.close()


async def test_nobody_goes_on_before_the_change_is_on_record():
    store = Slow()
    commits = Commits(store)
    writing = asyncio.ensure_future(commits.write("change"))
    await store.began.wait()
    assert not writing.done()

    store.may_end.release()
    await writing
    await commits.close()


async def test_a_failure_is_told_to_each_who_shared_it_and_the_next_may_succeed():
    store = Slow()
    store.failure = StoreFailed("the disk is full")
    store.may_end.release(9)
    commits = Commits(store)

    failed = await asyncio.gather(*map(commits.write, "ab"), return_exceptions=True)
    store.failure = None
    await commits.write("c")

    assert [str(error) for error in failed] == ["the disk is full"] * 2
    assert store.batches == [["a", "b"], ["c"]]
    await commits.close()


async def test_a_writer_that_gave_up_harms_nobody():
    store = Slow()
    commits = Commits(store)
    gone = asyncio.ensure_future(commits.write("gone"))
    stays = asyncio.ensure_future(commits.write("stays"))
    await store.began.wait()

    gone.cancel()
    store.may_end.release()
    await stays

    with pytest.raises(asyncio.CancelledError):
        await gone
    await commits.close()


async def test_other_work_runs_between_commits():
    store = Slow()
    store.may_end.release(9)
    commits = Commits(store)

    assert await commits.run(lambda: threading.current_thread().name.startswith("ocr_frames"))
    await commits.write("change")

    await commits.close()


async def test_a_store_for_this_process_alone_is_written_to_at_once():
    store = Temporary()
    commits = Commits(store)

    for change in "ab":
        await commits.write(change)

    assert store.batches == [["a"], ["b"]]
    await commits.close()

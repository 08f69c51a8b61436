import asyncio
import json
import math
import sqlite3
from contextlib import asynccontextmanager

import pytest

from ocr_frames import wire
from ocr_frames.model import Result, Status
from ocr_frames.server.lanes import CANCEL_GRACE_S, STORE_RETRY_S
from ocr_frames.server.recognition import Recognition
from ocr_frames.server.refusals import TooMany, Unavailable
from ocr_frames.server.store import Store, StoreFailed
from ocr_frames.server.tasks import Tasks
from ocr_frames.settings import RecognitionSettings
from ocr_frames.wire import Submission
from tests.adapters.clock import ManualClock

TEXT = Recognition((Result("Text", b"hello"),))
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def submission(image=b"image"):
    return Submission(image=image, settings=RecognitionSettings())


class Gate:
    """Recognizes when it is opened."""

    def __init__(self, recognition=TEXT):
        self.entered, self.opened = asyncio.Event(), asyncio.Event()
        self.recognition = recognition
        self.seen = []
        self.interrupted = []

    async def __call__(self, client, task):
        self.seen.append(task.image)
        self.entered.set()
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.interrupted.append(task.image)
            raise
        return self.recognition


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tasks.sqlite"


@pytest.fixture(params=["durable", "temporary"])
async def tasks(request, path, clock, gate):
    async with opened(path if request.param == "durable" else None, clock, gate) as tasks:
        yield tasks


@asynccontextmanager
async def opened(path, clock, gate, store_type=Store, **options):
    """Open tasks as a process would, and end it as it may end: nothing is tidied up."""
    store = store_type(path)
    bounds = {"keep_s": 100, "max_queued": 2, "max_queued_bytes": 1000, **options}
    tasks = Tasks(store, clock, gate, **bounds)
    tasks._commits.run = seen_by(clock, tasks._commits.run)
    try:
        yield tasks
    finally:
        await tasks.close()
        store.close()


def seen_by(clock, run):
    """Keep the clock from jumping while the disk is at work."""

    async def seen(work):
        clock.busy += 1
        try:
            return await run(work)
        finally:
            clock.busy -= 1

    return seen


@asynccontextmanager
async def working(tasks):
    work = asyncio.ensure_future(tasks.work())
    try:
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def answer(tasks, client, task_id):
    brief = wire.decode_answer(tasks.brief(client, task_id))
    full = wire.decode_answer(tasks.document(client, task_id))
    assert (brief.task_id, brief.status, brief.results) == (full.task_id, full.status, ())
    assert (brief.messages, brief.warnings) == (full.messages, full.warnings)
    return full


def code(answer):
    return answer.status, answer.response_code


async def test_pending_processing_completed(tasks, gate):
    task_id = await tasks.submit("me", submission())
    assert code(answer(tasks, "me", task_id)) == (Status.PENDING, "NotReady")

    async with working(tasks):
        await gate.entered.wait()
        assert code(answer(tasks, "me", task_id)) == (Status.PROCESSING, "NotReady")
        gate.opened.set()
        await tasks.wait("me", task_id, math.inf)

    ended = answer(tasks, "me", task_id)
    assert code(ended) == (Status.COMPLETED, "Ok")
    assert (ended.task_id, ended.results) == (task_id, TEXT.results)


@pytest.mark.parametrize(
    ("recognition", "status", "response_code"),
    [
        (Recognition(messages=("broken",), warnings=("odd",)), Status.ERROR, "Error"),
        (Recognition((Result("Text", b""),)), Status.COMPLETED, "NoAnyResultData"),
        (Recognition(), Status.COMPLETED, "NoAnyResultData"),
        (
            Recognition((Result("Text", b"one"), Result("Text", b"")), warnings=("odd",)),
            Status.COMPLETED,
            "PartiallyNotFound",
        ),
    ],
)
async def test_every_end_has_its_code(tasks, gate, recognition, status, response_code):
    gate.recognition = recognition
    gate.opened.set()
    task_id = await tasks.submit("me", submission())
    async with working(tasks):
        await tasks.wait("me", task_id, math.inf)

    ended = answer(tasks, "me", task_id)

    assert code(ended) == (status, response_code)
    assert ended.results == recognition.results
    assert (ended.messages, ended.warnings) == (recognition.messages, recognition.warnings)


async def test_a_bug_in_recognition_costs_one_task(tasks, gate):
    async def fail(client, task):
        raise KeyError("the text of the image")

    tasks._lanes._recognize = fail
    async with working(tasks):
        ids = [await tasks.submit("me", submission()) for _ in range(2)]
        for task_id in ids:
            await tasks.wait("me", task_id, math.inf)

    for task_id in ids:
        assert answer(tasks, "me", task_id).messages == (
            "recognition failed on this image (KeyError)",
        )


async def test_recognition_that_ends_itself_costs_one_task(tasks):
    async def give_up(client, task):
        raise asyncio.CancelledError

    tasks._lanes._recognize = give_up
    async with working(tasks):
        ids = [await tasks.submit("me", submission()) for _ in range(2)]
        for task_id in ids:
            await tasks.wait("me", task_id, math.inf)

    for task_id in ids:
        assert answer(tasks, "me", task_id).messages == ("recognition was cancelled",)


async def test_clients_take_turns(path, clock, gate):
    gate.opened.set()
    async with opened(path, clock, gate, max_queued=100) as tasks:
        for number in range(4):
            await tasks.submit("me", submission(b"me %d" % number))
        last = await tasks.submit("you", submission(b"you"))
        async with working(tasks):
            await tasks.wait("you", last, math.inf)

    assert gate.seen[:2] == [b"me 0", b"you"]


@pytest.mark.parametrize("asked", ["braces", "upper case", "no dashes"])
async def test_any_spelling_of_an_id_is_the_same_task(tasks, asked):
    task_id = await tasks.submit("me", submission())
    spelled = {"braces": f"{{{task_id}}}", "upper case": task_id.upper()}
    found = answer(tasks, "me", spelled.get(asked, task_id.replace("-", "")))

    assert (found.task_id, found.status) == (task_id, Status.PENDING)


@pytest.mark.parametrize("task_id", [UNKNOWN, "nonsense", "\ud800", "x" * 5000])
async def test_an_unknown_id(tasks, task_id):
    assert code(answer(tasks, "me", task_id)) == (Status.NOT_EXIST, "TaskNotFound")
    await tasks.wait("me", task_id, math.inf)
    await tasks.cancel("me", task_id)


async def test_another_clients_task_does_not_exist(tasks, gate):
    task_id = await tasks.submit("me", submission())

    for _ in range(2):
        assert code(answer(tasks, "you", task_id)) == (Status.NOT_EXIST, "TaskNotFound")
        await tasks.wait("you", task_id, math.inf)
        await tasks.cancel("you", task_id)
        gate.opened.set()
        async with working(tasks):
            await tasks.wait("me", task_id, math.inf)

    assert code(answer(tasks, "me", task_id)) == (Status.COMPLETED, "Ok")


async def test_a_task_expires_from_its_submission_on(tasks, gate, clock):
    gate.opened.set()
    done = await tasks.submit("me", submission())
    async with working(tasks):
        await tasks.wait("me", done, math.inf)
    waiting = await tasks.submit("me", submission())
    await clock.sleep(99)
    assert answer(tasks, "me", done).status is Status.COMPLETED
    assert answer(tasks, "me", waiting).status is Status.PENDING

    await clock.sleep(2)

    assert code(answer(tasks, "me", done)) == (Status.NOT_EXIST, "TaskNotFound")
    assert code(answer(tasks, "me", waiting)) == (Status.NOT_EXIST, "TaskNotFound")


async def test_what_has_expired_is_deleted_and_makes_room(tasks, clock, path):
    ids = [await tasks.submit("me", submission(b"private")) for _ in range(2)]
    await clock.sleep(101)

    await tasks.tidy()

    assert (tasks.queued, tasks.queued_bytes) == (0, 0)
    await tasks.submit("me", submission(b"another"))
    files = [file.read_bytes() for file in path.parent.iterdir()]
    assert not any(b"private" in held for held in files)
    for task_id in ids:
        await tasks.wait("me", task_id, math.inf)


async def test_a_cancelled_task_is_never_recognized(tasks, gate):
    gate.opened.set()
    cancelled = await tasks.submit("me", submission(b"cancelled"))
    other = await tasks.submit("me", submission(b"other"))

    await tasks.cancel("me", cancelled)
    async with working(tasks):
        await tasks.wait("me", other, math.inf)

    assert gate.seen == [b"other"]
    assert answer(tasks, "me", cancelled).status is Status.NOT_EXIST


async def test_cancelling_what_runs_drops_its_result_and_ends_it_after_a_while(tasks, gate, clock):
    task_id = await tasks.submit("me", submission(b"runs"))
    async with working(tasks):
        await gate.entered.wait()
        waiting = asyncio.ensure_future(tasks.wait("me", task_id, math.inf))
        began_s = clock.now_s()

        await tasks.cancel("me", task_id)
        await waiting
        assert answer(tasks, "me", task_id).status is Status.NOT_EXIST
        assert gate.interrupted == []

        gate.entered.clear()
        await tasks.submit("me", submission(b"next"))
        await gate.entered.wait()

    assert gate.interrupted[0] == b"runs"
    assert clock.now_s() == began_s + CANCEL_GRACE_S


async def test_cancelling_what_is_about_to_end_leaves_its_worker_alone(tasks, gate):
    task_id = await tasks.submit("me", submission(b"first"))
    async with working(tasks):
        await gate.entered.wait()
        await tasks.cancel("me", task_id)
        gate.opened.set()
        other = await tasks.submit("me", submission(b"other"))
        await tasks.wait("me", other, math.inf)

    assert gate.interrupted == []
    assert answer(tasks, "me", task_id).status is Status.NOT_EXIST


async def test_cancelling_what_has_ended_deletes_its_result(tasks, gate):
    gate.opened.set()
    task_id = await tasks.submit("me", submission())
    async with working(tasks):
        await tasks.wait("me", task_id, math.inf)

    await tasks.cancel("me", task_id)

    assert code(answer(tasks, "me", task_id)) == (Status.NOT_EXIST, "TaskNotFound")


async def test_a_full_queue_refuses_and_says_when_to_come_back(tasks, clock):
    for _ in range(2):
        await tasks.submit("me", submission())

    with pytest.raises(TooMany, match="2 tasks") as refused:
        await tasks.submit("me", submission())
    assert refused.value.headers == {"Retry-After": "1"}

    tasks._lanes.rate.ended(20.0)
    with pytest.raises(TooMany) as refused:
        await tasks.submit("me", submission())
    assert refused.value.retry_after_s == 20


async def test_a_queue_full_of_bytes_refuses(tasks):
    await tasks.submit("me", submission(b"x" * 900))

    with pytest.raises(TooMany, match="space"):
        await tasks.submit("me", submission(b"x" * 101))


async def test_a_wait_ends_when_its_time_is_up(tasks, clock):
    task_id = await tasks.submit("me", submission())
    began_s = clock.now_s()

    await tasks.wait("me", task_id, 7)

    assert clock.now_s() == began_s + 7
    assert answer(tasks, "me", task_id).status is Status.PENDING


async def test_release_ends_all_waits(tasks):
    task_id = await tasks.submit("me", submission())
    waiting = asyncio.ensure_future(tasks.wait("me", task_id, math.inf))

    tasks.release()

    await waiting


async def test_a_stop_lets_what_runs_end_and_begins_nothing(tasks, gate):
    runs = await tasks.submit("me", submission(b"runs"))
    queued = await tasks.submit("me", submission(b"queued"))
    async with working(tasks):
        await gate.entered.wait()
        stopping = asyncio.ensure_future(tasks.stop(60))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="stopping"):
            await tasks.submit("me", submission())
        gate.opened.set()
        await stopping

    assert answer(tasks, "me", runs).status is Status.COMPLETED
    assert answer(tasks, "me", queued).status is Status.PENDING
    assert gate.seen == [b"runs"]


async def test_the_next_process_takes_up_what_this_one_had_not_done(path, clock, gate):
    ids, images = [], [b"ended", b"under way", b"waits"]
    async with opened(path, clock, gate, max_queued=10) as tasks:
        gate.opened.set()
        ids.append(await tasks.submit("me", submission(images[0])))
        async with working(tasks):
            await tasks.wait("me", ids[0], math.inf)
            gate.opened.clear()
            gate.entered.clear()
            ids += [await tasks.submit("me", submission(image)) for image in images[1:]]
            await gate.entered.wait()
            await tasks.stop(5)
    again = Gate()
    async with opened(path, clock, again) as tasks:
        standing = [answer(tasks, "me", task_id).status for task_id in ids]
        assert standing == [Status.COMPLETED, Status.PENDING, Status.PENDING]
        again.opened.set()
        async with working(tasks):
            await tasks.wait("me", ids[2], math.inf)

        assert [answer(tasks, "me", task_id).results for task_id in ids] == [TEXT.results] * 3
        assert again.seen == images[1:]


async def test_what_fails_while_the_server_stops_is_done_again(path, clock, gate):
    """Who stops a service may send its signal to the workers, too."""
    async with opened(path, clock, gate) as tasks:
        task_id = await tasks.submit("me", submission())
        async with working(tasks):
            await gate.entered.wait()
            stopping = asyncio.ensure_future(tasks.stop(60))
            await asyncio.sleep(0)
            gate.recognition = Recognition(messages=("recognition crashed on this image",))
            gate.opened.set()
            await stopping
        assert answer(tasks, "me", task_id).response_code == "NotReady"
    gate.recognition = TEXT
    async with opened(path, clock, gate) as tasks, working(tasks):
        await tasks.wait("me", task_id, math.inf)
        assert answer(tasks, "me", task_id).results == TEXT.results


async def test_what_was_cancelled_or_expired_stays_so_for_the_next_process(path, clock, gate):
    async with opened(path, clock, gate) as tasks:
        expired = await tasks.submit("me", submission(b"expired"))
        await clock.sleep(101)
        cancelled = await tasks.submit("me", submission(b"cancelled"))
        await tasks.cancel("me", cancelled)
    async with opened(path, clock, gate) as tasks:
        gate.opened.set()
        async with working(tasks):
            await tasks.tidy()
            last = await tasks.submit("me", submission(b"last"))
            await tasks.wait("me", last, math.inf)

        for task_id in (expired, cancelled):
            assert answer(tasks, "me", task_id).status is Status.NOT_EXIST
    assert gate.seen == [b"last"]


async def test_lost_results_are_not_an_unknown_task(path, clock, gate):
    gate.opened.set()
    async with opened(path, clock, gate) as tasks:
        task_id = await tasks.submit("me", submission())
        async with working(tasks):
            await tasks.wait("me", task_id, math.inf)
        with sqlite3.connect(path) as sqlite:
            sqlite.execute("UPDATE tasks SET document = NULL")
        sqlite.close()

        lost = answer(tasks, "me", task_id)

    assert code(lost) == (Status.COMPLETED, "ResultDataLost")
    assert lost.results == ()


async def test_an_image_that_cannot_be_understood_any_more_is_an_error(path, clock, gate):
    async with opened(path, clock, gate) as tasks:
        task_id = await tasks.submit("me", submission())
        with sqlite3.connect(path) as sqlite:
            sqlite.execute("UPDATE inputs SET settings = '?'")
        sqlite.close()
        async with working(tasks):
            await tasks.wait("me", task_id, math.inf)

        assert answer(tasks, "me", task_id).messages == (
            "the server lost the image; submit it again",
        )


class FullDisk(Store):
    """Takes so many batches of changes, then none until there is room again."""

    left = 0

    def apply(self, changes):
        if self.left <= 0:
            raise StoreFailed("database or disk is full")
        self.left -= 1
        super().apply(changes)


async def test_nothing_is_acknowledged_that_is_not_on_record(path, clock, gate):
    async with opened(path, clock, gate, FullDisk) as tasks:
        for _ in range(3):
            with pytest.raises(StoreFailed, match="full"):
                await tasks.submit("me", submission())

        assert (tasks.queued, tasks.queued_bytes) == (0, 0)


async def test_a_result_waits_for_the_disk(path, clock, gate, monkeypatch):
    monkeypatch.setattr(FullDisk, "left", 1)
    gate.opened.set()
    async with opened(path, clock, gate, FullDisk) as tasks:
        task_id = await tasks.submit("me", submission())
        began_s = clock.now_s()
        async with working(tasks):
            await tasks.wait("me", task_id, 2.5 * STORE_RETRY_S)
            assert answer(tasks, "me", task_id).status is Status.PROCESSING
            tasks._store.left = 1
            await tasks.wait("me", task_id, math.inf)

        assert answer(tasks, "me", task_id).results == TEXT.results
        assert clock.now_s() == began_s + 3 * STORE_RETRY_S
        assert gate.seen == [b"image"]


async def test_an_image_waits_for_the_disk(path, clock, gate, monkeypatch):
    gate.opened.set()
    async with opened(path, clock, gate) as tasks:
        task_id = await tasks.submit("me", submission())
        read, failures = tasks._store._read_one, [sqlite3.OperationalError("disk I/O error")] * 2

        def unreadable(query, key):
            if failures and "inputs" in query:
                raise StoreFailed(str(failures.pop()))
            return read(query, key)

        monkeypatch.setattr(Store, "_read_one", staticmethod(unreadable))
        async with working(tasks):
            await tasks.wait("me", task_id, math.inf)

        assert answer(tasks, "me", task_id).results == TEXT.results


async def test_large_results_are_the_same(tasks, gate):
    gate.recognition = Recognition((Result("Pdf", bytes(3 << 20)),))
    gate.opened.set()
    task_id = await tasks.submit("me", submission())
    async with working(tasks):
        await tasks.wait("me", task_id, math.inf)

    assert answer(tasks, "me", task_id).results == gate.recognition.results
    assert json.loads(tasks.brief("me", task_id))["results"] is None

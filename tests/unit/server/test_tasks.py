import asyncio

import pytest

from ocr_frames.model import Result, Status
from ocr_frames.server.recognition import Recognition
from ocr_frames.server.tasks import QueueFull, Tasks
from ocr_frames.settings import RecognitionSettings
from ocr_frames.wire import Submission
from tests.adapters.clock import ManualClock

TEXT = Recognition((Result("Text", b"hello"),))


def submission(image=b"image"):
    return Submission(image=image, settings=RecognitionSettings())


class Gate:
    """Recognizes when it is opened."""

    def __init__(self, recognition=TEXT):
        self.entered, self.opened = asyncio.Event(), asyncio.Event()
        self.recognition = recognition
        self.seen = []

    async def __call__(self, task):
        self.seen.append(task.image)
        self.entered.set()
        await self.opened.wait()
        return self.recognition


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def tasks(clock):
    return Tasks(clock, keep_s=100, max_queued=2, max_queued_bytes=1000)


@pytest.fixture
async def working(tasks):
    work = asyncio.ensure_future(tasks.work())
    yield work
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def test_pending_processing_completed(tasks):
    gate = Gate()
    task_id = tasks.submit("me", submission(), gate)
    assert tasks.answer("me", task_id).status is Status.PENDING
    assert tasks.answer("me", task_id).response_code == "NotReady"

    work = asyncio.ensure_future(tasks.work())
    await gate.entered.wait()
    assert tasks.answer("me", task_id).status is Status.PROCESSING

    gate.opened.set()
    await tasks.wait("me", task_id, 60)
    answer = tasks.answer("me", task_id)
    assert (answer.status, answer.response_code) == (Status.COMPLETED, "Ok")
    assert answer.results == TEXT.results
    work.cancel()


async def test_messages_make_an_error(tasks, working):
    gate = Gate(Recognition(messages=("broken",)))
    gate.opened.set()
    task_id = tasks.submit("me", submission(), gate)
    await tasks.wait("me", task_id, 60)

    answer = tasks.answer("me", task_id)

    assert (answer.status, answer.response_code) == (Status.ERROR, "Error")
    assert answer.messages == ("broken",)


async def test_first_come_first_served(tasks, working):
    gate = Gate()
    gate.opened.set()
    ids = [tasks.submit("me", submission(image), gate) for image in (b"1", b"2")]
    await tasks.wait("me", ids[-1], 60)

    assert gate.seen == [b"1", b"2"]


async def test_another_clients_task_does_not_exist(tasks):
    task_id = tasks.submit("me", submission(), Gate())

    answer = tasks.answer("you", task_id)

    assert (answer.status, answer.response_code) == (Status.NOT_EXIST, "TaskNotFound")
    assert not tasks.cancel("you", task_id)
    assert tasks.answer("me", task_id).status is Status.PENDING


async def test_a_task_expires(tasks, clock):
    task_id = tasks.submit("me", submission(), Gate())
    await clock.sleep(99)
    assert tasks.answer("me", task_id).status is Status.PENDING

    await clock.sleep(2)

    assert tasks.answer("me", task_id).status is Status.NOT_EXIST


async def test_a_cancelled_task_is_never_recognized(tasks):
    gate = Gate()
    gate.opened.set()
    cancelled = tasks.submit("me", submission(b"cancelled"), gate)
    other = tasks.submit("me", submission(b"other"), gate)

    assert tasks.cancel("me", cancelled)
    work = asyncio.ensure_future(tasks.work())
    await tasks.wait("me", other, 60)

    assert gate.seen == [b"other"]
    assert tasks.answer("me", cancelled).status is Status.NOT_EXIST
    work.cancel()


async def test_a_full_queue_refuses(tasks):
    for _ in range(2):
        tasks.submit("me", submission(), Gate())

    with pytest.raises(QueueFull, match="2 tasks"):
        tasks.submit("me", submission(), Gate())


async def test_a_queue_full_of_bytes_refuses(tasks):
    tasks.submit("me", submission(b"x" * 900), Gate())

    with pytest.raises(QueueFull, match="memory"):
        tasks.submit("me", submission(b"x" * 101), Gate())


async def test_a_wait_ends_when_its_time_is_up(tasks):
    task_id = tasks.submit("me", submission(), Gate())

    await tasks.wait("me", task_id, 0)

    assert tasks.answer("me", task_id).status is Status.PENDING


async def test_release_ends_all_waits(tasks):
    task_id = tasks.submit("me", submission(), Gate())
    waiting = asyncio.ensure_future(tasks.wait("me", task_id, 3600))

    tasks.release()

    await waiting

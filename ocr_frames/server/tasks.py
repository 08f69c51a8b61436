"""Tasks from submission to expiry: a bounded, fair queue in, answers out, all of it on record."""

from uuid import UUID, uuid4

from ocr_frames import wire
from ocr_frames.clock import Clock
from ocr_frames.server import answers
from ocr_frames.server.commits import Commits
from ocr_frames.server.lanes import STORE_RETRY_S, Lanes, Recognize, Task
from ocr_frames.server.metrics import Metrics
from ocr_frames.server.rates import retry_after_s
from ocr_frames.server.refusals import TooMany, Unavailable
from ocr_frames.server.store import Added, Dropped, Head, Record, Store, StoreFailed
from ocr_frames.server.turns import Turns
from ocr_frames.wire import Submission, WireError


class Tasks:
    """All tasks of all clients, in turn and, for each client, first come, first served.

    `keep_s`: seconds from its submission for which a task is known. `lanes`: how many are
    recognized at once. `max_queued`, `max_queued_bytes`: how many tasks, and bytes of images,
    may wait. What a `store` from another process still has to do is taken up.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        recognize: Recognize,
        metrics: Metrics | None = None,
        *,
        keep_s: float,
        lanes: int = 1,
        max_queued: int,
        max_queued_bytes: int,
    ) -> None:
        self._store = store
        self._clock = clock
        self._keep_s = keep_s
        self._commits = Commits(store)
        self._turns = Turns[Task](max_queued, max_queued_bytes)
        self._active: dict[UUID, Task] = {}
        self._number = store.last_number()
        self.stopping = False
        self._lanes = Lanes(
            self._turns,
            store,
            self._commits,
            clock,
            metrics or Metrics(),
            recognize,
            lanes,
            self._forget,
        )
        for head in store.unfinished():
            self._queue(Task(head))

    @property
    def queued(self) -> int:
        """How many tasks wait to be recognized."""
        return len(self._turns)

    @property
    def queued_bytes(self) -> int:
        """How many bytes of images wait."""
        return self._turns.size

    @property
    def running(self) -> int:
        """How many tasks are being recognized."""
        return self._lanes.running

    async def submit(self, client: str, submission: Submission) -> str:
        """Queue a task and return its id, once it is on record.

        Raises TooMany where there is no room, Unavailable when the server stops, StoreFailed
        where it cannot be put on record.
        """
        size = len(submission.image)
        self._admit(client, size)
        self._number += 1
        head = Head(self._number, uuid4(), client, self._clock.wall_s(), size)
        task = Task(head, submission)
        self._queue(task)
        if self._store.is_durable:
            await self._keep(task, submission)
        return str(head.id)

    def document(self, client: str, task_id: str) -> str:
        """Answer a fetch: how a task stands, with its results once it has ended.

        A task that is unknown, expired or another client's is NotExist. Raises StoreFailed.
        """
        found = self._find(client, task_id, results=True)
        if not isinstance(found, Record):
            return _standing(task_id, found)
        if found.document is None:
            return wire.encode_answer(answers.lost(found.brief))
        return found.document

    def brief(self, client: str, task_id: str) -> str:
        """Answer a status call: the same without results. Raises StoreFailed."""
        found = self._find(client, task_id, results=False)
        return found.brief if isinstance(found, Record) else _standing(task_id, found)

    async def wait(self, client: str, task_id: str, seconds: float) -> None:
        """Return when the task has ended, at the latest after `seconds`."""
        found = self._active_of(client, _guid(task_id))
        if found is not None:
            await self._clock.wait(found.ended, seconds)

    async def cancel(self, client: str, task_id: str) -> None:
        """Forget a task and its results; one that `document` does not know stays as it is.

        Raises StoreFailed where that cannot be put on record.
        """
        found = self._find(client, task_id, results=False)
        if found is None:
            return
        if isinstance(found, Task):
            self._lanes.drop(found)
        await self._commits.write(Dropped(found.head))

    async def work(self) -> None:
        """Recognize what is queued, until cancelled."""
        await self._lanes.work()

    async def stop(self, limit_s: float) -> None:
        """Refuse what comes, and give what is under way `limit_s` seconds to end.

        What has not ended then stays on record, for another process to take up.
        """
        self.stopping = True
        await self._lanes.stop(limit_s)

    def release(self) -> None:
        """Let all waits return: there will be no end to wait for."""
        for task in self._active.values():
            task.ended.set()

    async def tidy(self) -> None:
        """Delete what has expired, and from the disk what was deleted. Raises StoreFailed."""
        for task in list(self._active.values()):
            if self._is_expired(task.head):
                self._lanes.drop(task)
        before_s = self._clock.wall_s() - self._keep_s
        while await self._commits.run(lambda: self._store.purge(before_s)):
            pass
        if self._store.is_durable:
            await self._commits.run(self._store.shrink)

    async def close(self) -> None:
        """Write what waits to be written; the store may be closed then."""
        await self._commits.close()

    def _admit(self, client: str, size: int) -> None:
        if self.stopping:
            raise Unavailable("the server is stopping; try again later", STORE_RETRY_S)
        refusal = self._turns.refusal(client, size)
        if refusal is None:
            return
        waiting, clients = self._turns.waiting(client), self._turns.clients
        raise TooMany(refusal, retry_after_s(waiting, clients, self._lanes.rate.per_s))

    async def _keep(self, task: Task, submission: Submission) -> None:
        try:
            await self._commits.write(Added(task.head, submission))
        except StoreFailed:
            self._lanes.drop(task)
            raise
        task.submission = None

    def _queue(self, task: Task) -> None:
        head = task.head
        self._active[head.id] = task
        self._turns.put(head.client, head.number, task, head.size)
        self._lanes.arrived()

    def _forget(self, task: Task) -> None:
        self._active.pop(task.head.id, None)
        task.ended.set()

    def _find(self, client: str, task_id: str, *, results: bool) -> Task | Record | None:
        guid = _guid(task_id)
        if guid is None:
            return None
        found = self._active_of(client, guid) or self._store.record(guid, results=results)
        if found is None or found.head.client != client or self._is_expired(found.head):
            return None
        return found

    def _active_of(self, client: str, guid: UUID | None) -> Task | None:
        task = self._active.get(guid) if guid is not None else None
        return task if task is not None and task.head.client == client else None

    def _is_expired(self, head: Head) -> bool:
        return head.submitted_s + self._keep_s <= self._clock.wall_s()


def _guid(task_id: str) -> UUID | None:
    try:
        return UUID(wire.decode_task_id(task_id))
    except WireError:
        return None


def _standing(task_id: str, task: Task | None) -> str:
    if task is None:
        return wire.encode_answer(answers.not_exist(task_id))
    return wire.encode_answer(answers.under_way(str(task.head.id), task.status))

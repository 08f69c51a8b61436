"""The ledger as a run sees it: awaited, and with all that is written at one time in one commit."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from ocr_frames.clock import Clock
from ocr_frames.engine.flight import covering_keys
from ocr_frames.engine.ledger import Change, Entry, Ledger, State
from ocr_frames.engine.polling import Latencies
from ocr_frames.engine.presence import Presence
from ocr_frames.model import Job, Result

T = TypeVar("T")


class Journal:
    """Reads and writes the ledger on a thread of its own, for the endpoint `endpoint`.

    Changes that come while a commit is under way share the next one: a commit waits for the
    disk, and a million of them would wait for hours.
    """

    def __init__(self, ledger: Ledger, presence: Presence, endpoint: str, clock: Clock) -> None:
        self._ledger = ledger
        self._presence = presence
        self._endpoint = endpoint
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "ocr_frames ledger")
        self._waiting: list[tuple[Change, asyncio.Future[bool]]] = []
        self._writing: asyncio.Task[None] | None = None

    @property
    def run(self) -> str:
        """The id under which this run writes."""
        return self._presence.run

    def wall_s(self) -> float:
        """Wall time, as the ledger has it."""
        return self._clock.wall_s()

    def is_others(self, entry: Entry | None) -> bool:
        """Whether a job is under way in another run that still lives."""
        return self._presence.is_others(entry)

    async def look_up(self, keys: Sequence[bytes]) -> dict[bytes, Entry]:
        """What is on record of these jobs."""
        return await self._threaded(lambda: self._ledger.look_up(keys))

    async def look_up_jobs(self, jobs: Mapping[bytes, Job]) -> dict[bytes, Entry]:
        """What is on record of these jobs by their keys, or of others that hold their results."""
        return await self._threaded(lambda: look_up_jobs(self._ledger, jobs, self._endpoint))

    async def results(self, keys: Sequence[bytes]) -> dict[bytes, tuple[Result, ...]]:
        """The results beside the texts of these jobs, of those that have some."""
        return await self._threaded(lambda: self._ledger.results(keys))

    async def record(self, key: bytes, seen: Entry | None, entry: Entry) -> Entry | None:
        """Write how far a job has come; return the entry as it stands now.

        None when another process changed it since it was `seen`. Durable on return.
        """
        # A version that never comes back: a job may be struck out and written anew.
        version = seen.version + 1 if seen else secrets.randbits(48)
        written = replace(entry, version=version, run=self.run)
        change = Change(key, written, seen.version if seen else None)
        return written if await self._commit(change) else None

    async def strike(self, key: bytes, seen: Entry) -> None:
        """Take a job off the record: nothing was sent after all."""
        await self._commit(Change(key, None, seen.version))

    async def latencies(self) -> Latencies | None:
        """What earlier runs have learned of the endpoint."""
        return latencies_of(await self._threaded(lambda: self._ledger.latencies(self._endpoint)))

    async def remember_latencies(self, learned: Mapping[str, float]) -> None:
        """Keep what this run has learned."""
        await self._threaded(lambda: self._ledger.remember_latencies(self._endpoint, learned))

    async def close(self) -> None:
        """Write what waits, and end the thread."""
        if self._writing is not None:
            await asyncio.shield(self._writing)
        self._thread.shutdown()

    async def _commit(self, change: Change) -> bool:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await done

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            changes = [change for change, _ in batch]
            try:
                written = await self._threaded(
                    lambda changes=changes: self._ledger.apply(  # type: ignore[misc]
                        changes, self._endpoint, self._clock.wall_s()
                    )
                )
            except Exception as error:  # each writer is told
                _settle(batch, error)
                continue
            for (_, done), took_place in zip(batch, written, strict=True):
                if not done.done():
                    done.set_result(took_place)
        self._writing = None

    async def _threaded(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def look_up_jobs(ledger: Ledger, jobs: Mapping[bytes, Job], recognizer: str) -> dict[bytes, Entry]:
    """What is on record of jobs by their keys, or of others that hold all their results."""
    entries = ledger.look_up(list(jobs))
    unknown = {key: job for key, job in jobs.items() if key not in entries and job.covered_by}
    if not unknown or not ledger.has_results():
        return entries
    covering = {
        other: key for key, job in unknown.items() for other in covering_keys(job, recognizer)
    }
    for other, entry in ledger.look_up(list(covering)).items():
        if entry.state is State.COMPLETED:
            entries[covering[other]] = entry
    return entries


def latencies_of(stored: Mapping[str, float] | None) -> Latencies | None:
    """Read what is stored; None where it makes no sense, as it can be learned anew."""
    try:
        return Latencies.from_dict(stored) if stored else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _settle(batch: Sequence[tuple[Change, asyncio.Future[bool]]], error: Exception) -> None:
    for _, done in batch:
        if not done.done():
            done.set_exception(error)

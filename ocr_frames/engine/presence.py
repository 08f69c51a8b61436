"""Which runs are alive: each holds a lock on a file of its own, which ends with its process."""

import contextlib
import uuid
from itertools import islice
from pathlib import Path

from filelock import FileLock, Timeout

from ocr_frames.engine.ledger import Entry
from ocr_frames.errors import LedgerError

_TRIES, _PATIENCE_S = 100, 10.0
_TIDIED = 100
"""Files looked at when a run begins."""


class Presence:
    """The sign of life of a run, beside the ledger at `ledger`; without a file none is needed."""

    def __init__(self, ledger: Path | None) -> None:
        self.run = uuid.uuid4().hex
        self._folder = ledger.with_name(ledger.name + "-runs") if ledger else None
        self._lock: FileLock | None = None
        if self._folder is None:
            return
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._lock = self._locked()
        except (OSError, Timeout, NotImplementedError) as error:
            raise LedgerError(
                f"cannot lock {self._folder}: {error}. Put the ledger on a local disk"
            ) from error
        self._tidy(self._folder)

    def _locked(self) -> FileLock:
        """Give the sign; again if somebody has tidied it away before it was locked."""
        for _ in range(_TRIES):
            lock = FileLock(self._file(self.run), timeout=_PATIENCE_S, thread_local=False)
            lock.acquire()
            if self._file(self.run).exists():
                return lock
            lock.release()
        raise Timeout(str(self._file(self.run)))

    def is_alive(self, run: str) -> bool:
        """Whether the process behind another run's id still lives."""
        if run == self.run:
            return True
        if self._folder is None or not self._file(run).exists():
            return False
        try:
            # Taken away while it is locked: a run that is about to lock it finds it gone.
            with FileLock(self._file(run), timeout=0, thread_local=False):
                self._file(run).unlink(missing_ok=True)
        except Timeout:
            return True
        except OSError:
            return False
        return False

    def _tidy(self, folder: Path) -> None:
        """Take away what runs left that were killed."""
        for left in islice(folder.glob("*.lock"), _TIDIED):
            self.is_alive(left.stem)

    def is_others(self, entry: Entry | None) -> bool:
        """Whether a job is under way in another run that still lives."""
        if entry is None or not entry.is_open or entry.run == self.run:
            return False
        return self.is_alive(entry.run)

    def close(self) -> None:
        """Take the sign away."""
        if self._lock is not None:
            self._lock.release()
            with contextlib.suppress(OSError):
                self._file(self.run).unlink(missing_ok=True)

    def _file(self, run: str) -> Path:
        assert self._folder is not None  # noqa: S101 - checked by the callers
        return self._folder / f"{run}.lock"

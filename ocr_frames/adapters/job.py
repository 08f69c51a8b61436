"""A job that a cluster works on in parts: what each part is told, and its share of the limits."""

import contextlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self

from ocr_frames import settings
from ocr_frames.clock import SystemClock
from ocr_frames.configuration import Configuration, defaults
from ocr_frames.errors import LedgerError, MisuseError
from ocr_frames.request import Request, ledger_path, settled
from ocr_frames.settings import Endpoint

CALLS_FOR_ONE = 3
"""Token, submit, fetch: with fewer calls, no image comes to its end."""

_KEPT_S = 7 * 24 * 3600.0
_TIDIED = 100


@dataclass(frozen=True, slots=True)
class Job:
    """What every part is told. Pickles; its repr, and so plans and logs, hold no secret.

    `options` are those of one part: the endpoint is the one found where the job was made, what
    limits the whole job is divided by how many parts are worked on at once. `max_calls` is the
    whole job's. `name` tells jobs with a budget apart.
    """

    column: str
    options: Mapping[str, Any]
    max_calls: int | None = None
    name: str = ""

    @classmethod
    def of(cls, column: str, options: Mapping[str, Any], parallelism: int | None) -> Self:
        """Validate the options of a whole job, of which `parallelism` parts run at once.

        Raises MisuseError.
        """
        request = Request.of(options)
        options = settled(options)
        if parallelism is not None:
            check_count("parallelism", parallelism)
        max_calls = options.get("max_calls")
        # All of it: what is configured here may be configured otherwise where a part is done.
        told = defaults() | options | {"max_calls": None} | _divided(options, parallelism)
        told |= {"endpoint": request.endpoint, "ledger": _ledger(request), "progress": False}
        return cls(column, told, max_calls, uuid.uuid4().hex if max_calls is not None else "")

    @property
    def request(self) -> Request:
        """What is done with every row, whichever part it is in."""
        return Request.of(self.options)

    @property
    def columns(self) -> list[str]:
        """The columns that a row's result depends on."""
        return [self.column, *self.request.row_columns]

    def check_columns(self, there: Iterable[str]) -> None:
        """Raise MisuseError where a column is missing, or would be overwritten."""
        names = list(there)
        for name in self.columns:
            if name not in names:
                raise MisuseError(f"there is no column {name!r}{settings.nearest(name, names)}")
        self.request.layout.check_free(names)

    def part(self, key: str, calls: int | None, workers: int) -> dict[str, Any]:
        """The options for one part of the job.

        `calls` is its share of the budget, None without one. The share is there once: when the
        part with this `key` comes again on this machine, it gets what is on record and no call.
        `workers` is how many processes a local engine gets, 0 for one per processor.
        """
        told = dict(self.options)
        if told["endpoint"] == Endpoint.local():
            told["endpoint"] = Endpoint.local(workers=workers)
        if calls is None:
            return told
        ledger = ledger_path(told["ledger"])
        is_first = ledger is None or claim(ledger, f"{self.name}-{key}", SystemClock().wall_s())
        return told | {"max_calls": calls if is_first else 0}

    def __dask_tokenize__(self) -> str:
        # The key of a Dask task must not be made of the secret, not even as a digest.
        return repr(self)


def check_count(name: str, count: object) -> None:
    """Raise MisuseError for what is not a whole number from 1."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise MisuseError(f"{name}={count!r} is not a whole number from 1")


def _divided(options: Mapping[str, Any], parallelism: int | None) -> dict[str, Any]:
    limits = {
        name: options[name]
        for name in ("calls_per_second", "max_outstanding")
        if options.get(name) is not None
    }
    if limits and parallelism is None:
        name = min(limits)
        raise MisuseError(
            f"{name} is for the whole job: tell with parallelism= by how much to divide it, that "
            "is, how many partitions the cluster works on at once (its processors, as a rule)"
        )
    at_once = parallelism or 1
    if limits.get("max_outstanding", at_once) < at_once:
        raise MisuseError(
            f"max_outstanding={limits['max_outstanding']} cannot be divided over {at_once} "
            "partitions at once; raise it, or let fewer run at once"
        )
    shares = {"calls_per_second": lambda n: n / at_once, "max_outstanding": lambda n: n // at_once}
    return {name: shares[name](limit) for name, limit in limits.items()}


def _ledger(request: Request) -> Path | bool:
    """The ledger of every machine: the one named, else that of whoever works there."""
    if request.ledger is None:
        return False
    unnamed = Configuration(None, {}, {}).ledger
    return request.ledger == unnamed or request.ledger.absolute()


def claim(ledger: Path, name: str, now_s: float) -> bool:
    """Take the budget with this name, once on this machine; False when it was taken before.

    It is an empty file beside the ledger. Others that are older than a week are taken away;
    `now_s` is wall time. Raises LedgerError.
    """
    folder = ledger.with_name(ledger.name + "-budgets")
    try:
        ledger.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        for old in islice(folder.iterdir(), _TIDIED):
            with contextlib.suppress(FileNotFoundError):  # another part was quicker
                if old.stat().st_mtime < now_s - _KEPT_S:
                    old.unlink()
        return _created(folder / name)
    except OSError as error:
        raise LedgerError(f"cannot keep account of the budget in {folder}: {error}") from error


def _created(file: Path) -> bool:
    try:
        file.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    return True

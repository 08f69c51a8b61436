"""The composition root: arguments to a request, cells to outcomes, frame to frame."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

import pandas as pd

from ocr_frames import columns, images, settings, tables, wire
from ocr_frames.bridge import run_sync
from ocr_frames.clock import SystemClock
from ocr_frames.cloud import CloudClient
from ocr_frames.columns import Layout
from ocr_frames.engine import Run
from ocr_frames.errors import MisuseError
from ocr_frames.languages import Language
from ocr_frames.model import Failure, Job, Kind, Outcome, Status
from ocr_frames.progress import OnOutcome, bar
from ocr_frames.server.embedded import local_endpoint
from ocr_frames.settings import (
    Box,
    DsrConfidence,
    DsrMode,
    Endpoint,
    Policy,
    Regions,
)

log = logging.getLogger("ocr_frames")


class Options(TypedDict, total=False):
    """What every way of recognizing takes; `df.ocr.recognize` describes each."""

    kind: Kind
    regions: Sequence[Box] | Mapping[str, Box]
    language: Language
    make_skew_correct: bool
    rotate: int
    make_binarization: bool
    make_contrast_correction: bool
    make_upsampling: bool
    make_spell_check: bool
    dsr_mode: DsrMode
    dsr_confidence: DsrConfidence
    endpoint: Endpoint | None
    prefix: str
    max_outstanding: int | None
    deadline_s: float | None
    progress: bool


@dataclass(frozen=True, slots=True)
class Request:
    """What to do with every cell, validated."""

    kind: Kind
    settings_json: str
    layout: Layout
    endpoint: Endpoint
    policy: Policy
    progress: bool

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Request":
        """Validate the options. Raises MisuseError; nothing has been sent then."""
        chosen = dict(options)
        given = chosen.pop("regions", None)
        regions = Regions.of(given) if given is not None else Regions()
        kind = _kind(chosen.pop("kind", None), regions)
        endpoint = chosen.pop("endpoint", None) or Endpoint.from_environment()
        layout = Layout(chosen.pop("prefix", "ocr_"), regions.names)
        policy = settings.run_policy(
            max_outstanding=chosen.pop("max_outstanding", None),
            deadline_s=chosen.pop("deadline_s", None),
        )
        progress = chosen.pop("progress", True)
        _check_names(chosen)
        if endpoint.is_trial and kind != "image":
            raise MisuseError('the evaluation endpoint knows kind="image" only')
        recognition = settings.recognition_settings(kind, chosen)
        return cls(
            kind=kind,
            settings_json=wire.encode_settings(recognition, regions.boxes),
            layout=layout,
            endpoint=endpoint,
            policy=policy,
            progress=progress,
        )


def _check_names(chosen: Mapping[str, Any]) -> None:
    for name in chosen:
        if name not in Options.__annotations__:
            hint = settings.nearest(name, Options.__annotations__)
            raise MisuseError(f"unknown argument {name!r}{hint}")


def _kind(kind: Kind | None, regions: Regions) -> Kind:
    known = ("image", "label", "regions")
    if kind is not None and kind not in known:
        raise MisuseError(f"kind={kind!r}{settings.nearest(str(kind), known)}")
    if kind == "regions" and not regions.boxes:
        raise MisuseError('kind="regions" needs regions=, a list of boxes or a dict of names')
    if kind in ("image", "label") and regions.boxes:
        raise MisuseError(f'regions= goes with kind="regions", not {kind!r}')
    return "regions" if regions.boxes else kind or "image"


async def recognize_frame(
    frame: pd.DataFrame, column: str, **options: Unpack[Options]
) -> pd.DataFrame:
    """Return a copy of `frame` with the added columns; index and row order are kept."""
    request = Request.of(options)
    cells = _cells(frame, column)
    request.layout.check_free(frame.columns)
    with bar(len(frame), show=request.progress) as moved:
        recognized = await recognize_cells(cells, request, [Path.cwd()], moved)
    added = columns.to_pandas(recognized.outcomes, request.layout, frame.index)
    return frame.assign(**{str(name): added[name].array for name in added.columns})


def _cells(frame: pd.DataFrame, column: str) -> list[object]:
    if column not in frame.columns:
        names = [str(name) for name in frame.columns]
        raise MisuseError(f"there is no column {column!r}{settings.nearest(str(column), names)}")
    series = frame[column]
    if isinstance(series, pd.DataFrame):
        raise MisuseError(f"there are {series.shape[1]} columns named {column!r}; rename one")
    return [None if null else cell for cell, null in zip(series, series.isna(), strict=True)]


@dataclass(frozen=True, slots=True)
class Report:
    """How a run went: rows by status, its length in seconds, and what stopped it, if anything."""

    rows: Mapping[str, int]
    seconds: float
    stopped: Failure | None

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {status}" for status, count in self.rows.items())
        return f"{sum(self.rows.values())} rows in {self.seconds:.1f} s: {counts or 'none'}"


def recognize_table(
    source: str | Path, destination: str | Path, column: str, **options: Unpack[Options]
) -> Report:
    """Recognize the images of a Parquet or CSV file; write them with the added columns.

    Relative paths in `column` are looked for in the folder of `source`, then in the working
    directory. The table is held in memory. `destination` is written beside and renamed, so it
    is whole or untouched. Raises MisuseError or TableError, and what `df.ocr.recognize` raises.
    """
    began_s = time.monotonic()
    source, destination = Path(source), Path(destination)
    request = Request.of(options)
    tables.format_of(destination)
    table = tables.read(source)
    if column not in table.column_names:
        hint = settings.nearest(column, table.column_names)
        raise MisuseError(f"there is no column {column!r} in {str(source)!r}{hint}")
    request.layout.check_free(table.column_names)
    tables.check_writable(destination)
    folders = [source.resolve().parent, Path.cwd()]
    with bar(len(table), show=request.progress) as moved:
        recognized = run_sync(recognize_cells(table[column].to_pylist(), request, folders, moved))
    added = columns.to_arrow(recognized.outcomes, request.layout)
    for field, values in zip(added.schema, added.columns, strict=True):
        table = table.append_column(field, values)
    tables.write(table, destination)
    rows = Counter(outcome.status.value for outcome in recognized.outcomes)
    return Report(rows, time.monotonic() - began_s, recognized.stopped)


@dataclass(frozen=True, slots=True)
class Recognized:
    """One outcome per cell, in their order, and what stopped the run early, if anything."""

    outcomes: Sequence[Outcome]
    stopped: Failure | None


async def recognize_cells(
    cells: Sequence[object], request: Request, folders: Sequence[Path], moved: OnOutcome
) -> Recognized:
    """Bring every cell to its outcome.

    `moved` is called once per outcome, as they come.
    """
    outcomes: dict[int, Outcome] = {}

    def ended(outcome: Outcome) -> None:
        outcomes[outcome.position] = outcome
        moved(outcome)

    jobs = _jobs(enumerate(cells), request, folders, ended)
    first = await anext(jobs, None)
    stopped = await _run(_chained(first, jobs), request, ended) if first is not None else None
    for position in range(len(cells)):
        if position not in outcomes:
            assert stopped is not None  # noqa: S101 - only a stopped run leaves rows
            ended(Outcome(position, Status.PENDING, failure=stopped))
    return Recognized([outcomes[position] for position in range(len(cells))], stopped)


async def _jobs(
    cells: Iterable[tuple[int, object]],
    request: Request,
    folders: Sequence[Path],
    ended: OnOutcome,
) -> AsyncIterator[Job]:
    """Read each cell when its turn comes; what cannot become a job ends here."""
    for position, cell in cells:
        if cell is None:
            ended(Outcome(position, Status.SKIPPED))
            continue
        image = await asyncio.to_thread(images.read_cell, cell, folders)
        if isinstance(image, Failure):
            ended(Outcome(position, Status.ERROR, failure=image))
            continue
        yield Job(position, request.kind, request.settings_json, image)


async def _chained(first: Job, rest: AsyncIterator[Job]) -> AsyncIterator[Job]:
    yield first
    async for job in rest:
        yield job


async def _run(jobs: AsyncIterator[Job], request: Request, ended: OnOutcome) -> Failure | None:
    """Recognize the jobs; return what stopped the run before its end, if anything did."""
    endpoint = await _started(request.endpoint)
    clock = SystemClock()
    async with CloudClient(
        endpoint, request.policy, clock, holds_answers=request.endpoint.is_local
    ) as client:
        run = Run(client, request.policy, clock, random.Random())  # noqa: S311 - jitter
        async for outcome in run.outcomes(jobs):
            ended(outcome)
    if run.stopped is not None:
        log.error("stopped: %s", run.stopped)
    return run.stopped


async def _started(endpoint: Endpoint) -> Endpoint:
    """Start the local engine if that is what is meant."""
    if not endpoint.is_local:
        return endpoint
    log.info("no endpoint given: recognizing on this machine with the local engine")
    return await asyncio.to_thread(local_endpoint)

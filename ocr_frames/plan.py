"""What a run would take, told from the ledger and the images, without a single call."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from ocr_frames.clock import SystemClock
from ocr_frames.engine import resume
from ocr_frames.engine.flight import key_of
from ocr_frames.engine.journal import latencies_of, look_up_jobs
from ocr_frames.engine.ledger import Entry, Ledger
from ocr_frames.engine.polling import Latencies
from ocr_frames.engine.presence import Presence
from ocr_frames.engine.resume import Step
from ocr_frames.jobs import Jobs, Row
from ocr_frames.model import Job, Outcome, Status
from ocr_frames.request import Request
from ocr_frames.seen import Seen

_POLLS_PER_IMAGE = 1.15
"""Measured: 2.15 calls per image with a full queue, submit included (tests/benchmarks)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What `recognize` would do with the same arguments.

    Of the `rows`, `skipped` are null and `unreadable` no image; the others are `unique` images.
    Of these, `from_ledger` are known, `in_flight` are submitted and to be fetched, `expired`
    were submitted too long ago, `in_doubt` were perhaps submitted; `to_submit` counts all that
    would be submitted. `calls` and `seconds` are expectations, `seconds` None where nothing is
    known of the endpoint yet; `cost` is None without a price per call.
    """

    rows: int
    skipped: int
    unreadable: int
    unique: int
    from_ledger: int
    in_flight: int
    expired: int
    in_doubt: int
    to_submit: int
    calls: int
    cost: float | None
    seconds: float | None

    def __str__(self) -> str:
        return "\n".join(f"{name:>12}  {value}" for name, value in self._shown())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in self._shown()
        )
        return f"<table>{cells}</table>"

    def _shown(self) -> Iterable[tuple[str, str]]:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            shown = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
            yield field.name.replace("_", " "), shown

    @classmethod
    def _of(
        cls, rows: int, ends: Counter[Status], steps: Counter[str], learned: Latencies | None,
        price_per_call: float | None, *, is_metered: bool,
    ) -> Self:  # fmt: skip
        to_submit = steps[Step.SUBMIT] + steps[Step.RESUBMIT]
        fetched = to_submit + steps[Step.POLL]
        calls = round(to_submit + fetched * _POLLS_PER_IMAGE) + (is_metered and fetched > 0)
        return cls(
            rows=rows,
            skipped=ends[Status.SKIPPED],
            unreadable=ends[Status.ERROR],
            unique=steps.total() - steps["doubtful"],
            from_ledger=steps[Step.DONE],
            in_flight=steps[Step.POLL] + steps[Step.WATCH],
            expired=steps[Step.RESUBMIT],
            in_doubt=steps["doubtful"],
            to_submit=to_submit,
            calls=calls,
            cost=None if price_per_call is None else round(calls * price_per_call, 6),
            seconds=learned.age_s + fetched * learned.gap_s if learned and fetched else None,
        )


async def plan_rows(
    rows: Iterable[Row], request: Request, folders: Sequence[Path], price: float | None
) -> Plan:
    """Look at every row's image and at the record of its image."""
    ends: Counter[Status] = Counter()
    total = 0

    def counted() -> Iterator[Row]:
        nonlocal total
        for row in rows:
            total += 1
            yield row

    steps: Counter[str] = Counter()

    def ended(outcome: Outcome) -> None:
        ends[outcome.status] += 1

    ledger, presence = Ledger(request.ledger), Presence(request.ledger)
    jobs = Jobs(counted(), request, folders, ended)
    seen = Seen()
    try:
        async for batch in jobs.batches():
            _count_steps(batch, request, ledger, presence, steps, seen)
        learned = ledger.latencies(request.recognizer)
    finally:
        jobs.close()
        presence.close()
        ledger.close()
    return Plan._of(
        total,
        ends,
        steps,
        latencies_of(learned),
        price,
        is_metered=not request.endpoint.is_trial,
    )


def _count_steps(
    batch: Sequence[Job],
    request: Request,
    ledger: Ledger,
    presence: Presence,
    steps: Counter[str],
    seen: Seen,
) -> None:
    jobs = {key_of(job, request.recognizer): job for job in batch}
    new = {key: jobs[key] for key in seen.new(jobs)}
    entries = look_up_jobs(ledger, new, request.recognizer)
    now_s = SystemClock().wall_s()
    for key in new:
        entry: Entry | None = entries.get(key)
        alive = presence.is_others(entry)
        steps["doubtful"] += resume.is_doubtful(entry, others_alive=alive)
        steps[
            resume.next_step(
                entry,
                now_s=now_s,
                others_alive=alive,
                own=False,
                retry_failed=request.policy.retry_failed,
                on_doubt=request.policy.on_doubt,
            )
        ] += 1

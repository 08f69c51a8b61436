"""`out.ocr.report()`: what became of the rows, at a glance."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ocr_frames.errors import MisuseError
from ocr_frames.notebook import page, summary_html
from ocr_frames.notebook.foreign import counted, line
from ocr_frames.notebook.plots import blocks
from ocr_frames.notebook.results import Results

_WORST = 5


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """The rows whose errors have one `code`; `example` is the error of the first, at `label`."""

    code: str
    rows: int
    example: str
    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Extreme:
    """A row that stands out by its `value`, seconds or confidence."""

    label: str
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Spread:
    """How a figure is spread over the rows that have it; the `worst` first."""

    values: tuple[float, ...]
    least: float
    median: float
    p95: float
    most: float
    worst: tuple[Extreme, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of the rows: HTML with plots in a notebook, text in a terminal.

    `rows` by status; `errors` by code, the most frequent first; `run` is what the run told of
    itself in `attrs["ocr"]`, of all its rows; `calls` of every kind, None where nobody counted;
    `cost` in the unit of the price that was given; `seconds` from submit to answer and
    `confidence` from 0 to 1, None unless asked for with details=.
    """

    rows: Mapping[str, int]
    errors: tuple[ErrorGroup, ...]
    run: Mapping[str, Any]
    calls: int | None
    cost: float | None
    seconds: Spread | None
    confidence: Spread | None

    @property
    def is_part(self) -> bool:
        """Whether `run` tells of other rows than these: the frame was filtered, or joined."""
        told = self.run.get("rows")
        return isinstance(told, Mapping) and sum(told.values()) != sum(self.rows.values())

    def figures(self) -> list[tuple[str, str]]:
        """What the run cost in calls, money and time: names and values, as far as known."""
        run = self.run
        told: list[tuple[str, str]] = []
        if self.calls is not None:
            kinds = run.get("calls")
            by_kind = ", ".join(f"{n:,} {k}" for k, n in kinds.items()) if kinds else ""
            told.append(("calls", f"{self.calls:,}" + (f" ({by_kind})" if by_kind else "")))
        if self.cost is not None:
            told.append(("cost", f"{self.cost:,.2f}"))
        for name in ("retries", "in_doubt", "duplicates", "from_ledger"):
            if run.get(name):
                told.append((name.replace("_", " "), f"{run[name]:,}"))
        if "seconds" in run:
            rate = f"{run['seconds']:,.1f} s, {run.get('images_per_second', 0.0):,.2f} images/s"
            told.append(("took", rate))
        if run.get("stopped"):
            told.append(("stopped by", str(run["stopped"])))
        return told

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        told = asdict(self) | {"rows": dict(self.rows), "run": dict(self.run)}
        for spread in (told["seconds"], told["confidence"]):
            if spread is not None:
                del spread["values"]
        return told

    def save(self, path: str | Path) -> Path:
        """Write a file that ends in .html or .txt; return its path.

        Raises MisuseError for another ending, TableError where it cannot be written.
        """
        html = page.writes(lambda: page.document("OCR report", summary_html.body(self)))
        text = page.writes(lambda: f"{self}\n")
        return page.save(path, {".html": html, ".txt": text})

    def _repr_html_(self) -> str:
        return page.fragment(summary_html.body(self))

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    __repr__ = __str__


def summarize(
    frame: pd.DataFrame,
    price_per_call: float | None = None,
    *,
    column: str | None = None,
    prefix: str | None = None,
) -> Summary:
    """Sum up the results in `frame`; see `df.ocr.report`."""
    if price_per_call is not None and not price_per_call >= 0:
        raise MisuseError(f"price_per_call={price_per_call!r} is not a price")
    results = Results(frame, prefix, column)
    calls = _calls(results)
    return Summary(
        rows=dict(Counter(map(str, results.status)).most_common()),
        errors=_groups(results),
        run=results.run,
        calls=calls,
        cost=None if price_per_call is None or calls is None else round(calls * price_per_call, 6),
        seconds=_spread(results, "seconds", least_first=False),
        confidence=_spread(results, "confidence", least_first=True),
    )


def _calls(results: Results) -> int | None:
    by_kind = results.run.get("calls")
    if isinstance(by_kind, Mapping):
        return int(sum(by_kind.values()))
    counted = results.figures("calls")
    return None if counted is None else int(counted.sum())


def _groups(results: Results) -> tuple[ErrorGroup, ...]:
    counts: Counter[str] = Counter()
    first: dict[str, tuple[int, str]] = {}
    for position, error in enumerate(results.errors):
        if error is None:
            continue
        code = error.partition(":")[0]
        counts[code] += 1
        first.setdefault(code, (position, error))
    return tuple(
        ErrorGroup(
            code=code,
            rows=rows,
            example=first[code][1].partition(": ")[2],
            label=results.label(first[code][0]),
            name=results.name(first[code][0]),
        )
        for code, rows in counts.most_common()
    )


def _spread(results: Results, name: str, *, least_first: bool) -> Spread | None:
    figures = results.figures(name)
    known = None if figures is None else figures.dropna()
    if known is None or known.empty:
        return None
    worst = known.sort_values(ascending=least_first, kind="stable").head(_WORST)
    return Spread(
        values=tuple(known),
        least=float(known.min()),
        median=float(known.median()),
        p95=float(known.quantile(0.95)),
        most=float(known.max()),
        worst=tuple(
            Extreme(results.label(at), results.name(at), float(value))
            for at, value in zip(worst.index.tolist(), worst, strict=True)
        ),
    )


def _lines(summary: Summary) -> Sequence[str]:
    rows = ", ".join(f"{count:,} {line(status)}" for status, count in summary.rows.items())
    lines = [f"{counted(sum(summary.rows.values()))}: {rows or 'none'}"]
    told = summary.figures()
    if told and summary.is_part:
        lines.append("of the whole run, which had other rows:")
    lines += [f"{name:>12}  {line(value)}" for name, value in told]
    if summary.errors:
        lines += ["", "errors"]
        for group in summary.errors:
            lines.append(f"{group.rows:>12,}  {line(group.code)}")
            where = f"[{line(group.label)}] {line(group.name)}".rstrip()
            lines.append(f"{'':>14}{where}: {line(group.example, 400)}")
    return lines + _spread_lines(summary)


def _spread_lines(summary: Summary) -> list[str]:
    lines = []
    for name, spread, low, high, unit, worst in (
        ("latency", summary.seconds, 0.0, None, " s", "slowest"),
        ("confidence", summary.confidence, 0.0, 1.0, "", "least certain"),
    ):
        if spread is None:
            continue
        top = spread.most if high is None else high
        lines += [
            "",
            f"{name}  {low:.3g}{unit} |{blocks(spread.values, low, top)}| {top:.3g}{unit}   "
            f"median {spread.median:.3g}{unit}, 95 % at most {spread.p95:.3g}{unit}",
            worst,
        ]
        for row in spread.worst:
            lines.append(f"{row.value:>12.3f}  [{line(row.label)}] {line(row.name)}".rstrip())
    return lines

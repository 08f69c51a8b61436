"""The report of a run as HTML."""

from typing import TYPE_CHECKING

from ocr_frames.errors import MissingExtraError
from ocr_frames.notebook import page
from ocr_frames.notebook.foreign import counted, escaped, isolated
from ocr_frames.notebook.plots import histogram_url

if TYPE_CHECKING:
    from ocr_frames.notebook.summary import Spread, Summary

_SORTS = {
    "Completed": "completed",
    "Error": "failed",
    "NotExist": "failed",
    "Pending": "pending",
    "Processing": "pending",
}


def body(summary: "Summary") -> str:
    """All of it but the style."""
    return (
        f"<h2>{counted(sum(summary.rows.values()))}</h2>"
        f"{_statuses(summary)}{_run(summary)}{_errors(summary)}{_plots(summary)}"
        f"<div class='plots'>{_worst('Slowest', 'seconds', summary.seconds)}"
        f"{_worst('Least certain', 'confidence', summary.confidence)}</div>"
    )


def _statuses(summary: "Summary") -> str:
    total = sum(summary.rows.values())
    if not total:
        return ""
    parts = "".join(
        f'<span class="{_SORTS.get(status, "")}" style="width: {count / total:.3%}"></span>'
        for status, count in summary.rows.items()
    )
    told = " ".join(
        f'<span class="badge {_SORTS.get(status, "")}">{escaped(status)}</span> {count:,} &nbsp;'
        for status, count in summary.rows.items()
    )
    return f'<div class="bar">{parts}</div><p>{told}</p>'


def _run(summary: "Summary") -> str:
    told = summary.figures()
    if not told:
        return ""
    note = '<p class="quiet">of the whole run, which had other rows</p>' if summary.is_part else ""
    rows = "".join(f"<tr><th>{name}</th><td>{isolated(value)}</td></tr>" for name, value in told)
    return f"<h3>Run</h3>{note}<table>{rows}</table>"


def _errors(summary: "Summary") -> str:
    if not summary.errors:
        return ""
    rows = [
        (
            f"{group.rows:,}",
            f"<code>{escaped(group.code, 40)}</code>",
            isolated(f"[{group.label}] {group.name}".strip(), 200),
            isolated(group.example, 400),
        )
        for group in summary.errors
    ]
    return "<h3>Errors</h3>" + page.table(("rows", "code", "such as", "what"), rows, numbers=(0,))


def _plots(summary: "Summary") -> str:
    wanted = []
    if summary.seconds is not None:
        wanted.append(("seconds from submit to answer", summary.seconds, summary.seconds.most))
    if summary.confidence is not None:
        wanted.append(("confidence", summary.confidence, 1.0))
    try:
        urls = [(name, histogram_url(spread.values, name, most)) for name, spread, most in wanted]
    except MissingExtraError as error:
        return f'<p class="quiet">{escaped(str(error))}</p>'
    if not urls:
        return (
            '<p class="quiet">For latency and confidence, recognize with '
            "<code>details=[&quot;seconds&quot;, &quot;confidence&quot;]</code>.</p>"
        )
    shown = "".join(f'<img src="{url}" alt="Histogram: {name}">' for name, url in urls)
    return f'<h3>Spread</h3><div class="plots">{shown}</div>'


def _worst(title: str, unit: str, spread: "Spread | None") -> str:
    if spread is None:
        return ""
    rows = [
        (f"{row.value:.3f}", isolated(row.label, 60), isolated(row.name, 200))
        for row in spread.worst
    ]
    shown = page.table((unit, "row", "image"), rows, numbers=(0,))
    return f"<div><h3>{title}</h3>{shown}</div>"

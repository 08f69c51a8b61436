"""The report counts what is there and tells of the run what the run told."""

import json
import sys
from pathlib import Path

import pytest

from ocr_frames.errors import MisuseError
from ocr_frames.notebook import summarize
from tests.unit.notebook.frames import HOSTILE, frame, mixed
from tests.unit.notebook.test_foreign import Seen

RUN = {
    "rows": {"Completed": 2, "Error": 1, "Skipped": 1, "Pending": 1, "NotExist": 1},
    "calls": {"token": 1, "submit": 4, "fetch": 5},
    "retries": 0,
    "in_doubt": 2,
    "duplicates": 0,
    "from_ledger": 1,
    "seconds": 12.5,
    "images_per_second": 0.48,
    "stopped": "budget: max_calls=10 does not reach further",
    "column": "path",
    "prefix": "ocr_",
    "regions": [],
}


def told(**columns):
    out = mixed(**columns)
    out.attrs["ocr"] = RUN
    return out


def test_statuses_and_errors_are_counted_with_an_example():
    summary = summarize(told())
    assert summary.rows["Completed"] == 2
    assert sum(summary.rows.values()) == 6
    groups = {group.code: group for group in summary.errors}
    assert set(groups) == {"file-not-found", "budget", "expired", "regions-mismatch"}
    assert groups["file-not-found"].name == "gone.png"
    assert groups["file-not-found"].example == "there is no file 'gone.png'; check the path"


def test_the_most_frequent_error_comes_first():
    errors = ["a: 1", "b: 1", "b: 2", None]
    out = frame(["Error"] * 3 + ["Completed"], [None] * 3 + ["x"], errors)
    assert [(group.code, group.rows) for group in summarize(out).errors] == [("b", 2), ("a", 1)]


def test_calls_and_cost():
    assert summarize(told()).calls == 10
    assert summarize(told()).cost is None
    assert summarize(told(), 0.015).cost == 0.15
    assert summarize(mixed()).calls is None
    assert summarize(mixed(), 0.5).cost is None
    assert summarize(mixed(ocr_calls=[2, None, None, 1, 3, 2]), 0.5).cost == 4.0
    with pytest.raises(MisuseError, match="is not a price"):
        summarize(told(), -1)


def test_the_spread_of_latency_and_confidence():
    summary = summarize(
        told(
            ocr_seconds=[1.0, None, None, None, 4.0, 2.0],
            ocr_confidence=[0.9, None, None, None, None, 0.4],
        )
    )
    assert summary.seconds is not None
    assert summary.confidence is not None
    assert (summary.seconds.median, summary.seconds.most) == (2.0, 4.0)
    assert [row.value for row in summary.seconds.worst] == [4.0, 2.0, 1.0]
    assert [(row.name, row.value) for row in summary.confidence.worst] == [
        ("d.png", 0.4),
        ("a.png", 0.9),
    ]


def test_in_a_terminal_it_is_text():
    text = str(summarize(told(ocr_seconds=[1.0, None, None, None, 4.0, 2.0]), 0.5))
    assert text.startswith("6 rows: 2 Completed, 1 ")
    assert "       calls  10 (1 token, 4 submit, 5 fetch)" in text
    assert "        cost  5.00" in text
    assert "    in doubt  2" in text
    assert "  stopped by  budget: max_calls=10" in text
    assert "[1] gone.png: there is no file" in text
    assert "latency  0 s |" in text
    assert "duplicates" not in text


def test_figures_of_other_rows_are_said_to_be():
    part = told().head(2)
    assert summarize(part).is_part
    assert "of the whole run, which had other rows" in str(summarize(part))
    assert "of the whole run" in Seen(summarize(part)._repr_html_()).text
    assert not summarize(told()).is_part


def test_html_holds_tables_and_plots():
    html = summarize(told(ocr_seconds=range(6), ocr_confidence=[0.5] * 6))._repr_html_()
    assert html.count('src="data:image/svg+xml;base64,') == 2
    seen = Seen(html)
    assert "there is no file 'gone.png'; check the path" in seen.text
    assert "Least certain" in seen.text


def test_without_details_it_says_how_to_get_them():
    assert "details=[" in Seen(summarize(told())._repr_html_()).text


def test_without_matplotlib_there_is_all_but_plots(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    text = Seen(summarize(told(ocr_seconds=range(6)))._repr_html_()).text
    assert "pip install 'ocr-frames[notebook]'" in text
    assert "Slowest" in text


def test_plain_values_are_json():
    summary = summarize(told(ocr_seconds=range(6)), 0.5)
    plain = json.loads(json.dumps(summary.to_dict()))
    assert plain["rows"]["Completed"] == 2
    assert plain["errors"][0]["rows"] == 1
    assert plain["cost"] == 5.0
    assert plain["seconds"]["worst"][0]["value"] == 5.0
    assert "values" not in plain["seconds"]
    assert len(summary.seconds.values) == 6


def test_no_rows_are_no_trouble():
    empty = summarize(mixed().head(0))
    assert str(empty) == "0 rows: none"
    assert "0 rows" in empty._repr_html_()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_only_text(text: str, tmp_path: Path):
    hostile = frame(["Error"], [None], [f"{text}: {text}"], path=[text], ocr_seconds=[1.0])
    hostile.index = [text]
    hostile.attrs["ocr"] = RUN | {"stopped": text}
    summary = summarize(hostile)
    tags = {tag for tag, _ in Seen(summary._repr_html_()).tags}
    assert not tags & {"script", "svg", "iframe", "object", "link", "meta", "a"}
    assert str(summary).replace("\n", "").isprintable()
    assert summary.save(tmp_path / "report.html").stat().st_size > 0
    assert summary.save(tmp_path / "report.txt").read_text("utf-8") == f"{summary}\n"

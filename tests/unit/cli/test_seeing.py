"""`preview`, `report` and `compare`: what they show, to people and to machines."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from ocr_frames.tables import Source
from tests.unit.notebook.frames import MISSING


def test_preview_writes_a_gallery(call, results: Path, tmp_path: Path):
    done = call("preview", results, "gallery.html", "--only", "failed", "-n", "2")
    assert done.exit_code == 0, done.stderr
    assert done.stderr == "2 of 3 failed rows (of 6) -> gallery.html\n"
    html = (tmp_path / "gallery.html").read_text("utf-8")
    assert html.count('class="card"') == 2
    assert html.count("data:image/jpeg") == 1
    assert call("preview", results, "gallery.png").exit_code == 0
    assert (tmp_path / "gallery.png").read_bytes().startswith(b"\x89PNG")


def test_preview_draws_regions_of_a_file(call, results: Path, tmp_path: Path):
    (tmp_path / "boxes.json").write_text('{"corner": [0, 0, 60, 60]}')
    call("preview", results, "without.png", "-n", "1")
    call("preview", results, "with.png", "-n", "1", "--regions", "boxes.json")
    assert (tmp_path / "with.png").read_bytes() != (tmp_path / "without.png").read_bytes()


def test_report_tells_people_and_machines(call, results: Path, tmp_path: Path):
    told = call("report", results, "--price-per-call", "0.5")
    assert told.exit_code == 0, told.stderr
    assert told.stdout.startswith("6 rows: 2 Completed, ")
    assert "calls  10 (4 submit, 6 fetch)" in told.stdout
    assert MISSING.partition(": ")[2] in told.stdout
    plain = json.loads(call("report", results, "--price-per-call", "0.5", "--json").stdout)
    assert plain["rows"]["Completed"] == 2
    assert plain["cost"] == 5.0
    assert plain["seconds"]["most"] == 5.0
    saved = call("report", results, "report.html", "--json")
    assert json.loads(saved.stdout)["calls"] == 10
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_csv_tells_as_much(call, results: Path):
    source = results.with_suffix(".csv")
    pd.read_parquet(results).to_csv(source, index=False)
    plain = json.loads(call("report", source, "--column", "path", "--json").stdout)
    assert plain["seconds"]["most"] == 5.0
    assert plain["errors"][0]["name"] == "gone.png"


def test_a_folder_of_parts_is_one_table(call, results: Path, tmp_path: Path):
    shutil.copy(results, results.with_name("more.parquet"))
    assert call("report", results.parent).stdout.startswith("12 rows: 4 Completed, ")
    done = call("preview", f"{results.parent}/*.parquet", "g.html", "--column", "path", "-n", "20")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "g.html").read_text("utf-8").count("data:image/jpeg") == 8


def test_what_is_not_looked_at_is_not_read(call, results: Path, monkeypatch):
    read: list[str] = []
    table = Source.table

    def noted(self: Source, columns: list[str]) -> object:
        read.extend(columns)
        return table(self, columns)

    monkeypatch.setattr(Source, "table", noted)
    wide = pd.read_parquet(results).assign(scan=b"bytes", ocr_pdf=b"pdf", other_text=b"bytes")
    wide.to_parquet(results)
    assert call("report", results).exit_code == 0
    assert set(read) == {"path", "ocr_status", "ocr_text", "ocr_error", "ocr_seconds"}


def test_compare_tells_error_rates(call, results: Path, tmp_path: Path):
    told = call("compare", results, "--expected", "true")
    assert told.exit_code == 0, told.stderr
    assert told.stdout.startswith("character error rate 14.29%, word error rate 33.33% over 2")
    assert "a [-c-]{+b+}" in told.stdout
    plain = json.loads(call("compare", results, "c.html", "--expected", "true", "--json").stdout)
    assert plain == {"rows": 2, "without_text": 0, "cer": 1 / 7, "wer": 1 / 3}
    assert "<del>c</del>" in (tmp_path / "c.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["preview", "gallery.pdf"], ".html or .png"),
        (["preview", "g.html", "--column", "pth"], "did you mean 'path'"),
        (["preview", "g.html", "-n", "0"], "from 1 to 500"),
        (["preview", "g.html", "--only", "faild"], "'failed'"),
        (["report", "--prefix", "orc_"], "did you mean 'ocr_'"),
        (["compare", "--expected", "tru"], "did you mean 'true'"),
        (["compare"], "--expected"),
        (["report", "--colum", "path"], "--column"),
    ],
)
def test_misuse_is_exit_code_2(call, results: Path, arguments: list[str], says: str):
    command, *others = arguments
    done = call(command, results, *others)
    assert done.exit_code == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr

"""Dask, Spark and Ray in processes of their own: the same rows give the same frame as pandas."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ocr_frames.columns import STATUSES
from tests.adapters.clusters import MAX_CALLS, SECRET, Task
from tests.adapters.simulated import ROOT, Simulated, simulated

ROWS, DUPLICATES, FAILING = 500, 25, 20
OTHERS = 80
LONGEST_S = 240
ENGINES = ["dask", "spark", "ray"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clusters")


def images(folder: Path, count: int) -> list[str]:
    folder.mkdir()
    paths = [folder / f"{number}.png" for number in range(count)]
    for path in paths:
        path.write_bytes(str(path).encode())
    return [str(path) for path in paths]


def table(folder: Path, name: str, paths: list[str | None]) -> str:
    rows = range(len(paths))
    frame = pd.DataFrame({"row": rows, "path": paths, "price": [row / 4 for row in rows]})
    frame["note"] = ["ümläut" if row % 3 else None for row in rows]
    frame.to_parquet(folder / name)
    return str(folder / name)


@pytest.fixture(scope="module")
def vendor(folder: Path) -> Iterator[Simulated]:
    read = images(folder / "images", ROWS)
    failing = [hashlib.sha256(path.encode()).hexdigest() for path in read[:FAILING]]
    with simulated(failing=failing) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def task(folder: Path, vendor: Simulated) -> Task:
    known = sorted(str(path) for path in (folder / "images").iterdir())
    paths: list[str | None] = [*known]
    paths[100 : 100 + DUPLICATES] = paths[300 : 300 + DUPLICATES]
    paths[200:210] = [None] * 10
    paths[210:215] = [str(folder / "gone.png")] * 5
    others, more = images(folder / "others", OTHERS), images(folder / "more", OTHERS)
    return Task(
        vendor.url,
        str(folder),
        table(folder, "rows.parquet", paths),
        table(folder, "others.parquet", [*others]),
        table(folder, "more.parquet", [*more]),
    )


@pytest.fixture(scope="module")
def alone(task: Task) -> tuple[pd.DataFrame, dict[str, int]]:
    """What pandas makes of the rows, and what it costs."""
    before = task.calls()
    out = pd.read_parquet(task.rows).ocr.recognize("path", **task.options("pandas"), progress=False)
    return out, {kind: count - before[kind] for kind, count in task.calls().items()}


@pytest.fixture(scope="module", params=ENGINES)
def found(request: pytest.FixtureRequest, task: Task) -> dict[str, Any]:
    """What became of the jobs on one cluster, and all that it said meanwhile."""
    name = request.param
    if name == "spark" and shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "tests.adapters.clusters", name],
        cwd=ROOT,
        input=json.dumps(asdict(task)) + "\n",
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-4000:]
    told = json.loads(Path(task.folder, f"{name}.json").read_text(encoding="utf-8"))
    out = pd.read_parquet(Path(task.folder, f"{name}.parquet"))
    return {"name": name, "said": said, "out": out, **told}


def test_the_same_rows_give_the_same_frame(found, alone):
    expected = alone[0]
    assert set(expected["ocr_status"]) == {"Completed", "Error", "Skipped"}
    out = found["out"]
    assert list(out.columns) == list(expected.columns)
    if found["name"] == "spark":
        assert pd.api.types.is_string_dtype(out["ocr_status"])
        kinds = pd.CategoricalDtype(STATUSES)
        out = out.assign(ocr_status=out["ocr_status"].astype(kinds))
    pd.testing.assert_frame_equal(out.astype(expected.dtypes), expected)


def test_nothing_is_called_before_it_is_asked_for_and_no_more_than_by_pandas(found, alone):
    cost = alone[1]
    assert sum(found["show"].values()) == 0
    assert found["rows"]["submit"] == cost["submit"] == ROWS - DUPLICATES - 15
    assert found["rows"]["fetch"] <= cost["fetch"]
    assert 1 <= found["rows"]["token"] <= 4


def test_a_partition_that_is_done_again_is_not_paid_for_again(found):
    assert found["failed"]
    assert found["retried"]["submit"] == found["retried"]["Completed"] == OTHERS


def test_the_budget_of_a_job_holds_even_if_a_partition_is_done_again(found):
    calls = sum(found["capped"][kind] for kind in ("token", "submit", "fetch"))
    assert MAX_CALLS // 2 < calls <= MAX_CALLS
    assert found["capped"]["Completed"] == found["capped"]["submit"]
    assert found["capped"]["Completed"] + found["capped"]["Pending"] == OTHERS
    assert found["codes"] == ["budget"]


def test_secrets_are_neither_logged_nor_shown(found):
    assert "recogniz" in found["shown"].lower()
    assert SECRET not in found["shown"]
    assert SECRET not in found["said"]

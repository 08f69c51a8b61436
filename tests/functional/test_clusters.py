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
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.adapters.clusters import BY_ROW, MAX_CALLS, OPTIONS, PARTITIONS, SECRET, Task
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
    frame["language"] = ["German" if row % 2 else "English" for row in rows]
    frame["note"] = ["ümläut" if row % 3 else None for row in rows]
    frame.to_parquet(folder / name)
    return str(folder / name)


@pytest.fixture(scope="module")
def vendor(folder: Path) -> Iterator[Simulated]:
    read = images(folder / "images", ROWS)
    failing = [hashlib.sha256(path.encode()).hexdigest() for path in read[:FAILING]]
    with simulated(failing=failing, holds=True) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def task(folder: Path, vendor: Simulated, samples: list[dict[str, str]]) -> Task:
    paths: list[str | None] = [str(folder / "images" / f"{number}.png") for number in range(ROWS)]
    paths[100 : 100 + DUPLICATES] = paths[300 : 300 + DUPLICATES]
    paths[200:210] = [None] * 10
    paths[210:215] = [str(folder / "gone.png")] * 5
    return Task(
        vendor.url,
        str(folder),
        rows=table(folder, "rows.parquet", paths),
        others=table(folder, "others.parquet", [*images(folder / "others", OTHERS)]),
        samples=table(folder, "samples.parquet", [sample["path"] for sample in samples[:4]]),
    )


@pytest.fixture(scope="module")
def alone(task: Task) -> tuple[pd.DataFrame, dict[str, int]]:
    """What pandas makes of the rows, and what it costs."""
    before = task.calls()
    out = pd.read_parquet(task.rows).ocr.recognize(
        "path", endpoint=task.endpoint, ledger=task.file("pandas"), progress=False, **OPTIONS
    )
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
    told = json.loads(task.file(f"{name}.json").read_text(encoding="utf-8"))
    out = pq.read_table(task.file(f"{name}.parquet"))
    return {"name": name, "said": said, "out": out, **told}


def arrow(frame: pd.DataFrame) -> pa.Table:
    """The same in Arrow, where there is one kind of null."""
    return pa.Table.from_pandas(frame, preserve_index=False)


def test_the_same_rows_give_the_same_frame(found, alone):
    expected = arrow(alone[0])
    assert set(expected["ocr_status"].to_pylist()) == {"Completed", "Error", "Skipped"}
    assert found["out"].to_pydict() == expected.to_pydict()
    status = found["out"].schema.field("ocr_status").type
    assert pa.types.is_dictionary(status) == (found["name"] != "spark")


def test_nothing_is_called_early_and_no_more_than_by_pandas_though_a_worker_is_killed(found, alone):
    cost = alone[1]
    assert sum(found["show"].values()) == 0
    assert found["rows"]["submit"] == cost["submit"] == ROWS - DUPLICATES - 15
    assert found["rows"]["fetch"] == cost["fetch"]
    assert 1 <= found["rows"]["token"] <= PARTITIONS


def test_the_budget_of_a_job_holds_though_a_worker_is_killed(found):
    capped = found["capped"]
    calls = sum(capped[kind] for kind in ("token", "submit", "fetch"))
    assert MAX_CALLS // 2 < calls <= MAX_CALLS
    assert capped["Completed"] == capped["submit"]
    assert capped["Completed"] + capped["Pending"] == OTHERS
    assert found["codes"] == ["budget"]


@pytest.mark.parametrize("found", ["dask"], indirect=True)
def test_workers_start_local_engines_that_read_as_the_one_of_pandas(found, task, engine):
    frame = pd.read_parquet(task.samples)
    expected = frame.ocr.recognize("path", endpoint=engine, progress=False, **BY_ROW)
    assert pq.read_table(task.file("local.parquet")).to_pydict() == arrow(expected).to_pydict()
    assert set(expected["ocr_status"]) == {"Completed"}


def test_secrets_are_neither_logged_nor_shown(found):
    assert "recogniz" in found["shown"].lower()
    assert SECRET not in found["shown"]
    assert SECRET not in found["said"]

"""`ddf.ocr`: what is known before anything is computed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import dask
import dask.dataframe as dd
import pandas as pd
import pytest

import ocr_frames.adapters.dask  # noqa: F401 - registers ddf.ocr
from ocr_frames import col
from ocr_frames.columns import STATUSES
from ocr_frames.errors import MisuseError
from ocr_frames.settings import Endpoint

NOBODY = Endpoint("http://127.0.0.1:9", "id", "not-for-the-eyes-of-a-log")


def frame(rows: int = 8, partitions: int = 4) -> Any:
    cells = {"path": [None] * rows, "row": range(rows)}
    return dd.from_pandas(pd.DataFrame(cells).astype({"path": "string"}), npartitions=partitions)


def test_the_columns_are_known_and_so_are_their_types():
    details = ["task_id", "calls", "seconds", "confidence", "pages", "words", "hocr", "pdf"]
    details += ["from_ledger"]
    lazy = frame().ocr.recognize("path", endpoint=NOBODY, details=details)
    out = lazy.compute(scheduler="sync")
    added = [f"ocr_{name}" for name in ("status", "text", "error", *details)]
    assert list(out.columns) == ["path", "row", *added]
    pd.testing.assert_series_equal(lazy.dtypes, out.dtypes)
    assert tuple(lazy["ocr_status"].cat.categories) == STATUSES
    assert set(out["ocr_status"]) == {"Skipped"}
    assert lazy.divisions == frame().divisions


@pytest.mark.parametrize("convert", [True, False])
def test_the_types_are_those_of_pandas_whatever_dask_does_with_strings(convert: bool):
    alone = pd.DataFrame({"path": [None, "gone"]}, dtype=object)
    expected = alone.ocr.recognize("path", endpoint=NOBODY, progress=False).dtypes
    with dask.config.set({"dataframe.convert-string": convert}):
        lazy = dd.from_pandas(alone, npartitions=2).ocr.recognize("path", endpoint=NOBODY)
        out = lazy.compute(scheduler="sync")
    pd.testing.assert_series_equal(lazy.dtypes, out.dtypes)
    pd.testing.assert_series_equal(out.dtypes.drop("path"), expected.drop("path"))


def test_an_empty_frame_has_the_same_columns():
    lazy = frame(rows=0, partitions=1).ocr.recognize("path", endpoint=NOBODY)
    pd.testing.assert_series_equal(lazy.dtypes, lazy.compute(scheduler="sync").dtypes)


# Dask's own use of pandas
@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
def test_parts_can_be_written_as_one_data_set(tmp_path: Path):
    lazy = frame().ocr.recognize("path", endpoint=NOBODY)
    lazy.to_parquet(tmp_path / "out", write_metadata_file=True)
    assert set(pd.read_parquet(tmp_path / "out")["ocr_status"]) == {"Skipped"}


@pytest.mark.parametrize(
    ("column", "options", "says"),
    [
        ("paht", {}, "did you mean 'path'"),
        ("path", {"language": col("rwo")}, "no column 'rwo'"),
        ("path", {"prefix": "", "regions": {"row": (0, 0, 1, 1)}}, "'row' is there already"),
        ("path", {"calls_per_second": 5}, "parallelism="),
        ("path", {"max_calls": 11}, r"2 calls for each of 4.*repartition\(npartitions=1\)"),
    ],
)
def test_misuse_is_told_before_anything_is_computed(column: str, options: Any, says: str):
    with pytest.raises(MisuseError, match=says):
        frame().ocr.recognize(column, endpoint=NOBODY, **options)


@pytest.mark.parametrize("max_calls", [0, 12])
def test_a_budget_may_be_small_or_nothing(max_calls: int):
    lazy = frame().ocr.recognize("path", endpoint=NOBODY, max_calls=max_calls)
    assert set(lazy.compute(scheduler="sync")["ocr_status"]) == {"Skipped"}


def test_nothing_shown_of_a_lazy_frame_holds_the_secret():
    lazy = frame().ocr.recognize("path", endpoint=NOBODY)
    graph = lazy.__dask_graph__()
    shown = f"{lazy!r} {lazy._repr_html_()} {lazy.expr.tree_repr()} {graph} {list(graph)}"
    shown += " ".join(repr(task.args) for task in graph.values() if hasattr(task, "args"))
    assert "client_id='id'" in shown
    assert NOBODY.client_secret is not None
    assert NOBODY.client_secret not in shown


def test_without_dask_the_error_names_the_pip_line():
    script = "import sys; sys.modules['dask'] = None; import ocr_frames.adapters.dask"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "missing-extra: Dask is not installed" in done.stderr
    assert "pip install 'ocr-frames[dask]'" in done.stderr

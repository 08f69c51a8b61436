"""Columns: aligned, typed the same whatever the data, never a silent null."""

from typing import get_args

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames import columns
from ocr_frames.columns import Layout
from ocr_frames.details import TYPES, WORD, Detail
from ocr_frames.errors import MisuseError
from ocr_frames.model import Failure, Outcome, Status
from tests.unit.strategies import outcomes

NAMED = Layout("x_", ("name", "born"))


def test_the_schema_is_what_the_design_says():
    assert NAMED.names == ("x_status", "x_text", "x_error", "x_name", "x_born")
    assert NAMED.schema.field("x_status").type == pa.dictionary(pa.int8(), pa.string())
    assert {field.type for field in NAMED.schema if field.name != "x_status"} == {pa.string()}


@given(st.lists(outcomes(texts=2), max_size=6))
def test_the_schema_depends_on_the_layout_alone(rows: list[Outcome]):
    table = columns.to_arrow(rows, NAMED)
    assert table.schema.equals(NAMED.schema)
    assert len(table) == len(rows)
    frame = columns.to_pandas(rows, NAMED, pd.RangeIndex(len(rows)))
    assert list(frame["x_status"].cat.categories) == [status.value for status in Status]
    assert {str(frame[name].dtype) for name in NAMED.names[1:]} == {"string"}


@given(st.lists(outcomes(), max_size=6))
def test_every_row_has_a_text_or_a_reason(rows: list[Outcome]):
    frame = columns.to_pandas(rows, Layout(), pd.RangeIndex(len(rows)))
    for row, outcome in zip(frame.itertuples(), rows, strict=True):
        assert row.ocr_status == outcome.status
        completed = outcome.status is Status.COMPLETED
        assert pd.notna(row.ocr_text) == completed
        assert pd.isna(row.ocr_error) == completed


def test_regions_are_joined_and_named():
    rows = [Outcome(0, Status.COMPLETED, ("Ada", "1815"))]
    frame = columns.to_pandas(rows, NAMED, pd.Index(["row"]))
    assert frame.loc["row", ["x_text", "x_name", "x_born"]].tolist() == ["Ada\n1815", "Ada", "1815"]


def test_regions_that_cannot_be_told_apart_stay_null_and_say_why():
    rows = [Outcome(0, Status.COMPLETED, ("Ada",))]
    row = columns.to_pandas(rows, NAMED, pd.RangeIndex(1)).iloc[0]
    assert row["x_text"] == "Ada"
    assert pd.isna(row["x_name"])
    assert row["x_error"].startswith("regions-mismatch: 1 texts came for 2 regions")


def test_a_failure_is_code_and_sentence():
    rows = [Outcome(0, Status.ERROR, failure=Failure("timeout", "no answer"))]
    assert columns.to_arrow(rows, Layout())["ocr_error"].to_pylist() == ["timeout: no answer"]


def test_the_index_is_kept_with_duplicates():
    rows = [Outcome(0, Status.COMPLETED, ("a",)), Outcome(1, Status.COMPLETED, ("b",))]
    frame = columns.to_pandas(rows, Layout(), pd.Index(["same", "same"]))
    assert frame["ocr_text"].tolist() == ["a", "b"]
    assert frame.index.tolist() == ["same", "same"]


DETAILED = Layout("x_", ("name",), get_args(Detail))
DTYPES = {
    "task_id": "string",
    "calls": "Int32",
    "seconds": "Float64",
    "confidence": "Float64",
    "pages": "Int32",
    "hocr": "string",
    "pdf": "binary[pyarrow]",
    "json": "string",
    "from_ledger": "boolean",
}
WORDS = pa.array([{"text": "a", "confidence": 0.5, "x0": 1, "page": 1}, {"text": "b"}], WORD)
VALUES = ("t", 2, 0.5, 0.25, 1, WORDS, "<html>", b"%PDF", "{}", False)


def test_details_have_their_types_and_follow_the_regions():
    assert DETAILED.names[3:5] == ("x_name", "x_task_id")
    assert [DETAILED.schema.field(f"x_{name}").type for name in TYPES] == list(TYPES.values())


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [Outcome(0, Status.SKIPPED)],
        [Outcome(0, Status.COMPLETED, ("a",), details=VALUES)],
        [
            Outcome(0, Status.SKIPPED),
            Outcome(1, Status.COMPLETED, ("a",), details=VALUES),
            Outcome(2, Status.COMPLETED, ("a",), details=(None,) * len(VALUES)),
            Outcome(3, Status.COMPLETED, ("a",), details=(*VALUES[:5], WORDS[:0], *VALUES[6:])),
            Outcome(4, Status.COMPLETED, ("a",), details=VALUES),
        ],
    ],
    ids=len,
)
def test_details_are_in_their_rows_whatever_the_others_are(rows: list[Outcome]):
    table = columns.to_arrow(rows, DETAILED)
    table.validate(full=True)
    assert table.schema.equals(DETAILED.schema)
    for name, index in zip(TYPES, range(len(VALUES)), strict=True):
        values = [outcome.details[index] if outcome.details else None for outcome in rows]
        expected = [v.to_pylist() if isinstance(v, pa.Array) else v for v in values]
        assert table[f"x_{name}"].to_pylist() == expected, name


@pytest.mark.parametrize("count", [0, 1, 3])
def test_details_in_pandas_know_null(count: int):
    rows = [Outcome(n, Status.COMPLETED, ("a",), details=VALUES) for n in range(count)]
    rows.append(Outcome(count, Status.SKIPPED))
    for some in (rows, rows[:count], rows[count:]):
        frame = columns.to_pandas(some, DETAILED, pd.RangeIndex(len(some)))
        assert {name: str(frame[f"x_{name}"].dtype) for name in DTYPES} == DTYPES
        assert frame["x_words"].dtype == object
        nulls = [outcome.status is Status.SKIPPED for outcome in some]
        assert all(frame[f"x_{name}"].isna().tolist() == nulls for name in TYPES)
        assert all(isinstance(words, list) for words in frame["x_words"].dropna())


def test_details_come_back_from_parquet(tmp_path):
    rows = [Outcome(0, Status.COMPLETED, ("a",), details=VALUES), Outcome(1, Status.SKIPPED)]
    frame = columns.to_pandas(rows, DETAILED, pd.RangeIndex(2))
    frame.to_parquet(tmp_path / "out.parquet")
    again = pd.read_parquet(tmp_path / "out.parquet")
    assert [dict(word) for word in again["x_words"][0]] == frame["x_words"][0]
    assert again["x_words"].isna().tolist() == [False, True]


def test_a_region_cannot_have_the_name_of_a_detail_that_is_asked_for():
    Layout("ocr_", ("words",))
    with pytest.raises(MisuseError, match="'words'"):
        Layout("ocr_", ("words",), ("words",))
    with pytest.raises(MisuseError, match="'ocr_words' is there already"):
        Layout("ocr_", (), ("words",)).check_free(["ocr_words"])


def test_no_column_is_overwritten():
    with pytest.raises(MisuseError, match="'ocr_text' is there already"):
        Layout().check_free(["path", "ocr_text"])
    with pytest.raises(MisuseError, match="'text'"):
        Layout("ocr_", ("text",))

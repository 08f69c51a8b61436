"""Columns: aligned, typed the same whatever the data, never a silent null."""

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames import columns
from ocr_frames.columns import Layout
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


def test_no_column_is_overwritten():
    with pytest.raises(MisuseError, match="'ocr_text' is there already"):
        Layout().check_free(["path", "ocr_text"])
    with pytest.raises(MisuseError, match="'text'"):
        Layout("ocr_", ("text",))

"""Joining: chosen rows get new values, others keep theirs, types stay."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.errors import MisuseError
from ocr_frames.tables.joining import Appended, Replaced

STATUS = pa.dictionary(pa.int8(), pa.string())
WORDS = pa.list_(pa.struct([("text", pa.string()), ("x0", pa.int32())]))
ADDED = pa.schema([("status", STATUS), ("text", pa.string()), ("words", WORDS)])


def added(rows: int) -> pa.Table:
    return pa.table(
        {
            "status": pa.array(["new"] * rows, pa.string()).cast(STATUS),
            "text": [f"new {row}" for row in range(rows)],
            "words": pa.array([[{"text": "new", "x0": row}] for row in range(rows)], WORDS),
        },
        schema=ADDED,
    )


def test_new_columns_come_after_the_others():
    table = pa.table({"a": [1, 2]}).replace_schema_metadata({"k": "v"})
    joining = Appended(table.schema, ADDED)
    assert joining.chosen(table) is table
    assert [joining.rows(table, count) for count in (0, 1, 2)] == [0, 1, 2]
    out = joining.joined(table, added(2))
    assert out.schema.names == ["a", "status", "text", "words"]
    assert out.schema.equals(joining.schema, check_metadata=True)
    assert out.schema.metadata == {b"k": b"v"}


# As pandas or another reader may have changed them.
LAYOUTS = [
    (STATUS, pa.string(), WORDS),
    (pa.string(), pa.string(), WORDS),
    (
        pa.dictionary(pa.int32(), pa.large_string()),
        pa.large_string(),
        pa.large_list(
            pa.field("element", pa.struct([("text", pa.large_string()), ("x0", pa.int32())]))
        ),
    ),
]


@given(
    statuses=st.lists(st.none() | st.sampled_from(["bad", "worse", "good", "fine"]), max_size=9),
    layout=st.sampled_from(LAYOUTS),
    cut=st.integers(0, 9),
)
def test_chosen_rows_alone_are_replaced(statuses, layout, cut):
    rows = len(statuses)
    words = [[{"text": "old", "x0": -row}] for row in range(rows)]
    whole = pa.table(
        [
            pa.array(statuses, pa.string()).cast(layout[0]),
            pa.array(range(rows), pa.int64()),
            pa.array([f"old {row}" for row in range(rows)], layout[1]),
            pa.array(words, layout[2]),
        ],
        names=["status", "n", "text", "words"],
    )
    table = pa.concat_tables([whole.slice(0, cut), whole.slice(cut)])
    joining = Replaced(table.schema, ADDED, "status", ["bad", "worse"])
    chosen = joining.chosen(table)
    expected = [row for row, status in enumerate(statuses) if status in ("bad", "worse")]
    assert chosen["n"].to_pylist() == expected
    ends = [joining.rows(table, count) for count in range(len(expected) + 1)]
    assert ends == [*expected, rows]
    out = joining.joined(table, added(len(expected)))
    assert out.schema.equals(table.schema)
    for row, (before, after) in enumerate(zip(table.to_pylist(), out.to_pylist(), strict=True)):
        if row not in expected:
            assert after == before
            continue
        new = expected.index(row)
        assert after == {
            "status": "new",
            "n": row,
            "text": f"new {new}",
            "words": [{"text": "new", "x0": new}],
        }


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"status": pa.string(), "words": WORDS}, "no column 'text'"),
        ({"status": pa.string(), "text": pa.int8(), "words": WORDS}, "'text' is of type int8"),
        (
            {"status": pa.int8(), "text": pa.string(), "words": WORDS},
            "'status' is of type int8",
        ),
        (
            {"status": STATUS, "text": pa.string(), "words": pa.list_(pa.string())},
            "'words' is of type list",
        ),
    ],
)
def test_columns_must_be_there_and_of_their_type(columns, says):
    with pytest.raises(MisuseError, match=says):
        Replaced(pa.schema(list(columns.items())), ADDED, "status", ["bad"])

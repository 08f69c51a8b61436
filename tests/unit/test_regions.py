"""Boxes in the forms in which people have them."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.errors import MisuseError
from ocr_frames.regions import CORNERS, Regions
from tests.unit.strategies import regions

TWO = Regions.of([(1, 2, 3, 4), (5, 6, 70, 80)])
STRUCTS = pa.list_(pa.struct([(name, pa.int32()) for name in ("x0", "y0", "x1", "y1")]))


@pytest.mark.parametrize(
    "given",
    [
        [[1, 2, 3, 4], [5, 6, 70, 80]],
        ((1, 2, 3, 4), (5.0, 6.0, 70.0, 80.0)),
        np.array([[1, 2, 3, 4], [5, 6, 70, 80]]),
        np.array([np.array([1, 2, 3, 4]), np.array([5, 6, 70, 80])], dtype=object),
        [np.array([1, 2, 3, 4], np.int16), (np.int64(5), np.uint8(6), 70, 80)],
        [{"x0": 1, "y0": 2, "x1": 3, "y1": 4}, {"left": 5, "top": 6, "right": 70, "bottom": 80}],
        [{"y2": 4, "x2": 3, "y1": 2, "x1": 1}, [5, 6, 70, 80]],
        "[[1, 2, 3, 4], [5, 6, 70, 80]]",
        '[{"x0": 1, "y0": 2, "x1": 3, "y1": 4}, [5, 6, 70, 80]]',
        pa.scalar([(1, 2, 3, 4), (5, 6, 70, 80)], STRUCTS).as_py(),
    ],
)
def test_a_list_of_boxes_in_any_form(given: object):
    assert Regions.of(given) == TWO


@pytest.mark.parametrize(
    "given",
    [
        (1, 2, 3, 4),
        [1.0, 2.0, 3.0, 4.0],
        np.array([1, 2, 3, 4]),
        {"x0": 1, "y0": 2, "x1": 3, "y1": 4},
        {"left": np.int8(1), "top": 2, "right": 3, "bottom": 4},
        "[1, 2, 3, 4]",
        '{"x1": 1, "y1": 2, "x2": 3, "y2": 4}',
    ],
)
def test_one_box_is_a_list_of_one(given: object):
    assert Regions.of(given) == Regions(TWO.boxes[:1])


@pytest.mark.parametrize(
    "given",
    [
        {"name": (1, 2, 3, 4), "born": {"x0": 5, "y0": 6, "x1": 70, "y1": 80}},
        '{"name": [1, 2, 3, 4], "born": [5, 6, 70, 80]}',
    ],
)
def test_names_are_kept(given: object):
    assert Regions.of(given) == Regions(TWO.boxes, ("name", "born"))


def test_regions_may_have_the_names_of_sides():
    sides = {"left": (1, 2, 3, 4), "top": (1, 2, 3, 4), "right": (1, 2, 3, 4)}
    for named in (sides, sides | {"bottom": (1, 2, 3, 4)}):
        assert Regions.of(named).names == tuple(named)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (5, "neither a list"),
        (None, "neither a list"),
        (b"[[1, 2, 3, 4]]", "neither a list"),
        ("[[1, 2, 3, 4", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("5", "neither a list"),
        ("{}", "empty"),
        ([[1, 2, 3, None]], "y1"),
        ([[1, 2, 3, float("nan")]], "y1"),
        ([{"x0": 1, "y0": 2, "x1": 3}], "four whole pixels"),
        ([{"x0": 1, "y0": 2, "x1": 3, "bottom": 4}], "four whole pixels"),
        ([[1, 2, 3, 4, 5]], "four whole pixels"),
        (["1234"], "four whole pixels"),
        ([[4, 2, 3, 9]], "right > left"),
        ([[1, 2, 3, 4.5]], "y1"),
        ({"a": None}, "region 'a'"),
    ],
)
def test_what_is_no_box_says_so(given: object, says: str):
    with pytest.raises(MisuseError, match=says):
        Regions.of(given)


def test_a_message_is_short_whatever_was_given():
    for wrong in (["x" * 10_000], "y" * 10_000, [[[]] * 1000]):
        with pytest.raises(MisuseError) as caught:
            Regions.of(wrong)
        assert len(str(caught.value)) < 600


@given(st.lists(regions(), min_size=1, max_size=4), st.sampled_from(CORNERS), st.booleans())
def test_every_form_means_the_same(boxes, names: tuple[str, ...], as_json: bool):
    plain = [(box.x0, box.y0, box.x1, box.y1) for box in boxes]
    structs = [dict(zip(names, box, strict=True)) for box in plain]
    for form in (plain, structs):
        assert Regions.of(json.dumps(form) if as_json else form).boxes == tuple(boxes)


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=5)
            | st.dictionaries(st.sampled_from(["x0", "y0", "x1", "y1", "a"]), inner, max_size=5)
        ),
        max_leaves=12,
    )
)
def test_whatever_is_given_is_regions_or_misuse(given: object):
    try:
        assert Regions.of(given).boxes
    except MisuseError as error:
        assert "region" in str(error)  # noqa: PT017 - either is right

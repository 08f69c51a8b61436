"""Settings out of columns: equal ones validated once, a wrong one the failure of its row."""

import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames import col, wire
from ocr_frames.errors import MisuseError
from ocr_frames.model import Failure
from ocr_frames.row_settings import Choice, RowSettings
from ocr_frames.settings import RecognitionSettings
from tests.unit.strategies import settings

BOX = [[1, 2, 3, 4]]


def settings_of(choice: Choice | Failure | None) -> dict[str, Any]:
    assert isinstance(choice, Choice), choice
    return json.loads(choice.settings_json)


def only(value: object, **chosen: Any) -> Choice | Failure | None:
    """The choice of a row with one value."""
    return RowSettings(chosen).of((value,))


def failure(value: object, **chosen: Any) -> str:
    found = only(value, **chosen)
    assert isinstance(found, Failure), found
    assert found.code == "bad-setting"
    return found.message


def test_without_columns_all_rows_are_alike():
    rows = RowSettings({"language": "German", "rotate": 90})
    assert rows.columns == ()
    assert rows.of(()) is rows.fixed
    assert settings_of(rows.fixed)["language"] == "German"
    assert rows.only_images


@given(settings())
def test_what_a_row_says_is_what_an_argument_would_say(chosen: RecognitionSettings):
    given = chosen.model_dump(exclude={"result_type"})
    fixed = RowSettings(given).fixed
    rows = RowSettings({name: col(f"c_{name}") for name in given})
    assert rows.columns == tuple(f"c_{name}" for name in given)
    assert rows.of(tuple(given.values())) == fixed


def test_null_is_the_default_and_columns_may_be_shared():
    rows = RowSettings({"language": col("l"), "make_upsampling": col("b"), "rotate": 5,
                        "make_spell_check": col("b")})  # fmt: skip
    assert rows.columns == ("l", "b")
    assert rows.of((None, None)) == RowSettings({"rotate": 5}).fixed
    both = {"rotate": 5, "make_upsampling": True, "make_spell_check": True}
    assert rows.of((None, True)) == RowSettings(both).fixed


@pytest.mark.parametrize(
    ("name", "values", "meant"),
    [
        ("rotate", ["90", 90.0, np.int64(90), np.float32(90), np.uint8(90)], 90),
        ("make_upsampling", ["true", "True", 1, 1.0, "1", np.bool_(True)], True),
        ("language", ["German", np.str_("German")], "German"),
    ],
)
def test_values_come_as_tables_have_them(name: str, values: list[object], meant: object):
    expected = RowSettings({name: meant}).fixed
    for value in values:
        assert only(value, **{name: col("c")}) == expected


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("language", "Klingon", "language='Klingon'"),
        ("language", "Germann", "did you mean 'German'"),
        ("language", 5, "language=5"),
        ("language", ["German"], "language"),
        ("rotate", "much", "rotate='much'"),
        ("rotate", 1.5, "rotate=1.5"),
        ("make_upsampling", "perhaps", "make_upsampling='perhaps'"),
        ("dsr_mode", "regions", "did you mean 'Regions'"),
        ("kind", "lable", "did you mean 'label'"),
        ("kind", ["image"], "kind"),
        ("language", "x" * 100_000, "language="),
    ],
)
def test_a_wrong_value_is_its_rows_failure_and_names_the_right_one(name, value, says: str):
    message = failure(value, **{name: col("c")})
    assert says in message
    assert "misuse" not in message
    assert len(message) <= 300


def test_labels_are_english_in_rows_too():
    rows = RowSettings({"kind": col("k"), "language": col("l")})
    assert "English only" in str(rows.of(("label", "German")))
    assert settings_of(rows.of(("label", None)))["language"] == "English"
    assert settings_of(rows.of(("image", "German")))["language"] == "German"
    assert not rows.only_images


def test_regions_of_rows():
    rows = RowSettings({"regions": col("b"), "language": "German"})
    assert rows.region_names == ()
    choice = rows.of(({"name": (1, 2, 3, 4)},))
    assert choice == RowSettings({"regions": BOX, "language": "German"}).fixed
    assert isinstance(choice, Choice)
    assert choice.kind == "regions"
    assert rows.of(("[[1, 2, 3, 4]]",)) == choice
    assert rows.of((np.array(BOX),)) == choice


@pytest.mark.parametrize("nothing", [None, [], (), {}, "", " ", "[]", "null", "{}", np.array([])])
@pytest.mark.parametrize("kind", [{}, {"kind": "regions"}])
def test_a_row_without_regions_has_nothing_to_read(nothing: object, kind: dict[str, str]):
    assert only(nothing, regions=col("b"), **kind) is None


def test_a_wrong_box_names_the_region():
    assert "region 1" in failure([*BOX, [9, 9, 1, 1]], regions=col("b"))
    assert "not JSON" in failure("[[1, 2", regions=col("b"))


def test_the_kind_of_each_row():
    rows = RowSettings({"kind": col("k"), "regions": col("b")})

    def kind(*values: object) -> str | None:
        choice = rows.of(values)
        assert not isinstance(choice, Failure)
        return choice.kind if choice else None

    assert kind("image", None) == "image"
    assert kind("label", []) == "label"
    assert kind(None, None) == "image"
    assert kind(None, BOX) == kind("regions", BOX) == "regions"
    assert kind("regions", None) is None
    assert "goes with" in str(rows.of(("image", BOX)))


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"kind": "image", "regions": col("b")}, "goes with"),
        ({"kind": "label", "regions": col("b")}, "goes with"),
        ({"kind": col("k"), "regions": BOX}, "regions=col"),
        ({"kind": "regions"}, "needs regions="),
        ({"kind": "label", "language": "German", "rotate": col("r")}, "English only"),
        ({"language": "Klingon", "rotate": col("r")}, "Klingon"),
    ],
)
def test_what_can_be_told_at_once_is_misuse(chosen: dict[str, Any], says: str):
    with pytest.raises(MisuseError, match=says):
        RowSettings(chosen)


def test_a_column_has_a_name():
    assert col("lang") == col("lang")
    for wrong in (5, None, ["a"]):
        with pytest.raises(MisuseError, match="name of a column"):
            col(wrong)  # type: ignore[arg-type]


def test_equal_values_are_validated_once(monkeypatch: pytest.MonkeyPatch):
    encode, encoded = wire.encode_settings, []

    def counted(*arguments: Any) -> str:
        encoded.append(arguments)
        return encode(*arguments)

    rows = RowSettings({"language": col("l"), "regions": col("b")}, "TextAndPdfAndHocr")
    monkeypatch.setattr(wire, "encode_settings", counted)
    for _ in range(100):
        for boxes in (BOX, ((1, 2, 3, 4),), {"a": (1, 2, 3, 4)}, np.array(BOX), "[1, 2, 3, 4]"):
            assert isinstance(rows.of(("German", boxes)), Choice)
        assert isinstance(rows.of(("Klingon", BOX)), Failure)
    assert len(encoded) <= 5


def test_equal_numbers_of_other_types_are_other_values():
    rows = RowSettings({"make_upsampling": col("c")})
    assert isinstance(rows.of((1,)), Choice)
    assert isinstance(rows.of(("1",)), Choice)
    assert isinstance(rows.of((2,)), Failure)
    rotated = RowSettings({"rotate": col("c")})
    assert settings_of(rotated.of((1,)))["rotate"] == 1
    assert isinstance(rotated.of((1.5,)), Failure)


def test_many_different_values_do_not_fill_the_memory():
    rows = RowSettings({"rotate": col("r")})
    for number in range(25_000):
        assert settings_of(rows.of((number,)))["rotate"] == number
    assert len(rows._cached) <= 10_000


def test_the_result_type_and_what_covers_it():
    text, hocr, full = (
        RowSettings({"rotate": 5}, kind).fixed
        for kind in ("Text", "TextAndHocr", "TextAndPdfAndHocr")
    )
    assert [json.loads(other)["resultType"] for other in text.covered_by] == [
        "TextAndHocr",
        "TextAndPdf",
        "TextAndPdfAndHocr",
    ]
    assert hocr.settings_json in text.covered_by
    assert full.settings_json in hocr.covered_by
    assert full.covered_by == ()
    assert RowSettings({}, "JSON").fixed.covered_by == ()


def test_without_details_the_request_is_what_it_was():
    """Keys of all that is on record hang on this text."""
    assert RowSettings({}).fixed.settings_json == (
        '{"dsrConfidence":"Default","dsrMode":"Regions","language":"English",'
        '"makeBinarization":false,"makeContrastCorrection":true,"makeSkewCorrect":true,'
        '"makeSpellCheck":false,"makeUpsampling":false,"resultType":"Text","rotate":0}'
    )


def test_they_can_be_sent_to_workers():
    rows = RowSettings({"language": col("l"), "kind": "label"})
    again = pickle.loads(pickle.dumps(rows))
    assert again.of(("English",)) == rows.of(("English",))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)


@given(st.sampled_from(["language", "rotate", "dsr_mode", "kind", "regions"]), VALUES)
def test_whatever_a_cell_holds_nothing_is_raised(name: str, value: object):
    found = only(value, **{name: col("c")})
    assert found is None or isinstance(found, Choice | Failure)

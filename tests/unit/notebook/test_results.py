"""The results are found, by what the run remembers, by name, or as told."""

import json

import pandas as pd
import pytest

from ocr_frames.errors import MisuseError
from ocr_frames.notebook.results import Mark, Results
from ocr_frames.row_settings import col
from tests.unit.notebook.frames import mixed

WORDS = [
    {"text": "a", "confidence": 0.5, "x0": 1, "y0": 2, "x1": 3, "y1": 4, "page": 1},
    {"text": "b", "confidence": None, "x0": 5, "y0": 6, "x1": 7, "y1": 8, "page": 1},
    {"text": "c", "confidence": 0.9, "x0": 0, "y0": 0, "x1": 9, "y1": 9, "page": 2},
    {"text": "d", "confidence": 0.9, "x0": None, "y0": None, "x1": None, "y1": None, "page": 1},
]


@pytest.mark.parametrize(
    ("only", "positions"),
    [
        (None, [0, 1, 2, 3, 4, 5]),
        ("completed", [0]),
        ("failed", [1, 4, 5]),
        ("pending", [3]),
        ("skipped", [2]),
    ],
)
def test_rows_by_what_became_of_them(only, positions: list[int]):
    assert Results(mixed()).positions(only) == positions


def test_the_least_certain_come_first():
    unsure = mixed(ocr_confidence=[0.9, None, None, None, None, 0.2])
    assert Results(unsure).positions("uncertain") == [5, 0]
    with pytest.raises(MisuseError, match="recognize with details="):
        Results(mixed()).positions("uncertain")


def test_a_wrong_word_names_the_right_one():
    with pytest.raises(MisuseError, match="did you mean 'failed'"):
        Results(mixed()).positions("faild")  # type: ignore[arg-type]


def test_the_run_remembers_prefix_column_and_regions():
    out = mixed().rename(columns=lambda name: name.replace("ocr_", "mine_"))
    out.attrs["ocr"] = {"prefix": "mine_", "column": "path", "regions": {"name": [1, 2, 3, 4]}}
    results = Results(out)
    assert (results.prefix, results.column) == ("mine_", "path")
    assert results.row(0).marks == [Mark(1, 2, 3, 4, "name")]
    assert results.row(0).name == "a.png"


def test_without_memory_the_names_of_the_columns_tell():
    out = mixed().rename(columns=lambda name: name.replace("ocr_", ""))
    assert Results(out).prefix == ""
    assert Results(out).column is None
    assert Results(out).row(0).name == ""


def test_what_was_renamed_since_is_forgotten():
    out = mixed()
    out.attrs["ocr"] = {"prefix": "other_", "column": "gone", "regions": []}
    assert (Results(out).prefix, Results(out).column) == ("ocr_", None)


def test_two_results_in_one_frame_need_a_name():
    both = mixed().assign(b_status="Completed", b_text="x", b_error=None)
    with pytest.raises(MisuseError, match="name one: prefix="):
        Results(both)
    assert Results(both, prefix="b_").row(1).text == "x"


@pytest.mark.parametrize(
    ("frame", "arguments", "says"),
    [
        (pd.DataFrame({"path": ["a"]}), {}, "recognize first"),
        (pd.DataFrame({"path": ["a"]}), {"prefix": "ocr_"}, "recognize first"),
        (mixed(), {"prefix": "orc_"}, "did you mean 'ocr_'"),
        (mixed(), {"column": "pth"}, "did you mean 'path'"),
    ],
)
def test_what_is_not_there_is_misuse(frame, arguments: dict[str, str], says: str):
    with pytest.raises(MisuseError, match=says):
        Results(frame, **arguments)


@pytest.mark.parametrize("form", ["list", "json", "arrow"])
def test_words_of_the_first_page_that_stand_somewhere_are_marked(form: str):
    cells = [WORDS, None, None, None, None, []]
    if form == "json":
        cells = [None if cell is None else json.dumps(cell) for cell in cells]
    out = mixed(ocr_words=cells)
    if form == "arrow":
        out["ocr_words"] = out["ocr_words"].convert_dtypes(dtype_backend="pyarrow")
    results = Results(out)
    assert results.row(0).marks == [Mark(1, 2, 3, 4, confidence=0.5), Mark(5, 6, 7, 8)]
    assert results.row(1).marks == []
    assert results.row(5).marks == []


def test_regions_may_come_from_a_column():
    boxes = [[[1, 2, 3, 4]], json.dumps({"born": [5, 6, 7, 8]}), None, [[9, 9, 1, 1]], "{", [[]]]
    out = mixed(boxes=boxes)
    results = Results(out, regions=col("boxes"))
    marks = [results.row(position).marks for position in range(6)]
    assert marks == [[Mark(1, 2, 3, 4, "0")], [Mark(5, 6, 7, 8, "born")], [], [], [], []]
    out.attrs["ocr"] = {"regions": "boxes"}
    assert Results(out).row(0).marks == marks[0]


def test_wrong_regions_are_misuse():
    with pytest.raises(MisuseError, match="right > left"):
        Results(mixed(), regions=[(5, 5, 1, 1)])


def test_figures_are_numbers_or_none():
    out = mixed(ocr_seconds=range(6), ocr_calls=["a"] * 6)
    assert Results(out).figures("seconds").tolist() == [0, 1, 2, 3, 4, 5]
    assert Results(out).figures("calls") is None
    assert Results(out).figures("confidence") is None

"""Details: what each needs, and how it is drawn from what came."""

import json
from typing import Any, get_args

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames import details
from ocr_frames.details import TYPES, WORD, Detail
from ocr_frames.errors import MisuseError
from ocr_frames.model import Failure, Outcome, Result, Status

ALL = tuple(name for name in get_args(Detail) if name != "json")


def hocr(*words: tuple[str, int], pages: int = 1) -> Result:
    spans = "".join(
        f"<span class='ocrx_word' title='bbox 1 2 3 4; x_wconf {confidence}'>{word}</span>"
        for word, confidence in words
    )
    blank = "<div class='ocr_page'></div>" * (pages - 1)
    return Result("Hocr", f"<body>{blank}<div class='ocr_page'>{spans}</div></body>".encode())


def completed(*results: Result, texts: tuple[str, ...] = ("text",), **more: Any) -> Outcome:
    return Outcome(0, Status.COMPLETED, texts, results=results, **more)


def drawn(name: Detail, outcome: Outcome) -> Any:
    (value,) = details.values((name,), outcome)
    return value.to_pylist() if isinstance(value, pa.Array) else value


def test_the_types_are_stated():
    assert tuple(TYPES) == get_args(Detail)
    assert TYPES["words"] == pa.list_(WORD)
    assert [(field.name, field.type) for field in WORD] == [
        ("text", pa.string()),
        ("confidence", pa.float32()),
        ("x0", pa.int32()),
        ("y0", pa.int32()),
        ("x1", pa.int32()),
        ("y1", pa.int32()),
        ("page", pa.int32()),
    ]


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        ((), "Text"),
        (("task_id", "calls", "seconds", "from_ledger", "pages"), "Text"),
        (("words",), "TextAndHocr"),
        (("confidence",), "TextAndHocr"),
        (("hocr", "words", "calls"), "TextAndHocr"),
        (("pdf", "calls"), "TextAndPdf"),
        (("pdf", "words"), "TextAndPdfAndHocr"),
        (("json", "calls", "pages"), "JSON"),
    ],
)
def test_what_is_asked_for_follows_from_the_names(names: tuple[Detail, ...], kind: str):
    assert details.result_type(details.checked(list(names))) == kind


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ("words", "not a list"),
        ({"words": 1}, "not a list"),
        (["wrods"], "did you mean 'words'"),
        ([5], "there is no 5"),
        (["json", "words"], "'json' cannot be had together with 'words'"),
        (["pdf", "calls", "json"], "'json' cannot be had together with 'pdf'"),
    ],
)
def test_wrong_names_are_misuse(names: object, says: str):
    with pytest.raises(MisuseError, match=says):
        details.checked(names)


def test_a_name_given_twice_is_one_column():
    assert details.checked(["calls", "pages", "calls"]) == ("calls", "pages")


def test_words_with_boxes_confidence_and_page():
    outcome = completed(hocr(("one", 90), ("&lt;", 50), pages=2))
    box = {"x0": 1, "y0": 2, "x1": 3, "y1": 4, "page": 2}
    assert drawn("words", outcome) == [
        {"text": "one", "confidence": pytest.approx(0.9), **box},
        {"text": "<", "confidence": 0.5, **box},
    ]
    unknown = Result("Hocr", b"<span class='ocrx_word'>a</span>")
    assert drawn("words", completed(unknown)) == [
        {"text": "a", "confidence": None, **dict.fromkeys(["x0", "y0", "x1", "y1"]), "page": 1}
    ]


def test_pages_run_on_over_documents_and_regions_are_on_the_first():
    results = (hocr(("a", 1), pages=2), hocr(), hocr(("b", 1)))
    pages = [word["page"] for word in drawn("words", completed(*results))]
    assert pages == [2, 4]
    regions = completed(*results, texts=("a", "", "b"))
    assert [word["page"] for word in drawn("words", regions)] == [2, 1]
    assert drawn("pages", regions) == 1


def test_confidence_is_the_mean_over_letters():
    assert drawn("confidence", completed(hocr(("abc", 90), ("d", 50)))) == pytest.approx(0.8)
    assert drawn("confidence", completed(hocr())) is None
    unknown = Result("Hocr", b"<span class='ocrx_word'>a</span>")
    assert drawn("confidence", completed(unknown)) is None


@pytest.mark.parametrize(
    ("texts", "pages"), [(("a",), 1), (("",), 1), ((), 1), (("a\fb\f",), 3), (("\f",), 2)]
)
def test_pages_are_told_by_form_feeds(texts: tuple[str, ...], pages: int):
    assert drawn("pages", completed(texts=texts)) == pages


def test_documents_come_as_they_are():
    assert drawn("hocr", completed(Result("HOCR", "ä".encode()))) == "ä"
    assert drawn("pdf", completed(Result("Pdf", b"%PDF\xff"))) == b"%PDF\xff"
    assert drawn("json", completed(Result("Json", b"{}"))) == "{}"
    assert drawn("hocr", completed(Result("Hocr", b"\xff"))) == "\ufffd"


def test_those_of_regions_are_joined():
    two = [Result("JSON", json.dumps({"pages": [n]}).encode()) for n in (1, 2)]
    assert json.loads(drawn("json", completed(*two, texts=("a", "b")))) == {"pages": [1, 2]}
    joined = drawn("hocr", completed(hocr(("a", 1)), hocr(("b", 1)), texts=("a", "b")))
    assert joined.count("ocrx_word") == 2
    assert joined.count("<body>") == 1


def test_what_a_run_tells_needs_no_results():
    outcome = completed(task_id="t", calls=3, seconds=1.5, from_ledger=True)
    names: tuple[Detail, ...] = ("task_id", "calls", "seconds", "from_ledger")
    assert details.values(names, outcome) == ("t", 3, 1.5, True)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome(0, Status.SKIPPED), None),
        (Outcome(0, Status.ERROR, failure=Failure("file-not-found", "")), None),
        (Outcome(0, Status.ERROR, failure=Failure("bad-request", ""), calls=1), False),
        (Outcome(0, Status.ERROR, failure=Failure("x", ""), from_ledger=True), True),
        (Outcome(0, Status.PENDING, failure=Failure("budget", "")), None),
        (Outcome(0, Status.PENDING, failure=Failure("deadline", ""), calls=2), None),
        (completed(calls=2), False),
    ],
)
def test_from_ledger_is_null_where_nobody_answered(outcome: Outcome, expected: bool | None):
    assert drawn("from_ledger", outcome) is expected


def test_a_row_without_text_has_no_details_of_it():
    outcome = Outcome(0, Status.ERROR, failure=Failure("x", ""), task_id="t", calls=2)
    values = dict(zip(ALL, details.values(ALL, outcome), strict=True))
    assert {name for name, value in values.items() if value is not None} == {
        "task_id",
        "calls",
        "from_ledger",
    }


def missing(*names: Detail, outcome: Outcome) -> str | None:
    failure = details.missing(names, outcome, details.values(names, outcome))
    assert failure is None or failure.code == "details-missing"
    return failure.message if failure else None


def test_what_did_not_come_is_told():
    assert missing("words", "pdf", outcome=completed(hocr(("a", 1)), Result("Pdf", b"x"))) is None
    said = missing("calls", "words", "pdf", outcome=completed(hocr()))
    assert said is not None
    assert "what pdf would be drawn from" in said
    said = missing("words", "confidence", "hocr", outcome=completed())
    assert said is not None
    assert "words, confidence, hocr" in said
    broken = completed(Result("Pdf", b"1"), Result("Pdf", b"2"), texts=("a", "b"))
    assert missing("pdf", outcome=broken) is not None


def test_where_there_is_no_text_nothing_is_missed():
    assert missing("words", "pdf", outcome=completed(texts=())) is None
    assert missing("words", "pdf", outcome=completed(texts=("", ""))) is None
    assert missing("words", outcome=Outcome(0, Status.SKIPPED)) is None
    assert missing("confidence", outcome=completed(hocr())) is None
    assert missing("pages", "calls", outcome=completed()) is None


@given(st.lists(st.binary(max_size=60), max_size=4), st.lists(st.text(max_size=5), max_size=3))
def test_whatever_comes_the_values_fit_their_types(documents: list[bytes], texts: list[str]):
    kinds = ["Hocr", "Pdf", "JSON", "Sound"]
    results = [Result(kind, data) for kind, data in zip(kinds, documents, strict=False)]
    outcome = completed(*results, texts=tuple(texts))
    for name, value in zip(TYPES, details.values(get_args(Detail), outcome), strict=True):
        if name == "words":
            assert value is None or value.type == WORD
        else:
            assert pa.array([value], TYPES[name]).to_pylist() == [value]

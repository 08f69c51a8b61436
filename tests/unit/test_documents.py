"""Documents of regions and pages become one; the text of a JSON result is found."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from ocr_frames import documents, hocr
from ocr_frames.errors import MissingExtraError
from ocr_frames.model import Result

HEAD = '<?xml version="1.0"?>\n<html><head><title>t</title></head><body class="x">\n'


def page(word: str) -> str:
    span = f"<span class='ocrx_word' title='bbox 1 2 3 4'>{word}</span>"
    return f"{HEAD}<div class='ocr_page'>{span}</div>\n</body></html>"


def pdf(width: int) -> bytes:
    written = io.BytesIO()
    with PdfWriter() as writer:
        writer.add_blank_page(width, 100)
        writer.write(written)
    return written.getvalue()


def test_results_are_told_apart_in_any_letter_case():
    results = [Result("Hocr", b"a"), Result("HOCR", "\ufeffß".encode()), Result("Pdf", b"\xff")]
    assert documents.texts(results, "hocr") == ["a", "ß"]
    assert documents.data(results, "PDF") == [b"\xff"]
    assert documents.texts(results, "JSON") == []


def test_hocr_is_joined_within_one_head():
    joined = documents.joined_hocr([page("one"), "", page("two"), page("three")])
    assert joined is not None
    assert joined.count("<body") == joined.count("</body>") == joined.count("<?xml") == 1
    assert [word[0::3] for word in hocr.read(joined).words] == [
        ("one", 1),
        ("two", 2),
        ("three", 3),
    ]


def test_one_document_stays_as_it_is():
    assert documents.joined_hocr([]) is None
    assert documents.joined_hocr([page("one")]) == page("one")
    assert documents.joined_hocr(["fragment", "<b>two</b>"]) == "fragment\n<b>two</b>"
    assert documents.joined_json([]) is None
    assert documents.joined_json(["not json"]) == "not json"
    assert documents.joined_pdf([]) is None
    assert documents.joined_pdf([b"not pdf"]) == b"not pdf"


def test_json_documents_with_pages_become_one():
    one, two = '{"pages": [1], "engine": "ß"}', '{"pages": [2, 3]}'
    assert json.loads(documents.joined_json([one, two]) or "") == {
        "pages": [1, 2, 3],
        "engine": "ß",
    }
    assert json.loads(documents.joined_json([one, "[4]", "no json"]) or "") == [
        json.loads(one),
        [4],
        "no json",
    ]


def test_pdf_documents_become_one():
    joined = documents.joined_pdf([pdf(100), pdf(200)])
    assert joined is not None
    pages = PdfReader(io.BytesIO(joined)).pages
    assert [float(page.mediabox.width) for page in pages] == [100.0, 200.0]


@pytest.mark.parametrize("broken", [b"", b"not pdf", pdf(100)[:200], b"%PDF-1.4\n" + b"x" * 500])
def test_a_pdf_that_cannot_be_read_gives_none(broken: bytes):
    assert documents.joined_pdf([pdf(100), broken]) is None


def test_without_pypdf_the_pip_line_is_named(monkeypatch: pytest.MonkeyPatch):
    documents.require_joining()
    monkeypatch.setitem(__import__("sys").modules, "pypdf", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ocr-frames\[pdf\]'"):
        documents.require_joining()


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"pages": [{"lines": [{"text": "a b"}, {"text": "c"}]}, {"lines": []}]}, "a b\nc\f"),
        ({"pages": [{"blocks": [{"lines": [{"words": [{"text": "a"}, {"text": "b"}]}]}]}]}, "a b"),
        ({"blocks": [{"text": "whole", "lines": [{"text": "not twice"}]}]}, "whole"),
        ({"Pages": [{"Text": "a"}, {"Text": "b"}]}, "a\fb"),
        ([{"Text": "one", "Rectangle": {"x": 1}}, {"Text": "two"}], "one\ntwo"),
        ({"RecognitionText": "vendor's"}, "vendor's"),
        ({"text": 5, "confidence": 0.5}, ""),
        ("just a string", ""),
        (None, ""),
    ],
)
def test_the_text_of_a_json_result(document: object, text: str):
    assert documents.text_of_json(json.dumps(document)) == text


def test_hostile_json_has_no_text():
    assert documents.text_of_json("[" * 100_000) == ""
    assert documents.text_of_json("no json") == ""
    deep: object = {"text": "deep"}
    for _ in range(200):
        deep = [deep]
    assert documents.text_of_json(json.dumps(deep)) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["text", "Pages", "words", "x"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_gives_a_text_or_none(document: object):
    assert isinstance(documents.text_of_json(json.dumps(document)), str)

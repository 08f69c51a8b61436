"""Error rates as the field counts them, and differences where they are."""

import sys
from pathlib import Path

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.errors import MissingExtraError, MisuseError
from ocr_frames.notebook import compare, marking
from tests.unit.notebook.frames import HOSTILE, frame
from tests.unit.notebook.test_foreign import Seen

TEXT = st.text("abc \n", max_size=30)


def labelled(pairs):
    texts = [text for text, _ in pairs]
    return frame(
        ["Error" if text is None else "Completed" for text in texts],
        texts,
        ["code: why" if text is None else None for text in texts],
        expected=[expected for _, expected in pairs],
    )


def test_rates_per_row_and_over_all():
    comparison = compare(
        labelled([("abcd", "abcd"), ("abxd ef", "abcd ef"), ("one", "one two"), ("", "")]),
        "expected",
    )
    assert comparison.rows["character_edits"].tolist() == [0, 1, 4, 0]
    assert comparison.rows["cer"].tolist() == [0.0, 1 / 7, 4 / 7, 0.0]
    assert comparison.rows["wer"].tolist() == [0.0, 0.5, 0.5, 0.0]
    assert comparison.cer == 5 / 18
    assert comparison.wer == 2 / 5
    assert [pair.read for pair in comparison.worst] == ["one", "abxd ef"]


@given(st.lists(st.tuples(TEXT, TEXT.filter(str.strip)), min_size=1, max_size=4))
def test_the_rates_are_jiwers(pairs):
    comparison = compare(labelled(pairs), "expected")
    read, expected = (
        [" ".join(text.split()) for text in side] for side in zip(*pairs, strict=True)
    )
    assert comparison.cer == pytest.approx(jiwer.cer(expected, read))
    assert comparison.wer == pytest.approx(jiwer.wer(expected, read))


def test_rows_without_label_are_left_out_and_those_without_text_count():
    out = labelled([("a", None), (None, "four"), ("b", "b")])
    out.index = [10, 20, 30]
    comparison = compare(out, "expected")
    assert comparison.rows.index.tolist() == [20, 30]
    assert comparison.missing == 1
    assert comparison.cer == 0.8
    assert "1 of them have no text" in str(comparison)


def test_blanks_composition_and_on_request_case_make_no_difference():
    out = labelled([("Cafe\u0301\nBAR\f", "Café  bar")])
    assert compare(out, "expected").rows["character_edits"].tolist() == [3]
    assert compare(out, "expected", ignore_case=True).cer == 0.0


def test_something_read_where_nothing_is():
    comparison = compare(labelled([("noise", "")]), "expected")
    assert (comparison.cer, comparison.rows["cer"].tolist()) == (1.0, [1.0])


def test_the_worst_rows_show_what_differs():
    out = labelled([("The qu1ck brown fox", "The quick fox jumps"), ("same", "same")])
    comparison = compare(out, "expected")
    assert "[0]" in str(comparison)
    assert "The qu[-i-]{+1+}ck{+ brown+} fox [-jumps-]" in str(comparison)
    html = comparison._repr_html_()
    assert "qu<del>i</del>ck fox <del>jumps</del>" in html
    assert "qu<ins>1</ins>ck<ins> brown</ins> fox" in html
    assert len(comparison.worst) == 1
    assert len(compare(out.sample(2, random_state=1), "expected", n=0).worst) == 0


def test_what_is_nothing_alike_is_marked_as_a_whole():
    assert marking.both("a cat sat", "a dog sat") == "a [-cat-]{+dog+} sat"
    assert marking.both("one two", "onetwo") == "one[- -]two"
    assert marking.both("", "noise") == "{+noise+}"
    assert marking.both("", "") == ""


def test_no_differences_are_told():
    comparison = compare(labelled([("same", "same")]), "expected")
    assert "No differences" in comparison._repr_html_()
    assert comparison.to_dict() == {"rows": 1, "without_text": 0, "cer": 0.0, "wer": 0.0}


@given(TEXT, TEXT)
def test_marks_lose_nothing(expected: str, read: str):
    left, right = marking.sides(expected, read)
    if len(expected.split()) < 10 and len(read.split()) < 10:
        assert Seen(left).text == " ".join(expected.split())
        assert Seen(right).text == " ".join(read.split())


def test_long_texts_are_shortened_to_their_differences():
    words = [f"w{number}" for number in range(5000)]
    read = " ".join([*words[:2500], "extra", *words[2500:]])
    told = marking.both(" ".join(words), read)
    assert told.startswith("w0 w1 w2 w3 w4 … w2495")
    assert "{+extra+}" in told
    assert len(told) < 200
    different = marking.sides("a " * 1000, "b " * 1_000_000)
    assert max(map(len, different)) < 40_000


@pytest.mark.parametrize(
    ("column", "says"),
    [("expcted", "did you mean 'expected'"), ("nothing", "null in every row")],
)
def test_nothing_to_compare_is_misuse(column: str, says: str):
    out = labelled([("a", "a")]).assign(nothing=None)
    with pytest.raises(MisuseError, match=says):
        compare(out, column)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_only_text(text: str, tmp_path: Path):
    hostile = labelled([(text, "wanted"), ("read", text)]).assign(path=text)
    hostile.index = [text, text]
    comparison = compare(hostile, "expected", column="path")
    tags = {tag for tag, _ in Seen(comparison._repr_html_()).tags}
    assert not tags & {"script", "img", "svg", "iframe", "object", "link", "meta", "a"}
    assert str(comparison).replace("\n", "").isprintable()
    assert comparison.save(tmp_path / "c.html").stat().st_size > 0
    assert comparison.save(tmp_path / "c.txt").read_text("utf-8").startswith("character error")


def test_a_huge_text_is_compared():
    comparison = compare(labelled([("word " * 200_000, "word " * 20)]), "expected")
    assert comparison.rows["words"].tolist() == [20]
    assert comparison.wer == 199_980 / 20
    assert len(comparison._repr_html_()) < 20_000


def test_without_rapidfuzz_the_pip_line_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidfuzz.distance.Levenshtein", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ocr-frames\[notebook\]'"):
        compare(labelled([("a", "b")]), "expected")

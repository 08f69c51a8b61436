import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.server.recognizers import Line, Word
from ocr_frames.server.words import box_of, part_of, runs_leftward, with_texts, words_of

BOX = ((0.0, 0.0), (100.0, 0.0), (100.0, 10.0), (0.0, 10.0))


def line(text, words=()):
    return Line(text, 0.9, BOX, words)


def spans(words):
    return [(word.text, pytest.approx(word.start), pytest.approx(word.end)) for word in words]


def test_what_the_engine_told_counts():
    told = (Word("a", 0.5, 0.0, 0.1), Word("b", 0.6, 0.7, 1.0))

    assert words_of(line("a b", told)) == told


def test_else_a_line_is_shared_out_among_its_characters():
    assert spans(words_of(line("abc d efgh"))) == [
        ("abc", 0, 0.3),
        ("d", 0.4, 0.5),
        ("efgh", 0.6, 1),
    ]


def test_words_that_are_not_the_text_do_not_count():
    assert [word.text for word in words_of(line("a b", (Word("x", 1.0, 0, 1),)))] == ["a", "b"]


def test_leftward_text_begins_on_the_right():
    assert spans(words_of(line("אב ג"))) == [("אב", 0.5, 1), ("ג", 0, 0.25)]


@pytest.mark.parametrize(
    ("text", "leftward"),
    [("abc", False), ("שלום 123", True), ("مرحبا", True), ("中文", False), ("12", False)],
)
def test_the_direction_is_that_of_most_letters(text, leftward):
    assert runs_leftward(text) is leftward


def test_a_part_of_a_line_stands_where_it_did():
    part = part_of(line("abc d efgh"), words_of(line("abc d efgh"))[1:])

    assert part.text == "d efgh"
    assert part.box[0] == pytest.approx((40, 0))
    assert part.box[2] == pytest.approx((100, 10))
    assert box_of(part, part.words[1].start, 1)[0] == pytest.approx((60, 0))


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1), min_size=1))
def test_any_line_is_its_words(texts):
    words = words_of(line(" ".join(texts)))

    assert [word.text for word in words] == texts
    assert all(0 <= word.start < word.end <= 1 + 1e-9 for word in words)


def test_other_texts_stand_where_the_words_did():
    changed = with_texts(line("one two"), ["***", "too"])

    assert changed.text == "*** too"
    assert spans(words_of(changed)) == [("***", 0, 3 / 7), ("too", 4 / 7, 1)]

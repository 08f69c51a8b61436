import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.server.recognizers import Line, Word
from ocr_frames.server.spelling import corrected

BOX = ((0, 0), (10, 0), (10, 2), (0, 2))


def spelled(*texts):
    return [line.text for line in corrected([Line(text, 1.0, BOX) for text in texts])]


def test_misspelled_words_are_replaced():
    assert spelled("please recieve the seperate adress", "until tommorow") == [
        "please receive the separate address",
        "until tomorrow",
    ]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("RECIEVED", "RECEIVED"),
        ("Accomodation is free", "Accommodation is free"),
        ("(definately)", "(definitely)"),
        ("done. Tommorow we go", "done. Tomorrow we go"),
    ],
)
def test_case_and_punctuation_are_kept(wrong, right):
    assert spelled(wrong) == [right]


@pytest.mark.parametrize(
    "text",
    [
        "the colour of the harbour",  # right as it is
        "Total 12.50 EUR INV-4711",
        "teh",  # too short to tell
        "we met Jonh Smiht in Redmund",
        "Smiht Jonh",
        "QTYS PCKS",
        "iPhnoe McDonlad",
        "l0cation recieve2 a@recieve.com",
        "schöne Grüße",
        "xqzvwk",  # like no word at all
        "中文",
    ],
)
def test_whatever_may_be_right_stays(text):
    assert spelled(text) == [text]


def test_places_and_confidences_stay():
    line = Line("an adress", 0.9, BOX, (Word("an", 0.8, 0, 0.2), Word("adress", 0.7, 0.3, 1)))

    (spelled_line,) = corrected([line])

    assert spelled_line.words == (Word("an", 0.8, 0, 0.2), Word("address", 0.7, 0.3, 1))


@given(st.lists(st.text(), max_size=3))
def test_any_text_keeps_its_number_of_words(texts):
    for before, after in zip(texts, spelled(*texts), strict=True):
        assert len(before.split()) == len(after.split())

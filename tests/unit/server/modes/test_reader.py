import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.server.modes.reader import MIN_CONFIDENCE, Reader
from ocr_frames.server.recognizers import Line, Word
from ocr_frames.settings import RecognitionSettings

BOX = ((0, 0), (10, 0), (10, 2), (0, 2))


class Telling:
    """Tells the lines it was given, and how sure they had to be."""

    def __init__(self, *lines):
        self.told = list(lines)
        self.asked = []

    def lines(self, image, *, min_confidence, language):
        self.asked.append(min_confidence)
        return self.told

    single_line = lines


def test_every_level_asks_for_more_than_the_one_before():
    levels = ["All", "Low", "LowMid", "Mid", "MidHigh", "High", "Ultra"]
    engine = Telling()

    for level in levels:
        Reader.of(engine, RecognitionSettings(dsr_confidence=level)).lines(None)

    assert engine.asked[0] == 0
    assert engine.asked == sorted(set(engine.asked))
    assert MIN_CONFIDENCE["Default"] == MIN_CONFIDENCE["Mid"]


def test_words_the_engine_told_are_kept():
    line = Line("a b", 0.9, BOX, (Word("a", 0.9, 0, 0.3), Word("b", 0.9, 0.6, 1)))

    assert Reader(Telling(line), 0.5).lines(None) == [line]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("a\x00b", "ab"),
        ("page\x0cbreak", "pagebreak"),
        ("a\n b", "a b"),
        ("\ud800x", "x"),
        ("\x07", ""),
    ],
)
def test_what_cannot_be_written_is_dropped(told, kept):
    lines = Reader(Telling(Line(told, 0.9, BOX)), 0.5).single_line(None)

    assert [line.text for line in lines] == ([kept] if kept else [])


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_written(text):
    for line in Reader(Telling(Line(text, 0.9, BOX)), 0.5).lines(None):
        assert line.text.encode().decode() == line.text
        assert line.text == " ".join(line.text.split())

from ocr_frames.server.recognizers import Line
from ocr_frames.server.trial import masked

BOX = ((0, 0), (10, 0), (10, 2), (0, 2))
LINES = [Line(f"word{n} word{n + 1}", 1.0, BOX) for n in range(0, 50, 2)]


def words(lines):
    return " ".join(line.text for line in lines).split()


def test_a_tenth_of_the_words_is_masked_at_their_length():
    shown = words(masked(LINES, b"image"))

    assert sum(set(word) == {"*"} for word in shown) == 5
    assert [len(word) for word in shown] == [len(word) for word in words(LINES)]


def test_the_same_words_for_the_same_image():
    assert masked(LINES, b"image") == masked(LINES, b"image") != masked(LINES, b"other")


def test_nothing_to_mask():
    assert masked([], b"image") == []

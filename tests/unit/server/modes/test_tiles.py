import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_frames.server.modes.reader import Reader
from ocr_frames.server.modes.tiles import OVERLAP, TILE, read_closely, read_twice
from tests.unit.server.modes.coloured import Coloured, page_of


def words(lines):
    return [int(text) for line in lines for text in line.text.split()]


def boxes_of(lines):
    return [
        (line.text, tuple(round(value) for corner in line.box[::2] for value in corner))
        for line in lines
    ]


@given(
    st.lists(st.tuples(st.integers(2, 60), st.integers(2, OVERLAP // 2)), min_size=1, max_size=60),
    st.integers(TILE, 4 * TILE),
)
@settings(max_examples=40, deadline=None)
def test_every_word_of_a_line_is_read_once_however_tiles_cut_it(spaced, width):
    row, x = [], 0
    for gap, length in spaced:
        x += gap
        if x + length < width:
            row.append((x, 50, length, 20))
        x += length
    engine = Coloured()

    lines = read_closely(Reader(engine, 0.5), page_of(row, (width, 120)))

    assert words(lines) == list(range(len(row)))
    assert all(side <= TILE for shape in engine.shown for side in shape)


def test_words_stand_where_they_are_on_the_page():
    row = [(x, 1000, 100, 30) for x in range(20, 4900, 150)]

    lines = read_closely(Reader(Coloured(), 0.5), page_of(row, (5000, 2000)))

    assert min(line.box[0][0] for line in lines) == pytest.approx(20)
    assert max(line.box[1][0] for line in lines) == pytest.approx(row[-1][0] + 100)
    assert {round(line.box[0][1]) for line in lines} == {1000}


def test_a_small_page_is_enlarged_and_boxes_brought_back():
    engine = Coloured()

    (line,) = read_closely(Reader(engine, 0.5), page_of([(50, 40, 100, 20)], (600, 400)))

    assert engine.shown == [(800, 1200)]
    assert line.box[0] == pytest.approx((50, 40), abs=1)
    assert line.box[2] == pytest.approx((150, 60), abs=1)


class Nearsighted(Coloured):
    """Sees boxes below 10 pixels of height only in a tile, and what it sees there more surely."""

    def __init__(self, whole, close, size):
        super().__init__()
        self.sure = {False: whole, True: close}
        self.size = size

    def lines(self, image, *, min_confidence, language):
        is_tile = image.shape[:2] != self.size
        self.confidence = self.sure[is_tile]
        found = super().lines(image, min_confidence=min_confidence, language=language)
        return found if is_tile else [e for e in found if e.box[2][1] - e.box[0][1] >= 10]


@pytest.mark.parametrize(("whole", "close", "large"), [(0.9, 0.8, 1), (0.8, 0.9, 3)])
def test_read_twice_keeps_the_surer_reading(whole, close, large):
    """A line across three tiles is one if read as a whole; small words are in tiles alone."""
    page = page_of([(100, 100, 50, 8), (100, 300, 2800, 200)], (3000, 1000))

    lines = read_twice(Reader(Nearsighted(whole, close, (1000, 3000)), 0.5), page)

    found = words(lines)
    assert found.count(0) == 1
    assert 1 <= found.count(1) <= large
    assert {line.confidence for line in lines if line.text == "1"} == {max(whole, close)}

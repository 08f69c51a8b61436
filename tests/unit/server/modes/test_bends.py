import numpy as np
import pytest

from ocr_frames.server.modes.bends import read_bent
from ocr_frames.server.modes.reader import Reader
from ocr_frames.server.recognizers import Line
from tests.unit.server.drawing import along_an_arc, page


class Unrolled:
    """Finds nothing on a page; remembers what it was shown as one line."""

    def __init__(self, found=()):
        self.found = list(found)
        self.shown = []

    def lines(self, image, *, min_confidence, language):
        return list(self.found)

    def single_line(self, image, *, min_confidence, language):
        self.shown.append(image)
        box = ((0, 0), (9, 0), (9, 9), (0, 9))
        # ink of these letters is denser below their middle than above it
        ink = 255 - image.mean(axis=2)
        half = len(ink) // 2
        is_upright = ink[half:].sum() > ink[:half].sum()
        return [Line("unrolled", 0.9 if is_upright else 0.6, box)]


ARC = np.asarray(along_an_arc("Labels bend as bottles do", 300))


def flatness(strip):
    """Share of the strip's rows that have no ink."""
    return float((strip.mean(axis=2).min(axis=1) > 200).mean())


@pytest.mark.parametrize("radius", [200, 300, 500, 1000])
def test_text_on_an_arc_is_unrolled_to_a_level_strip(radius):
    engine = Unrolled()

    lines = read_bent(
        Reader(engine, 0.5), np.asarray(along_an_arc("Round the bend and back", radius))
    )

    strip = engine.shown[0]
    assert [line.text for line in lines] == ["unrolled"]
    assert strip.shape[1] > 4 * strip.shape[0]
    assert flatness(strip) > 0.3


def test_the_box_begins_where_the_text_does():
    (line,) = read_bent(Reader(Unrolled(), 0.5), ARC)
    (turned,) = read_bent(Reader(Unrolled(), 0.5), np.ascontiguousarray(ARC[::-1, ::-1]))

    (x0, y0), (x1, y1), *_ = line.box
    assert x1 - x0 > 300
    assert abs(y1 - y0) < 20
    assert turned.box[0] == pytest.approx((1000 - x0, 700 - y0), abs=6)


def test_light_on_dark():
    assert len(read_bent(Reader(Unrolled(), 0.5), 255 - ARC)) == 1


def test_ink_of_lines_that_were_found_is_left_alone():
    everywhere = Line("all of it", 0.9, ((0, 0), (1000, 0), (1000, 700), (0, 700)))
    engine = Unrolled([everywhere])

    assert read_bent(Reader(engine, 0.5), ARC) == [everywhere]
    assert engine.shown == []


def test_straight_text_is_not_taken_for_an_arc():
    engine = Unrolled()

    assert read_bent(Reader(engine, 0.5), np.asarray(page("A straight line of text"))) == []


@pytest.mark.parametrize("size", [(1, 1, 3), (600, 800, 3)])
def test_noise_ends_well(size):
    noise = np.random.default_rng(0).integers(0, 255, size, dtype=np.uint8)

    assert isinstance(read_bent(Reader(Unrolled(), 0.5), noise), list)

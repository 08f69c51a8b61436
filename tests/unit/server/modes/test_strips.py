import numpy as np
import pytest

from ocr_frames.server.modes.reader import Reader
from ocr_frames.server.modes.strips import read_strips
from tests.unit.server.modes.coloured import Coloured, page_of


def read(boxes, size=(800, 600), invert=False):
    pixels = page_of(boxes, size)
    if invert:
        pixels = np.where(pixels[:, :, 2:] > 128, np.uint8(0), np.uint8(255)).repeat(3, axis=2)
    return read_strips(Reader(Coloured(), 0.5), pixels)


def test_each_row_of_ink_is_a_line_of_any_height():
    lines = read([(20, 20, 60, 30), (100, 20, 90, 30), (20, 100, 500, 400)])

    assert [line.text for line in lines] == ["0 1", "2"]


def test_boxes_lie_on_the_ink():
    (line,) = read([(200, 200, 100, 40)])

    assert line.box[0] == pytest.approx((192, 192), abs=2)
    assert line.box[2] == pytest.approx((308, 248), abs=2)


def test_what_is_far_apart_is_not_one_line():
    lines = read([(20, 20, 60, 30), (400, 20, 60, 30)])

    assert [line.text for line in lines] == ["0", "1"]


def test_dots_and_accents_belong_to_their_letters():
    lines = read([(50, 20, 12, 10), (50, 36, 200, 60), (50, 200, 200, 60)])

    assert len(lines) == 2


def test_light_ink_on_dark_paper():
    assert len(read([(20, 20, 60, 30), (20, 100, 60, 30)], invert=True)) == 2


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (300, 200)])
def test_a_blank_page_has_no_lines(size):
    assert read([], size) == []

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_frames.server.preprocess.skew import skew
from tests.unit.server.drawing import leaning, put, white

LINES = ["The quick brown fox jumps over", "the lazy dog, while the other", "dogs sleep on."] * 4
PAGE = put(white(480, 420), [(40, 30 + 30 * row, line) for row, line in enumerate(LINES)], 20)


@given(st.floats(-15, 15))
@settings(max_examples=25, deadline=None)
def test_the_lean_is_found(degrees):
    assert skew(np.asarray(leaning(PAGE, degrees))) == pytest.approx(-degrees, abs=0.5)


@pytest.mark.parametrize("quarter", [90, 180, 270])
def test_also_of_a_page_on_its_side_or_head(quarter):
    assert skew(np.asarray(leaning(PAGE, quarter + 6))) == pytest.approx(-6, abs=0.5)


def test_light_on_dark_counts_as_well():
    assert skew(255 - np.asarray(leaning(PAGE, 0))) == 0


@pytest.mark.parametrize("degrees", [20, 45])
def test_what_leans_further_is_left_alone(degrees):
    assert skew(np.asarray(leaning(PAGE, degrees))) == 0


def test_nothing_is_made_of_noise_or_of_nothing():
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)

    assert skew(noise) == 0
    assert skew(np.full((300, 400, 3), 255, np.uint8)) == 0
    assert skew(np.zeros((1, 1, 3), np.uint8)) == 0

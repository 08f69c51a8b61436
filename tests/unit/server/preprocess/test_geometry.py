import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.server.preprocess.geometry import Affine
from ocr_frames.server.recognizers import Line, Word

number = st.floats(-1000, 1000)
steps = st.one_of(
    st.builds(Affine.shift, number, number),
    st.builds(Affine.scale, st.floats(0.1, 10)),
    st.builds(Affine.turn, st.floats(-360, 360)),
)


def test_a_turn_is_counter_clockwise_where_y_points_down():
    assert Affine.turn(90).point((1, 0)) == (0, -1)
    assert Affine.turn(180).point((1, 2)) == (-1, -2)


def test_steps_follow_each_other():
    moved_then_doubled = Affine.shift(1, 2).then(Affine.scale(2))

    assert moved_then_doubled.point((10, 10)) == (22, 24)


@given(steps, steps, st.tuples(number, number))
def test_the_inverse_leads_back(one, other, point):
    way = one.then(other)

    assert way.inverse.point(way.point(point)) == pytest.approx(point, abs=1e-6)


@given(steps, st.tuples(number, number), st.tuples(number, number))
def test_lengths_change_alike(step, one, other):
    before, after = math.dist(one, other), math.dist(step.point(one), step.point(other))

    assert after == pytest.approx(before * math.hypot(step.a, step.d), abs=1e-6)


def test_words_keep_their_shares_of_a_line():
    words = (Word("a", 1.0, 0.0, 0.4), Word("b", 1.0, 0.6, 1.0))
    line = Line("a b", 1.0, ((0, 0), (10, 0), (10, 2), (0, 2)), words)

    (moved,) = Affine.shift(5, 5).lines([line])

    assert moved.box == ((5, 5), (15, 5), (15, 7), (5, 7))
    assert moved.words == words

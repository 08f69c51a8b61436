import math
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.server.layout import in_reading_order
from ocr_frames.server.recognizers import Line


def line(text, x, y, width=200, height=20):
    return Line(text, 1.0, ((x, y), (x + width, y), (x + width, y + height), (x, y + height)))


def turned(lines, degrees):
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [
        Line(
            one.text,
            one.confidence,
            tuple((x * cosine - y * sine, x * sine + y * cosine) for x, y in one.box),
        )
        for one in lines
    ]


def texts(rows):
    return [[one.text for one in row] for row in rows]


ITEMS = [("tea", "2.10"), ("milk", "0.90"), ("sum", "3.00")] * 2
RECEIPT = [
    placed
    for row, (item, price) in enumerate(ITEMS)
    for placed in (line(price, 400, row * 40 + 3, 60), line(item, 0, row * 40, 100))
]


def test_what_stands_side_by_side_is_one_row():
    assert texts(in_reading_order(RECEIPT, level=True))[:2] == [["tea", "2.10"], ["milk", "0.90"]]


@pytest.mark.parametrize("degrees", [-14, -5, 5, 14, 90, 175, 180, 270])
def test_a_turned_page_reads_the_same(degrees):
    lines = [line("title", 100, 0, 300)] + [
        line(f"{side}{row}", x, 40 + row * 40, 150)
        for row in range(3)
        for side, x in (("a", 0), ("b", 300))
    ]

    rows = in_reading_order(turned(lines, degrees), level=True)

    assert texts(rows) == [["title"], ["a0", "b0"], ["a1", "b1"], ["a2", "b2"]]


def test_without_levelling_plain_coordinates_count():
    upside_down = turned([line("first", 0, 0), line("second", 0, 40)], 180)

    assert texts(in_reading_order(upside_down, level=False)) == [["second"], ["first"]]


def test_columns_of_prose_are_read_one_after_the_other():
    prose = [
        line(f"{side}{row}", x, 60 + row * 30, 380)
        for row in range(6)
        for side, x in (("left", 0), ("right", 420))
    ]

    rows = texts(in_reading_order([line("headline", 100, 10, 600), *prose], level=True))

    assert rows[0] == ["headline"]
    assert list(chain(*rows[1:])) == [f"left{n}" for n in range(6)] + [
        f"right{n}" for n in range(6)
    ]


coordinates = st.integers(0, 2000)
lines = st.lists(
    st.builds(
        line, st.text(min_size=1), coordinates, coordinates, st.integers(1, 900), st.integers(1, 90)
    )
)


@given(lines, st.booleans())
def test_every_line_comes_back_exactly_once(given_lines, level):
    rows = in_reading_order(given_lines, level=level)

    assert sorted(map(id, chain(*rows))) == sorted(map(id, given_lines))
    assert all(rows)

import math
from itertools import chain
from random import Random

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


def blocks(lines, *, level=True, columns="prose"):
    read = in_reading_order(lines, level=level, columns=columns)
    return [[[one.text for one in row] for row in block] for block in read]


def rows(lines, **how):
    return list(chain(*blocks(lines, **how)))


ITEMS = [("tea", "2.10"), ("milk", "0.90"), ("sum", "3.00")] * 2
RECEIPT = [
    placed
    for row, (item, price) in enumerate(ITEMS)
    for placed in (line(price, 400, row * 40 + 3, 60), line(item, 0, row * 40, 100))
]


def test_what_stands_side_by_side_is_one_row():
    assert rows(RECEIPT)[:2] == [["tea", "2.10"], ["milk", "0.90"]]


@pytest.mark.parametrize("degrees", [-40, -14, -5, 5, 14, 40, 90, 175, 180, 270])
def test_a_turned_page_reads_the_same(degrees):
    lines = [line("title", 100, 0, 300)] + [
        line(f"{side}{row}", x, 40 + row * 40, 150)
        for row in range(3)
        for side, x in (("a", 0), ("b", 300))
    ]

    assert rows(turned(lines, degrees)) == [["title"], ["a0", "b0"], ["a1", "b1"], ["a2", "b2"]]


def test_without_levelling_plain_coordinates_count():
    upside_down = turned([line("first", 0, 0), line("second", 0, 40)], 180)

    assert rows(upside_down, level=False) == [["second"], ["first"]]


def column(name, x, rows, width=380, top=60):
    return [line(f"{name}{row}", x, top + row * 30, width) for row in range(rows)]


def flat(lines, **how):
    return list(chain(*rows(lines, **how)))


def test_columns_of_prose_are_read_one_after_the_other():
    left, right = column("left", 0, 6), column("right", 420, 6)

    read = rows([line("headline", 100, 10, 600), *right, *left])

    assert read[0] == ["headline"]
    assert list(chain(*read[1:])) == [one.text for one in left + right]


def test_three_columns_under_a_short_headline_with_a_line_across_them():
    upper = [column(name, x, 5) for name, x in (("a", 0), ("b", 400), ("c", 800))]
    lower = [column(name, x, 5, top=300) for name, x in (("d", 0), ("e", 400), ("f", 800))]
    everything = [
        line("title", 500, 10, 200),
        line("across", 0, 240, 1180),
        *chain(*zip(*upper, strict=True)),
        *chain(*zip(*lower, strict=True)),
    ]

    assert flat(everything) == [
        "title",
        *[one.text for one in chain(*upper)],
        "across",
        *[one.text for one in chain(*lower)],
    ]


def test_columns_that_nearly_touch():
    left, right = column("left", 0, 6, width=395), column("right", 400, 8)

    assert flat([*right, *left]) == [one.text for one in left + right]


def test_a_column_of_prices_stays_with_its_labels_whatever_its_side():
    prices = [line(f"{row}.00", 500 - 10 * (row % 3), 60 + row * 30, 50) for row in range(8)]
    labels = column("label", 0, 8, width=240)

    assert rows([*prices, *labels]) == [[f"label{n}", f"{n}.00"] for n in range(8)]


def test_without_analysis_rows_go_across_columns():
    both = column("left", 0, 3) + column("right", 420, 3)

    assert rows(both, columns="none") == [[f"left{n}", f"right{n}"] for n in range(3)]


def test_any_strip_of_paper_parts_columns_if_asked_to():
    both = column("left", 0, 3, width=90) + column("right", 200, 3, width=60)

    assert rows(both) == [[f"left{n}", f"right{n}"] for n in range(3)]
    assert rows(both, columns="all") == [
        [f"{side}{n}"] for side in ("left", "right") for n in range(3)
    ]


def test_paper_between_rows_parts_blocks():
    lines = [line("a", 0, 0), line("b", 0, 30), line("c", 0, 90), line("d", 0, 120)]

    assert blocks(lines) == [[["a"], ["b"]], [["c"], ["d"]]]


def test_what_is_written_from_right_to_left_is_read_so():
    lines = [line("אחת", 300, 0), line("שתיים", 0, 2), line("שלוש", 0, 40)]

    assert rows(lines) == [["אחת", "שתיים"], ["שלוש"]]


def test_thousands_of_specks_take_no_time_to_speak_of():
    random = Random(0)
    specks = [line("x", random.random() * 3000, random.random() * 4000, 9, 8) for _ in range(3000)]

    assert len(flat(specks, columns="all")) == 3000


coordinates = st.integers(0, 2000)
lines = st.lists(
    st.builds(
        line, st.text(min_size=1), coordinates, coordinates, st.integers(1, 900), st.integers(1, 90)
    )
)


@given(lines, st.booleans(), st.sampled_from(["none", "prose", "all"]))
def test_every_line_comes_back_exactly_once(given_lines, level, columns):
    read = list(chain(*in_reading_order(given_lines, level=level, columns=columns)))

    assert sorted(map(id, chain(*read))) == sorted(map(id, given_lines))
    assert all(read)

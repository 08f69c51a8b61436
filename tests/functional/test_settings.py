"""Every setting acts: an image that needs it, read by the real engine with it and without."""

from functools import partial
from itertools import pairwise

import jiwer
import numpy as np
import pytest
from PIL import Image

from ocr_frames.server.recognition import recognize
from ocr_frames.server.recognizers.rapid import RapidRecognizer
from ocr_frames.settings import RecognitionSettings
from tests.conftest import word_f1, words
from tests.unit.server.drawing import (
    along_an_arc,
    file_of,
    leaning,
    on_paper,
    put,
    small_print,
    white,
)

PROSE = [
    "The quick survey of the northern harbour",
    "began in early spring. Every boat was",
    "counted twice, once from the pier and",
    "once from the tower, before the evening.",
]
ITEMS = [
    ("Black tea", "2.10"),
    ("Whole milk", "0.90"),
    ("Rye bread", "3.45"),
    ("Butter", "2.80"),
    ("Honey", "5.20"),
    ("Total", "14.45"),
]
LEVELS = ["All", "Low", "LowMid", "Mid", "MidHigh", "High", "Ultra"]


@pytest.fixture(scope="module")
def recognizer():
    return RapidRecognizer()


@pytest.fixture
def read(recognizer):
    """Read an image with the given settings, the others as they are by default."""

    def read(image, **settings):
        recognition = recognize(recognizer, file_of(image), RecognitionSettings(**settings), ())
        assert recognition.messages == ()
        assert recognition.warnings == ()
        return recognition.results[0].data.decode()

    return read


def f1(text, expected):
    return word_f1([(text, expected)])


def accuracy(text, expected):
    """Share of the words that are right and in their place."""
    return 1 - jiwer.wer(expected, text) if text.strip() else 0.0


def written(lines, size=(540, 200), font_size=22):
    places = [(30, 30 + row * font_size * 3 // 2, line) for row, line in enumerate(lines)]
    return put(white(*size), places, font_size)


def expected(lines):
    return "\n".join(lines)


@pytest.mark.parametrize("degrees", [10, -10])
def test_skew_correction_keeps_rows_together(read, degrees):
    rows = [
        (x, 30 + 40 * n, text)
        for n, row in enumerate(ITEMS)
        for x, text in zip((40, 480), row, strict=True)
    ]
    image = leaning(put(white(640, 300), rows, 24), degrees)
    receipt = expected(" ".join(row) for row in ITEMS)

    assert accuracy(read(image, make_skew_correct=False), receipt) < 0.5
    assert accuracy(read(image), receipt) == 1


@pytest.mark.parametrize("degrees", [10, -10])
def test_skew_correction_levels_what_is_read_by_its_rows(read, degrees):
    strips = partial(read, leaning(written(PROSE), degrees), dsr_mode="LineDetector")

    assert f1(strips(make_skew_correct=False), expected(PROSE)) < 0.3
    assert f1(strips(), expected(PROSE)) > 0.95


@pytest.mark.parametrize("degrees", [90, 180, 40])
def test_rotate_sets_a_page_upright(read, degrees):
    turned = partial(read, leaning(written(PROSE), degrees), make_skew_correct=False)

    assert accuracy(turned(), expected(PROSE)) < 0.8
    assert accuracy(turned(rotate=-degrees), expected(PROSE)) > 0.95


@pytest.mark.parametrize("contrast", [4, 6])
def test_contrast_correction_raises_what_is_faint(read, contrast):
    faint = partial(read, on_paper(written(PROSE), 245, contrast))

    assert f1(faint(make_contrast_correction=False), expected(PROSE)) < 0.3
    assert f1(faint(), expected(PROSE)) > 0.95


def test_binarization_takes_shadows_and_specks_away(read):
    shadow = np.linspace(90, 240, 720)[np.newaxis, :]
    page = written(PROSE, (720, 260), 30)
    noisy = partial(read, on_paper(page, shadow, contrast=60, specks=0.15))

    assert f1(noisy(), expected(PROSE)) < 0.3
    assert f1(noisy(make_binarization=True), expected(PROSE)) > 0.85


@pytest.mark.parametrize("size", [(760, 760), (1500, 800)])
def test_upsampling_makes_small_print_legible(read, size):
    lines = [f"{one} {other}" for one, other in zip(PROSE, PROSE[::-1], strict=True)] * 3
    small = partial(read, small_print(lines, size, font_size=6))

    without, enlarged = (
        f1(small(), expected(lines)),
        f1(small(make_upsampling=True), expected(lines)),
    )

    assert enlarged > 0.75
    assert enlarged > without + 0.2


def test_spell_check_mends_words(read):
    image = written(["Please recieve the seperate", "invoice for Jonh until tommorow"])

    as_read, mended = read(image), read(image, make_spell_check=True)

    assert as_read == "Please recieve the seperate\ninvoice for Jonh until tommorow"
    assert mended == "Please receive the separate\ninvoice for Jonh until tomorrow"


def test_spell_check_without_a_dictionary_says_so(recognizer):
    settings = RecognitionSettings(make_spell_check=True, language="German")

    recognition = recognize(recognizer, file_of(written(["recieve"])), settings, ())

    assert recognition.results[0].data.decode() == "recieve"
    assert recognition.warnings == (
        "makeSpellCheck: there is no dictionary of German; the text is as read",
    )


TRUE = [
    "Harbour office ledger",
    "Rope and canvas stock",
    "Lantern oil delivered",
    "Pilot boats at anchor",
    "Winter coal reserve",
    "Ferry times changed",
    "Customs house queue",
    "Tower signal broken",
    "Storm damage to pier",
    "Fish market opening",
]


def doubtful():
    """Two clear lines; five printed over each other; three with ever more specks missing."""
    places = [(30, 20 + 50 * row, text) for row, text in enumerate(TRUE)]
    over = [(30 + 8 * row, 20 + 51 * row, TRUE[-1 - row]) for row in range(2, 7)]
    pixels = np.array(put(put(white(460, 540), places, 26), over, 26))
    missing = np.random.default_rng(0).random(pixels.shape[:2])
    for row, share in ((7, 0.5), (8, 0.6), (9, 0.65)):
        band = slice(15 + 50 * row, 60 + 50 * row)
        pixels[band][missing[band] < share] = 255
    return Image.fromarray(pixels)


def test_each_level_of_confidence_keeps_no_more_of_what_is_doubtful(read):
    image = doubtful()
    true = words(expected(TRUE))

    kept = [words(read(image, dsr_confidence=level)) for level in LEVELS]
    right = [(read & true).total() / read.total() for read in kept]

    assert all(more >= fewer for more, fewer in pairwise(kept))
    assert right[-1] > right[0] + 0.1
    assert kept[-1] >= words(expected(TRUE[:2]))
    assert words(read(image)) == kept[LEVELS.index("Mid")]


def columns(size, left, right, font_size=18):
    """Two columns of text, their tops at the same height."""
    places = [
        (x, 30 + row * font_size * 3 // 2, line)
        for x, lines in ((30, left), (size[0] // 2 + 20, right))
        for row, line in enumerate(lines)
    ]
    return put(white(*size), places, font_size)


STORY = [*PROSE, "The clerk noted the price of rope in", "the margin of the ledger, and then"]
CARD = (["Ada Smith", "Harbour office", "Pier 4"], ["Phone 4711", "Fax 4712", "Room 9"])


@pytest.mark.parametrize(
    ("mode", "by_column"),
    [("Regions", True), ("DsrNoFilter", True), ("DsrPlusDetector", True), ("NoDsrNoFilter", False)],
)
def test_columns_of_prose_are_told_apart_unless_nothing_is_analysed(read, mode, by_column):
    image = columns((900, 240), STORY, STORY[::-1])
    across = expected(f"{one} {other}" for one, other in zip(STORY, STORY[::-1], strict=True))

    text = read(image, dsr_mode=mode)

    assert accuracy(text, expected(STORY + STORY[::-1]) if by_column else across) > 0.95


@pytest.mark.parametrize(
    ("mode", "size", "by_column"),
    [
        ("Regions", (600, 200), False),
        ("DsrNoFilter", (600, 200), True),
        ("DsrAndFilter", (600, 200), False),
        ("DsrAndFilter", (1100, 1000), True),
    ],
)
def test_blocks_beside_each_other_are_told_apart_where_structure_is_analysed(
    read, mode, size, by_column
):
    left, right = CARD
    across = [f"{one} {other}" for one, other in zip(left, right, strict=True)]

    text = read(columns(size, left, right), dsr_mode=mode)

    assert text.split("\n") == (left + right if by_column else across)


@pytest.mark.parametrize("mode", ["TextDetector", "DsrPlusDetector"])
def test_detectors_find_small_text_on_a_large_page(read, mode):
    lines = [" ".join([one, other] * 2) for one, other in zip(PROSE, PROSE[::-1], strict=True)] * 2
    small = partial(read, small_print(lines, (3600, 420), font_size=9))

    assert f1(small(), expected(lines)) < 0.6
    assert f1(small(dsr_mode=mode), expected(lines)) > 0.85


def test_the_polygonal_detector_reads_around_the_bend(read):
    text = "Hand made soap from the northern hills"
    label = partial(read, along_an_arc(text, 300))

    assert f1(label(), text) < 0.3
    assert f1(label(dsr_mode="PolygonalTextDetector"), text) > 0.95


def test_the_line_detector_reads_letters_as_large_as_the_page(read):
    board = put(white(800, 700), [(80, 20, "7")], 400)
    board = partial(read, put(board, [(60, 580, "PLATFORM")], 40))

    assert f1(board(), "7 PLATFORM") < 0.8
    assert board(dsr_mode="LineDetector") == "7\nPLATFORM"

"""Tesseract on pages drawn here, in the languages this machine has data for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr_frames.server.recognizers import tessdata

pytest.importorskip("tesserocr")
from ocr_frames.server.recognizers.tesseract import TesseractRecognizer

matplotlib = pytest.importorskip("matplotlib")
FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"

RUSSIAN = (
    "Накладная номер 4711",
    "Сумма к оплате 12 рублей",
    "Получено полностью на складе",
    "Подпись и печать поставщика",
    "Возврат товара в течение дня",
)
ARABIC = ("مرحبا بالعالم", "السعر 4711 دينار")


def needs(language):
    missing = tessdata.data_file(language) is None
    return pytest.mark.skipif(missing, reason=f"needs {tessdata.package(language)}")


@pytest.fixture(scope="module")
def recognizer():
    return TesseractRecognizer()


def page(*lines, turned=0, align="left"):
    image = Image.new("RGB", (640, 60 + 60 * len(lines)), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONT, 32)
    for number, line in enumerate(lines):
        x, anchor = (610, "ra") if align == "right" else (30, "la")
        draw.text((x, 30 + 60 * number), line, fill="black", font=font, anchor=anchor)
    return np.asarray(image.rotate(turned, expand=True))


@needs("Russian")
@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_lines_and_words_stand_where_they_are(recognizer, turned):
    lines = recognizer.lines(page(*RUSSIAN, turned=turned), min_confidence=0.5, language="Russian")

    assert [line.text for line in lines] == list(RUSSIAN)
    for number, line in enumerate(lines):
        assert line.confidence > 0.8
        assert " ".join(word.text for word in line.words) == line.text
        ends = [end for word in line.words for end in (word.start, word.end)]
        assert ends == sorted(ends)
        assert ends[0] < 0.02
        assert ends[-1] > 0.98
        # turned back, the text begins at its place on the page
        x, y = upright(line.box[0], turned, page(*RUSSIAN, turned=turned).shape)
        assert x == pytest.approx(32, abs=8)
        assert y == pytest.approx(38 + 60 * number, abs=12)


def upright(point, turned, shape):
    """Where a point of a page turned counter-clockwise was before."""
    (x, y), (height, width) = point, shape[:2]
    return {
        0: (x, y),
        90: (height - y, x),
        180: (width - x, height - y),
        270: (y, width - x),
    }[turned]


@needs("Arabic")
def test_from_right_to_left_words_come_as_they_are_read(recognizer):
    lines = recognizer.lines(page(*ARABIC, align="right"), min_confidence=0.5, language="Arabic")

    assert [line.text for line in lines] == list(ARABIC)
    starts = [word.start for word in lines[1].words]
    assert starts == sorted(starts, reverse=True)


@needs("Russian")
def test_one_line_alone(recognizer):
    (line,) = recognizer.single_line(page(RUSSIAN[0]), min_confidence=0.5, language="Russian")
    assert line.text == RUSSIAN[0]


@needs("Russian")
def test_doubtful_lines_are_dropped(recognizer):
    image = page(RUSSIAN[0])
    (line,) = recognizer.lines(image, min_confidence=0, language="Russian")
    assert recognizer.lines(image, min_confidence=line.confidence, language="Russian") == [line]
    assert recognizer.lines(image, min_confidence=0.999, language="Russian") == []


@needs("English")
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (300, 1), (1, 300), (300, 300), (40000, 30)])
@pytest.mark.parametrize("shade", [0, 128, 255])
def test_there_is_nothing_on_it(recognizer, size, shade):
    image = np.full((size[1], size[0], 3), shade, np.uint8)
    assert recognizer.lines(image, min_confidence=0.5, language="English") == []
    assert recognizer.single_line(image, min_confidence=0.5, language="English") == []


@needs("English")
def test_a_page_wider_than_tesseract_takes_is_shrunk(recognizer):
    wide = np.full((120, 40000, 3), 255, np.uint8)
    wide[:, :640] = page("Total 4711")

    (line,) = recognizer.lines(wide, min_confidence=0.5, language="English")

    assert line.text == "Total 4711"
    assert line.box[0][0] == pytest.approx(32, abs=8)
    assert line.box[2][1] == pytest.approx(63, abs=8)


@needs("English")
@needs("German")
@needs("Russian")
def test_one_language_after_the_other(recognizer):
    for language, text in (
        ("Russian", RUSSIAN[0]),
        ("German", "Straße und Öl"),
        ("English", "Oil"),
    ):
        found = recognizer.lines(page(text, text), min_confidence=0.5, language=language)
        assert [line.text for line in found] == [text, text]


def test_a_language_whose_data_has_gone_is_an_error(recognizer):
    with pytest.raises(LookupError, match="was removed"):
        recognizer.lines(page("x"), min_confidence=0, language="HWT_ENG")

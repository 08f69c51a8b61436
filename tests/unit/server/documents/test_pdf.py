"""What poppler's pdftotext finds in a PDF, where, and that nothing of it is seen."""

import io
import re
import shutil
import subprocess

import numpy as np
import pikepdf
import pytest

from ocr_frames.server.documents.pdf import pdf
from ocr_frames.server.preprocess import Affine
from ocr_frames.server.recognizers import Line
from tests.unit.server.documents.pages import BLANK, INVOICE, line, page, sheet

pytestmark = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is missing")
WORD = re.compile(r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>')


def poppler(data, *options):
    command = ["pdftotext", *options, "-", "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout.decode()


def placed(data):
    found = WORD.findall(poppler(data, "-bbox"))
    return {word: tuple(map(float, box)) for *box, word in found}


def test_words_stand_where_they_are_seen():
    words = placed(pdf([INVOICE], [sheet()]))

    # shares of a line by its characters: "Invoice" takes 7 of 12
    assert words["Invoice"] == pytest.approx((30, 40, 30 + 200 * 7 / 12, 60), abs=0.5)
    assert words["2026"] == pytest.approx((300, 42, 360, 62), abs=0.5)
    assert words["bc"] == pytest.approx((30, 20, 50, 40), abs=0.5)


@pytest.mark.parametrize(("dpi", "points"), [(144.0, 320), (None, 640 * 72 / 150)])
def test_a_page_is_as_large_as_its_resolution_says(dpi, points):
    data = pdf([INVOICE], [sheet(dpi=dpi)])

    with pikepdf.open(io.BytesIO(data)) as document:
        assert float(document.pages[0].mediabox[2]) == pytest.approx(points, abs=0.1)
    assert placed(data)["2026"][0] == pytest.approx(300 * points / 640, abs=0.5)


@pytest.mark.parametrize(
    "text",
    ["中文字符", "日本語の文", "Ärger", "Привет", "😀🎉", "𝒳²", "ﬁn", "<&>\\(", "𠮷野家"],
)
def test_any_text_is_found(text):
    assert text in poppler(pdf([page([[line(text, 10, 10)]])], [sheet()])).split()


@pytest.mark.parametrize("text", ["שלום עולם", "مرحبا بالعالم"])
def test_leftward_text_is_found_in_its_order(text):
    found = poppler(pdf([page([[line(text, 10, 10)]])], [sheet()]))

    assert re.sub("[\u202a-\u202e\u200e\u200f]", "", found).split() == text.split()


def test_a_leaning_word_is_found_whole():
    box = ((100.0, 100.0), (300.0, 130.0), (297.0, 150.0), (97.0, 120.0))

    words = placed(pdf([page([[Line("somewhat tilted", 0.9, box)]])], [sheet()]))

    left, top, right, bottom = words["tilted"]
    assert set(words) == {"somewhat", "tilted"}
    assert (left + right) / 2 == pytest.approx(259, abs=3)
    assert (top + bottom) / 2 == pytest.approx(134, abs=3)


def test_text_that_runs_up_the_page():
    box = ((10.0, 300.0), (10.0, 100.0), (30.0, 100.0), (30.0, 300.0))

    words = placed(pdf([page([[Line("upwards", 0.9, box)]])], [sheet()]))

    assert words == {"upwards": pytest.approx((10, 100, 30, 300), abs=0.5)}


def test_the_picture_may_be_turned_against_what_was_sent():
    turned = sheet(size=(480, 640), from_sent=Affine.turn(90).then(Affine.shift(0, 640)))

    words = placed(pdf([page([[line("text", 100, 200, 60, 20)]])], [turned]))

    assert words == {"text": pytest.approx((200, 480, 220, 540), abs=0.5)}


def test_every_page_has_its_text():
    data = pdf([INVOICE, BLANK, page([[line("last", 0, 0)]])], [sheet(), sheet(), sheet()])

    assert [text.split()[:1] for text in poppler(data).split("\f")[:3]] == [["a"], [], ["last"]]


def rendered(data):
    command = ["pdftoppm", "-r", "72", "-gray", "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    header, pixels = done.stdout.split(b"255\n", 1)
    width, height = map(int, header.split()[1:3])
    return np.frombuffer(pixels, np.uint8).reshape(height, width)


def test_nothing_is_seen_of_the_text():
    assert rendered(pdf([INVOICE], [sheet()])).min() == 255


def picture_of(data):
    with pikepdf.open(io.BytesIO(data)) as document:
        image = pikepdf.PdfImage(document.pages[0].Resources.XObject.Im)
        return image.as_pil_image().copy(), image.bits_per_component


@pytest.mark.parametrize(
    ("pixels", "mode", "bits"),
    [
        (np.array([[[0] * 3, [255] * 3] * 40] * 30, np.uint8), "1", 1),
        (np.array([[[90] * 3, [100] * 3] * 40] * 30, np.uint8), "L", 8),
        (np.array([[[90, 80, 70]] * 80] * 30, np.uint8), "RGB", 8),
    ],
)
def test_the_picture_is_the_page(pixels, mode, bits):
    shown = sheet()

    image, depth = picture_of(pdf([page(size=(80, 30))], [type(shown)(pixels, Affine())]))

    assert (image.mode, image.size, depth) == (mode, (80, 30), bits)
    difference = np.asarray(image.convert("RGB")).astype(int) - pixels
    assert np.abs(difference).max() <= 12


def test_masked_words_are_covered_in_the_picture():
    shown = sheet()
    shown.pixels[40:60, 30:230] = 0
    words = page([[line("**** left", 30, 40)]])

    masked, open_ = (rendered(pdf([words], [shown], masked=m)) for m in (True, False))

    assert masked[42:58, 32:115].min() > 200
    assert masked[42:58, 150:228].max() < 50
    assert open_[42:58, 32:228].max() < 50
    assert shown.pixels[50, 50].max() == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (20000, 2)])
def test_slivers(size):
    data = pdf([page([[line("x", 0, 0, 1, 1)]], size=size)], [sheet(size=size, dpi=None)])

    with pikepdf.open(io.BytesIO(data)) as document:
        assert all(3 <= float(side) <= 14_400 for side in document.pages[0].mediabox[2:])
        assert document.check_pdf_syntax() == []

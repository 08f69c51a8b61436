"""The real engine, in this process."""

import json

import pytest
from PIL import Image

from ocr_frames.server.recognition import recognize
from ocr_frames.server.recognizers.rapid import RapidRecognizer
from ocr_frames.settings import RecognitionSettings, Region
from tests.unit.server.drawing import file_of, page


@pytest.fixture(scope="module")
def recognizer():
    return RapidRecognizer()


@pytest.fixture
def read(recognizer):
    def read(image, regions=(), **settings):
        return recognize(recognizer, image, RecognitionSettings(**settings), regions)

    return read


def text(recognition):
    assert recognition.messages == ()
    return [result.data.decode() for result in recognition.results]


def test_a_page(read):
    assert text(read(file_of(page("Invoice 4711", "Total 12.50")))) == ["Invoice 4711\nTotal 12.50"]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_that_lies_on_its_side_or_head(read, degrees):
    turned = page("Invoice 4711", "Total amount").rotate(degrees, expand=True)

    assert text(read(file_of(turned))) == ["Invoice 4711\nTotal amount"]


def test_rotate_comes_first(read):
    turned = page("Invoice 4711", "Total amount").rotate(-90, expand=True)

    assert text(read(file_of(turned), rotate=90, make_skew_correct=False)) == [
        "Invoice 4711\nTotal amount"
    ]


def test_pages_are_parted_by_form_feeds(read):
    tiff = file_of(page("First"), "TIFF", save_all=True, append_images=[page("Second")])

    assert text(read(tiff)) == ["First\fSecond"]


def test_no_text_is_no_error(read):
    assert text(read(file_of(Image.new("RGB", (300, 200), "white")))) == [""]


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (7, 5)])
def test_slivers_end_well(read, size):
    assert len(text(read(file_of(Image.new("RGB", size, "white"))))) == 1


def test_one_text_per_region_in_order(read):
    regions = [Region(x0=0, y0=90, x1=640, y1=160), Region(x0=0, y0=15, x1=640, y1=85)]

    assert text(read(file_of(page("Upper line", "Lower line")), regions)) == [
        "Lower line",
        "Upper line",
    ]


def test_a_region_outside_is_named(read):
    regions = [Region(x0=0, y0=0, x1=10, y1=10), Region(x0=20, y0=40, x1=900, y1=80)]

    recognition = read(file_of(page("text")), regions)

    assert recognition.results == ()
    assert recognition.messages == (
        "region 2 (20, 40, 900, 80) lies outside the image (640 x 240 pixels)",
    )


def test_what_is_no_image_is_a_message(read):
    assert "not an image" in read(b"junk").messages[0]


def test_json_boxes_lie_on_the_text(read):
    (result,) = read(file_of(page("Invoice 4711")), result_type="JSON").results

    (line,) = json.loads(result.data)["pages"][0]["lines"]
    (left, top), _, (right, bottom), _ = line["box"]
    assert result.type == "JSON"
    assert line["text"] == "Invoice 4711"
    assert 10 < left < 50
    assert 15 < top < 45
    assert 200 < right < 400
    assert 55 < bottom < 95


def test_spell_check_says_that_it_did_nothing(read):
    assert "makeSpellCheck" in read(file_of(page("text")), make_spell_check=True).warnings[0]

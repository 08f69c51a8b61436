"""The real engine, in this process."""

import json
import math
import re
import subprocess
from io import BytesIO

import pikepdf
import pytest
from PIL import Image

from ocr_frames.server.preprocess import Affine
from ocr_frames.server.recognition import recognize
from ocr_frames.server.recognizers import Line
from ocr_frames.server.recognizers.rapid import RapidRecognizer
from ocr_frames.settings import RecognitionSettings, Region
from tests.adapters.faulty import Reading
from tests.unit.server.drawing import file_of, leaning, page, put, white


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


def document(recognition):
    (result,) = recognition.results
    assert result.type == "JSON"
    return json.loads(result.data)


def words_of(page):
    return [w for block in page["blocks"] for line in block["lines"] for w in line["words"]]


def middle(word):
    xs, ys = zip(*word["box"], strict=True)
    return (sum(xs) / 4, sum(ys) / 4)


def leaning_place(place, size, degrees):
    """Where a point of an image lies once the image leans, as drawing.leaning makes it."""
    lean = Affine.shift(-size[0] / 2, -size[1] / 2).then(Affine.turn(degrees))
    width, height = leaning(white(*size), degrees).size
    return lean.then(Affine.shift(width / 2, height / 2)).point(place)


LINES = ["one line of it", "another like it", "Marker", "a line after it"]
MARKER = (95, 145)
"""The middle of the third line's word."""


@pytest.mark.parametrize(
    ("degrees", "settings"),
    [
        (0, {}),
        (0, {"make_upsampling": True}),
        (10, {}),
        (10, {"make_skew_correct": False}),
        (-12, {"make_upsampling": True, "dsr_mode": "LineDetector"}),
        (90, {"rotate": -90}),
        (33, {"rotate": -33}),
        (180, {"rotate": 180, "dsr_mode": "TextDetector"}),
    ],
)
def test_boxes_lie_on_the_image_as_it_was_sent(read, degrees, settings):
    size = (420, 260)
    image = put(white(*size), [(50, 30 + 50 * n, line) for n, line in enumerate(LINES)], 26)
    sent = leaning(image, degrees)

    (page,) = document(read(file_of(sent), result_type="JSON", **settings))["pages"]

    (marker,) = [word for word in words_of(page) if word["text"] == "Marker"]
    assert (page["width"], page["height"]) == sent.size
    assert middle(marker) == pytest.approx(leaning_place(MARKER, size, degrees), abs=8)
    (x0, y0), (x1, y1), *_ = marker["box"]
    assert math.degrees(math.atan2(y0 - y1, x1 - x0)) == pytest.approx(degrees, abs=4)


def test_boxes_of_a_region_lie_on_the_whole_image(read):
    image = put(white(600, 400), [(300, 250, "Marker"), (40, 40, "elsewhere")], 26)
    region = Region(x0=250, y0=220, x1=500, y1=320)

    (page,) = document(read(file_of(image), [region], result_type="JSON"))["pages"]

    (marker,) = words_of(page)
    assert (page["width"], page["height"]) == (600, 400)
    assert marker["text"] == "Marker"
    assert middle(marker) == pytest.approx((345, 265), abs=8)


def test_orientation_by_exif_is_the_image_as_it_was_sent(read):
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = put(white(420, 260), [(50, 130, "Marker")], 26)
    data = file_of(upright.rotate(90, expand=True), "JPEG", exif=exif)

    (page,) = document(read(data, result_type="JSON"))["pages"]

    assert (page["width"], page["height"]) == (420, 260)
    assert middle(words_of(page)[0]) == pytest.approx(MARKER, abs=8)


def test_one_entry_per_type_and_region_in_order(read):
    regions = [Region(x0=0, y0=90, x1=640, y1=160), Region(x0=0, y0=15, x1=640, y1=85)]

    results = read(
        file_of(page("Upper line", "Lower line")), regions, result_type="TextAndPdfAndHocr"
    ).results

    assert [result.type for result in results] == ["Text", "Pdf", "Hocr"] * 2
    assert [results[0].data, results[3].data] == [b"Lower line", b"Upper line"]
    assert b"Lower" in results[2].data
    assert b"Upper" in results[5].data


# --- with an engine that reads the size of what it is shown ---------------------------------------


@pytest.fixture
def sizes():
    def read(image, regions=(), masked=False, **settings):
        return recognize(Reading(), image, RecognitionSettings(**settings), regions, masked)

    return read


def test_frames_that_stand_still_are_read_once():
    class Counting(Reading):
        calls = 0

        def lines(self, image, *, min_confidence, language):
            self.calls += 1
            return super().lines(image, min_confidence=min_confidence, language=language)

    frames = [Image.new("L", (50, 20), level) for level in (0, 0, 90, 90, 0)]
    engine = Counting()
    data = file_of(frames[0], "TIFF", save_all=True, append_images=frames[1:], compression="raw")

    (result,) = recognize(engine, data, RecognitionSettings(), ()).results

    assert result.data.decode() == "\f".join(["50 x 20"] * 5)
    assert engine.calls == 3


def test_what_is_left_out_of_an_animation_is_a_warning(sizes):
    frames = [Image.new("L", (4, 4), level) for level in range(100)]
    data = file_of(Image.new("L", (4, 4), 255), "GIF", save_all=True, append_images=frames)

    recognition = sizes(data)

    assert recognition.messages == ()
    assert recognition.warnings == ("only the first 100 frames of the animation were read",)


@pytest.mark.parametrize("result_type", ["Text", "JSON", "Hocr", "Pdf", "TextAndPdfAndHocr"])
def test_masking_holds_for_every_type_and_does_not_change(result_type):
    image = file_of(page("text"))

    def masked(data):
        return recognize(Wordy(), data, RecognitionSettings(result_type=result_type), (), True)

    assert masked(image) == masked(image)
    for result in masked(image).results:
        text = told(result)
        assert sum(set(word) == {"*"} for word in text) == 2
        assert len(text) == 20
        assert masked(file_of(page("other"))).results != masked(image).results


class Wordy(Reading):
    def lines(self, image, *, min_confidence, language):
        box = ((0, 0), (600, 0), (600, 20), (0, 20))
        return [Line(" ".join(f"word{n:02}" for n in range(20)), 0.9, box)]


def told(result):
    """The words of a result, whatever its type."""
    if result.type == "Pdf":
        done = subprocess.run(["pdftotext", "-", "-"], input=result.data, capture_output=True)
        return done.stdout.decode().split()
    if result.type == "JSON":
        return [word["text"] for word in words_of(json.loads(result.data)["pages"][0])]
    if result.type == "Hocr":
        return re.findall(r'class="ocrx_word"[^>]*>([^<]*)<', result.data.decode())
    return result.data.decode().split()


def test_pdf_pages_are_those_of_the_file_as_rotated(sizes):
    tiff = file_of(page("one"), "TIFF", save_all=True, append_images=[page("two", size=(300, 100))])

    (result,) = sizes(tiff, rotate=90, result_type="Pdf").results

    with pikepdf.open(BytesIO(result.data)) as document:
        boxes = [[float(side) for side in one.mediabox[2:]] for one in document.pages]
    assert boxes == [
        pytest.approx([240 * 72 / 150, 640 * 72 / 150], abs=0.1),
        pytest.approx([100 * 72 / 150, 300 * 72 / 150], abs=0.1),
    ]

import re
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.server.documents.hocr import hocr
from ocr_frames.server.recognizers import Line
from tests.unit.server.documents.pages import BLANK, INVOICE, line, page

SPACE = "{http://www.w3.org/1999/xhtml}"
NESTED = ["ocr_page", "ocr_carea", "ocr_par", "ocr_line", "ocrx_word"]


def parsed(*pages):
    return ET.fromstring(hocr(pages))


def of_class(root, name):
    return [element for element in root.iter() if element.get("class") == name]


def test_it_is_xhtml_that_says_what_it_holds():
    root = parsed(INVOICE)

    named = {meta.get("name"): meta.get("content") for meta in root.iter(f"{SPACE}meta")}
    assert root.tag == f"{SPACE}html"
    assert named["ocr-system"].startswith("ocr-frames ")
    assert set(named["ocr-capabilities"].split()) == {*NESTED, "ocrp_wconf"}
    assert root.find(f"{SPACE}head/{SPACE}title").text


def test_words_are_in_lines_in_paragraphs_in_areas_on_pages():
    element = parsed(INVOICE).find(f"{SPACE}body")

    for name in NESTED:
        element = element[0]
        assert element.get("class") == name


def test_boxes_and_confidences():
    root = parsed(INVOICE)

    words = {word.text: word.get("title") for word in of_class(root, "ocrx_word")}
    assert words["a"] == "bbox 10 20 20 40; x_wconf 50"
    assert words["bc"] == "bbox 30 20 50 40; x_wconf 99"
    assert [e.get("title") for e in of_class(root, "ocr_page")] == ["bbox 0 0 640 480; ppageno 0"]
    assert of_class(root, "ocr_line")[0].get("title") == "bbox 30 40 360 62"


def test_words_of_a_line_are_parted_by_spaces():
    (first, _) = of_class(parsed(INVOICE), "ocr_line")

    assert "".join(first.itertext()) == "Invoice 4711 2026"


def test_pages_are_counted_and_ids_are_never_used_twice():
    root = parsed(INVOICE, BLANK, INVOICE)

    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert [e.get("title").split("; ")[1] for e in of_class(root, "ocr_page")] == [
        "ppageno 0",
        "ppageno 1",
        "ppageno 2",
    ]
    assert len(ids) == len(set(ids))


def test_a_leaning_line_names_its_angle():
    box = ((0.0, 50.0), (200.0, 20.0), (203.0, 40.0), (3.0, 70.0))

    (one,) = of_class(parsed(page([[Line("rising", 0.9, box)]])), "ocr_line")

    assert one.get("title") == "bbox 0 20 203 70; textangle 8.5"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cn"]), min_size=1))
def test_any_text_is_told_as_it_is(text):
    (word,) = of_class(parsed(page([[line(text, 0, 0)]])), "ocrx_word")

    assert word.text == text


@given(st.floats(-500, 2000), st.floats(-500, 2000), st.floats(1, 900), st.floats(1, 90))
def test_boxes_are_whole_pixels_within_the_page(x, y, width, height):
    root = parsed(page([[line("text", x, y, width, height)]]))

    for element in root.iter():
        box = re.match(r"bbox (\d+) (\d+) (\d+) (\d+)", element.get("title") or "")
        if box:
            x0, y0, x1, y1 = map(int, box.groups())
            assert 0 <= x0 <= x1 <= 640
            assert 0 <= y0 <= y1 <= 480

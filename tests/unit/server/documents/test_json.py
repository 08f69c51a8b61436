import json

from ocr_frames.server.documents.json import structure
from tests.unit.server.documents.pages import BLANK, TWO_WORDS, line, page


def test_pages_hold_blocks_of_lines_of_words():
    document = json.loads(structure([page([[TWO_WORDS]]), BLANK]))

    box = [[10, 20], [50, 20], [50, 40], [10, 40]]
    words = [
        {"text": "a", "confidence": 0.5, "box": [[10, 20], [20, 20], [20, 40], [10, 40]]},
        {"text": "bc", "confidence": 0.9877, "box": [[30, 20], [50, 20], [50, 40], [30, 40]]},
    ]
    item = {"text": "a bc", "confidence": 0.9, "box": box}
    assert document == {
        "pages": [
            {
                "width": 640,
                "height": 480,
                "blocks": [{**item, "lines": [{**item, "words": words}]}],
            },
            {"width": 640, "height": 480, "blocks": []},
        ]
    }


def test_a_row_of_several_lines_is_one():
    row = [line("left", 0, 100, 80, confidence=1.0), line("right", 300, 102, 100, confidence=0.1)]
    block = [row, [line("below", 0, 130)]]

    document = json.loads(structure([page(block)]))

    (read,) = document["pages"][0]["blocks"]
    assert read["text"] == "left right\nbelow"
    assert read["box"] == [[0, 100], [400, 100], [400, 150], [0, 150]]
    assert [one["text"] for one in read["lines"]] == ["left right", "below"]
    assert read["lines"][0]["box"] == [[0, 100], [400, 102], [400, 122], [0, 120]]
    assert read["lines"][0]["confidence"] == 0.5
    assert [word["text"] for word in read["lines"][0]["words"]] == ["left", "right"]


def test_leftward_rows_are_boxed_from_the_left():
    block = [[line("אחת", 300, 0, 50), line("שתיים", 0, 0, 80)]]

    document = json.loads(structure([page(block)]))

    row = document["pages"][0]["blocks"][0]["lines"][0]
    assert row["text"] == "אחת שתיים"
    assert row["box"] == [[0, 0], [350, 0], [350, 20], [0, 20]]

import json

from ocr_frames.server.documents import Page, result_of
from ocr_frames.server.recognizers import Line

BOX = ((1.0, 2.0), (3.0, 2.0), (3.0, 4.0), (1.0, 4.0))


def read(*texts):
    return Page(640, 480, [[Line(text, 0.98765, BOX) for text in row] for row in texts])


def test_text_of_rows_and_pages():
    result = result_of([read(["a", "b"], ["c"]), read(), read(["é"])], "Text")

    assert result.type == "Text"
    assert result.data.decode() == "a b\nc\f\fé"


def test_json_has_boxes_and_confidence():
    document = json.loads(result_of([read(["a"])], "JSON").data)

    assert document == {
        "pages": [
            {
                "width": 640,
                "height": 480,
                "lines": [
                    {
                        "text": "a",
                        "confidence": 0.9877,
                        "box": [[1.0, 2.0], [3.0, 2.0], [3.0, 4.0], [1.0, 4.0]],
                    }
                ],
            }
        ]
    }

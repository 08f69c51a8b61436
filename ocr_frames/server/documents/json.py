"""Pages as JSON: blocks of lines of words, each with its text, confidence and box."""

import json
from collections.abc import Sequence

from ocr_frames.server.documents.page import (
    Page,
    block_box,
    block_confidence,
    row_box,
    row_confidence,
    row_text,
)
from ocr_frames.server.layout import Block, Row
from ocr_frames.server.recognizers import Box
from ocr_frames.server.words import box_of, words_of

Json = dict[str, object]


def structure(pages: Sequence[Page]) -> bytes:
    """Boxes are four corners in pixels of the image as sent, from where the text begins."""
    return json.dumps({"pages": [_page(page) for page in pages]}, ensure_ascii=False).encode()


def _page(page: Page) -> Json:
    blocks = [_block(block) for block in page.blocks]
    return {"width": page.width, "height": page.height, "blocks": blocks}


def _block(block: Block) -> Json:
    text = "\n".join(map(row_text, block))
    return _item(text, block_confidence(block), block_box(block)) | {
        "lines": [_row(row) for row in block]
    }


def _row(row: Row) -> Json:
    words = [
        _item(word.text, word.confidence, box_of(line, word.start, word.end))
        for line in row
        for word in words_of(line)
    ]
    return _item(row_text(row), row_confidence(row), row_box(row)) | {"words": words}


def _item(text: str, confidence: float, box: Box) -> Json:
    corners = [[round(x, 1), round(y, 1)] for x, y in box]
    return {"text": text, "confidence": round(confidence, 4), "box": corners}

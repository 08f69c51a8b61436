"""Pages of text -> the results of a task."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ocr_frames.model import Result
from ocr_frames.server.layout import Row

OFFERED = ("Text", "JSON")
"""Result types that can be written."""


@dataclass(frozen=True, slots=True)
class Page:
    """What was read on one page of `width` x `height` pixels: rows from top to bottom."""

    width: int
    height: int
    rows: list[Row]

    @property
    def text(self) -> str:
        """Lines of a row joined by a space, rows by a newline."""
        return "\n".join(" ".join(line.text for line in row) for row in self.rows)


def result_of(pages: Sequence[Page], result_type: str) -> Result:
    """Write pages as one entry of a task's results: `Text` (form feeds between pages) or `JSON`."""
    if result_type == "JSON":
        return Result("JSON", json.dumps(_document(pages), ensure_ascii=False).encode())
    return Result("Text", "\f".join(page.text for page in pages).encode())


def _document(pages: Sequence[Page]) -> dict[str, object]:
    return {
        "pages": [
            {
                "width": page.width,
                "height": page.height,
                "lines": [
                    {
                        "text": line.text,
                        "confidence": round(line.confidence, 4),
                        "box": [[round(x, 1), round(y, 1)] for x, y in line.box],
                    }
                    for row in page.rows
                    for line in row
                ],
            }
            for page in pages
        ]
    }

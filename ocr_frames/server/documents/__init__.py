"""Pages of text -> the results of a task."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import get_args

from ocr_frames.model import Result
from ocr_frames.server.documents.hocr import hocr
from ocr_frames.server.documents.json import structure
from ocr_frames.server.documents.page import Page, Sheet
from ocr_frames.server.documents.text import text
from ocr_frames.settings import ResultType

__all__ = ["OFFERED", "Page", "Sheet", "results_of"]

OFFERED: tuple[str, ...] = get_args(ResultType)
"""Result types that can be written."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "TextAndPdf": ("Text", "Pdf"),
    "TextAndHocr": ("Text", "Hocr"),
    "PdfAndHocr": ("Pdf", "Hocr"),
    "TextAndPdfAndHocr": ("Text", "Pdf", "Hocr"),
}
"""What a combined type is made of, in this order."""


def results_of(
    pages: Sequence[Page],
    result_type: str,
    sheets: Callable[[], Iterable[Sheet]],
    *,
    masked: bool = False,
) -> tuple[Result, ...]:
    """Write pages as the entries of a task's results, one per type.

    `sheets`: gives the pictures of the pages, asked only for what shows them. `masked`: whether
    words were masked, which are then covered in the pictures.
    """
    return tuple(
        Result(kind, _written(pages, kind, sheets, masked=masked))
        for kind in PARTS.get(result_type, (result_type,))
    )


def _written(
    pages: Sequence[Page], kind: str, sheets: Callable[[], Iterable[Sheet]], *, masked: bool
) -> bytes:
    if kind == "Pdf":
        from ocr_frames.server.documents.pdf import pdf  # few tasks want one, and it takes a while

        return pdf(pages, sheets(), masked=masked)
    return {"Text": text, "JSON": structure, "Hocr": hocr}[kind](pages)

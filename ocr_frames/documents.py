"""Results other than text, as one document each: hOCR, PDF and JSON, joined where there are more.

There are more of one kind for the regions of an image, and for pages that were separate tasks.
"""

import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ocr_frames.errors import MissingExtraError
from ocr_frames.model import Result

_BODY = re.compile(r"<body\b[^<>]*>", re.IGNORECASE)
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)
_BETWEEN = {"pages": "\f", "words": " "}
_DEEPEST = 50


def data(results: Iterable[Result], kind: str) -> list[bytes]:
    """The data of the results of one kind, in order; vendors vary in the case of its name."""
    return [result.data for result in results if result.type.lower() == kind.lower()]


def texts(results: Iterable[Result], kind: str) -> list[str]:
    """The data of the results of one kind, as text."""
    return [found.decode("utf-8-sig", "replace") for found in data(results, kind)]


def joined_hocr(documents: Sequence[str]) -> str | None:
    """The pages of all documents within the first one's head; None without any."""
    whole = [document for document in documents if document]
    if len(whole) < 2:
        return whole[0] if whole else None
    begin, _ = _body(whole[0])
    _, end = _body(whole[-1])
    inner = "\n".join(document[slice(*_body(document))].strip("\n") for document in whole)
    return whole[0][:begin] + inner + whole[-1][end:]


def _body(document: str) -> tuple[int, int]:
    begins, ends = _BODY.search(document), list(_BODY_END.finditer(document))
    return begins.end() if begins else 0, ends[-1].start() if ends else len(document)


def joined_json(documents: Sequence[str]) -> str | None:
    """One document with the `pages` of all where all have some, else a list; None without any."""
    if len(documents) < 2:
        return documents[0] if documents else None
    read = [_parsed(document) for document in documents]
    if not all(_has_pages(document) for document in read):
        return json.dumps(read, ensure_ascii=False)
    pages = [page for document in read for page in document["pages"]]
    return json.dumps({**read[0], "pages": pages}, ensure_ascii=False)


def _has_pages(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("pages"), list)


def _parsed(document: str) -> Any:
    """What a document holds; itself where it is no JSON."""
    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        return document


def text_of_json(document: str) -> str:
    """The text in a JSON result, which names it `text` on one level or another.

    Pages are joined by form feeds, words by spaces, all else by newlines.
    """
    parsed = _parsed(document)
    return "" if isinstance(parsed, str) else _text(parsed, "\n", 0)


def _text(node: Any, between: str, depth: int) -> str:
    if depth > _DEEPEST:
        return ""
    if isinstance(node, list):
        parts = [_text(inner, between, depth + 1) for inner in node]
        return between.join(part for part in parts if part or between == "\f")
    if not isinstance(node, dict):
        return ""
    named = {str(name).lower(): inner for name, inner in node.items()}
    own = named.get("text") or named.get("recognitiontext")
    if isinstance(own, str):
        return own
    parts = [_text(v, _BETWEEN.get(name, "\n"), depth + 1) for name, v in named.items()]
    return "\n".join(part for part in parts if part)


def require_joining() -> None:
    """Raise MissingExtraError where PDF documents could not be joined."""
    try:
        import pypdf  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("pypdf, which joins PDF documents,", "pdf") from error


def joined_pdf(documents: Sequence[bytes]) -> bytes | None:
    """The pages of all documents in one; None without any, or where one cannot be read."""
    if len(documents) < 2:
        return documents[0] if documents else None
    from pypdf import PdfWriter
    from pypdf.errors import PyPdfError

    joined = io.BytesIO()
    try:
        with PdfWriter() as writer:
            for document in documents:
                writer.append(io.BytesIO(document))
            writer.write(joined)
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return joined.getvalue()

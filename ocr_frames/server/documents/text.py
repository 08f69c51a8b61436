"""Pages as plain text."""

from collections.abc import Sequence

from ocr_frames.server.documents.page import Page


def text(pages: Sequence[Page]) -> bytes:
    """UTF-8: rows parted by newlines, pages by form feeds."""
    return "\f".join(page.text for page in pages).encode()

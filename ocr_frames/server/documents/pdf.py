"""Pages as PDF: their pictures, with the text on them unseen, to be found and copied."""

import io
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from pikepdf import Dictionary, Name, Object, Pdf, Stream

from ocr_frames.server.documents.page import Page, Sheet
from ocr_frames.server.documents.textlayer import TextLayer
from ocr_frames.server.layout import Row
from ocr_frames.server.recognizers import Pixels
from ocr_frames.server.words import box_of, words_of

POINTS = 72.0
"""Per inch."""

ASSUMED_DPI = 150.0
LONGEST, SHORTEST = 14_400.0, 3.0
"""Points; viewers take no page beyond."""

JPEG_QUALITY = 85
JPEG_LONGEST = 65_500
"""Pixels."""

COVER = 0.15
"""How far a masked word is covered beyond its box, in heights of it."""


def pdf(pages: Sequence[Page], sheets: Iterable[Sheet], *, masked: bool = False) -> bytes:
    """One page per sheet, as large as its `dpi` says.

    With `masked`, words of asterisks alone are covered in the picture, too.
    """
    document = Pdf.new()
    layer = TextLayer(document)
    for page, sheet in zip(pages, sheets, strict=True):
        _add(document, layer, page, sheet, masked=masked)
    layer.close()
    file = io.BytesIO()
    # the same pages make the same bytes
    document.save(file, deterministic_id=True, min_version="1.5")
    return file.getvalue()


def _add(document: Pdf, layer: TextLayer, page: Page, sheet: Sheet, *, masked: bool) -> None:
    height, width = sheet.pixels.shape[:2]
    scale = min(POINTS / (sheet.dpi or ASSUMED_DPI), LONGEST / max(height, width))
    across, down = max(SHORTEST, width * scale), max(SHORTEST, height * scale)
    rows = [sheet.from_sent.lines(row) for row in page.rows]
    pixels = _covered(sheet.pixels, rows) if masked else sheet.pixels
    content = "\n".join(
        [
            f"q {width * scale:.3f} 0 0 {height * scale:.3f} 0 0 cm /Im Do Q",
            *("BT 3 Tr", *layer.drawn(rows, scale, height), "ET"),
        ]
    )
    added = document.add_blank_page(page_size=(across, down))
    added.obj.Contents = document.make_indirect(Stream(document, content.encode("ascii")))
    added.obj.Resources = Dictionary(
        XObject=Dictionary(Im=_picture(document, pixels)), Font=Dictionary(F=layer.font)
    )


def _covered(pixels: Pixels, rows: Sequence[Row]) -> Pixels:
    """Paint over the words that are masked, in the colour that most of their edge has."""
    covered = pixels.copy()
    for line in (line for row in rows for line in row):
        for word in words_of(line):
            if set(word.text) == {"*"}:
                corners = np.array(box_of(line, word.start, word.end))
                corners += (corners - corners.mean(axis=0)) * COVER
                _cover(covered, corners.round().astype(np.int32))
    return covered


def _cover(pixels: Pixels, corners: NDArray[np.int32]) -> None:
    edge = np.zeros(pixels.shape[:2], np.uint8)
    cv2.polylines(edge, [corners], isClosed=True, color=1)
    colours = pixels[edge > 0]
    colour = np.median(colours, axis=0) if len(colours) else (255, 255, 255)
    cv2.fillPoly(pixels, [corners], [float(value) for value in colour])


def _picture(document: Pdf, pixels: Pixels) -> Object:
    """Black and white as it is, all else as JPEG, grey where there is no colour."""
    grey = pixels[:, :, 0]
    has_colour = not (
        np.array_equal(grey, pixels[:, :, 1]) and np.array_equal(grey, pixels[:, :, 2])
    )
    height, width = grey.shape
    if not has_colour and not np.any((grey > 0) & (grey < 255)):
        data, bits, form = np.packbits(grey > 0, axis=1).tobytes(), 1, None
    elif max(height, width) > JPEG_LONGEST:
        data, bits, form = (pixels if has_colour else grey).tobytes(), 8, None
    else:
        data, bits, form = _jpeg(pixels[:, :, ::-1] if has_colour else grey), 8, Name.DCTDecode
    picture = Stream(
        document,
        data,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=width,
        Height=height,
        BitsPerComponent=bits,
        ColorSpace=Name.DeviceRGB if has_colour else Name.DeviceGray,
    )
    if form is not None:
        picture.Filter = form
    return document.make_indirect(picture)


def _jpeg(pixels: Pixels) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(pixels), options)
    return bytes(data)

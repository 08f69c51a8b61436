"""Scanned and rasterised documents."""

import numpy as np
import wording
from PIL import Image
from samples import Sample
from scene import Rng, ScanLook, scan
from sheet import Cell, Sheet, Style

A4 = (1240, 1754)
GREY = (96, 96, 96)


def prose_page(rng: Rng) -> Sample:
    """A page of a printed story."""
    sheet = Sheet(*A4)
    sheet.line(A4[0] / 2, 210, wording.PAGE_TITLE, Style("serif-bold", 40), "centre")
    body = Style("serif", 26, leading=1.42)
    y = 320.0
    for paragraph in wording.PAGE_PARAGRAPHS:
        y = sheet.paragraph(160, y, 920, paragraph, body, justify=True) + 22
    sheet.line(A4[0] / 2, 1640, wording.PAGE_FOOT, Style("serif", 24), "centre")
    picture = scan(sheet.image, A4, rng, ScanLook(paper=236, grain=1.8))
    return Sample("page.jpg", "image", sheet.text, [picture], quality=52)


def skewed_minutes(rng: Rng) -> Sample:
    """Minutes that slid on the glass of the scanner."""
    size = (1100, 1500)
    sheet = Sheet(*size)
    sheet.line(180, 260, wording.MINUTES_TITLE, Style("letter-bold", 38))
    sheet.line(180, 312, wording.MINUTES_SUBTITLE, Style("letter", 28))
    y = 390.0
    for paragraph in wording.MINUTES_PARAGRAPHS:
        y = sheet.paragraph(180, y, 740, paragraph, Style("letter", 26)) + 18
    look = ScanLook(skew=-7, shadow=0.2, grain=1.6, lid=188)
    picture = scan(sheet.image, size, rng, look)
    return Sample("skewed.jpg", "image", sheet.text, [picture], quality=58)


def faint_report(rng: Rng) -> Sample:
    """A report printed with hardly any toner left."""
    size = (1100, 1400)
    sheet = Sheet(*size)
    sheet.line(140, 180, wording.REPORT_TITLE, Style("sans-bold", 40))
    y = sheet.column(140, 260, wording.REPORT_FACTS, Style("sans", 28)) + 30
    for paragraph in wording.REPORT_PARAGRAPHS:
        y = sheet.paragraph(140, y, 820, paragraph, Style("sans", 28)) + 22
    look = ScanLook(paper=228, ink=168, grain=2.2, mottle=1.8, fading=0.12, skew=-0.4)
    picture = scan(sheet.image, size, rng, look)
    return Sample("faint.jpg", "image", sheet.text, [picture], quality=64)


def accents_page(rng: Rng) -> Sample:
    """Phrases with the accents of ten European languages."""
    size = (1100, 1500)
    sheet = Sheet(*size)
    sheet.line(120, 150, wording.ACCENTS_TITLE, Style("serif-bold", 40))
    y = 235.0
    for language, first, second in wording.ACCENTS:
        sheet.line(120, y, language, Style("sans-bold", 26, GREY))
        y = sheet.column(120, y + 40, (first, second), Style("serif", 31, leading=1.26)) + 8
    look = ScanLook(paper=252, grain=1.2, mottle=0.8, shadow=0.08, skew=0.15)
    picture = scan(sheet.image, size, rng, look)
    return Sample("accents.png", "image", sheet.text, [sixteen_greys(picture)])


def blank_page(rng: Rng) -> Sample:
    """The empty back of a page."""
    size = (1100, 1500)
    look = ScanLook(paper=233, grain=1.8, mottle=1.1, skew=-0.3, shadow=0.4)
    picture = scan(Sheet(*size).image, size, rng, look)
    return Sample("blank.jpg", "image", "", [picture], quality=50)


def faxed_survey(rng: Rng) -> Sample:
    """Three black and white pages in one file, as document scanners save them."""
    sheets = [_survey_cover(), _survey_method(), _survey_results()]
    pages = [
        bilevel(scan(sheet.image, A4, rng, _fax_look(n)), rng) for n, sheet in enumerate(sheets)
    ]
    text = "\f".join(sheet.text for sheet in sheets)
    return Sample("survey.tiff", "image", text, pages)


def _fax_look(number: int) -> ScanLook:
    return ScanLook(
        grain=6, mottle=3, blur=0.7, fading=0.02, skew=(0.5, -0.25, 0.2)[number], shadow=0
    )


def _survey_cover() -> Sheet:
    sheet = Sheet(*A4)
    sheet.line(140, 240, "FACSIMILE", Style("screen-black", 72))
    sheet.bar(140, 280, 1100, 286, (0, 0, 0))
    y = sheet.column(140, 380, wording.SURVEY_COVER, Style("screen", 34, leading=1.7))
    sheet.bar(140, y - 10, 1100, y - 7, (0, 0, 0))
    sheet.paragraph(140, y + 70, 920, wording.SURVEY_NOTE, Style("screen", 32))
    return sheet


def _survey_method() -> Sheet:
    sheet = Sheet(*A4)
    sheet.line(140, 220, "1. Method", Style("screen-bold", 44))
    y = 310.0
    for paragraph in wording.SURVEY_METHOD:
        y = sheet.paragraph(140, y, 920, paragraph, Style("screen", 31)) + 26
    sheet.line(620, 1620, "Page 2", Style("screen", 28), "centre")
    return sheet


def _survey_results() -> Sheet:
    sheet = Sheet(*A4)
    sheet.line(140, 220, "2. Results", Style("screen-bold", 44))
    y = 320.0
    for number, entries in enumerate(wording.SURVEY_TABLE):
        cells = [Cell(x, entry) for x, entry in zip((140, 360, 600, 840), entries, strict=True)]
        sheet.row(y, cells, Style("screen" if number else "screen-bold", 32))
        sheet.bar(140, y + 18, 1060, y + 20, (0, 0, 0))
        y += 62
    sheet.paragraph(140, y + 50, 920, wording.SURVEY_RESULT, Style("screen", 31))
    sheet.line(620, 1620, "Page 3", Style("screen", 28), "centre")
    return sheet


def bilevel(picture: Image.Image, rng: Rng) -> Image.Image:
    """Black and white only, with the specks of dust such scans have."""
    dark = np.asarray(picture) < 172
    specks = rng.random(dark.shape) < 0.00002
    specks |= np.roll(specks, 1, axis=1)
    return Image.fromarray(~(dark | specks))


def sixteen_greys(picture: Image.Image) -> Image.Image:
    """The grey levels a four-bit scanner can tell apart."""
    levels = np.rint(np.asarray(picture) / 17) * 17
    return Image.fromarray(levels.astype(np.uint8))

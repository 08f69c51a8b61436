"""Pictures with fields and columns: an identity card and an invoice."""

import math

from artwork import guilloche, portrait
from PIL import Image, ImageFilter
from samples import Region, Sample
from scene import Rng, cast_shadow, round_corners, to_image, to_pixels
from sheet import SCALE, WHITE, Box, Cell, Colour, Sheet, Style

CARD = (856, 540)
CARD_AT = (42, 40)
CARD_PICTURE = (940, 620)
MARGIN = 12
CARD_FIELDS = (
    ("name", "Name", "Odette Tarrow", (306, 140)),
    ("born", "Date of birth", "14.03.1987", (306, 240)),
    ("place", "Place of birth", "Port Linden", (576, 240)),
    ("number", "Card number", "VR 408 5127", (306, 340)),
    ("expires", "Valid until", "30.09.2031", (576, 340)),
    ("address", "Address", "9 Heron Quay", (306, 440)),
)

INVOICE_COLUMNS = (70, 150, 690, 860, 1030)
INVOICE_HEAD = ("No", "Description", "Quantity", "Price", "Amount")
INVOICE_ROWS = (
    ("1", "Oak desk, 160 cm", "2", "340.00", "680.00"),
    ("2", "Desk lamp with clamp", "4", "39.50", "158.00"),
    ("3", "Filing cabinet, grey", "1", "215.00", "215.00"),
    ("4", "Cable tray", "6", "12.25", "73.50"),
    ("5", "Delivery and assembly", "1", "95.00", "95.00"),
)
INVOICE_SUMS = (("Net total", "1221.50"), ("Tax 20%", "244.30"), ("Total due", "1465.80"))
GREY: Colour = (110, 116, 124)
DARK: Colour = (32, 36, 42)


def id_card(rng: Rng) -> Sample:
    """An identity card on the glass of a scanner, with the boxes of its values."""
    sheet, boxes = _card()
    card = round_corners(sheet.image, 26 * SCALE)
    size = (CARD_PICTURE[0] * SCALE, CARD_PICTURE[1] * SCALE)
    at = (CARD_AT[0] * SCALE, CARD_AT[1] * SCALE)
    mask = Image.new("L", size, 0)
    mask.paste(card.getchannel("A"), at)
    bed = cast_shadow(Image.new("RGB", size, (228, 229, 227)), mask, (8, 10), 0.4)
    bed.paste(card, at, card)
    picture = _scanned(bed, rng)
    text = "\n".join(value for _, _, value, _ in CARD_FIELDS)
    regions = {name: _region(box) for name, box in boxes.items()}
    return Sample("id_card.png", "regions", text, [picture], regions=regions)


def _card() -> tuple[Sheet, dict[str, Box]]:
    sheet = Sheet(*CARD, (232, 238, 232))
    guilloche(sheet, (214, 228, 216), 26)
    sheet.bar(0, 0, CARD[0], 84, (34, 84, 92))
    sheet.put(36, 56, "REPUBLIC OF VARENTHAL", Style("sans-bold", 36, WHITE))
    sheet.put(820, 56, "IDENTITY CARD", Style("sans", 28, WHITE), "right")
    sheet.image.paste(portrait(230, 300), (36 * SCALE, 120 * SCALE))
    sheet.put(151, 472, "SPECIMEN", Style("sans-bold", 30, (166, 60, 60)), "centre")
    boxes: dict[str, Box] = {}
    for name, caption, value, (x, y) in CARD_FIELDS:
        sheet.put(x, y, caption, Style("sans", 21, (70, 100, 104)))
        boxes[name] = sheet.put(x, y + 47, value, Style("screen-medium", 36, (26, 28, 34)))
    return sheet, boxes


def _region(box: Box) -> Region:
    left, top, right, bottom = box
    dx, dy = CARD_AT
    return (
        math.floor(left + dx - MARGIN),
        math.floor(top + dy - MARGIN),
        math.ceil(right + dx + MARGIN),
        math.ceil(bottom + dy + MARGIN),
    )


def _scanned(bed: Image.Image, rng: Rng) -> Image.Image:
    small = bed.resize(CARD_PICTURE, Image.Resampling.LANCZOS)
    pixels = to_pixels(small.filter(ImageFilter.GaussianBlur(0.5)))
    grain = rng.normal(scale=1.6, size=(CARD_PICTURE[1], CARD_PICTURE[0], 1))
    # Few levels keep the file small.
    return to_image(((pixels + grain) / 8).round() * 8)


def invoice_screenshot(_: Rng) -> Sample:
    """An invoice on a screen."""
    sheet = Sheet(1180, 860, (238, 240, 243))
    _window(sheet)
    body, bold = Style("screen", 22, DARK, 1.5), Style("screen-bold", 22, DARK, 1.5)
    sheet.row(
        168, [Cell(70, "Invoice 2093"), Cell(1110, "Open", "right")], Style("screen-bold", 36, DARK)
    )
    sheet.row(224, [Cell(70, "Bill to"), Cell(690, "Date")], Style("screen", 20, GREY))
    sheet.row(256, [Cell(70, "Corvin Landscape Studio"), Cell(690, "4 March 2025")], bold)
    sheet.row(288, [Cell(70, "22 Heron Quay, Ashlow"), Cell(690, "Due in 30 days")], body)
    sheet.bar(50, 330, 1130, 376, (226, 232, 240))
    _table_row(sheet, 361, INVOICE_HEAD, Style("screen-medium", 21, (70, 80, 96)))
    y = 412.0
    for entries in INVOICE_ROWS:
        _table_row(sheet, y, entries, body)
        sheet.bar(50, y + 17, 1130, y + 18, (222, 226, 231))
        y += 52
    for label, amount in INVOICE_SUMS:
        style = bold if label == "Total due" else body
        sheet.row(y + 12, [Cell(860, label, "right"), Cell(1110, amount, "right")], style)
        y += 42
    return Sample("invoice.png", "image", sheet.text, [sheet.finished()])


def _window(sheet: Sheet) -> None:
    sheet.bar(0, 0, 1180, 66, (40, 62, 92))
    sheet.line(70, 43, "Ledgerfold Accounts", Style("screen-medium", 26, WHITE))
    for x in (1060, 1092, 1124):
        sheet.rounded((x, 25, x + 16, 41), 8, (150, 168, 192))
    sheet.rounded((50, 96, 1130, 830), 10, WHITE, (214, 218, 224))


def _table_row(sheet: Sheet, y: float, entries: tuple[str, ...], style: Style) -> None:
    cells = [
        Cell(x + 80, entry, "right") if column > 1 else Cell(x, entry)
        for column, (x, entry) in enumerate(zip(INVOICE_COLUMNS, entries, strict=True))
    ]
    sheet.row(y, cells, style)

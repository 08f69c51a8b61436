"""Things photographed with a phone."""

import numpy as np
import surfaces
import wording
from artwork import barcode, honeycomb
from PIL import Image
from samples import Sample
from scene import PhotoLook, Quad, Rng, cast_shadow, expose, lay, round_corners, view, wrap
from sheet import SCALE, WHITE, Cell, Colour, Sheet, Style

RECEIPT_ITEMS = (
    ("Rye bread", "3.40"),
    ("Goat cheese", "5.25"),
    ("Plum jam", "4.10"),
    ("Oat milk 1 L", "2.35"),
    ("Carrots 1 kg", "1.80"),
    ("Green tea", "6.90"),
)
RECEIPT_SUMS = (("Subtotal", "23.80"), ("Tax 7%", "1.67"))


def enlarged(ground: Image.Image) -> Image.Image:
    """The ground at the scale sheets are drawn in."""
    size = (ground.width * SCALE, ground.height * SCALE)
    return ground.resize(size, Image.Resampling.BICUBIC)


def placed(*points: tuple[float, float]) -> Quad:
    """Corners given in finished pixels, clockwise from top left."""
    first, second, third, fourth = ((x * SCALE, y * SCALE) for x, y in points)
    return first, second, third, fourth


def receipt(rng: Rng) -> Sample:
    """A till receipt on a dark table."""
    sheet = _receipt_paper()
    size = (680, 1180)
    ground = enlarged(surfaces.planks(size, rng, (84, 60, 46), 210))
    paper = surfaces.till_paper(sheet.image, rng)
    quad = placed((112, 60), (574, 46), (598, 1118), (88, 1126))
    look = PhotoLook(lamp=(0.7, 0.15), falloff=0.33, grain=2.6, blur=0.6)
    picture = expose(lay(ground, paper, quad, drop=(10, 14)), size, rng, look)
    return Sample("receipt.jpg", "image", sheet.text, [picture], quality=72)


def _receipt_paper() -> Sheet:
    ink: Colour = (70, 68, 84)
    body, bold = Style("mono", 24, ink, 1.5), Style("mono-bold", 26, ink, 1.5)
    sheet = Sheet(480, 1010, (244, 244, 240))
    sheet.line(240, 90, "Merrow & Daughters", Style("mono-bold", 32, ink), "centre")
    y = sheet.column(240, 135, ("5 Cobble Row, Ashlow", "Tel 0555 201 774"), body, "centre")
    sheet.row(y + 30, [Cell(40, "Till 2"), Cell(440, "Receipt 3187", "right")], body)
    y = _ruled(sheet, y + 52)
    for entry in RECEIPT_ITEMS:
        y = _priced(sheet, y, entry, body)
    y = _ruled(sheet, y - 22)
    for entry in RECEIPT_SUMS:
        y = _priced(sheet, y, entry, body)
    y = _priced(sheet, y + 12, ("TOTAL", "25.47"), Style("mono-bold", 34, ink, 1.5))
    y = _priced(sheet, y, ("Cash", "30.00"), body)
    y = _priced(sheet, y, ("Change", "4.53"), body)
    sheet.column(240, y + 40, ("Thank you for your visit", "Open daily 8 to 19"), bold, "centre")
    return sheet


def _ruled(sheet: Sheet, y: float) -> float:
    for x in range(40, 440, 14):
        sheet.bar(x, y, x + 8, y + 2, (120, 118, 130))
    return y + 42


def _priced(sheet: Sheet, y: float, entry: tuple[str, str], style: Style) -> float:
    name, price = entry
    sheet.row(y, [Cell(40, name), Cell(440, price, "right")], style)
    return y + style.step


def price_tag(rng: Rng) -> Sample:
    """A price tag in the rail of a shop shelf."""
    size = (1000, 750)
    sheet = _price_paper(rng)
    ground = enlarged(surfaces.shop_shelf(size, rng))
    quad = placed((180, 348), (812, 344), (814, 646), (178, 642))
    scene = view(
        lay(ground, sheet.image, quad), placed((30, 90), (1000, 20), (930, 750), (20, 690))
    )
    look = PhotoLook(lamp=(0.2, 0.4), falloff=0.55, glare=0.3, glare_width=0.1, blur=0.9, grain=4)
    picture = expose(scene, size, rng, look)
    return Sample("price_tag.jpg", "label", sheet.text, [picture], quality=68)


def _price_paper(rng: Rng) -> Sheet:
    sheet = Sheet(640, 300, (250, 246, 228))
    sheet.bar(0, 0, 640, 62, (196, 32, 40))
    sheet.line(28, 45, "SPECIAL OFFER", Style("screen-bold", 36, WHITE))
    sheet.line(28, 122, "Hazelnut Spread", Style("screen-bold", 42))
    sheet.line(28, 166, "Orchard Lane, 400 g", Style("screen", 30))
    sheet.line(616, 258, "3.79", Style("screen-black", 120, (180, 20, 30)), "right")
    sheet.line(28, 232, "9.48 per kg", Style("screen", 30))
    barcode(sheet, (28, 248, 230, 284), rng)
    return sheet


def street_sign(rng: Rng) -> Sample:
    """A street sign on a garden wall, seen from one side and below."""
    size = (1120, 800)
    wall = surfaces.brick_wall(size, rng)
    wall.paste(surfaces.sky((size[0], 170), rng))
    wall.paste(surfaces.plain((size[0], 26), rng, (150, 146, 138), 6), (0, 160))
    sheet = _street_plate()
    plate = round_corners(sheet.image, 22 * SCALE)
    quad = placed((170, 300), (900, 294), (902, 546), (168, 548))
    scene = lay(enlarged(wall), plate, quad, drop=(-8, 14))
    scene = view(scene, placed((0, 60), (1030, 110), (1060, 700), (0, 800)))
    look = PhotoLook(lamp=(0.85, 0.1), falloff=0.5, glare=0.22, glare_width=0.2, grain=4)
    picture = expose(scene, size, rng, look)
    return Sample("street_sign.jpg", "label", sheet.text, [picture], quality=62)


def _street_plate() -> Sheet:
    sheet = Sheet(780, 270, (24, 70, 120))
    sheet.rounded((10, 10, 770, 260), 16, None, WHITE, 6)
    sheet.line(390, 126, "Marrowfield Road", Style("sans-bold", 86, WHITE), "centre")
    sheet.line(390, 208, "leading to Quince Court", Style("sans", 50, WHITE), "centre")
    for x in (38, 742):
        sheet.rounded((x - 7, 200, x + 7, 214), 7, (150, 156, 160))
    return sheet


def product_label(rng: Rng) -> Sample:
    """A paper label round a jar of honey."""
    size = (900, 1100)
    ground = enlarged(surfaces.kitchen(size, rng))
    jar = surfaces.glass_jar((620 * SCALE, 940 * SCALE), (214, 128, 26))
    at = (140 * SCALE, 100 * SCALE)
    mask = Image.new("L", ground.size, 0)
    mask.paste(jar.getchannel("A"), at)
    ground = cast_shadow(ground, mask, (50, 24), 0.5)
    ground.paste(jar, at, jar)
    sheet = _honey_label()
    bent = wrap(shaded(sheet.image), 612 * SCALE, 40 * SCALE, 1.2)
    ground.paste(bent, (144 * SCALE, 420 * SCALE), bent)
    scene = view(ground, placed((24, 34), (876, 12), (900, 1068), (42, 1092)))
    look = PhotoLook(lamp=(0.28, 0.45), falloff=0.4, glare=0.25, glare_width=0.07, grain=3.4)
    picture = expose(scene, size, rng, look)
    return Sample("product_label.webp", "label", sheet.text, [picture], quality=68)


def _honey_label() -> Sheet:
    brown: Colour = (74, 42, 16)
    sheet = Sheet(760, 430, (246, 236, 208))
    sheet.rounded((12, 12, 748, 418), 10, None, brown, 4)
    honeycomb(sheet, (66, 330), (196, 130, 30))
    honeycomb(sheet, (636, 330), (196, 130, 30))
    sheet.line(380, 82, "HOLLOWBEE FARM", Style("sans-bold", 44, brown), "centre")
    sheet.line(380, 182, "Wildflower", Style("serif-bold", 92, (150, 78, 8)), "centre")
    sheet.line(380, 266, "Honey", Style("serif-bold", 92, (150, 78, 8)), "centre")
    sheet.line(380, 326, "Raw and unfiltered", Style("sans", 38, brown), "centre")
    sheet.line(380, 386, "Net weight 340 g", Style("sans-bold", 38, brown), "centre")
    return sheet


def shaded(label: Image.Image) -> Image.Image:
    """The label darker towards its sides, as on something round."""
    across = np.linspace(-1, 1, label.width)
    shade = 0.45 + 0.55 * np.sqrt(1 - (0.95 * across) ** 2)
    pixels = np.asarray(label) * shade[None, :, None]
    return Image.fromarray(pixels.astype(np.uint8))


def sideways_notice(rng: Rng) -> Sample:
    """A notice on a door, photographed with the phone held upright."""
    size = (900, 1200)
    sheet = _notice_paper()
    ground = enlarged(surfaces.plain(size, rng, (62, 96, 90), 2, 3))
    quad = placed((128, 150), (792, 128), (776, 1040), (118, 1016))
    scene = lay(ground, surfaces.textured(sheet.image, rng, 2, 2), quad)
    scene = _taped(scene, ((110, 120), (690, 100)))
    picture = expose(scene, size, rng, PhotoLook(lamp=(0.65, 0.1), falloff=0.4, grain=3))
    stored = picture.transpose(Image.Transpose.ROTATE_90)
    return Sample("sideways.jpg", "image", sheet.text, [stored], quality=70, orientation=6)


def _taped(scene: Image.Image, places: tuple[tuple[float, float], ...]) -> Image.Image:
    tape = Image.new("RGBA", (8, 8), (232, 222, 180, 150))
    for x, y in places:
        quad = placed((x, y), (x + 124, y - 6), (x + 126, y + 42), (x + 2, y + 48))
        scene = lay(scene, tape, quad, drop=(1, 2), dark=0.1)
    return scene


def _notice_paper() -> Sheet:
    sheet = Sheet(640, 860, (248, 247, 242))
    sheet.line(320, 130, wording.NOTICE_TITLE, Style("letter-bold", 66), "centre")
    sheet.bar(60, 162, 580, 166, (60, 60, 60))
    body = Style("letter", 36, leading=1.75)
    y = sheet.column(320, 246, wording.NOTICE_LINES, body, "centre")
    sheet.line(320, y + 50, wording.NOTICE_SIGNATURE, Style("letter-bold", 40), "centre")
    return sheet


def shipping_label(rng: Rng) -> Sample:
    """An address label on a parcel."""
    size = (1200, 900)
    sheet = _address_label(rng)
    ground = enlarged(surfaces.cardboard(size, rng))
    quad = placed((214, 128), (1010, 176), (960, 792), (158, 706))
    scene = lay(ground, sheet.image, quad, drop=(4, 6))
    look = PhotoLook(lamp=(0.75, 0.25), falloff=0.45, glare=0.2, grain=3)
    return Sample("shipping_label.webp", "image", sheet.text, [expose(scene, size, rng, look)])


def _address_label(rng: Rng) -> Sheet:
    body, bold = Style("screen", 34, leading=1.4), Style("screen-bold", 46, leading=1.25)
    sheet = Sheet(840, 620)
    sheet.rounded((10, 10, 830, 610), 6, None, (0, 0, 0), 3)
    sheet.line(40, 70, "From: Pellow Ceramics", body)
    sheet.line(40, 116, "18 Kiln Street, 4021 Ostermoor", body)
    sheet.bar(10, 142, 830, 146, (0, 0, 0))
    to = ("Ship to:", "Rosalind Achterberg", "Unit 7, Weaver Yard", "6630 Port Linden")
    sheet.line(40, 200, to[0], body)
    sheet.column(40, 262, to[1:], bold)
    sheet.bar(10, 400, 830, 404, (0, 0, 0))
    barcode(sheet, (60, 424, 780, 530), rng)
    sheet.row(584, [Cell(60, "PX 7714 0932 58"), Cell(780, "2.4 kg", "right")], Style("mono", 36))
    return sheet

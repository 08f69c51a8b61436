"""Drawn things without text: barcodes, a portrait, ornaments."""

import math

from PIL import Image, ImageDraw
from scene import Rng
from sheet import SCALE, Box, Colour, Sheet


def barcode(sheet: Sheet, box: Box, rng: Rng) -> None:
    """Draw bars that look like a barcode but stand for nothing."""
    x, top, right, bottom = box
    while x < right - 8:
        dark, light = (float(width) for width in rng.integers(1, 4, size=2) * 1.5)
        sheet.bar(x, top, x + dark, bottom, (20, 20, 20))
        x += dark + light


def honeycomb(sheet: Sheet, at: tuple[float, float], colour: Colour) -> None:
    """Draw three cells of a honeycomb."""
    x, y = at
    for dx, dy in ((0, 0), (42, 0), (21, 36)):
        corners = [
            (
                (x + dx + 20 * math.sin(k * math.pi / 3)) * SCALE,
                (y + dy + 20 * math.cos(k * math.pi / 3)) * SCALE,
            )
            for k in range(6)
        ]
        sheet.draw.polygon(corners, None, colour, 4 * SCALE)


def portrait(width: int, height: int) -> Image.Image:
    """A silhouette of a head and shoulders."""
    picture = Image.new("RGB", (width * SCALE, height * SCALE), (206, 214, 218))
    draw = ImageDraw.Draw(picture)
    w, h = picture.size
    draw.ellipse((w * 0.24, h * 0.1, w * 0.76, h * 0.66), (74, 56, 48))
    draw.rectangle((w * 0.24, h * 0.38, w * 0.76, h * 0.7), (74, 56, 48))
    draw.ellipse((w * 0.04, h * 0.7, w * 0.96, h * 1.4), (70, 92, 120))
    draw.rectangle((w * 0.42, h * 0.55, w * 0.58, h * 0.76), (206, 164, 138))
    draw.ellipse((w * 0.42, h * 0.7, w * 0.58, h * 0.8), (206, 164, 138))
    draw.ellipse((w * 0.31, h * 0.2, w * 0.69, h * 0.66), (222, 182, 156))
    draw.pieslice((w * 0.27, h * 0.12, w * 0.73, h * 0.54), 180, 360, (74, 56, 48))
    return picture


def guilloche(sheet: Sheet, colour: Colour, waves: int) -> None:
    """Draw the fine wavy lines of a security print."""
    for wave in range(waves):
        points = [
            (
                x * SCALE,
                (sheet.height * (wave + 0.5) / waves + 16 * math.sin(x / 46 + wave * 0.45)) * SCALE,
            )
            for x in range(0, sheet.width + 4, 4)
        ]
        sheet.draw.line(points, colour, 2)

"""Images drawn for a test."""

import math
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont


def page(*lines, size=(640, 240), font_size=36):
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        place = (30, 30 + number * font_size * 2)
        draw.text(place, line, fill="black", font=ImageFont.load_default(size=font_size))
    return image


def put(image, placed, font_size=22):
    """Write texts, given as (x, y, text), on an image."""
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=font_size)
    for x, y, text in placed:
        draw.text((x, y), text, fill="black", font=font)
    return image


def white(width, height):
    return Image.new("RGB", (width, height), "white")


def leaning(image, degrees):
    """Turned counter-clockwise, on white."""
    return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="white")


def small_print(lines, size, font_size):
    """Text drawn four times as large and brought down, as a scanner with few dots does."""
    large = put(
        white(size[0] * 4, size[1] * 4),
        [(120, 120 + row * font_size * 6, line) for row, line in enumerate(lines)],
        font_size * 4,
    )
    return large.resize(size, Image.Resampling.BOX)


def on_paper(image, paper, contrast, noise=0.0, specks=0.0, seed=0):
    """Print on `paper` (grey levels) with `contrast`, with noise, and black and white specks."""
    random = np.random.default_rng(seed)
    ink = (255.0 - np.asarray(image.convert("L"))) / 255
    grey = paper - ink * contrast + random.normal(0, noise, ink.shape)
    dirt = random.random(ink.shape)
    grey[dirt < specks / 2] = 0
    grey[dirt > 1 - specks / 2] = 255
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


def along_an_arc(text, radius, size=(1000, 700), font_size=40):
    """Text on the upper side of a circle, its middle at the top of it."""
    font = ImageFont.load_default(size=font_size)
    image = white(*size)
    x, y = size[0] / 2, 200 + radius
    angle = -font.getlength(text) / radius / 2
    for letter in text:
        half = font.getlength(letter) / radius / 2
        angle += half
        glyph = Image.new("RGBA", (3 * font_size, 3 * font_size), (0, 0, 0, 0))
        place = (1.5 * font_size, 1.5 * font_size)
        ImageDraw.Draw(glyph).text(place, letter, font=font, fill="black", anchor="ms")
        glyph = glyph.rotate(-math.degrees(angle), Image.Resampling.BICUBIC)
        left = x + radius * math.sin(angle) - 1.5 * font_size
        top = y - radius * math.cos(angle) - 1.5 * font_size
        image.paste(glyph, (int(left), int(top)), glyph)
        angle += half
    return image


def file_of(image, kind="PNG", **options):
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def sized(width, height=20):
    return file_of(Image.new("RGB", (width, height), "white"))

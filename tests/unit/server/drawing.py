"""Images drawn for a test."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont


def page(*lines, size=(640, 240), font_size=36):
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        place = (30, 30 + number * font_size * 2)
        draw.text(place, line, fill="black", font=ImageFont.load_default(size=font_size))
    return image


def file_of(image, kind="PNG", **options):
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def sized(width, height=20):
    return file_of(Image.new("RGB", (width, height), "white"))

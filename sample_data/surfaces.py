"""Things that sit behind the subject of a photo."""

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from scene import Pixels, Rng, positions, soft_noise, to_image, to_pixels

Size = tuple[int, int]
Colour = tuple[int, int, int]


def textured(flat: Image.Image, rng: Rng, rough: float, blotch: float) -> Image.Image:
    """The picture with fine and coarse unevenness."""
    width, height = flat.size
    uneven = rough * soft_noise(rng, width, height, 3) + blotch * soft_noise(rng, width, height, 60)
    return to_image(to_pixels(flat) + uneven[..., None])


def plain(size: Size, rng: Rng, colour: Colour, rough: float = 3, blotch: float = 5) -> Image.Image:
    """A surface of one colour, such as a painted door."""
    return textured(Image.new("RGB", size, colour), rng, rough, blotch)


def planks(size: Size, rng: Rng, colour: Colour, plank: int) -> Image.Image:
    """A table of wooden boards that run from left to right."""
    height = size[1]
    rows = np.arange(height, dtype=np.float32)[:, None]
    grain = _stretched(rng, size, 4, 150) * 5 + _stretched(rng, size, 12, 400) * 7
    shade = rng.normal(scale=9, size=height // plank + 1).astype(np.float32)
    grain = grain + shade[np.arange(height) // plank][:, None]
    gap = np.exp(-((((rows % plank) - plank / 2) / 1.6) ** 2))
    pixels = np.array(colour, dtype=np.float32) + grain[..., None]
    return to_image(pixels * (1 - 0.55 * gap[..., None]))


def _stretched(rng: Rng, size: Size, thin: int, long: int) -> Pixels:
    width, height = size
    coarse = rng.normal(size=(height // thin + 2, width // long + 3)).astype(np.float32)
    grown = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(grown, dtype=np.float32)


def brick_wall(size: Size, rng: Rng, brick: Size = (112, 40)) -> Image.Image:
    """A wall of red bricks with pale mortar."""
    width, height = size
    wall = Image.new("RGB", size, (164, 154, 142))
    draw = ImageDraw.Draw(wall)
    for row, top in enumerate(range(-6, height, brick[1])):
        start = -brick[0] + (row % 2) * brick[0] // 2
        for left in range(start, width, brick[0]):
            shade = rng.normal(scale=10)
            fill = tuple(round(c + shade + rng.normal(scale=4)) for c in (142, 82, 64))
            box = (left, top, left + brick[0] - 6, top + brick[1] - 6)
            draw.rounded_rectangle(box, 2, fill)
    return textured(wall.filter(ImageFilter.GaussianBlur(0.8)), rng, 8, 6)


def cardboard(size: Size, rng: Rng) -> Image.Image:
    """The side of a parcel with a strip of tape."""
    width, height = size
    columns = np.arange(width, dtype=np.float32)[None, :]
    ribs = 1.5 * np.sin(columns * 2 * np.pi / 17)
    fibres = _stretched(rng, size, 2, 30) * 2.5 + soft_noise(rng, width, height, 90) * 4
    pixels = np.array((186, 146, 102), dtype=np.float32) + (ribs + fibres)[..., None]
    _, down = positions(width, height)
    tape = np.clip(1 - np.abs(down - 0.06) / 0.05, 0, 0.02) * 50
    shine = np.array((206, 178, 138), dtype=np.float32)
    return to_image(pixels + (shine - pixels) * 0.55 * tape[..., None])


def shop_shelf(size: Size, rng: Rng) -> Image.Image:
    """Boxes out of focus above the metal edge of a shelf."""
    width, height = size
    shelf = Image.new("RGB", size, (58, 50, 46))
    draw = ImageDraw.Draw(shelf)
    left = -30
    while left < width:
        wide = int(rng.integers(120, 210))
        _draw_box(draw, rng, (left, int(rng.integers(-40, 60)), left + wide, int(height * 0.42)))
        left += wide + int(rng.integers(4, 14))
    soft = shelf.filter(ImageFilter.GaussianBlur(9))
    edge = ImageDraw.Draw(soft)
    top = round(height * 0.42)
    edge.rectangle((0, top, width, height), (176, 178, 180))
    edge.rectangle((0, top, width, top + 8), (218, 220, 222))
    edge.rectangle((0, round(height * 0.9), width, height), (52, 50, 52))
    return textured(soft.filter(ImageFilter.GaussianBlur(2.5)), rng, 2, 3)


def _draw_box(draw: ImageDraw.ImageDraw, rng: Rng, box: tuple[int, int, int, int]) -> None:
    colours = ((172, 48, 42), (226, 178, 60), (52, 104, 140), (86, 132, 70), (208, 196, 176))
    first, second = (colours[index] for index in rng.choice(len(colours), 2, replace=False))
    left, top, right, bottom = box
    draw.rectangle(box, first)
    draw.rectangle((left, top + 110, right, top + 190), second)
    draw.ellipse((left + 25, top + 210, right - 25, bottom - 20), (236, 226, 206))


def kitchen(size: Size, rng: Rng) -> Image.Image:
    """A tiled wall and a worktop, out of focus."""
    width, height = size
    room = Image.new("RGB", size, (202, 204, 196))
    draw = ImageDraw.Draw(room)
    for top in range(-20, height, 150):
        draw.line((0, top, width, top), (160, 160, 152), 6)
    for left in range(40, width, 150):
        draw.line((left, 0, left, height), (160, 160, 152), 6)
    draw.rectangle((0, round(height * 0.8), width, height), (122, 88, 60))
    draw.rectangle((round(width * 0.8), 120, width + 60, round(height * 0.82)), (84, 110, 96))
    return textured(room.filter(ImageFilter.GaussianBlur(12)), rng, 2, 4)


def sky(size: Size, rng: Rng) -> Image.Image:
    """A sky with a few clouds."""
    width, height = size
    _, down = positions(width, height)
    top, low = np.array((96, 142, 196)), np.array((190, 210, 226))
    blue = top + (low - top) * down[..., None]
    clouds = soft_noise(rng, width, height, 170) + 0.5 * soft_noise(rng, width, height, 60)
    cover = np.clip(clouds * 0.4, 0, 0.8)[..., None]
    return to_image(blue + (np.array((238, 240, 242)) - blue) * cover)


def glass_jar(size: Size, colour: Colour) -> Image.Image:
    """A round jar with a metal lid, seen from slightly above, without its background."""
    width, height = size
    across, down = positions(width, height)
    middle = np.sqrt(np.clip(1 - (2 * across - 1) ** 2, 0, 1))[..., None]
    streak = 60 * np.exp(-(((across - 0.14) / 0.035) ** 2))[..., None]
    depth = 1.05 - 0.2 * down[..., None]
    body = to_image(np.array(colour) * (0.35 + 0.65 * middle) * depth + streak)
    metal = to_image(np.array((198, 180, 120)) * (0.4 + 0.6 * middle) * np.ones_like(depth))
    body.paste(metal, (0, 0), _lid(size))
    top = _ellipse(size, 0.055, 0.0, 0.945, 0.1)
    body.paste(Image.new("RGB", size, (214, 198, 146)), (0, 0), top)
    body.putalpha(ImageChops.lighter(_body(size), ImageChops.lighter(_lid(size), top)))
    return body


def _body(size: Size) -> Image.Image:
    width, height = size
    mask = _ellipse(size, 0, 0.9, 1, 1)
    draw = ImageDraw.Draw(mask)
    box = (0, round(height * 0.21), width - 1, round(height * 0.95))
    draw.rounded_rectangle(box, width * 0.11, 255, corners=(True, True, False, False))
    return mask


def _lid(size: Size) -> Image.Image:
    width, height = size
    mask = _ellipse(size, 0.055, 0.16, 0.945, 0.26)
    box = (width * 0.055, height * 0.05, width * 0.945, height * 0.21)
    ImageDraw.Draw(mask).rectangle(box, 255)
    return mask


def _ellipse(size: Size, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = size
    mask = Image.new("L", size, 0)
    box = (width * left, height * top, width * right - 1, height * bottom - 1)
    ImageDraw.Draw(mask).ellipse(box, 255)
    return mask


def till_paper(sheet: Image.Image, rng: Rng) -> Image.Image:
    """Thermal paper: faint bands of print, two soft folds and curled edges."""
    width, height = sheet.size
    across, down = positions(width, height)
    bands = 0.5 + 0.5 * np.clip(soft_noise(rng, 1, height, 14)[:, :1], -1, 1)
    ink = 255 - to_pixels(sheet)
    pixels = 255 - ink * (1 - 0.22 * bands[..., None])
    folds = np.zeros_like(down)
    for at in (0.36, 0.7):
        folds += np.tanh((down - at) * 90) * np.exp(-np.abs(down - at) * 14)
    curl = np.abs(2 * across - 1) ** 6
    shade = 1 - 0.05 * folds - 0.1 * curl
    return textured(to_image(pixels * shade[..., None]), rng, 2, 2)

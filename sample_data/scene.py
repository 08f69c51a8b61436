"""What scanners and cameras do to a picture."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Pixels = NDArray[np.floating]
Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
Rng = np.random.Generator


@dataclass(frozen=True)
class ScanLook:
    """The marks a flatbed scanner leaves on a page."""

    paper: float = 240
    ink: float = 48
    grain: float = 2.0
    mottle: float = 1.6
    fading: float = 0.06
    blur: float = 0.45
    skew: float = 0.25
    shadow: float = 0.35
    shadow_width: float = 22
    lid: float = 206


@dataclass(frozen=True)
class PhotoLook:
    """The marks a hand-held camera and its light leave on a picture."""

    lamp: Point = (0.3, 0.2)
    falloff: float = 0.4
    glare: float = 0
    glare_width: float = 0.12
    tint: tuple[float, float, float] = (1.0, 0.985, 0.95)
    blur: float = 0.7
    grain: float = 3.0


def to_pixels(image: Image.Image) -> Pixels:
    """The brightness values of a picture."""
    return np.asarray(image, dtype=np.float32)


def to_image(pixels: Pixels) -> Image.Image:
    """The picture nearest to some brightness values."""
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def soft_noise(rng: Rng, width: int, height: int, cell: int) -> Pixels:
    """Noise that changes slowly, over about cell pixels."""
    coarse: Pixels = rng.normal(size=(height // cell + 3, width // cell + 3)).astype(np.float32)
    grown = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(grown, dtype=np.float32)


def positions(width: int, height: int) -> tuple[Pixels, Pixels]:
    """Columns and rows as fractions of the width and height."""
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    return across, down


def scan(page: Image.Image, size: tuple[int, int], rng: Rng, look: ScanLook) -> Image.Image:
    """A grey flatbed scan of a page."""
    cover, sheet = _turned(page, size, look)
    width, height = size
    strength = 1 - look.fading * (1 + soft_noise(rng, width, height, 160))
    paper = look.paper + look.mottle * soft_noise(rng, width, height, 40)
    paper += 0.8 * look.mottle * soft_noise(rng, width, height, 5)
    grey = paper - (paper - look.ink) * (1 - cover) * np.clip(strength, 0.2, 1)
    grey = look.lid + (grey - look.lid) * sheet
    grey *= _edge_shadow(width, height, look) * _sheet_rim(sheet)
    grey += rng.normal(scale=look.grain, size=(height, width))
    return to_image(grey)


def _turned(page: Image.Image, size: tuple[int, int], look: ScanLook) -> tuple[Pixels, Pixels]:
    grey = page.convert("L").rotate(look.skew, Image.Resampling.BICUBIC, fillcolor=255)
    grey = grey.resize(size, Image.Resampling.LANCZOS)
    cover = to_pixels(grey.filter(ImageFilter.GaussianBlur(look.blur))) / 255
    full = Image.new("L", page.size, 255).rotate(look.skew, Image.Resampling.BICUBIC, fillcolor=0)
    sheet = to_pixels(full.resize(size, Image.Resampling.LANCZOS)) / 255
    return cover, sheet


def _edge_shadow(width: int, height: int, look: ScanLook) -> Pixels:
    columns = np.arange(width, dtype=np.float32)[None, :]
    rows = np.arange(height, dtype=np.float32)[:, None]
    left = np.exp(-columns / look.shadow_width)
    top = 0.5 * np.exp(-rows / (look.shadow_width * 0.6))
    right = 0.25 * np.exp(-(width - 1 - columns) / (look.shadow_width * 0.5))
    dimmed: Pixels = 1 - look.shadow * np.clip(left + top + right, 0, 1)
    return dimmed.astype(np.float32)


def _sheet_rim(sheet: Pixels) -> Pixels:
    soft = to_pixels(to_image(sheet * 255).filter(ImageFilter.GaussianBlur(7))) / 255
    return (1 - 0.28 * np.where(sheet < 0.5, soft, 0)).astype(np.float32)


def perspective(seen: Quad, source: Quad) -> list[float]:
    """The eight numbers that show what is at the source corners at the seen corners."""
    rows: list[list[float]] = []
    wanted: list[float] = []
    for (u, v), (x, y) in zip(source, seen, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
        wanted += [u, v]
    solution = np.linalg.solve(np.array(rows, dtype=float), np.array(wanted, dtype=float))
    return [float(number) for number in solution]


def corners(size: tuple[int, int]) -> Quad:
    """The corners of a picture, clockwise from top left."""
    width, height = size
    return ((0, 0), (width, 0), (width, height), (0, height))


def view(scene: Image.Image, source: Quad) -> Image.Image:
    """The part of a scene inside a quad, seen straight through the frame."""
    return scene.transform(
        scene.size,
        Image.Transform.PERSPECTIVE,
        perspective(corners(scene.size), source),
        Image.Resampling.BICUBIC,
    )


def lay(
    ground: Image.Image, sheet: Image.Image, quad: Quad, *, drop: Point = (6, 8), dark: float = 0.45
) -> Image.Image:
    """The sheet seen lying on the ground with its corners at the quad, casting a shadow."""
    seen = sheet.convert("RGBA").transform(
        ground.size,
        Image.Transform.PERSPECTIVE,
        perspective(quad, corners(sheet.size)),
        Image.Resampling.BICUBIC,
    )
    scene = cast_shadow(ground, seen.getchannel("A"), drop, dark)
    scene.paste(seen, (0, 0), seen.getchannel("A"))
    return scene


def cast_shadow(ground: Image.Image, mask: Image.Image, drop: Point, dark: float) -> Image.Image:
    """The ground darkened beside a mask."""
    spread = max(abs(drop[0]), abs(drop[1]), 3)
    moved = Image.new("L", ground.size, 0)
    moved.paste(mask, (round(drop[0]), round(drop[1])))
    soft = to_pixels(moved.filter(ImageFilter.GaussianBlur(spread)))[..., None] / 255
    return to_image(to_pixels(ground.convert("RGB")) * (1 - dark * soft))


def wrap(label: Image.Image, width: int, sag: float, turn: float) -> Image.Image:
    """The label bent round an upright cylinder, seen from slightly above.

    turn is the angle, in radians, from the label's middle to its side edge.
    """
    source = label.convert("RGBA")
    height = source.height + round(sag)
    edges = [round(width * step / 64) for step in range(65)]
    mesh = [
        ((left, 0, right, height), _strip(source.size, (left, right), width, sag, turn))
        for left, right in pairwise(edges)
    ]
    return source.transform((width, height), Image.Transform.MESH, mesh, Image.Resampling.BICUBIC)


def _strip(
    size: tuple[int, int], span: tuple[int, int], width: int, sag: float, turn: float
) -> tuple[float, ...]:
    tops: list[tuple[float, float]] = []
    for x in span:
        across = (2 * x / width - 1) * np.sin(turn)
        angle = np.arcsin(across)
        flat = (np.cos(angle) - np.cos(turn)) / (1 - np.cos(turn))
        tops.append((float((angle / turn + 1) / 2 * size[0]), float(-sag * flat)))
    (u0, v0), (u1, v1) = tops
    tall = size[1] + sag
    return (u0, v0, u0, v0 + tall, u1, v1 + tall, u1, v1)


def expose(scene: Image.Image, size: tuple[int, int], rng: Rng, look: PhotoLook) -> Image.Image:
    """A colour photo of a scene under uneven light."""
    small = scene.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    pixels = to_pixels(small.filter(ImageFilter.GaussianBlur(look.blur)))
    pixels = pixels * _light(size, look)[..., None] * np.array(look.tint, dtype=np.float32)
    if look.glare:
        pixels = pixels + (255 - pixels) * look.glare * _glow(size, look)[..., None]
    width, height = size
    grain = look.grain * rng.normal(size=(height, width, 1))
    specks = (
        0.8 * look.grain * np.stack([soft_noise(rng, width, height, 2) for _ in range(3)], axis=-1)
    )
    return to_image(pixels + grain + specks)


def _light(size: tuple[int, int], look: PhotoLook) -> Pixels:
    across, down = positions(*size)
    far = np.hypot(across - look.lamp[0], down - look.lamp[1])
    corner = np.hypot(across - 0.5, down - 0.5)
    light: Pixels = 1.08 - look.falloff * far**1.3 - 0.25 * corner**3
    return light.astype(np.float32)


def _glow(size: tuple[int, int], look: PhotoLook) -> Pixels:
    across, down = positions(*size)
    far = (across - look.lamp[0]) ** 2 + (down - look.lamp[1]) ** 2
    return np.exp(-far / (2 * look.glare_width**2)).astype(np.float32)


def round_corners(picture: Image.Image, radius: float) -> Image.Image:
    """The picture with its corners cut round."""
    mask = Image.new("L", picture.size, 0)
    last = (picture.width - 1, picture.height - 1)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *last), radius, 255)
    cut = picture.convert("RGBA")
    cut.putalpha(mask)
    return cut

"""A gallery as one picture, for where no browser is."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ocr_frames.notebook import pictures
from ocr_frames.notebook.foreign import line
from ocr_frames.notebook.pictures import Picture

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

_ACROSS = 4
_CELL, _GAP = 320, 16
_LETTERS, _LINE = 13, 18
_LINES = 9
_INK, _QUIET, _PAPER, _GROUND = "#1f2328", "#656d76", "#ffffff", "#eef1f4"


def draw(title: str, cards: Sequence[tuple[Sequence[str], Picture]], path: Path) -> None:
    """Draw pictures with their captions in rows of four, and write them as PNG to `path`."""
    from PIL import Image, ImageDraw

    across = min(_ACROSS, max(1, len(cards)))
    down = -(-len(cards) // across)
    height = _CELL + _LINES * _LINE + _GAP
    size = (across * (_CELL + _GAP) + _GAP, down * height + 2 * _GAP + _LINE)
    image = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((_GAP, _GAP // 2), line(title), _INK, pictures.font(_LETTERS + 3))
    for at, (caption, picture) in enumerate(cards):
        left = _GAP + at % across * (_CELL + _GAP)
        top = 2 * _GAP + _LINE + at // across * height
        pen.rectangle((left, top, left + _CELL, top + _CELL), _GROUND)
        if picture.image is not None:
            small = picture.image.copy()
            small.thumbnail((_CELL, _CELL))
            image.paste(
                small, (left + (_CELL - small.width) // 2, top + (_CELL - small.height) // 2)
            )
        _write(pen, [*caption, picture.reason], left, top + _CELL + 4)
    image.save(path, "PNG")


def _write(pen: "ImageDraw", caption: Sequence[str], left: int, top: int) -> None:
    letters = pictures.font(_LETTERS)
    lines = [part for text in caption for part in _broken(pen, text)][:_LINES]
    for number, text in enumerate(lines):
        pen.text((left, top + number * _LINE), text, _QUIET if number else _INK, letters)


def _broken(pen: "ImageDraw", text: str) -> list[str]:
    """Break a text into lines that are no wider than a picture."""
    letters = pictures.font(_LETTERS)
    rest, lines = line(text, 300), []
    while rest:
        end = len(rest)
        while end > 1 and pen.textlength(rest[:end], letters) > _CELL:
            end = rest.rfind(" ", 0, end) if " " in rest[:end].strip() else end - 1
        lines.append(rest[:end].strip())
        rest = rest[end:].strip()
    return lines

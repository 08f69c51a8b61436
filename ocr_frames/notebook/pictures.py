"""Images made small, with what was read drawn where it stands."""

import base64
import importlib
import io
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ocr_frames import images
from ocr_frames.errors import MissingExtraError
from ocr_frames.model import Failure
from ocr_frames.notebook.foreign import line
from ocr_frames.notebook.results import Mark

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageFont import ImageFont as BitmapFont

    Font = FreeTypeFont | BitmapFont

REGION = "#0969da"
SURE, LIKELY, UNSURE = "#1a7f37", "#b35900", "#cf222e"
_SURE_FROM, _LIKELY_FROM = 0.9, 0.6
_NAME_SIZE = 15
_SMALL = 16
_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)
LEGEND = ((SURE, "confidence from 0.9"), (LIKELY, "from 0.6"), (UNSURE, "below"))


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of at most the wanted size, or the reason why there is none.

    `pages` counts the frames of the file, of which the first is shown.
    """

    image: "Image | None"
    pages: int = 1
    reason: str = ""

    @property
    def data_url(self) -> str:
        """The picture as a JPEG in a data: URL; "" where there is none."""
        if self.image is None:
            return ""
        file = io.BytesIO()
        self.image.save(file, "JPEG", quality=80)
        return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def picture(cell: object, marks: Sequence[Mark], size: int, folders: Sequence[Path]) -> Picture:
    """Show the image of a cell upright, its longer side at most `size` pixels, marks drawn.

    Relative paths are looked for in `folders`. What cannot be shown is a reason, never raised.
    Raises MissingExtraError without Pillow.
    """
    unidentified = pil().UnidentifiedImageError
    if pd.api.types.is_scalar(cell) and pd.isna(cell):  # type: ignore[call-overload]
        return Picture(None, reason="no image")
    content = _content(cell, folders)
    if isinstance(content, Failure):
        return Picture(None, reason=str(content))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of broken files; the picture tells
            warnings.filterwarnings("error", ".*decompression bomb.*")
            return _opened(content, marks, size)
    except unidentified:
        return Picture(None, reason="not an image that can be shown")
    except Exception as error:  # decoders raise whatever they like
        return Picture(None, reason=f"cannot be shown: {error or type(error).__name__}")


def pil() -> Any:
    """Pillow's Image module. Raises MissingExtraError."""
    try:
        return importlib.import_module("PIL.Image")
    except ImportError as error:
        raise MissingExtraError("Pillow, which draws galleries,", "notebook") from error


def font(size: int) -> "Font":
    """A font of so many pixels: matplotlib's, which knows more scripts, else Pillow's own."""
    from PIL import ImageFont

    try:
        folder = Path(importlib.import_module("matplotlib").get_data_path())
        return ImageFont.truetype(str(folder / "fonts" / "ttf" / "DejaVuSans.ttf"), size)
    except (ImportError, OSError):
        return ImageFont.load_default(size)


def _content(cell: object, folders: Sequence[Path]) -> bytes | Failure:
    place = images.locate(cell, folders)
    if isinstance(place, bytes | Failure):
        return place
    if isinstance(place, images.Url):
        return Failure("unsupported-cell", "an image at a URL is not fetched to be shown")
    return place.file() if isinstance(place, images.Picture) else images.read(place.path)


def _opened(content: bytes, marks: Sequence[Mark], size: int) -> Picture:
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content)) as file:
        pages = int(getattr(file, "n_frames", 1))
        width, height = file.size
        if file.getexif().get(_ORIENTATION, 1) in _SIDEWAYS:
            width, height = height, width
        file.draft("RGB", (size, size))
        upright = _coloured(ImageOps.exif_transpose(file))
    upright.thumbnail((size, size))
    _draw_marks(upright, marks, upright.width / width, upright.height / height)
    return Picture(upright, pages)


def _coloured(image: "Image") -> "Image":
    """RGB, on white where it is transparent."""
    from PIL import Image

    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _draw_marks(image: "Image", marks: Sequence[Mark], across: float, down: float) -> None:
    from PIL import ImageDraw

    pen = ImageDraw.Draw(image)
    for mark in marks:
        box = _clipped(mark, image.size, across, down)
        if box is None:
            continue
        # Small print must still be read within its box.
        width = 3 if mark.name else 2 if box[3] - box[1] > _SMALL else 1
        pen.rectangle(box, outline=colour(mark), width=width)
        if mark.name:
            _write_name(pen, mark.name, box)


def colour(mark: Mark) -> str:
    """What a mark is drawn in: by its confidence, or as a region."""
    if mark.confidence is None:
        return REGION
    if mark.confidence >= _SURE_FROM:
        return SURE
    return LIKELY if mark.confidence >= _LIKELY_FROM else UNSURE


def _clipped(
    mark: Mark, size: tuple[int, int], across: float, down: float
) -> tuple[int, int, int, int] | None:
    sides = (mark.x0 * across, mark.y0 * down, mark.x1 * across, mark.y1 * down)
    if not all(map(math.isfinite, sides)):
        return None
    right, bottom = size[0] - 1, size[1] - 1
    x0, x1 = (int(min(max(side, 0), right)) for side in (sides[0], sides[2]))
    y0, y1 = (int(min(max(side, 0), bottom)) for side in (sides[1], sides[3]))
    return (x0, y0, x1, y1) if x0 <= x1 and y0 <= y1 else None


def _write_name(pen: "ImageDraw", name: str, box: tuple[int, int, int, int]) -> None:
    """Write a region's name above its box, or into it at the upper border."""
    shown, letters = line(name, 30), font(_NAME_SIZE)
    left, top = box[0], max(0, box[1] - _NAME_SIZE - 3)
    pen.rectangle(
        (left, top, left + pen.textlength(shown, letters) + 6, top + _NAME_SIZE + 3), REGION
    )
    pen.text((left + 3, top), shown, "white", letters)

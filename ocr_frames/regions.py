"""Boxes in the forms in which people have them, to validated regions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from pydantic import ValidationError

from ocr_frames.errors import MisuseError, printable
from ocr_frames.settings import Region

Box = Sequence[int] | Mapping[str, int]
"""(left, top, right, bottom), or a mapping with the names of CORNERS."""

CORNERS = (
    ("x0", "y0", "x1", "y1"),
    ("left", "top", "right", "bottom"),
    ("x1", "y1", "x2", "y2"),
)
_CORNERS = {frozenset(names): names for names in CORNERS}


@dataclass(frozen=True, slots=True)
class Regions:
    """The boxes to read in an image, in order; `names` is empty or has one per box."""

    boxes: tuple[Region, ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Any) -> Self:
        """Validate boxes. Raises MisuseError.

        `given` is a list of boxes, a dict of names to boxes, or one box; or JSON of these.
        Arrays will do for lists.
        """
        plain = _plain(decoded(given))
        names: tuple[str, ...] = ()
        if _is_box(plain):
            boxes = [plain]
        elif isinstance(plain, Mapping):
            names, boxes = tuple(map(str, plain)), list(plain.values())
        elif isinstance(plain, Sequence) and not isinstance(plain, str | bytes):
            boxes = list(plain)
        else:
            raise MisuseError(
                f"regions={printable(repr(given))} is neither a list of boxes "
                "nor a dict of names to boxes"
            )
        if not boxes:
            raise MisuseError("regions is empty; give at least one box")
        return cls(tuple(map(_region, names or range(len(boxes)), boxes)), names)

    @property
    def plain(self) -> list[list[int]] | dict[str, list[int]]:
        """The boxes in the form in which `of` takes them, as plain values."""
        boxes = [[box.x0, box.y0, box.x1, box.y1] for box in self.boxes]
        return dict(zip(self.names, boxes, strict=True)) if self.names else boxes


def decoded(given: Any) -> Any:
    """Read what is JSON, leave the rest; an empty text is None. Raises MisuseError."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given) if given.strip() else None
    except (ValueError, RecursionError) as error:
        raise MisuseError(
            f"regions={printable(repr(given))} is not JSON, such as [[left, top, right, bottom]]"
        ) from error


def _plain(given: Any) -> Any:
    """Take arrays as lists, as Parquet and NumPy give them."""
    return given.tolist() if hasattr(given, "tolist") else given


def _is_box(given: Any) -> bool:
    if isinstance(given, Mapping):
        return frozenset(given) in _CORNERS and not any(map(_is_box, given.values()))
    if not isinstance(given, Sequence) or isinstance(given, str | bytes) or len(given) != 4:
        return False
    return all(isinstance(value, int | float) for value in given)


def _region(name: object, box: Any) -> Region:
    x0, y0, x1, y1 = map(_plain, _corners(name, _plain(box)))
    try:
        return Region(x0=x0, y0=y0, x1=x1, y1=y1)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        raise MisuseError(f"region {name!r}: {where} {message}".replace(":  ", ": ")) from error


def _corners(name: object, box: Any) -> Sequence[Any]:
    if isinstance(box, Mapping) and frozenset(box) in _CORNERS:
        return [box[corner] for corner in _CORNERS[frozenset(box)]]
    if isinstance(box, Sequence) and not isinstance(box, str | bytes) and len(box) == 4:
        return box
    raise MisuseError(
        f"region {name!r}: a box is four whole pixels (left, top, right, bottom), or has these "
        f"names, or x0, y0, x1, y1; not {printable(repr(box))}"
    )

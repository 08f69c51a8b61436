"""Settings that are the same for all rows, or come with each row out of a column."""

from collections.abc import Callable, Hashable, Mapping, Sized
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from ocr_frames import settings, wire
from ocr_frames.errors import MisuseError, printable
from ocr_frames.model import Failure, Kind
from ocr_frames.regions import Regions, decoded
from ocr_frames.settings import ResultType

_CACHED = 10_000

COVERING: Mapping[ResultType, tuple[ResultType, ...]] = {
    "Text": ("TextAndHocr", "TextAndPdf", "TextAndPdfAndHocr"),
    "TextAndHocr": ("TextAndPdfAndHocr",),
    "TextAndPdf": ("TextAndPdfAndHocr",),
}
"""Result types that hold all that another one does."""


@dataclass(frozen=True, slots=True)
class Column:
    """The name of a column that holds a setting for each row."""

    name: str


def col(name: str) -> Column:
    """Take a setting from the column `name`, row by row, instead of one value for all.

    For `language`, `rotate`, the `make_…` and `dsr_…` settings, `kind` and `regions` of
    `df.ocr.recognize`. A null is the default; a wrong value is the failure of its row alone.
    Raises MisuseError when `name` is no text.
    """
    if not isinstance(name, str):
        raise MisuseError(f"col({name!r}): give the name of a column")
    return Column(name)


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do with one image: `kind`, and its settings as they go over the wire.

    `covered_by`: the same settings with other result types, which hold this one's results.
    `recognizer`: who recognizes, where that is not the same for all rows.
    """

    kind: Kind
    settings_json: str
    covered_by: tuple[str, ...] = ()
    recognizer: str = ""


class RowSettings:
    """Turns the values that a row brings along into its Choice."""

    def __init__(
        self,
        chosen: Mapping[str, Any],
        result_type: ResultType = "Text",
        recognizer: Callable[[str], str] | None = None,
    ) -> None:
        """Validate what is the same for all rows. Raises MisuseError.

        `chosen` holds `kind`, `regions` and recognition settings, those alone that were given.
        `recognizer` tells who reads a language, where there are several.
        """
        self._fixed = {n: value for n, value in chosen.items() if not isinstance(value, Column)}
        self._from_rows = {n: v.name for n, v in chosen.items() if isinstance(v, Column)}
        self._result_type = result_type
        self._recognizer = recognizer if "language" in self._from_rows else None
        self._recognizers: dict[str, str] = {}
        self._cached: dict[object, Choice | Failure | None] = {}
        given = self._fixed.pop("regions", None)
        self._regions = Regions.of(given) if given is not None else Regions()
        self._check_kind()
        self.fixed = self._choice({}, self._regions, self._kind({}, self._regions))
        self.columns = tuple(dict.fromkeys(self._from_rows.values()))

    @property
    def regions(self) -> Regions | Column:
        """The boxes that are the same for all rows, or where a row has its own."""
        column = self._from_rows.get("regions")
        return self._regions if column is None else Column(column)

    @property
    def region_names(self) -> tuple[str, ...]:
        """The names of the regions that are the same for all rows."""
        return self._regions.names

    @property
    def only_images(self) -> bool:
        """Whether no row can be anything but a whole image."""
        return self.fixed.kind == "image" and not {"kind", "regions"} & set(self._from_rows)

    @property
    def reads_regions(self) -> bool:
        """Whether all rows have regions, or some may."""
        return not self.only_images and self.fixed.kind != "label"

    def of(self, values: tuple[object, ...]) -> Choice | Failure | None:
        """What to do with a row that holds these `values` of `columns`, in their order.

        None: the row has no regions to read. Equal values are validated once.
        """
        if not self._from_rows:
            return self.fixed
        key = _hashable(values)
        if key not in self._cached:
            if len(self._cached) >= _CACHED:
                self._cached.clear()
            self._cached[key] = self._validated(dict(zip(self.columns, values, strict=True)))
        return self._cached[key]

    def _validated(self, row: Mapping[str, object]) -> Choice | Failure | None:
        given = {name: _plain(row[column]) for name, column in self._from_rows.items()}
        chosen = {name: value for name, value in given.items() if value is not None}
        try:
            boxes = decoded(chosen.pop("regions", None))
            regions = self._regions if boxes is None or _is_empty(boxes) else Regions.of(boxes)
            kind = self._kind(chosen, regions)
            if kind == "regions" and not regions.boxes:
                return None
            return self._choice(chosen, regions, kind)
        except MisuseError as error:
            return Failure("bad-setting", printable(str(error.args[0])))

    def _choice(self, chosen: Mapping[str, Any], regions: Regions, kind: Kind) -> Choice:
        merged = {name: v for name, v in {**self._fixed, **chosen}.items() if name != "kind"}
        merged["result_type"] = self._result_type
        recognition = settings.recognition_settings(kind, merged)
        encoded = wire.encode_settings(recognition, regions.boxes)
        covering = COVERING.get(self._result_type, ())
        covered_by = tuple(encoded.replace(*self._typed(other)) for other in covering)
        return Choice(kind, encoded, covered_by, self._reader_of(recognition.language))

    def _reader_of(self, language: str) -> str:
        if self._recognizer is None:
            return ""
        if language not in self._recognizers:
            self._recognizers[language] = self._recognizer(language)
        return self._recognizers[language]

    def _typed(self, other: ResultType) -> tuple[str, str]:
        """What stands for the result type in encoded settings, and for another one."""
        return f'"resultType":"{self._result_type}"', f'"resultType":"{other}"'

    def _kind(self, chosen: Mapping[str, Any], regions: Regions) -> Kind:
        kind: Kind | None = chosen.get("kind", self._fixed.get("kind"))
        if kind is not None and kind not in get_args(Kind):
            raise MisuseError(f"kind={kind!r}{settings.nearest(str(kind), get_args(Kind))}")
        if kind in ("image", "label") and regions.boxes:
            raise MisuseError(f'regions= goes with kind="regions", not {kind!r}')
        only_regions = "regions" in self._from_rows and "kind" not in self._from_rows
        return kind or ("regions" if regions.boxes or only_regions else "image")

    def _check_kind(self) -> None:
        kind = self._fixed.get("kind")
        if kind == "regions" and not self._regions.boxes and "regions" not in self._from_rows:
            raise MisuseError('kind="regions" needs regions=, a list of boxes or a dict of names')
        if kind in ("image", "label") and "regions" in self._from_rows:
            raise MisuseError(f'regions= goes with kind="regions", not {kind!r}')
        if "kind" in self._from_rows and self._regions.boxes:
            raise MisuseError("kind=col(...) goes with regions=col(...), not with fixed boxes")


def _plain(value: object) -> object:
    """Take a NumPy scalar as what it holds."""
    return value.item() if isinstance(value, np.generic) else value


def _is_empty(boxes: object) -> bool:
    return isinstance(boxes, Sized) and len(boxes) == 0


def _hashable(value: object) -> object:
    """Make a key that equals another one only for values of the same types."""
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return (type(value), *map(_hashable, value))
    if isinstance(value, Mapping):
        return (dict, *((name, _hashable(inner)) for name, inner in value.items()))
    return (type(value), value if isinstance(value, Hashable) else repr(value))

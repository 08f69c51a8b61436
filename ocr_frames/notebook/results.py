"""Where in a frame the results are, and which rows a person wants to see."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from ocr_frames.errors import MisuseError
from ocr_frames.model import Status
from ocr_frames.regions import Box, Regions, decoded
from ocr_frames.row_settings import Column
from ocr_frames.settings import nearest

Only = Literal["completed", "failed", "pending", "skipped", "uncertain"]
_PENDING = (Status.PENDING.value, Status.PROCESSING.value)
_MOST_BOXES = 2000
_SIDES = ("x0", "y0", "x1", "y1")

Boxes = Sequence[Box] | Mapping[str, Box]


@dataclass(frozen=True, slots=True)
class Mark:
    """A box to draw, in pixels of the upright image; `confidence` from 0 to 1."""

    x0: float
    y0: float
    x1: float
    y1: float
    name: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its results; `name` is what tells its image apart, "" where nothing does."""

    label: str
    name: str
    cell: object
    status: str
    text: str | None
    error: str | None
    marks: Sequence[Mark]


class Results:
    """The columns that a run has added to `frame`.

    What is not given comes from `frame.attrs["ocr"]`, which a run leaves there, else from the
    names of the columns; `regions` may be `col(...)`. Raises
    MisuseError for columns that are not there.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        prefix: str | None = None,
        column: str | None = None,
        regions: Boxes | Column | None = None,
    ) -> None:
        self.frame = frame
        self.run: Mapping[str, Any] = _run(frame)
        self.prefix = _prefix(frame, prefix, self.run.get("prefix"))
        self.column = _column(frame, column, self.run.get("column"))
        boxes: Any = self.run.get("regions") if regions is None else regions
        # What the run remembers of a column is its name.
        self._boxes_in = boxes.name if isinstance(boxes, Column) else boxes
        self._boxes = [] if isinstance(self._boxes_in, str) else _region_marks(boxes)
        self.status = frame[self.prefix + "status"].astype(object)

    @property
    def texts(self) -> Iterator[str | None]:
        """What was recognized in each row; None where nothing was."""
        return map(_text, self.frame[self.prefix + "text"])

    @property
    def errors(self) -> Iterator[str | None]:
        """What each row says went wrong; None where all is well."""
        return map(_text, self.frame[self.prefix + "error"])

    def figures(self, name: str) -> "pd.Series[float] | None":
        """A column of numbers that was asked for with details=; None if there is none."""
        column = self.prefix + name
        if column not in self.frame or not pd.api.types.is_numeric_dtype(self.frame[column]):
            return None
        return self.frame[column].astype("float64").reset_index(drop=True)

    def label(self, position: int) -> str:
        """The row's label in the index, as text."""
        return str(self.frame.index[position])

    def name(self, position: int) -> str:
        """The path of a row's image; "" where the cell is none."""
        if self.column is None:
            return ""
        cell = self.frame[self.column].iloc[position]
        return str(cell) if isinstance(cell, str | Path) else ""

    def positions(self, only: Only | None = None) -> list[int]:
        """The rows wanted, by position: in their order, the least certain first if `uncertain`.

        "failed" are those with an error that are not pending. Raises MisuseError.
        """
        if only is not None and only not in get_args(Only):
            raise MisuseError(f"only={only!r}{nearest(str(only), get_args(Only))}")
        if only == "uncertain":
            return self._uncertain()
        return [
            position
            for position, (status, error) in enumerate(zip(self.status, self.errors, strict=True))
            if only is None or only == sort(status, error)
        ]

    def _uncertain(self) -> list[int]:
        confidence = self.figures("confidence")
        if confidence is None:
            raise MisuseError(
                'only="uncertain" needs the confidence; recognize with details=["confidence"]'
            )
        return [int(position) for position in confidence.dropna().sort_values().index]

    def row(self, position: int) -> Row:
        """One row with all that is known of it."""
        row = self.frame.iloc[position]
        return Row(
            label=self.label(position),
            name=self.name(position),
            cell=None if self.column is None else row[self.column],
            status=str(self.status.iloc[position]),
            text=_text(row[self.prefix + "text"]),
            error=_text(row[self.prefix + "error"]),
            marks=[*self._regions(row), *self._words(row)],
        )

    def _regions(self, row: "pd.Series[Any]") -> Sequence[Mark]:
        if not isinstance(self._boxes_in, str):
            return self._boxes
        with suppress(MisuseError):  # the row says so
            return _region_marks(row.get(self._boxes_in))
        return ()

    def _words(self, row: "pd.Series[Any]") -> Iterable[Mark]:
        words = row.get(self.prefix + "words")
        if isinstance(words, str):  # as a CSV file has them
            words = json.loads(words)
        if not isinstance(words, Iterable):
            return ()
        return [_word_mark(word) for word in list(words)[:_MOST_BOXES] if _is_placed(word)]


def sort(status: str, error: str | None) -> str:
    """What `only` calls a row: completed, failed, pending or skipped."""
    if status in _PENDING:
        return "pending"
    if error is not None:
        return "failed"
    return status.lower()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _run(frame: pd.DataFrame) -> Mapping[str, Any]:
    run = frame.attrs.get("ocr")
    return run if isinstance(run, Mapping) else {}


def _prefix(frame: pd.DataFrame, given: str | None, remembered: object) -> str:
    names = [str(name) for name in frame.columns]
    own = ("status", "text", "error")
    found = [
        prefix
        for prefix in (name.removesuffix("status") for name in names if name.endswith("status"))
        if all(prefix + part in names for part in own)
    ]
    wanted = given if given is not None else remembered
    if wanted in found:
        return str(wanted)
    if given is not None:
        hint = nearest(given, found) if found else "; recognize first"
        raise MisuseError(f"there are no results with prefix={given!r}{hint}")
    if len(found) == 1:
        return found[0]
    if found:
        raise MisuseError(f"there are several results; name one: prefix={found[0]!r}")
    raise MisuseError(
        "there are no results in this frame; recognize first: out = df.ocr.recognize(column=...)"
    )


def _column(frame: pd.DataFrame, given: str | None, remembered: object) -> str | None:
    if given is not None and given not in frame.columns:
        names = [str(name) for name in frame.columns]
        raise MisuseError(f"there is no column {given!r}{nearest(str(given), names)}")
    if given is None and isinstance(remembered, str) and remembered in frame.columns:
        return remembered
    return given


def _region_marks(given: Any) -> list[Mark]:
    boxes = decoded(given)
    if boxes is None or (isinstance(boxes, Sized) and len(boxes) == 0):
        return []
    regions = Regions.of(boxes)
    names = regions.names or [str(number) for number in range(len(regions.boxes))]
    return [
        Mark(box.x0, box.y0, box.x1, box.y1, name)
        for name, box in zip(names, regions.boxes, strict=True)
    ]


def _word_mark(word: Mapping[str, Any]) -> Mark:
    x0, y0, x1, y1 = (float(word[side]) for side in _SIDES)
    confidence = word.get("confidence")
    return Mark(x0, y0, x1, y1, confidence=None if confidence is None else float(confidence))


def _is_placed(word: Mapping[str, Any]) -> bool:
    """Whether a word stands somewhere on the first page, which is the one that is shown."""
    return word.get("page") in (None, 0, 1) and all(word.get(s) is not None for s in _SIDES)

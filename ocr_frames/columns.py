"""Outcomes to columns. The schema depends on the layout alone, never on the data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import pandas as pd
import pyarrow as pa

from ocr_frames.details import TYPES, WORD, Detail
from ocr_frames.errors import MisuseError
from ocr_frames.model import Outcome, Status

STATUSES = tuple(status.value for status in Status)
STATUS_TYPE = pa.dictionary(pa.int8(), pa.string())
_OWN = ("status", "text", "error")
_DTYPES = {
    pa.string(): pd.StringDtype("pyarrow"),
    pa.int32(): pd.Int32Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    TYPES["pdf"]: pd.ArrowDtype(TYPES["pdf"]),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns are added.

    `prefix` with status, text, error, one per named region, one per detail.
    """

    prefix: str = "ocr_"
    region_names: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()

    def __post_init__(self) -> None:
        taken = [name for name in self.region_names if name in (*_OWN, *self.details)]
        if taken:
            raise MisuseError(
                f"a region cannot be named {taken[0]!r}: {self.prefix}{taken[0]} "
                "is a column of its own"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the added columns, in order."""
        return tuple(self.prefix + n for n in (*_OWN, *self.region_names, *self.details))

    @property
    def schema(self) -> pa.Schema:
        """Arrow types: dictionary<int8, string> for status, `TYPES` for details, else string."""
        texts = [pa.string()] * (len(_OWN) - 1 + len(self.region_names))
        types = [STATUS_TYPE, *texts, *(TYPES[name] for name in self.details)]
        return pa.schema(list(zip(self.names, types, strict=True)))

    def check_free(self, taken: Iterable[object]) -> None:
        """Raise MisuseError if a column would be overwritten."""
        clash = set(self.names) & set(taken)
        if clash:
            raise MisuseError(
                f"column {min(clash)!r} is there already and would be overwritten; "
                "choose another prefix= or drop it first"
            )


def to_arrow(outcomes: Sequence[Outcome], layout: Layout) -> pa.Table:
    """Build the added columns, one row per outcome in the order given."""
    codes = {value: code for code, value in enumerate(STATUSES)}
    status = pa.DictionaryArray.from_arrays(
        pa.array([codes[outcome.status] for outcome in outcomes], pa.int8()),
        pa.array(STATUSES, pa.string()),
    )
    columns = [
        status,
        _strings(_text(outcome) for outcome in outcomes),
        _strings(_error(outcome, layout) for outcome in outcomes),
    ]
    for index in range(len(layout.region_names)):
        columns.append(_strings(_region_text(o, index, layout) for o in outcomes))
    for index, name in enumerate(layout.details):
        columns.append(_detail(name, [o.details[index] if o.details else None for o in outcomes]))
    return pa.Table.from_arrays(columns, schema=layout.schema)


def to_pandas(outcomes: Sequence[Outcome], layout: Layout, index: pd.Index) -> pd.DataFrame:
    """Build the added columns as a frame with `index`.

    Status is categorical; all else has dtypes that know null: string, Int32, Float64, boolean,
    and Arrow's own for pdf. Words are objects, lists of dicts: pandas writes Arrow's nested types
    to Parquet, but cannot read its own note of them.
    """
    table = to_arrow(outcomes, layout)
    frame: pd.DataFrame = table.to_pandas(types_mapper=_DTYPES.get)
    for field in table.schema:
        if field.type == TYPES["words"]:
            frame[field.name] = pd.Series(table[field.name].to_pylist(), dtype=object)
    return frame.set_axis(index, axis="index")


def _strings(values: Iterable[str | None]) -> pa.Array:
    return pa.array(list(values), pa.string())


def _detail(name: Detail, values: Sequence[Any]) -> pa.Array:
    if name != "words":
        return pa.array(values, TYPES[name])
    ends = accumulate(0 if words is None else len(words) for words in values)
    starts = [0, *ends]
    offsets = [
        None if words is None else start for start, words in zip(starts, values, strict=False)
    ]
    parts = [words for words in values if words is not None]
    joined = pa.concat_arrays(parts) if parts else pa.array([], WORD)
    return pa.ListArray.from_arrays(pa.array([*offsets, starts[-1]], pa.int32()), joined)


def _text(outcome: Outcome) -> str | None:
    return "\n".join(outcome.texts) if outcome.status is Status.COMPLETED else None


def _region_text(outcome: Outcome, index: int, layout: Layout) -> str | None:
    return None if _is_short(outcome, layout) else outcome.texts[index]


def _is_short(outcome: Outcome, layout: Layout) -> bool:
    return len(outcome.texts) != len(layout.region_names)


def _error(outcome: Outcome, layout: Layout) -> str | None:
    if outcome.failure is not None:
        return str(outcome.failure)
    if layout.region_names and _is_short(outcome, layout):
        return (
            f"regions-mismatch: {len(outcome.texts)} texts came for "
            f"{len(layout.region_names)} regions; {layout.prefix}text holds them all"
        )
    return None

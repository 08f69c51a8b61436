"""New columns into a table: after its own, or in the place of earlier ones."""

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute

from ocr_frames.errors import MisuseError


class Joining(Protocol):
    """`schema` is that of the result; `needs` the columns that tell which rows are chosen."""

    schema: pa.Schema
    needs: tuple[str, ...]

    def chosen(self, table: pa.Table) -> pa.Table:
        """The rows for which new values are wanted."""
        ...

    def rows(self, table: pa.Table, chosen: int) -> int:
        """How many rows there are up to so many chosen ones, and those after that are not."""
        ...

    def joined(self, table: pa.Table, added: pa.Table) -> pa.Table:
        """Put the new values of the chosen rows in; `added` has them in order."""
        ...


class Appended:
    """All rows get new columns after their own. See Joining."""

    needs: tuple[str, ...] = ()

    def __init__(self, schema: pa.Schema, added: pa.Schema) -> None:
        self.schema = pa.schema([*schema, *added], schema.metadata)

    def chosen(self, table: pa.Table) -> pa.Table:
        """See Joining."""
        return table

    def rows(self, table: pa.Table, chosen: int) -> int:
        """See Joining."""
        return chosen

    def joined(self, table: pa.Table, added: pa.Table) -> pa.Table:
        """See Joining."""
        return pa.Table.from_arrays([*table.columns, *added.columns], schema=self.schema)


class Replaced:
    """Rows get new values in columns that are there, where `column` has one of `values`.

    See Joining. Raises MisuseError if a column is missing or of another type.
    """

    def __init__(
        self, schema: pa.Schema, added: pa.Schema, column: str, values: Iterable[str]
    ) -> None:
        for field in added:
            if field.name not in schema.names:
                raise MisuseError(
                    f"there is no column {field.name!r} to put new values in; only= takes a table "
                    "that was written with the same arguments"
                )
            there = schema.field(field.name).type
            if _plain(there) != _plain(field.type):
                raise MisuseError(
                    f"the column {field.name!r} is of type {there}, not {field.type}; only= takes "
                    "a table that was written with the same arguments"
                )
        self.schema = schema
        self.needs: tuple[str, ...] = (column,)
        self._column = column
        self._values = pa.array(list(values), pa.string())

    def chosen(self, table: pa.Table) -> pa.Table:
        """See Joining."""
        return table.filter(self._mask(table))

    def rows(self, table: pa.Table, chosen: int) -> int:
        """See Joining."""
        places = np.flatnonzero(self._mask(table).to_numpy())
        return int(places[chosen]) if chosen < len(places) else table.num_rows

    def _mask(self, table: pa.Table) -> Any:
        values = table[self._column].cast(pa.string())
        return pa.compute.is_in(values, value_set=self._values)

    def joined(self, table: pa.Table, added: pa.Table) -> pa.Table:
        """See Joining."""
        if added.num_rows == 0:
            return table
        places = _places(self._mask(table))
        for name in added.schema.names:
            number = table.schema.get_field_index(name)
            field = table.schema.field(number)
            new = added[name].cast(_decoded(field.type)).cast(field.type)
            both = pa.chunked_array([*table.column(number).chunks, *new.chunks], field.type)
            merged = both.unify_dictionaries().take(places)
            table = table.set_column(number, field, merged)
        return table


def _places(chosen: Any) -> Any:
    """Where each row's value is when the new ones, in order, come after all the old ones."""
    mask = chosen.to_numpy()
    rows = np.arange(len(mask))
    return pa.array(np.where(mask, len(mask) + np.cumsum(mask) - 1, rows))


def _decoded(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _plain(kind: Any) -> Any:
    """The type as which values compare, however they are laid out or their parts are called."""
    types = pa.types
    kind = _decoded(kind)
    if types.is_large_string(kind) or types.is_string_view(kind):
        return pa.string()
    if types.is_list(kind) or types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    if types.is_struct(kind):
        return pa.struct([(field.name, _plain(field.type)) for field in kind])
    return kind

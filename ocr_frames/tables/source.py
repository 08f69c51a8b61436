"""A table to read: one file, a folder of them with or without partitions, a glob, or a URL."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from ocr_frames.errors import MisuseError, TableError
from ocr_frames.tables.csv_format import CsvFormat
from ocr_frames.tables.formats import Format, FormatName, format_of, slabs
from ocr_frames.tables.parquet_format import ParquetFormat
from ocr_frames.tables.partitions import Keys, partitions
from ocr_frames.tables.storage import LocalStorage, Storage, explained, locate

FORMATS: Mapping[FormatName, Format] = {"Parquet": ParquetFormat(), "CSV": CsvFormat()}
_WILD = frozenset("*?[")
_LOOKING = 16


@dataclass(frozen=True, slots=True)
class Fragment:
    """One file of a table.

    `name` is its path from the table's root, `number` its place among the files, `state` a text
    that changes with it; `columns` those it has; `rows` None where only reading tells; `keys` its
    partition's values.
    """

    path: str
    name: str
    number: int
    state: str
    columns: tuple[str, ...]
    rows: int | None
    keys: Keys


class Source:
    """A table in files. `schema` has all columns, those of the partitions last.

    `file_schema` is without the latter. `path` is as it was named; names of fragments start at
    `root`.
    """

    def __init__(self, where: str | Path) -> None:
        """Look at the files. Raises TableError or MisuseError."""
        self.where = str(where)
        self.storage, named = locate(where)
        self.path = named.rstrip("/") or named
        with explained(where, "read"):
            self.is_folder = self.storage.is_folder(self.path)
            self.root, paths = _found(self.storage, self.path, self.where)
            self.format = _one_format(paths, self.where)
            self._format = FORMATS[self.format]
            self._paths = paths
        names = [_below(self.root, path) for path in paths]
        keys, key_fields = partitions([str(PurePosixPath(name).parent) for name in names])
        self.fragments: list[Fragment] = []
        for number, (state, schema, rows) in enumerate(self._look(paths)):
            columns = self._columns_of(schema, paths[number])
            self.fragments.append(
                Fragment(paths[number], names[number], number, state, columns, rows, keys[number])
            )
        own = set(self.file_schema.names)
        key_fields = [field for field in key_fields if field.name not in own]
        self.schema = pa.schema([*self.file_schema, *key_fields], self.file_schema.metadata)
        known = [fragment.rows for fragment in self.fragments if fragment.rows is not None]
        self.rows = sum(known) if len(known) == len(self.fragments) else None

    @property
    def folders(self) -> list[Path]:
        """Where relative paths of images may start: the table's folder, the working directory."""
        local = [Path(self.root).resolve()] if isinstance(self.storage, LocalStorage) else []
        return [*local, Path.cwd()]

    def slabs(
        self, fragment: Fragment, columns: Sequence[str], first_row: int = 0
    ) -> Iterator[tuple[int, pa.Table]]:
        """Yield the rows of a file in order, about 1,000 or 8 MB at a time, with their number.

        Only `columns` are read, in that order. Rows before `first_row` may be left out.
        """
        wanted = pa.schema([self.schema.field(name) for name in columns], self.schema.metadata)
        with explained(fragment.path, "read"):
            present = [name for name in columns if name in fragment.columns]
            # Of a file that has none of the columns the rows are counted by its first one.
            read = self._format.batches(
                self.storage, fragment.path, present or list(fragment.columns[:1]), first_row
            )
            for at, slab in slabs(read):
                yield at, _conformed(slab, wanted, fragment.keys)

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Read all rows of all `columns`, or of some, for looking at."""
        names = self.schema.names if columns is None else columns
        read = [slab for fragment in self.fragments for _, slab in self.slabs(fragment, names)]
        return pa.concat_tables([self.schema.empty_table().select(names), *read])

    def check_unchanged(self, fragments: Iterable[Fragment]) -> None:
        """Raise TableError if one of these files is another by now."""
        for fragment in fragments:
            with explained(fragment.path, "read"):
                state = self.storage.state(fragment.path)
            if state != fragment.state:
                raise TableError(
                    f"{fragment.path!r} changed during the run, so what was read of it does not "
                    "fit together; run again (what was paid for is on record)"
                )

    def check_complete(self) -> None:
        """Raise TableError if files have come or gone."""
        with explained(self.where, "read"):
            _, paths = _found(self.storage, self.path, self.where)
        if list(paths) != list(self._paths):
            raise TableError(f"files of {self.where!r} came or went during the run; run again")

    def _look(self, paths: Sequence[str]) -> Iterator[tuple[str, pa.Schema, int | None]]:
        def look(path: str) -> tuple[str, pa.Schema, int | None]:
            with explained(path, "read"):
                # The state first: what changes later is not what was looked at.
                state = self.storage.state(path)
                return state, *self._format.facts(self.storage, path)

        with ThreadPoolExecutor(_LOOKING) as pool:
            yield from pool.map(look, paths)

    def _columns_of(self, schema: pa.Schema, path: str) -> tuple[str, ...]:
        """The columns of a file; the table's schema gets those that files before did not have."""
        if not self.fragments:
            self.file_schema = schema
        elif schema.names == list(self.fragments[-1].columns) and schema.equals(self.file_schema):
            return self.fragments[-1].columns
        twice = [name for name, times in Counter(schema.names).items() if times > 1]
        if twice:
            raise TableError(f"{path!r} has two columns of the same name, {twice[0]!r}; rename one")
        try:
            self.file_schema = pa.unify_schemas([self.file_schema, schema])
        except pa.ArrowException as error:
            raise TableError(f"the columns of {path!r} do not fit those before: {error}") from error
        return tuple(schema.names)


def _found(storage: Storage, path: str, where: str) -> tuple[str, list[str]]:
    """The folder from which names count, and the files."""
    if storage.is_file(path):
        return str(PurePosixPath(path).parent), [path]
    if storage.is_folder(path):
        root, found = path.rstrip("/") or "/", storage.files(path)
    elif _WILD & set(path):
        root, found = str(PurePosixPath(*_fixed(path))), storage.matching(path)
    else:
        if format_of(path) is None and not where.endswith("/"):
            raise MisuseError(f"{where!r}: the name of a table ends in .parquet or .csv")
        raise TableError(f"there is no file {where!r}; check the path")
    tables = [each for each in found if format_of(each) and not _is_hidden(_below(root, each))]
    if not tables:
        raise TableError(f"there is no .parquet or .csv file in {where!r}")
    return root, tables


def _fixed(pattern: str) -> Iterator[str]:
    """The folders of a pattern before the first wild one or the first partition."""
    for part in PurePosixPath(pattern).parts:
        if _WILD & set(part) or "=" in part:
            return
        yield part


def _below(root: str, path: str) -> str:
    return str(PurePosixPath(path).relative_to(root)) if root not in ("", ".") else path


def _is_hidden(name: str) -> bool:
    return any(part[0] in "._" for part in PurePosixPath(name).parts)


def _one_format(paths: Sequence[str], where: str) -> FormatName:
    formats = {format_of(path) for path in paths}
    if len(formats) > 1:
        raise MisuseError(f"{where!r} holds both Parquet and CSV files; name one kind by a glob")
    (found,) = formats
    if found is None:
        raise MisuseError(f"{where!r}: the name of a table ends in .parquet or .csv")
    return found


def _conformed(slab: pa.Table, schema: pa.Schema, keys: Keys) -> pa.Table:
    if slab.schema.equals(schema):
        return slab.replace_schema_metadata(schema.metadata)
    columns = [_column(slab, field, keys) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _column(slab: pa.Table, field: Any, keys: Keys) -> Any:
    if field.name in slab.schema.names:
        return slab[field.name].cast(field.type)
    if field.name in keys:
        return pa.repeat(pa.scalar(keys[field.name], field.type), slab.num_rows)
    return pa.nulls(slab.num_rows, field.type)

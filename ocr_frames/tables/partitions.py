"""Partitions as Hive names them: folders called key=value."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.dataset

Keys = Mapping[str, str | int | None]


def partitions(folders: Sequence[str]) -> tuple[Sequence[Keys], Sequence[Any]]:
    """The values that each folder's path holds, and the fields of all of them.

    A field is int32 where all its values are whole numbers, as `pyarrow.dataset` has it, else
    text.
    """
    names = _names(folders)
    texts = pa.dataset.HivePartitioning(pa.schema([(name, pa.string()) for name in names]))
    found = [pa.dataset.get_partition_keys(texts.parse(f"/{folder}/")) for folder in folders]
    whole = {name for name in names if all(_is_whole(keys.get(name)) for keys in found)}
    fields = [pa.field(name, pa.int32() if name in whole else pa.string()) for name in names]
    return [_typed(keys, whole) for keys in found], fields


def _names(folders: Sequence[str]) -> list[str]:
    parts = (part for folder in folders for part in PurePosixPath(folder).parts)
    return list(dict.fromkeys(unquote(part.partition("=")[0]) for part in parts if "=" in part))


def _is_whole(text: str | None) -> bool:
    if text is None:
        return True
    return text.isascii() and text.removeprefix("-").isdecimal() and -(2**31) <= int(text) < 2**31


def _typed(keys: Mapping[str, str | None], whole: set[str]) -> Keys:
    return {
        name: int(text) if name in whole and text is not None else text
        for name, text in keys.items()
    }

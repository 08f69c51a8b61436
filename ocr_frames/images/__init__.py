"""A cell of the image column to an image: a file, bytes, a URL, or pixels in memory."""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ocr_frames.engine.ledger import FileFacts
from ocr_frames.errors import printable
from ocr_frames.images.pixels import Picture, is_picture
from ocr_frames.model import Failure

__all__ = ["LARGEST_BYTES", "Picture", "Place", "Url", "locate", "read"]

LARGEST_BYTES = 256 * 2**20
_SHOWN = 1000
_URL = re.compile(r"[a-z][a-z0-9+.-]+://|file:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Url:
    """Where an image is that is not on this machine."""

    address: str


Place = bytes | FileFacts | Url | Picture


def locate(cell: object, folders: Sequence[Path]) -> Place | Failure:
    """Find the image that `cell` names (path or URL) or holds (bytes, array, PIL image).

    A dict with `bytes` or `path`, as Hugging Face datasets have it, is what it holds. A relative
    path is looked for in each of `folders` in turn; what is found comes back with its size and
    time, unread. What cannot be an image is the row's Failure; nothing is raised.
    """
    if isinstance(cell, str):
        if ":" in cell and _URL.match(cell):
            return _of_url(cell, folders)
        return _located(cell, folders) if cell else _empty_cell()
    if isinstance(cell, Path):
        return _located(str(cell), folders)
    if isinstance(cell, Mapping) and {"bytes", "path"} & set(cell):
        return _of_dict(cell, folders)
    return _held(cell)


def _held(cell: object) -> Place | Failure:
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell) or _empty_cell()
    if is_picture(cell):
        return Picture(cell)
    return Failure(
        "unsupported-cell",
        f"a cell of type {type(cell).__name__} is not an image; give a path or a URL, "
        "the bytes of an image file, a PIL image or an array",
    )


def _of_url(cell: str, folders: Sequence[Path]) -> Place | Failure:
    if cell[:5].lower() != "file:":
        return Url(cell)
    try:
        parts = urlsplit(cell)
        path = url2pathname(parts.path)
    except ValueError:
        return Failure("file-not-found", f"{_short(cell)} is not a URL of a file")
    if parts.netloc not in ("", "localhost") or not path:
        return Failure(
            "file-not-found", f"{_short(cell)} is no file of this machine; write file:///path"
        )
    return _located(path, folders)


def _of_dict(cell: Mapping[str, object], folders: Sequence[Path]) -> Place | Failure:
    """Take the bytes first: the path may be that of another machine."""
    for name, kinds in (("bytes", bytes | bytearray | memoryview), ("path", str | Path)):
        held = cell.get(name)
        if held is not None and isinstance(held, kinds):
            return locate(held, folders)
    return _empty_cell()


def read(path: str) -> bytes | Failure:
    """Read a file that was located before."""
    try:
        return Path(path).read_bytes() or _empty_file(path)
    except OSError as error:
        return _unreadable(path, error)


def _empty_cell() -> Failure:
    return Failure("empty-cell", "the cell is empty; give a path, or null to skip the row")


def _empty_file(path: str) -> Failure:
    return Failure("empty-file", f"{path!r} has no content; write it again or drop it")


def _located(name: str, folders: Sequence[Path]) -> FileFacts | Failure:
    plain = os.path.expanduser(name) if name[0] == "~" else name  # noqa: PTH111 - a million times
    is_whole = os.path.isabs(plain)  # noqa: PTH117
    for folder in ("",) if is_whole else folders:
        path = plain if is_whole else os.path.join(folder, plain)  # noqa: PTH118
        try:
            return _checked(path, os.stat(path))  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            return _unreadable(name, error)
    looked = "" if is_whole else f" (looked in {_listed(folders)})"
    return Failure("file-not-found", f"there is no file {_short(name)}{looked}; check the path")


def _short(name: str) -> str:
    """A name as it is shown: a cell may hold a whole image in Base64."""
    return repr(name) if len(name) <= _SHOWN else printable(repr(name))


def _listed(folders: Sequence[Path]) -> str:
    return ", then ".join(str(folder) for folder in folders)


def _unreadable(path: str, error: OSError | ValueError) -> Failure:
    name = _short(path)
    if isinstance(error, PermissionError):
        return Failure("file-unreadable", f"no permission to read {name}; change its mode")
    if isinstance(error, FileNotFoundError):
        return Failure(
            "file-not-found", f"{name} has gone during the run; put it back and run again"
        )
    reason = getattr(error, "strerror", None) or str(error)
    return Failure(
        "file-unreadable", f"{name} could not be read: {reason}; check it, then run again"
    )


def _checked(path: str, facts: os.stat_result) -> FileFacts | Failure:
    if stat.S_ISDIR(facts.st_mode):
        return Failure("not-a-file", f"{path!r} is a directory; give the path of an image")
    if not stat.S_ISREG(facts.st_mode):
        return Failure("not-a-file", f"{path!r} is not a regular file; give the path of an image")
    if facts.st_size == 0:
        return _empty_file(path)
    if facts.st_size > LARGEST_BYTES:
        return Failure(
            "too-large",
            f"{path!r} has {facts.st_size} bytes, more than {LARGEST_BYTES}; shrink it",
        )
    return FileFacts(path, facts.st_size, facts.st_mtime_ns)

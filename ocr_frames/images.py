"""A cell of the image column to an image file, and that to bytes."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from ocr_frames.engine.ledger import FileFacts
from ocr_frames.model import Failure

LARGEST_BYTES = 256 * 2**20


def locate(cell: object, folders: Sequence[Path]) -> bytes | FileFacts | Failure:
    """Find the image that `cell` names (str or Path) or holds (bytes).

    A relative path is looked for in each of `folders` in turn; what is found comes back with
    its size and time, unread. What cannot be an image is the row's Failure; nothing is raised.
    """
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell) or _empty_cell()
    if isinstance(cell, str | Path):
        name = str(cell)
        return _located(name, folders) if name else _empty_cell()
    return Failure(
        "unsupported-cell",
        f"a cell of type {type(cell).__name__} is not an image; "
        "give a path (str or Path) or the bytes of an image file",
    )


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
    for folder in folders:
        path = os.path.join(folder, plain)  # noqa: PTH118
        try:
            return _checked(path, os.stat(path))  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            return _unreadable(name, error)
    looked = "" if os.path.isabs(plain) else f" (looked in {_listed(folders)})"  # noqa: PTH117
    return Failure("file-not-found", f"there is no file {name!r}{looked}; check the path")


def _listed(folders: Sequence[Path]) -> str:
    return ", then ".join(str(folder) for folder in folders)


def _unreadable(path: str, error: OSError | ValueError) -> Failure:
    if isinstance(error, PermissionError):
        return Failure("file-unreadable", f"no permission to read {path!r}; change its mode")
    if isinstance(error, FileNotFoundError):
        return Failure(
            "file-not-found", f"{path!r} has gone during the run; put it back and run again"
        )
    reason = getattr(error, "strerror", None) or str(error)
    return Failure(
        "file-unreadable", f"{path!r} could not be read: {reason}; check it, then run again"
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

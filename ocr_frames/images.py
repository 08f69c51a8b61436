"""A cell of the image column to the bytes of an image file."""

import stat
from collections.abc import Sequence
from pathlib import Path

from ocr_frames.model import Failure

LARGEST_BYTES = 256 * 2**20


def read_cell(cell: object, folders: Sequence[Path]) -> bytes | Failure:
    """Read the image that `cell` names (str or Path) or holds (bytes).

    A relative path is looked for in each of `folders` in turn. What cannot be read comes back
    as the row's Failure; nothing is raised.
    """
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell) or _empty_cell()
    if isinstance(cell, str | Path):
        return _read_path(str(cell), folders)
    return Failure(
        "unsupported-cell",
        f"a cell of type {type(cell).__name__} is not an image; "
        "give a path (str or Path) or the bytes of an image file",
    )


def _empty_cell() -> Failure:
    return Failure("empty-cell", "the cell is empty; give a path, or null to skip the row")


def _read_path(name: str, folders: Sequence[Path]) -> bytes | Failure:
    if not name:
        return _empty_cell()
    try:
        return _read_file(_found(Path(name).expanduser(), folders))
    except FileNotFoundError:
        looked = "" if Path(name).is_absolute() else f" (looked in {_listed(folders)})"
        return Failure("file-not-found", f"there is no file {name!r}{looked}; check the path")
    except PermissionError:
        return Failure("file-unreadable", f"no permission to read {name!r}; change its mode")
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Failure("file-unreadable", f"{name!r} could not be read: {reason}")


def _listed(folders: Sequence[Path]) -> str:
    return ", then ".join(str(folder) for folder in folders)


def _found(path: Path, folders: Sequence[Path]) -> Path:
    candidates = [folder / path for folder in folders]
    return next((candidate for candidate in candidates if candidate.exists()), candidates[-1])


def _read_file(path: Path) -> bytes | Failure:
    facts = path.stat()
    if stat.S_ISDIR(facts.st_mode):
        return Failure("not-a-file", f"{str(path)!r} is a directory; give the path of an image")
    if not stat.S_ISREG(facts.st_mode):
        return Failure("not-a-file", f"{str(path)!r} is not a regular file")
    if facts.st_size == 0:
        return Failure("empty-file", f"{str(path)!r} has no content; write it again or drop it")
    if facts.st_size > LARGEST_BYTES:
        return Failure(
            "too-large",
            f"{str(path)!r} has {facts.st_size} bytes, more than {LARGEST_BYTES}; shrink it",
        )
    return path.read_bytes()

"""Where tables lie: this machine's files, or a store that fsspec knows by URL."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from glob import glob
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

import platformdirs
import pyarrow as pa
import pyarrow.fs

from ocr_frames.errors import MissingExtraError, OcrFramesError, TableError

STAGED = ".tmp"
"""How the names of files end that are not complete."""


_MARKS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified",
          "updated", "created")  # fmt: skip
"""What stores call that which changes with a file, the surest first."""


class Storage(Protocol):
    """Files by their path, a text with slashes. What goes wrong is an OSError."""

    @property
    def arrow(self) -> Any:
        """The same files for pyarrow."""
        ...

    def absolute(self, path: str) -> str:
        """The one name by which this file is known, whatever path leads there."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder."""
        ...

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""
        ...

    def files(self, folder: str) -> Sequence[str]:
        """All files below, sorted; none where there is no folder."""
        ...

    def matching(self, pattern: str) -> Sequence[str]:
        """The files that a glob pattern matches, sorted."""
        ...

    def state(self, path: str) -> str:
        """A text that is another once the file has changed."""
        ...

    def staging(self, folder: str) -> Path:
        """The local folder where what goes to `folder` is written first; it is there then."""
        ...

    def check_writable(self, folder: str) -> None:
        """Raise TableError where nothing could be written to `folder`, as far as one can tell."""
        ...

    def publish(self, staged: Path, path: str) -> None:
        """Make a staged file durable and give it its name in one step."""
        ...

    def remove(self, path: str) -> None:
        """Take a file away, if it is there."""
        ...

    def remove_empty(self, folder: str) -> None:
        """Take a folder away, if it is there and empty."""
        ...


class LocalStorage:
    """Files of this machine; a file is staged beside its name."""

    arrow = pa.fs.LocalFileSystem()

    def absolute(self, path: str) -> str:
        """See Storage."""
        return os.path.realpath(path)

    def is_folder(self, path: str) -> bool:
        """See Storage."""
        return Path(path).is_dir()

    def is_file(self, path: str) -> bool:
        """See Storage."""
        return Path(path).exists() and not Path(path).is_dir()

    def files(self, folder: str) -> Sequence[str]:
        """See Storage."""
        return sorted(str(Path(at, name)) for at, _, names in os.walk(folder) for name in names)

    def matching(self, pattern: str) -> Sequence[str]:
        """See Storage."""
        found = glob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute ones
        return sorted(path for path in found if self.is_file(path))

    def state(self, path: str) -> str:
        """See Storage."""
        facts = Path(path).stat()
        return f"{facts.st_size} {facts.st_mtime_ns}"

    def staging(self, folder: str) -> Path:
        """See Storage."""
        Path(folder).mkdir(exist_ok=True)
        return Path(folder)

    def check_writable(self, folder: str) -> None:
        """See Storage."""
        if not Path(folder).is_dir():
            raise TableError(f"there is no folder {folder!r}; make it first")
        if not os.access(folder, os.W_OK):
            raise TableError(f"no permission to write to {folder!r}")

    def publish(self, staged: Path, path: str) -> None:
        """See Storage."""
        final = Path(path)
        final.parent.mkdir(parents=True, exist_ok=True)
        with staged.open("rb+") as file:
            os.fsync(file.fileno())
        # A staged file is private; this one gets the mode that a new file would have.
        mask = os.umask(0)
        os.umask(mask)
        staged.chmod(final.stat().st_mode & 0o777 if final.exists() else 0o666 & ~mask)
        staged.replace(final)
        _keep_names(final.parent)

    def remove(self, path: str) -> None:
        """See Storage."""
        Path(path).unlink(missing_ok=True)

    def remove_empty(self, folder: str) -> None:
        """See Storage."""
        try:
            Path(folder).rmdir()
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.ENOENT, errno.EEXIST):
                raise


class RemoteStorage:
    """A store behind fsspec; a file is staged on this machine, uploaded beside, and renamed."""

    def __init__(self, filesystem: Any) -> None:
        self._remote = filesystem
        self.arrow = pa.fs.PyFileSystem(pa.fs.FSSpecHandler(filesystem))

    def absolute(self, path: str) -> str:
        """See Storage."""
        return str(self._remote.unstrip_protocol(path.rstrip("/")))

    def is_folder(self, path: str) -> bool:
        """See Storage."""
        return bool(self._remote.isdir(path))

    def is_file(self, path: str) -> bool:
        """See Storage."""
        return bool(self._remote.isfile(path))

    def files(self, folder: str) -> Sequence[str]:
        """See Storage."""
        self._remote.invalidate_cache()
        return sorted(self._remote.find(folder)) if self.is_folder(folder) else []

    def matching(self, pattern: str) -> Sequence[str]:
        """See Storage."""
        return sorted(path for path in self._remote.glob(pattern) if self.is_file(path))

    def state(self, path: str) -> str:
        """See Storage."""
        self._remote.invalidate_cache()
        facts = self._remote.info(path)
        marks = (str(facts[name]) for name in _MARKS if facts.get(name) is not None)
        return f"{facts.get('size')} {next(marks, '')}"

    def staging(self, folder: str) -> Path:
        """See Storage."""
        staging = platformdirs.user_cache_path("ocr_frames") / "staging"
        staging.mkdir(mode=0o700, parents=True, exist_ok=True)
        return staging

    def check_writable(self, folder: str) -> None:
        """See Storage. Only writing tells what a store allows."""

    def publish(self, staged: Path, path: str) -> None:
        """See Storage."""
        final = PurePosixPath(path)
        beside = str(final.with_name(f".{final.name}{STAGED}"))
        self._remote.makedirs(str(final.parent), exist_ok=True)
        try:
            self._remote.put_file(str(staged), beside)
            self._remote.mv(beside, path)
        except BaseException:
            self.remove(beside)
            raise
        staged.unlink()

    def remove(self, path: str) -> None:
        """See Storage."""
        if self._remote.exists(path):
            self._remote.rm_file(path)

    def remove_empty(self, folder: str) -> None:
        """See Storage. Stores of objects have none."""


def _keep_names(folder: Path) -> None:
    """Make the names in a folder durable, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def locate(where: str | Path) -> tuple[Storage, str]:
    """Find the storage of a path or URL, and the path there; nothing is looked at yet.

    Raises MissingExtraError where a part for that kind of URL is not installed, TableError
    where the store cannot be reached.
    """
    text = os.fspath(where)
    if "://" not in text:
        return LocalStorage(), os.path.expanduser(text)  # noqa: PTH111 - keeps a trailing slash
    if text.startswith("file://"):
        return LocalStorage(), url2pathname(urlsplit(text).path)
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtraError("fsspec, which reads URLs,", "remote") from error
    with explained(text, "reached"):
        filesystem, path = fsspec.core.url_to_fs(text)
    return RemoteStorage(filesystem), path


@contextmanager
def explained(where: object, what: str) -> Iterator[None]:
    """Turn what a file system or pyarrow raises into a TableError: `where` could not be `what`."""
    try:
        yield
    except OcrFramesError:
        raise
    except FileNotFoundError as error:
        raise TableError(f"there is no file {str(where)!r}; check the path") from error
    except PermissionError as error:
        raise TableError(f"{str(where)!r} could not be {what}: no permission") from error
    except ImportError as error:
        raise TableError(
            f"{str(where)!r} could not be {what}: {error}. Its kind of store needs a driver "
            "beside ocr-frames[remote], such as s3fs, gcsfs or adlfs"
        ) from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise TableError(f"{str(where)!r} could not be {what}: {error}") from error

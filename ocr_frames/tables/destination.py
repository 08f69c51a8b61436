"""Where a table goes: one file, or a folder of parts that keeps the source's partitions."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from ocr_frames.errors import MisuseError, TableError
from ocr_frames.tables.formats import FormatName, format_of
from ocr_frames.tables.source import Source
from ocr_frames.tables.storage import STAGED, LocalStorage, explained, locate


class Destination:
    """A place to write to, checked before anything is sent.

    A name with the ending .parquet or .csv is a file; one without an ending, or of a folder
    that exists, is a folder of Parquet files. `in_place`: it is the source itself.
    """

    def __init__(self, where: str | Path, source: Source) -> None:
        """Raise MisuseError for a name without sense, TableError where nothing can be written."""
        self.where = str(where)
        if self.where.startswith(("http://", "https://")):
            raise MisuseError(f"{self.where!r}: tables of the web are read, not written")
        self.storage, path = locate(where)
        with explained(where, "written"):
            self.is_folder = self.where.endswith("/") or self.storage.is_folder(path)
        self.path = path.rstrip("/") or "/"
        self.is_folder = self.is_folder or not PurePosixPath(path).suffix
        self.format: FormatName = "Parquet" if self.is_folder else _format(self.where, path)
        self.in_place = self._is_source(source)
        self._check_apart(source)

    @property
    def folder(self) -> str:
        """The folder of the file, or the folder itself."""
        return self.path if self.is_folder else str(PurePosixPath(self.path).parent)

    def check_writable(self) -> None:
        """Raise TableError early where writing could not even begin."""
        with explained(self.where, "written"):
            exists = self.is_folder and self.storage.is_folder(self.path)
            parent = str(PurePosixPath(self.path).parent)
            self.storage.check_writable(self.path if exists else parent)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs on this machine from writing there; clean up after dead ones."""
        with explained(self.where, "written"):
            exists = self.storage.is_folder(self.folder)
            staging = self.storage.staging(self.folder)
            lock = FileLock(staging / f"{self._prefix}lock", thread_local=False)
            try:
                lock.acquire(timeout=0)
            except Timeout as error:
                raise TableError(f"another run is writing to {self.where!r}") from error
            for left in staging.glob(f"{self._prefix}*{STAGED}"):
                left.unlink(missing_ok=True)
        try:
            yield
        finally:
            with explained(self.where, "written"):
                # While it is held: nobody else can have locked this very file.
                Path(lock.lock_file).unlink(missing_ok=True)
                lock.release()
                if self.is_folder and not exists:
                    self.storage.remove_empty(self.path)

    def staged(self) -> tuple[Path, str]:
        """The local folder to write in, and how names begin there."""
        return self.storage.staging(self.folder), self._prefix

    @property
    def _prefix(self) -> str:
        if not isinstance(self.storage, LocalStorage):
            name = hashlib.sha256(self.storage.absolute(self.path).encode()).hexdigest()[:16]
        else:
            name = "ocr_frames" if self.is_folder else PurePosixPath(self.path).name
        return f".{name}."

    def _is_source(self, source: Source) -> bool:
        if self.is_folder != source.is_folder:
            return False
        return self._absolute() == source.storage.absolute(source.path)

    def _absolute(self) -> str:
        return self.storage.absolute(self.path)

    def _check_apart(self, source: Source) -> None:
        """A source that holds its own output would be another table the next time."""
        if self.in_place:
            return
        here = PurePosixPath(self._absolute())
        inside = source.is_folder and here.is_relative_to(source.storage.absolute(source.path))
        files = (PurePosixPath(source.storage.absolute(each.path)) for each in source.fragments)
        if inside or any(each.is_relative_to(here) for each in files):
            raise MisuseError(
                f"the destination {self.where!r} would be part of the source {source.where!r}; "
                "name another"
            )


def _format(where: str, path: str) -> FormatName:
    found = format_of(path)
    if found is None:
        raise MisuseError(
            f"{where!r}: the name of a table ends in .parquet or .csv, that of a folder has no "
            "ending, or ends in a slash"
        )
    return found

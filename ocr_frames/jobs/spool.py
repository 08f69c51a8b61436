"""Images from elsewhere: downloaded again when needed, kept on disk while pages are sent."""

import os
import tempfile
from pathlib import Path
from threading import Lock

from ocr_frames.model import Failure
from ocr_frames.remote import download


class Spool:
    """A private folder for as long as a run, made when it is needed."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lock = Lock()

    def file(self) -> Path:
        """Make a new, empty file."""
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="ocr_frames-")
        handle, name = tempfile.mkstemp(dir=self._folder.name)
        os.close(handle)
        return Path(name)

    def close(self) -> None:
        """Delete what is left."""
        if self._folder is not None:
            self._folder.cleanup()


class Remote:
    """The image at a URL."""

    def __init__(self, url: str, spool: Spool, *, allow_private: bool) -> None:
        self._url = url
        self._spool = spool
        self._allow_private = allow_private
        self._lock = Lock()
        self._keeps = False
        self._file: Path | None = None

    def keep(self, image: bytes | None) -> None:
        """Keep the image on disk from now on, or from when it is read first, until `drop`."""
        self._keeps = True
        if image is not None:
            self._write(image)

    def drop(self) -> None:
        """Delete the image."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def read(self) -> bytes | Failure:
        """Read the image. Several threads may ask at once."""
        with self._lock:
            if self._file is not None:
                return self._file.read_bytes()
            image = download(self._url, allow_private=self._allow_private)
            if self._keeps and isinstance(image, bytes):
                self._write(image)
            return image

    def _write(self, image: bytes) -> None:
        try:
            file = self._spool.file()
            file.write_bytes(image)
        except OSError:  # no room: it is downloaded for every page then
            return
        self._file = file

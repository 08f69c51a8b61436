"""Tesseract's language data on this machine, and the packages that bring more."""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from ocr_frames.server.recognizers.languages import TESSERACT

SUFFIX = ".traineddata"

PLACES = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
    "C:/Program Files/Tesseract-OCR/tessdata",
)
"""Where Debian and Ubuntu, Arch, Fedora, a build from source, Homebrew and the Windows installer
put it."""

_SCRIPT_PACKAGES = {
    "Arabic": "arab",
    "Cyrillic": "cyrl",
    "Devanagari": "deva",
    "HanS": "hans",
    "HanT": "hant",
    "Latin": "latn",
}


def folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Find the folder of the data: TESSDATA_PREFIX alone if it is set, else the known places."""
    try:
        return _folder(environment.get("TESSDATA_PREFIX"))
    except FileNotFoundError:
        return None


@lru_cache
def _folder(named: str | None) -> Path:
    """Remember what was found; raise, and look again the next time, where there is nothing."""
    for place in _places(named):
        if any(place.glob(f"*{SUFFIX}")):
            return place
    raise FileNotFoundError(SUFFIX)


def _places(named: str | None) -> Iterator[Path]:
    if named:
        yield from (Path(named), Path(named, "tessdata"))
        return
    yield Path(sys.prefix, "share", "tessdata")
    yield from map(Path, PLACES)
    binary = shutil.which("tesseract")
    if binary:
        yield Path(binary).resolve().parents[1] / "share" / "tessdata"


def data_file(language: str) -> Path | None:
    """Find the data of one of the protocol's languages. Debian keeps scripts beside languages."""
    place, data = folder(), TESSERACT.get(language)  # type: ignore[call-overload]
    if place is None or data is None:
        return None
    files = (place / f"{data}{SUFFIX}", place / "script" / f"{data}{SUFFIX}")
    return next((file for file in files if file.is_file()), None)


def readable() -> frozenset[str]:
    """The protocol's languages whose data is installed."""
    place = folder()
    if place is None:
        return frozenset()
    found = {path.stem for path in (*place.glob(f"*{SUFFIX}"), *place.glob(f"script/*{SUFFIX}"))}
    return frozenset(language for language, data in TESSERACT.items() if data in found)


def package(language: str) -> str | None:
    """Name the package, of Debian and Ubuntu, that holds a language's data, if there is any."""
    data = TESSERACT.get(language)  # type: ignore[call-overload]
    if data is None:
        return None
    script = _SCRIPT_PACKAGES.get(data)
    return f"tesseract-ocr-script-{script}" if script else f"tesseract-ocr-{data.replace('_', '-')}"


def fingerprint(language: str) -> str:
    """Tell different data for a language apart: its name and a digest, or "no data"."""
    file = data_file(language)
    if file is None:
        return "no data"
    facts = file.stat()
    return f"{file.stem} {_digest(file, facts.st_size, facts.st_mtime_ns)}"


@lru_cache(maxsize=256)
def _digest(file: Path, size: int, mtime_ns: int) -> str:
    """Digest a file; its size and time are asked for so that a changed one is read again."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:16]

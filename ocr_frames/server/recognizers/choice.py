"""Which engine reads a language: answered without loading any."""

import importlib.metadata
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint

from ocr_frames.errors import LocalEngineError, MissingExtraError, MisuseError
from ocr_frames.server.recognizers import tessdata
from ocr_frames.server.recognizers.languages import RAPIDOCR

AUTO = "auto"
GROUP = "ocr_frames.recognizers"
"""Entry points of engines that are not ours; see the package of this module."""


@dataclass(frozen=True, slots=True)
class _Own:
    """An engine of ours: its class, the libraries it needs, the extra that brings them."""

    target: str
    libraries: tuple[str, ...]
    extra: str
    title: str
    reads: Callable[[str], bool]

    @property
    def installed(self) -> bool:
        try:
            return all(_located(library) for library in self.libraries)
        except ModuleNotFoundError:
            return False


@lru_cache
def _located(library: str) -> bool:
    """Remember that a library is there; raise, and ask again the next time, where it is not."""
    if importlib.util.find_spec(library) is None:
        raise ModuleNotFoundError(library)
    return True


_ROOM = "ocr_frames.server.recognizers"
RAPID, TESSERACT = "rapidocr", "tesseract"
_OWN = {
    RAPID: _Own(
        f"{_ROOM}.rapid:RapidRecognizer",
        ("rapidocr", "openvino"),
        "local",
        "RapidOCR",
        lambda language: language in RAPIDOCR,
    ),
    TESSERACT: _Own(
        f"{_ROOM}.tesseract:TesseractRecognizer",
        ("tesserocr",),
        "tesseract",
        "Tesseract",
        lambda language: tessdata.data_file(language) is not None,
    ),
}


def targets(chosen: str) -> list[str]:
    """Where the classes of the chosen engines are, as "module:class", the first asked first.

    `chosen`: "auto", the name of an engine, or a "module:class" itself.
    """
    if ":" in chosen:
        return [chosen]
    third = _third()
    if chosen == AUTO:
        own = [engine.target for engine in _OWN.values() if engine.installed]
        return own + [third[name].value for name in sorted(third)]
    return [_OWN[chosen].target if chosen in _OWN else third[chosen].value]


def check(chosen: str) -> None:
    """Raise MisuseError where there is no engine of that name."""
    if chosen in (AUTO, *_OWN) or chosen in _third():
        return
    known = ", ".join((AUTO, *_OWN, *sorted(_third())))
    raise MisuseError(f"there is no engine {chosen!r} here; there are: {known}")


def require(chosen: str) -> None:
    """Raise where the chosen engine is unknown, or cannot read for want of a part.

    MisuseError names the known ones, MissingExtraError the line that installs it, and
    LocalEngineError the package of its data.
    """
    check(chosen)
    if chosen == AUTO and not targets(AUTO):
        raise MissingExtraError("The local engine", _OWN[RAPID].extra)
    own = _OWN.get(chosen)
    if own is not None and not own.installed:
        raise MissingExtraError(own.title, own.extra)
    if chosen == TESSERACT and not tessdata.readable():
        raise LocalEngineError(
            f"Tesseract finds no data; install a language's package, such as "
            f"{tessdata.package('English')}, or name their folder in TESSDATA_PREFIX"
        )


def identity(language: str, chosen: str) -> str:
    """Name and version of what reads a language: others read otherwise."""
    reader = _reader(language, chosen)
    if reader == RAPID:
        return _versions(_OWN[RAPID].libraries)
    if reader == TESSERACT:
        return f"{_versions(_OWN[TESSERACT].libraries)} {tessdata.fingerprint(language)}"
    third = _third()
    names = sorted(third) if chosen == AUTO else [chosen]
    return " ".join(_signature(third[name]) for name in names if name in third) or "no engine"


def _reader(language: str, chosen: str) -> str | None:
    """Find which engine of ours reads a language, if one does."""
    if chosen in _OWN:
        return chosen
    if chosen != AUTO:
        return None
    return next(
        (name for name, own in _OWN.items() if own.installed and own.reads(language)),
        None,
    )


def refusal(language: str, chosen: str) -> str:
    """Say that a language is not read here, and what would change that."""
    steps = []
    if chosen not in (AUTO, TESSERACT):
        steps.append("choose the engine auto")
    if not _OWN[TESSERACT].installed:
        steps.append(f"run pip install 'ocr-frames[{_OWN[TESSERACT].extra}]'")
    package = tessdata.package(language)
    if package is None:
        return (
            f"the local engine does not read {language}; another engine can be added to it "
            f"by an entry point of the group {GROUP}"
        )
    if tessdata.data_file(language) is None:
        steps.append(f"install the package {package}")
    remedy = ", ".join(steps)
    return (
        f"the local engine does not read {language}; to read it with Tesseract, {remedy} "
        "and start the server again"
    )


@lru_cache
def _third() -> dict[str, EntryPoint]:
    return {point.name: point for point in importlib.metadata.entry_points(group=GROUP)}


def _signature(point: EntryPoint) -> str:
    made_by = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    return f"{point.name} {made_by}"


def _versions(distributions: tuple[str, ...]) -> str:
    return " ".join(f"{name} {version(name)}" for name in distributions)


@lru_cache(maxsize=64)
def version(distribution: str) -> str:
    """Version of an installed distribution, or "none"."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "none"

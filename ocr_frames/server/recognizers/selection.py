"""The engines of one process, each loaded when it is first needed."""

import importlib
import logging
from itertools import chain

from ocr_frames.errors import LocalEngineError
from ocr_frames.server.recognizers import Line, Pixels, Recognizer
from ocr_frames.server.recognizers.choice import AUTO, targets

_log = logging.getLogger(__name__)


class Selection:
    """Several engines as one: a language is read by the first of them that reads it.

    `chosen` as in `choice.targets`. The first engine is made at once. With "auto", an engine that
    cannot be imported, or a first one that cannot be made, is left out with a warning.
    """

    def __init__(self, chosen: str) -> None:
        self._tolerant = chosen == AUTO
        self._kinds = self._imported(targets(chosen))
        self._made: dict[type[Recognizer], Recognizer] = {}
        self._make_first()
        self.name = self._kinds[0].name
        self.version = self._kinds[0].version
        self.languages = frozenset(chain.from_iterable(kind.languages for kind in self._kinds))

    def lines(self, image: Pixels, *, min_confidence: float, language: str) -> list[Line]:
        """See Recognizer."""
        reader = self._reader(language)
        return reader.lines(image, min_confidence=min_confidence, language=language)

    def single_line(self, image: Pixels, *, min_confidence: float, language: str) -> list[Line]:
        """See Recognizer."""
        reader = self._reader(language)
        return reader.single_line(image, min_confidence=min_confidence, language=language)

    def _reader(self, language: str) -> Recognizer:
        for kind in self._kinds:
            if language in kind.languages:
                return self._instance(kind)
        raise LookupError(f"no engine reads {language}")

    def _instance(self, kind: type[Recognizer]) -> Recognizer:
        if kind not in self._made:
            self._made[kind] = kind()
        return self._made[kind]

    def _imported(self, wanted: list[str]) -> list[type[Recognizer]]:
        kinds = []
        for target in wanted:
            module, _, name = target.partition(":")
            try:
                kinds.append(getattr(importlib.import_module(module), name))
            except Exception as error:
                self._leave_out(target, error)
        return kinds

    def _make_first(self) -> None:
        while self._kinds:
            try:
                self._instance(self._kinds[0])
            except Exception as error:
                self._leave_out(self._kinds.pop(0).__name__, error)
            else:
                return
        raise LocalEngineError("no engine can be loaded; run: pip install 'ocr-frames[local]'")

    def _leave_out(self, what: str, error: Exception) -> None:
        if not self._tolerant:
            raise error
        _log.warning("reading without %s, which does not load: %s", what, error)

"""An engine with the settings of one task."""

import re
from dataclasses import dataclass, replace

from ocr_frames.server.recognizers import Line, Pixels, Recognizer
from ocr_frames.settings import RecognitionSettings

MIN_CONFIDENCE = {
    "All": 0.0,
    "Low": 0.2,
    "LowMid": 0.35,
    "Mid": 0.5,
    "Default": 0.5,
    "MidHigh": 0.65,
    "High": 0.8,
    "Ultra": 0.9,
}

# what XML cannot hold, UTF-8 cannot write, or parts the pages of a text
_UNWRITABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads text that is at least as sure as a task asked for."""

    recognizer: Recognizer
    min_confidence: float
    language: str = "English"

    @classmethod
    def of(cls, recognizer: Recognizer, settings: RecognitionSettings) -> "Reader":
        """Make one for a task."""
        return cls(recognizer, MIN_CONFIDENCE[settings.dsr_confidence], settings.language)

    def lines(self, image: Pixels) -> list[Line]:
        """Read all lines."""
        read = self.recognizer.lines(
            image, min_confidence=self.min_confidence, language=self.language
        )
        return _clean(read)

    def single_line(self, image: Pixels) -> list[Line]:
        """Read an image as one line."""
        read = self.recognizer.single_line(
            image, min_confidence=self.min_confidence, language=self.language
        )
        return _clean(read)


def _clean(lines: list[Line]) -> list[Line]:
    """Keep what can be written, with single spaces between words."""
    kept = []
    for line in lines:
        text = " ".join(_UNWRITABLE.sub("", line.text).split())
        if text:
            kept.append(line if text == line.text else replace(line, text=text, words=()))
    return kept

"""The protocol's modes of document structure recognition: how text is found, and put in order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ocr_frames.server.layout import Columns
from ocr_frames.server.modes.bends import read_bent
from ocr_frames.server.modes.reader import Reader
from ocr_frames.server.modes.strips import read_strips
from ocr_frames.server.modes.tiles import read_closely, read_twice
from ocr_frames.server.recognizers import Line, Pixels
from ocr_frames.settings import DsrMode, RecognitionSettings

__all__ = ["MODES", "Mode", "Reader", "mode_of"]

SMALL = 1_000_000
"""Pixels; `DsrAndFilter` analyses the structure of no image smaller than this."""


@dataclass(frozen=True, slots=True)
class Mode:
    """How lines are found; which columns are told apart, and from how many pixels on."""

    lines: Callable[[Reader, Pixels], list[Line]]
    columns: Columns
    least_pixels: int = 0

    def columns_of(self, page: Pixels) -> Columns:
        """Which columns are told apart on a page."""
        return self.columns if page.shape[0] * page.shape[1] >= self.least_pixels else "none"


MODES: Mapping[DsrMode, Mode] = {
    "Regions": Mode(Reader.lines, "prose"),
    "DsrNoFilter": Mode(Reader.lines, "all"),
    "DsrAndFilter": Mode(Reader.lines, "all", SMALL),
    "NoDsrNoFilter": Mode(Reader.lines, "none"),
    "TextDetector": Mode(read_closely, "none"),
    "DsrPlusDetector": Mode(read_twice, "all"),
    "PolygonalTextDetector": Mode(read_bent, "none"),
    "LineDetector": Mode(read_strips, "none"),
}


def mode_of(settings: RecognitionSettings) -> Mode:
    """The mode a task asked for; an enlarged page is read closely, or engines shrink it again."""
    mode = MODES[settings.dsr_mode]
    if settings.make_upsampling and mode.lines is Reader.lines:
        return replace(mode, lines=read_closely)
    return mode

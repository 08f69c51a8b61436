"""What a worker does with one task: image bytes and settings in, results or messages out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ocr_frames.model import Result
from ocr_frames.server.documents import Page, result_of
from ocr_frames.server.layout import in_reading_order
from ocr_frames.server.preprocess import UnreadableImage, filtered, pages, rotated
from ocr_frames.server.recognizers import Line, Pixels, Recognizer
from ocr_frames.settings import RecognitionSettings, Region

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

CROP_MARGIN = 16
"""Pixels around a crop; text detection misses what touches the edge."""

CANVAS_SIDE = 736
"""Pixels; text detection enlarges what is smaller until the letters are too large for it."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """How a task ended: in `results`, or in `messages` that say why there are none."""

    results: tuple[Result, ...] = ()
    messages: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def recognize(
    recognizer: Recognizer, image: bytes, settings: RecognitionSettings, regions: Sequence[Region]
) -> Recognition:
    """Read a page or its regions. An image that cannot be read is a message, never raised."""
    try:
        if regions:
            read = _read_regions(recognizer, image, settings, regions)
        else:
            read = [_read_pages(recognizer, image, settings)]
    except UnreadableImage as problem:
        return Recognition(messages=(str(problem),))
    except MemoryError:
        return Recognition(messages=("the image needs too much memory; send it smaller",))
    results = tuple(result_of(document, settings.result_type) for document in read)
    return Recognition(results, warnings=_warnings(settings))


def _read_pages(recognizer: Recognizer, image: bytes, settings: RecognitionSettings) -> list[Page]:
    return [_read(recognizer, rotated(page, settings.rotate), settings) for page in pages(image)]


def _read_regions(
    recognizer: Recognizer,
    image: bytes,
    settings: RecognitionSettings,
    regions: Sequence[Region],
) -> list[list[Page]]:
    page = rotated(next(pages(image)), settings.rotate)
    _check_inside(page, regions)
    return [[_read_crop(recognizer, page, region, settings)] for region in regions]


def _check_inside(page: Pixels, regions: Sequence[Region]) -> None:
    height, width = page.shape[:2]
    for number, box in enumerate(regions, start=1):
        if box.x1 > width or box.y1 > height:
            raise UnreadableImage(
                f"region {number} ({box.x0}, {box.y0}, {box.x1}, {box.y1}) lies outside "
                f"the image ({width} x {height} pixels)"
            )


def _read_crop(
    recognizer: Recognizer, page: Pixels, region: Region, settings: RecognitionSettings
) -> Page:
    crop = page[region.y0 : region.y1, region.x0 : region.x1]
    found = _read(recognizer, _on_canvas(crop), settings)
    if found.rows:
        return found
    lines = recognizer.single_line(
        filtered(crop, settings),
        min_confidence=MIN_CONFIDENCE[settings.dsr_confidence],
        language=settings.language,
    )
    return _page(crop, lines, settings)


def _on_canvas(crop: Pixels) -> Pixels:
    """Put a crop in the middle of a canvas of its own background."""
    height, width = crop.shape[:2]
    tall = max(height + 2 * CROP_MARGIN, CANVAS_SIDE)
    wide = max(width + 2 * CROP_MARGIN, CANVAS_SIDE)
    edge = np.concatenate((crop[0], crop[-1], crop[:, 0], crop[:, -1]))
    canvas: Pixels = np.empty((tall, wide, 3), np.uint8)
    canvas[:] = np.median(edge, axis=0).astype(np.uint8)
    top, left = (tall - height) // 2, (wide - width) // 2
    canvas[top : top + height, left : left + width] = crop
    return canvas


def _read(recognizer: Recognizer, page: Pixels, settings: RecognitionSettings) -> Page:
    ready = filtered(page, settings)
    minimum = MIN_CONFIDENCE[settings.dsr_confidence]
    lines = recognizer.lines(ready, min_confidence=minimum, language=settings.language)
    return _page(ready, lines, settings)


def _page(image: Pixels, lines: Sequence[Line], settings: RecognitionSettings) -> Page:
    height, width = image.shape[:2]
    return Page(width, height, in_reading_order(lines, level=settings.make_skew_correct))


def _warnings(settings: RecognitionSettings) -> tuple[str, ...]:
    """Tell which settings did not act."""
    warnings = []
    if settings.make_spell_check:
        warnings.append(
            "makeSpellCheck: the local engine has no dictionary yet; the text is unchanged"
        )
    if settings.dsr_mode != "Regions":
        warnings.append(
            f"dsrMode: the local engine finds text in one way only; {settings.dsr_mode} "
            "acts like Regions"
        )
    return tuple(warnings)

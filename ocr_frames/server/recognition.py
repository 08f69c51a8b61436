"""What a worker does with one task: image bytes and settings in, results or messages out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ocr_frames.model import Result
from ocr_frames.server import spelling, trial
from ocr_frames.server.documents import Page, Sheet, results_of
from ocr_frames.server.layout import in_reading_order
from ocr_frames.server.modes import Mode, Reader, mode_of
from ocr_frames.server.preprocess import (
    Affine,
    Picture,
    UnreadableImage,
    View,
    background,
    cropped,
    filtered,
    lean,
    pages,
    rotated,
)
from ocr_frames.server.recognizers import Line, Pixels, Point, Recognizer, as_box
from ocr_frames.settings import RecognitionSettings, Region

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


@dataclass(frozen=True, slots=True)
class _Document:
    """What becomes one text: all pages of an image, or one region of it."""

    pages: list[Page]
    sheets: Callable[[], Iterable[Sheet]]

    def changed(self, change: Callable[[Sequence[Line]], Sequence[Line]]) -> "_Document":
        return replace(self, pages=[page.changed(change) for page in self.pages])


@dataclass(frozen=True, slots=True)
class _Task:
    reader: Reader
    image: bytes
    settings: RecognitionSettings
    regions: Sequence[Region]
    # in the order in which they arose, each of them once
    warnings: dict[str, None] = field(default_factory=dict)

    @property
    def mode(self) -> Mode:
        return mode_of(self.settings)

    def warn(self, warning: str) -> None:
        self.warnings[warning] = None


def recognize(
    recognizer: Recognizer,
    image: bytes,
    settings: RecognitionSettings,
    regions: Sequence[Region],
    masked: bool = False,
) -> Recognition:
    """Read an image or its regions. What cannot be read is a message, never raised.

    With `masked`, a tenth of the words is.
    """
    task = _Task(Reader.of(recognizer, settings), image, settings, regions)
    try:
        return Recognition(_results(task, masked=masked), warnings=tuple(task.warnings))
    except UnreadableImage as problem:
        return Recognition(messages=(str(problem),))
    except MemoryError:
        return Recognition(messages=("the image needs too much memory; send it smaller",))


def _results(task: _Task, *, masked: bool) -> tuple[Result, ...]:
    documents = _read_regions(task) if task.regions else [_read_pages(task)]
    if task.settings.make_spell_check:
        documents = _spell_checked(task, documents)
    if masked:
        mask = partial(trial.masked, image=task.image)
        documents = [document.changed(mask) for document in documents]
    return tuple(
        result
        for document in documents
        for result in results_of(
            document.pages, task.settings.result_type, document.sheets, masked=masked
        )
    )


def _spell_checked(task: _Task, documents: list[_Document]) -> list[_Document]:
    language = task.settings.language
    if language not in spelling.LANGUAGES:
        task.warn(f"makeSpellCheck: there is no dictionary of {language}; the text is as read")
        return documents
    return [document.changed(spelling.corrected) for document in documents]


# --- pages ---------------------------------------------------------------------------------------


def _read_pages(task: _Task) -> _Document:
    read: list[Page] = []
    last: Picture | None = None
    for picture in pages(task.image, task.warn):
        # an animation stands still most of the time
        if last is not None and np.array_equal(picture.pixels, last.pixels):
            read.append(read[-1])
        else:
            read.append(_read_page(task, picture))
        last = picture
    return _Document(read, partial(_sheets, task))


def _read_page(task: _Task, picture: Picture) -> Page:
    view = rotated(picture.pixels, task.settings.rotate)
    ready = filtered(view, task.settings, warn=task.warn)
    return _page(task, picture, ready, task.mode.lines(task.reader, ready.pixels))


def _sheets(task: _Task) -> Iterator[Sheet]:
    for picture in pages(task.image):
        yield _sheet(picture, rotated(picture.pixels, task.settings.rotate))


def _sheet(picture: Picture, view: View) -> Sheet:
    return Sheet(view.pixels, view.to_sent.inverse, picture.dpi)


def _page(task: _Task, picture: Picture, read: View, lines: Sequence[Line]) -> Page:
    """Put lines into order, and their boxes where they stand in the picture."""
    height, width = picture.pixels.shape[:2]
    blocks = in_reading_order(
        lines,
        level=task.settings.make_skew_correct,
        columns=task.mode.columns_of(read.pixels),
    )
    return Page(width, height, blocks).changed(partial(_sent, read.to_sent, width, height))


def _sent(to_sent: Affine, width: int, height: int, lines: Sequence[Line]) -> list[Line]:
    def inside(point: Point) -> Point:
        return min(max(point[0], 0.0), float(width)), min(max(point[1], 0.0), float(height))

    return [
        replace(line, box=as_box([inside(point) for point in line.box]))
        for line in to_sent.lines(lines)
    ]


# --- regions -------------------------------------------------------------------------------------


def _read_regions(task: _Task) -> list[_Document]:
    picture = next(pages(task.image, task.warn))
    view = rotated(picture.pixels, task.settings.rotate)
    _check_inside(view.pixels, task.regions)
    degrees = lean(view.pixels, task.settings)
    return [_read_region(task, picture, cropped(view, region), degrees) for region in task.regions]


def _check_inside(page: Pixels, regions: Sequence[Region]) -> None:
    height, width = page.shape[:2]
    for number, box in enumerate(regions, start=1):
        if box.x1 > width or box.y1 > height:
            raise UnreadableImage(
                f"region {number} ({box.x0}, {box.y0}, {box.x1}, {box.y1}) lies outside "
                f"the image ({width} x {height} pixels)"
            )


def _read_region(task: _Task, picture: Picture, crop: View, degrees: float) -> _Document:
    ready = filtered(_on_canvas(crop), task.settings, degrees, task.warn)
    lines = task.mode.lines(task.reader, ready.pixels)
    if not lines:
        ready = filtered(crop, task.settings, degrees, task.warn)
        lines = task.reader.single_line(ready.pixels)
    page = _page(task, picture, ready, lines)
    return _Document([page], lambda: [_sheet(picture, crop)])


def _on_canvas(crop: View) -> View:
    """Put a crop in the middle of a canvas of its own background."""
    height, width = crop.pixels.shape[:2]
    tall = max(height + 2 * CROP_MARGIN, CANVAS_SIDE)
    wide = max(width + 2 * CROP_MARGIN, CANVAS_SIDE)
    canvas: Pixels = np.empty((tall, wide, 3), np.uint8)
    canvas[:] = background(crop.pixels)
    top, left = (tall - height) // 2, (wide - width) // 2
    canvas[top : top + height, left : left + width] = crop.pixels
    return View(canvas, Affine.shift(-left, -top).then(crop.to_sent))

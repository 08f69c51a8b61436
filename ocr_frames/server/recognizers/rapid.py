"""RapidOCR on OpenVINO: the models in its wheel, one thread, lines in batches of equal width."""

import importlib.metadata
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from rapidocr import RapidOCR
from rapidocr.main import RapidOCRError
from rapidocr.utils.process_img import map_boxes_to_original
from rapidocr.utils.typings import EngineType

from ocr_frames.server.recognizers import Line, Pixels, as_box
from ocr_frames.server.recognizers.languages import RAPIDOCR

LINE_HEIGHT = 48
"""Pixels; what the recognition model was trained on."""

WIDTH_STEP = 48
"""Pixels; lines are padded to multiples of this. RapidOCR itself pads each to 320 pixels and to
the longest of its batch, which costs time and accuracy. Few distinct shapes keep memory bounded:
OpenVINO compiles code for each, and keeps it."""

LONGEST_LINE = 60
"""Width to height; a page-wide line of small print has 40."""

DETECTION_SIDE = 736
"""Pixels; detection enlarges an image until its short side has so many. A sliver of a line would
grow to a gigabyte, so it is padded first."""

SURE = 0.75
"""Confidence below which a line is also read upside down. Each line's angle classifier is left
out: it turns good lines (measured: word F1 0.93 without, 0.90 with it on forms)."""

_PARAMETERS = {
    "Global.log_level": "error",
    "Det.engine_type": EngineType.OPENVINO,
    "Rec.engine_type": EngineType.OPENVINO,
    "EngineConfig.openvino.inference_num_threads": 1,
    # each process would pin its only thread to the same first core
    "EngineConfig.openvino.enable_cpu_pinning": "NO",
}

Read = tuple[str, float]
"""A text and its confidence."""


class RapidRecognizer:
    """PP-OCRv6 small on OpenVINO, on the calling thread."""

    name = "RapidOCR"
    version = importlib.metadata.version("rapidocr")
    languages = RAPIDOCR

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        self._engine: Any = RapidOCR(params=dict(_PARAMETERS))
        self._engine(np.full((LINE_HEIGHT, 320, 3), 255, np.uint8), use_det=False, use_cls=False)
        self.lines(np.full((320, 320, 3), 255, np.uint8), min_confidence=0, language="English")

    def lines(self, image: Pixels, *, min_confidence: float, language: str) -> list[Line]:
        """See Recognizer."""
        padded = _no_sliver(_bgr(image))
        crops, boxes = self._detect(padded)
        return [
            Line(text, confidence, as_box(np.roll(box, -turns - _quarter(box), axis=0)))
            for (text, confidence), turns, box in zip(*self._read(crops), boxes, strict=True)
            if confidence >= min_confidence and text
        ]

    def single_line(self, image: Pixels, *, min_confidence: float, language: str) -> list[Line]:
        """See Recognizer."""
        height, width = image.shape[:2]
        if width > LONGEST_LINE * height:
            return []
        (text, confidence), *_ = self._read([_bgr(image)])[0]
        if confidence < min_confidence or not text:
            return []
        return [Line(text, confidence, as_box(((0, 0), (width, 0), (width, height), (0, height))))]

    def _detect(self, image: Pixels) -> tuple[list[Pixels], Any]:
        """Cut out all lines, upright or upside down; boxes clockwise from the page's top left."""
        sized, record = self._engine.preprocess_img(image)
        try:
            crops, found = self._engine.detect_and_crop(sized, record)
        except RapidOCRError:  # its word for: no text
            return [], []
        height, width = image.shape[:2]
        return crops, map_boxes_to_original(found.boxes, record, height, width)

    def _read(self, crops: Sequence[Pixels]) -> tuple[list[Read], list[int]]:
        """Read lines, and tell by how many corners their text's top left is off the page's."""
        read = self._read_as_is(crops)
        turns = [0] * len(crops)
        doubtful = [position for position, (_, confidence) in enumerate(read) if confidence < SURE]
        self._read_turned(crops, doubtful, read, turns)
        convincing = [
            position for position in doubtful if turns[position] and read[position][1] > SURE
        ]
        if doubtful and len(convincing) * 2 >= len(doubtful):
            # the page stands on its head, where some lines read well enough to pass
            self._read_turned(crops, sorted({*range(len(crops))} - {*doubtful}), read, turns)
        return read, turns

    def _read_turned(
        self, crops: Sequence[Pixels], some: Sequence[int], read: list[Read], turns: list[int]
    ) -> None:
        """Read `some` of the lines upside down, and keep what is surer than before."""
        turned = [np.ascontiguousarray(crops[position][::-1, ::-1]) for position in some]
        for position, other in zip(some, self._read_as_is(turned), strict=True):
            if other[1] > read[position][1]:
                read[position] = other
                turns[position] = 2

    def _read_as_is(self, crops: Sequence[Pixels]) -> list[Read]:
        groups: dict[int, list[int]] = defaultdict(list)
        for position, crop in enumerate(crops):
            groups[_padded_width(crop)].append(position)
        read: dict[int, Read] = {}
        for width, positions in groups.items():
            self._engine.text_rec.rec_image_shape = [3, LINE_HEIGHT, width]
            found = self._engine.recognize_txt([crops[position] for position in positions])
            texts = (text.strip() for text in found.txts)
            read.update(zip(positions, zip(texts, found.scores, strict=True), strict=True))
        return [read[position] for position in range(len(crops))]


def _quarter(box: Any) -> int:
    """Tell whether a box is so tall that RapidOCR turned its crop counter-clockwise."""
    top, left = np.linalg.norm(box[0] - box[1]), np.linalg.norm(box[0] - box[3])
    return int(left >= 1.5 * top)


def _padded_width(line: Pixels) -> int:
    height, width = line.shape[:2]
    steps: int = -(-width * LINE_HEIGHT // (height * WIDTH_STEP))
    return max(1, steps) * WIDTH_STEP


def _no_sliver(image: Pixels) -> Pixels:
    """Pad the short side to half of the long one, as far as it would be enlarged anyway."""
    height, width = image.shape[:2]
    short = min(DETECTION_SIDE, max(height, width) // 2)
    bottom, right = max(0, short - height), max(0, short - width)
    return np.asarray(
        cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_REPLICATE), np.uint8
    )


def _bgr(image: Pixels) -> Pixels:
    return np.ascontiguousarray(image[:, :, ::-1])

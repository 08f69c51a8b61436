"""Hypothesis strategies for the words of the model."""

from typing import get_args

from hypothesis import strategies as st

from ocr_frames.languages import Language
from ocr_frames.model import Answer, Failure, Outcome, Result, Status
from ocr_frames.settings import (
    DsrConfidence,
    DsrMode,
    RecognitionSettings,
    Region,
    ResultType,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
WIRE_STATUSES = [status for status in Status if status is not Status.SKIPPED]


def settings() -> st.SearchStrategy[RecognitionSettings]:
    return st.builds(
        RecognitionSettings,
        language=st.sampled_from(get_args(Language)),
        make_skew_correct=st.booleans(),
        rotate=st.integers(-360, 360),
        make_binarization=st.booleans(),
        make_contrast_correction=st.booleans(),
        make_upsampling=st.booleans(),
        make_spell_check=st.booleans(),
        dsr_mode=st.sampled_from(get_args(DsrMode)),
        dsr_confidence=st.sampled_from(get_args(DsrConfidence)),
        result_type=st.sampled_from(get_args(ResultType)),
    )


@st.composite
def regions(draw: st.DrawFn) -> Region:
    x0, y0 = draw(st.integers(0, 5000)), draw(st.integers(0, 5000))
    width, height = draw(st.integers(1, 5000)), draw(st.integers(1, 5000))
    return Region(x0=x0, y0=y0, x1=x0 + width, y1=y0 + height)


def answers() -> st.SearchStrategy[Answer]:
    # A leading byte order mark is not part of a text.
    texts = TEXTS.map(lambda text: text.lstrip("\ufeff"))
    results = st.builds(Result, st.just("Text"), texts.map(str.encode)) | st.builds(
        Result, st.sampled_from(["JSON", "Pdf", "Hocr", "Sound"]), st.binary(max_size=50)
    )
    return st.builds(
        Answer,
        task_id=TEXTS,
        status=st.sampled_from(WIRE_STATUSES),
        response_code=st.sampled_from(["Ok", "NotReady", "Error", "TaskNotFound"]),
        results=st.lists(results, max_size=4).map(tuple),
        messages=st.lists(TEXTS, max_size=3).map(tuple),
        warnings=st.lists(TEXTS, max_size=3).map(tuple),
    )


def failures() -> st.SearchStrategy[Failure]:
    return st.builds(Failure, st.sampled_from(["timeout", "account"]), TEXTS)


def outcomes(texts: int = 1) -> st.SearchStrategy[Outcome]:
    completed = st.lists(TEXTS, min_size=texts, max_size=texts).map(
        lambda some: Outcome(0, Status.COMPLETED, tuple(some))
    )
    others = [status for status in Status if status is not Status.COMPLETED]
    failed = st.tuples(st.sampled_from(others), failures())
    return completed | failed.map(lambda end: Outcome(0, end[0], failure=end[1]))

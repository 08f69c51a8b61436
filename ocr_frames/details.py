"""Columns on request: what each is, which results it takes, and how it is drawn from them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

import pyarrow as pa

from ocr_frames import documents, hocr, settings
from ocr_frames.errors import MisuseError
from ocr_frames.model import Failure, Outcome, Status
from ocr_frames.settings import ResultType

Detail = Literal[
    "task_id", "calls", "seconds", "confidence", "pages", "words", "hocr", "pdf", "json",
    "from_ledger",
]  # fmt: skip

WORD = pa.struct(
    [("text", pa.string()), ("confidence", pa.float32())]
    + [(name, pa.int32()) for name in ("x0", "y0", "x1", "y1", "page")]
)
TYPES: Mapping[str, pa.DataType] = {
    "task_id": pa.string(),
    "calls": pa.int32(),
    "seconds": pa.float64(),
    "confidence": pa.float64(),
    "pages": pa.int32(),
    "words": pa.list_(WORD),
    "hocr": pa.string(),
    "pdf": pa.binary(),
    "json": pa.string(),
    "from_ledger": pa.bool_(),
}
"""Arrow types of the columns; each is null in a row that has nothing to tell."""

_OF_HOCR = ("confidence", "words", "hocr")


def checked(given: Any) -> tuple[Detail, ...]:
    """Validate the names of details. Raises MisuseError."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise MisuseError(f'details={given!r} is not a list of names, such as ["confidence"]')
    for name in given:
        if name not in get_args(Detail):
            raise MisuseError(
                f"details: there is no {name!r}{settings.nearest(str(name), get_args(Detail))}"
            )
    names: tuple[Detail, ...] = tuple(dict.fromkeys(given))
    rivals = [name for name in names if name in (*_OF_HOCR, "pdf")]
    if "json" in names and rivals:
        raise MisuseError(
            f"details: 'json' cannot be had together with {rivals[0]!r}, as the protocol does not "
            "combine JSON with other results; run once for each, or read them out of the JSON"
        )
    return names


def result_type(names: Iterable[Detail]) -> ResultType:
    """What to ask the endpoint for: nothing but text where that is enough."""
    asked = set(names)
    if "json" in asked:
        return "JSON"
    if asked & set(_OF_HOCR):
        return "TextAndPdfAndHocr" if "pdf" in asked else "TextAndHocr"
    return "TextAndPdf" if "pdf" in asked else "Text"


def values(names: Sequence[Detail], outcome: Outcome) -> tuple[Any, ...]:
    """The details of a row that ended in `outcome`; `words` as an Arrow array of WORD."""
    read: list[hocr.Document] = []
    if any(name in names for name in ("confidence", "words")):
        read = [hocr.read(text) for text in documents.texts(outcome.results, "Hocr")]
    return tuple(_value(name, outcome, read) for name in names)


def missing(names: Sequence[Detail], outcome: Outcome, drawn: Sequence[object]) -> Failure | None:
    """Tell which details could not be `drawn`, though there is a text."""
    if outcome.status is not Status.COMPLETED or not any(outcome.texts):
        return None
    with_hocr = bool(documents.data(outcome.results, "Hocr"))
    gone = [
        name
        for name, value in zip(names, drawn, strict=True)
        if value is None
        and (name in ("words", "hocr", "pdf", "json") or (name == "confidence" and not with_hocr))
    ]
    if not gone:
        return None
    return Failure(
        "details-missing",
        f"the text came without what {', '.join(gone)} would be drawn from; they are null",
    )


def _value(name: Detail, outcome: Outcome, read: Sequence[hocr.Document]) -> Any:
    if name in ("task_id", "calls", "seconds"):
        return getattr(outcome, name)
    if name == "from_ledger":
        return _from_ledger(outcome)
    if outcome.status is not Status.COMPLETED:
        return None
    if name in ("confidence", "words"):
        return _words(outcome, read) if name == "words" else _confidence(read)
    return _pages(outcome) if name == "pages" else _document(name, outcome)


def _from_ledger(outcome: Outcome) -> bool | None:
    """Null where the endpoint has not answered at all."""
    ended = outcome.status in (Status.COMPLETED, Status.ERROR)
    told = outcome.from_ledger or outcome.calls is not None
    return outcome.from_ledger if ended and told else None


def _document(name: Detail, outcome: Outcome) -> str | bytes | None:
    if name == "pdf":
        return documents.joined_pdf(documents.data(outcome.results, "Pdf"))
    found = documents.texts(outcome.results, name)
    return documents.joined_json(found) if name == "json" else documents.joined_hocr(found)


def _pages(outcome: Outcome) -> int:
    """Regions are of one page; in a text, a form feed ends each page but the last."""
    return outcome.texts[0].count("\f") + 1 if len(outcome.texts) == 1 else 1


def _confidence(read: Sequence[hocr.Document]) -> float | None:
    """The mean over all letters."""
    words = (word for document in read for word in document.words)
    known = [(len(word.text), word.confidence) for word in words if word.confidence is not None]
    letters = sum(length for length, _ in known)
    return sum(length * confidence for length, confidence in known) / letters if letters else None


def _words(outcome: Outcome, read: Sequence[hocr.Document]) -> pa.Array | None:
    if not read and any(outcome.texts):
        return None
    rows: list[tuple[Any, ...]] = []
    before = 0
    for document in read:
        rows += (
            (word.text, word.confidence, *(word.box or (None,) * 4), before + word.page)
            for word in document.words
        )
        # Documents of one answer are its regions, all on the first page.
        before += max(1, document.pages) if len(outcome.texts) == 1 else 0
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(WORD)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, WORD, strict=True)]
    return pa.StructArray.from_arrays(arrays, fields=list(WORD))

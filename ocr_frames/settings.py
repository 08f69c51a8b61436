"""What the user may choose, frozen and validated; and the one reader of the environment."""

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import (
    AliasGenerator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from ocr_frames.errors import MisuseError
from ocr_frames.languages import Language
from ocr_frames.model import Kind

CLOUD_URL = "https://api.aspose.cloud"

DsrMode = Literal[
    "Regions",
    "DsrNoFilter",
    "DsrAndFilter",
    "NoDsrNoFilter",
    "TextDetector",
    "DsrPlusDetector",
    "PolygonalTextDetector",
    "LineDetector",
]
DsrConfidence = Literal["Default", "All", "Low", "LowMid", "Mid", "MidHigh", "High", "Ultra"]
ResultType = Literal[
    "Text",
    "JSON",
    "Hocr",
    "Pdf",
    "TextAndPdf",
    "TextAndHocr",
    "PdfAndHocr",
    "TextAndPdfAndHocr",
]

FOLDED = ConfigDict(
    frozen=True,
    extra="forbid",
    validate_by_name=True,
    validate_by_alias=True,
    alias_generator=AliasGenerator(
        validation_alias=lambda name: name.replace("_", ""), serialization_alias=to_camel
    ),
)
"""Property names: ours by name, the wire's in any letter case once folded to lower case."""


class Region(BaseModel):
    """A box in whole pixels of the upright image: (x0, y0) top left, (x1, y1) bottom right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    x0: int = Field(ge=0)
    y0: int = Field(ge=0)
    x1: int
    y1: int

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.x1 <= self.x0 or self.y1 <= self.y0:
            raise ValueError(
                f"({self.x0}, {self.y0}, {self.x1}, {self.y1}) is empty: give "
                "(left, top, right, bottom) in pixels with right > left and bottom > top"
            )
        return self


class RecognitionSettings(BaseModel):
    """How to recognize; names and defaults of the protocol's settings, in snake_case."""

    model_config = FOLDED

    language: Language = "English"
    make_skew_correct: bool = True
    rotate: int = 0
    make_binarization: bool = False
    make_contrast_correction: bool = True
    make_upsampling: bool = False
    make_spell_check: bool = False
    dsr_mode: DsrMode = "Regions"
    dsr_confidence: DsrConfidence = "Default"
    result_type: ResultType = "Text"


def recognition_settings(kind: Kind, chosen: Mapping[str, Any]) -> RecognitionSettings:
    """Validate the settings a user named.

    Raises MisuseError for a wrong value, with the nearest valid one, and for a label in another
    language than English, which is the only one the protocol has for labels.
    """
    try:
        settings = RecognitionSettings(**chosen)
    except ValidationError as error:
        raise MisuseError(_first_problem(error, RecognitionSettings)) from error
    if kind == "label" and settings.language != "English":
        raise MisuseError(
            f"labels are recognized in English only, not {settings.language}; "
            'use kind="image" for other languages'
        )
    return settings


def _first_problem(error: ValidationError, model: type[BaseModel]) -> str:
    problem = error.errors(include_url=False)[0]
    name = str(problem["loc"][0])
    name = {to_camel(n).lower(): n for n in model.model_fields}.get(name, name)
    value = problem["input"]
    if problem["type"] != "literal_error":
        return f"{name}={value!r}: {problem['msg']}"
    allowed = get_args(model.model_fields[name].annotation)
    return f"{name}={value!r} is not one of the known values{nearest(str(value), allowed)}"


def nearest(word: str, known: Iterable[str]) -> str:
    """End of a sentence that names what was probably meant, else all there is."""
    names = list(known)
    folded = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.75)
    if close:
        return f"; did you mean {folded[close[0]]!r}?"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"; there are: {shown}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to send, and as whom.

    `url` is scheme and host (no path); an empty one is the local engine. Without `client_id`
    nothing is authorized and only the evaluation call is used, which masks 10 % of the words.
    `workers`: processes of the local engine, 0 for one per processor.

    For example:
        >>> Endpoint("https://ocr.example.org", "my-id", "my-secret")
        Endpoint(url='https://ocr.example.org', client_id='my-id', workers=0)
        >>> Endpoint.trial().is_trial
        True
    """

    url: str
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    workers: int = 0

    def __post_init__(self) -> None:
        if self.url and urlsplit(self.url).scheme not in ("http", "https"):
            raise MisuseError(
                f"endpoint {self.url!r} is not an http:// or https:// URL; "
                f"did you mean 'https://{self.url.rpartition('//')[2]}'?"
            )
        if bool(self.client_id) != bool(self.client_secret):
            raise MisuseError("an endpoint needs both client_id and client_secret, or neither")
        object.__setattr__(self, "url", self.url.rstrip("/"))

    @classmethod
    def cloud(cls, client_id: str, client_secret: str) -> Self:
        """The vendor's own host."""
        return cls(CLOUD_URL, client_id, client_secret)

    @classmethod
    def trial(cls, url: str = CLOUD_URL) -> Self:
        """The vendor's evaluation call: no account, 10 % of the words masked."""
        return cls(url)

    @classmethod
    def local(cls, workers: int = 0) -> Self:
        """The local engine: the one that this Python process runs, else started when needed."""
        if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
            raise MisuseError(f"workers={workers!r} is not a whole number from 0")
        return cls("", workers=workers)

    @property
    def is_local(self) -> bool:
        """Whether this is the local engine, still to be started."""
        return not self.url

    @property
    def is_trial(self) -> bool:
        """Whether calls go unauthorized to the evaluation path."""
        return bool(self.url) and self.client_id is None

    @property
    def reads_first_page_only(self) -> bool:
        """Whether of a file with several pages only the first is read: so does the vendor."""
        return self.is_trial or self.url == CLOUD_URL

    @property
    def identity(self) -> str:
        """Host and account: who recognizes, and who pays."""
        return f"{self.url} {self.client_id or 'trial'}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read OCR_FRAMES_ENDPOINT, ASPOSE_CLIENT_ID and ASPOSE_CLIENT_SECRET.

        Credentials alone mean the vendor's host; nothing at all means the local engine.
        """
        url = environment.get("OCR_FRAMES_ENDPOINT", "")
        client_id = environment.get("ASPOSE_CLIENT_ID") or None
        client_secret = environment.get("ASPOSE_CLIENT_SECRET") or None
        if not url and not client_id and not client_secret:
            return cls.local()
        if url and client_id is None and client_secret is None:
            raise MisuseError(
                "OCR_FRAMES_ENDPOINT is set, ASPOSE_CLIENT_ID and ASPOSE_CLIENT_SECRET are not; "
                "set both, or pass endpoint="
            )
        return cls(url or CLOUD_URL, client_id, client_secret)


OnDoubt = Literal["retry", "hold"]


class Policy(BaseModel):
    """How a run behaves; the same for every row.

    `max_outstanding`: tasks submitted and not yet fetched. `max_connections`: open at once.
    `calls_per_second`, `max_calls`: limits for calls of every kind; None is without.
    `deadline_s`: a row that has no answer this long after its submit ends as an error.
    `call_timeout_s`: for one HTTP exchange, beyond what the server was asked to wait.
    `max_attempts`: of one call, the first included. `backoff_s`, `max_backoff_s`: the bounds
    from which the wait between attempts is drawn. `poll_floor_s`: no task is asked about more
    often. `wait_s`: how long a server is asked to hold its answer (RFC 7240). `on_doubt`:
    whether a submit whose answer was lost is repeated, once. `retry_failed`: try images again
    that failed for their own sake.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_outstanding: Annotated[int, Field(ge=1)] = 64
    max_connections: Annotated[int, Field(ge=1)] = 32
    deadline_s: Annotated[float, Field(gt=0)] = 600.0
    call_timeout_s: Annotated[float, Field(gt=0)] = 60.0
    max_attempts: Annotated[int, Field(ge=1)] = 5
    backoff_s: Annotated[float, Field(ge=0)] = 0.5
    max_backoff_s: Annotated[float, Field(ge=0)] = 30.0
    poll_floor_s: Annotated[float, Field(ge=0)] = 1.0
    wait_s: Annotated[float, Field(ge=0)] = 20.0
    max_calls: Annotated[int, Field(ge=0)] | None = None
    calls_per_second: Annotated[float, Field(gt=0)] | None = None
    on_doubt: OnDoubt = "retry"
    retry_failed: bool = False


def run_policy(**chosen: float | str | None) -> Policy:
    """Build a Policy from the arguments that are not None. Raises MisuseError."""
    try:
        return Policy(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        raise MisuseError(_first_problem(error, Policy)) from error

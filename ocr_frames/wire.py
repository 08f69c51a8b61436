"""The recognition protocol v5.0: JSON to model and back, for both ends. No I/O here.

Sources: the vendor's tutorials (send and fetch for images, labels and regions), its public
documentation, and its SDK 24.11.0. Where they differ, the first form is written and all are read.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from ocr_frames.model import Answer, Kind, Result, Status
from ocr_frames.settings import FOLDED, RecognitionSettings, Region

TOKEN_PATH = "/connect/token"  # noqa: S105 - a path
SUBMIT_PATHS: Mapping[Kind, str] = {
    "image": "/v5.0/ocr/RecognizeImage",
    "label": "/v5.0/ocr/RecognizeLabel",
    "regions": "/v5.0/ocr/RecognizeRegions",
}
TRIAL_PATH = "/v5.0/ocr/RecognizeImageTrial"
STATUS_PATH = "/v5.0/ocr/Utilities/GetTaskStatus"


class WireError(ValueError):
    """A document that does not follow the protocol. The message holds none of its content."""


def _folded(value: object) -> object:
    """Fold property names to lower case, all the way down: they arrive in any."""
    if isinstance(value, dict):
        return {str(name).lower(): _folded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_folded(inner) for inner in value]
    return value


def _object(text: bytes | str, what: str) -> dict[str, Any]:
    try:
        folded = _folded(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise WireError(f"{what} is not JSON") from error
    if not isinstance(folded, dict):
        raise WireError(f"{what} is not a JSON object")
    return folded


def _problems(error: ValidationError, *within: str) -> str:
    """Where and why, without the input: it may be an image or a text."""
    return "; ".join(
        f"{'.'.join((*within, *map(str, problem['loc'])))}: "
        f"{problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors(include_url=False, include_input=False)[:5]
    )


# --- token: POST /connect/token, tutorial "Obtain an Access Token" -----------------------------


class Token(BaseModel):
    """`access_token` for the Authorization header, valid for `expires_in` seconds."""

    access_token: str = Field(min_length=1, repr=False)
    expires_in: float = Field(default=3600, gt=0)
    token_type: str = "bearer"  # noqa: S105 - seen as "bearer" and as "Bearer"


def token_form(client_id: str, client_secret: str) -> dict[str, str]:
    """Fields of the form that asks for a token (OAuth client credentials)."""
    return {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
    }


def decode_token(text: bytes | str) -> Token:
    """Read the token answer. Raises WireError."""
    try:
        return Token.model_validate(_object(text, "the token answer"))
    except ValidationError as error:
        raise WireError(f"the token answer: {_problems(error)}") from error


def encode_token(token: Token) -> str:
    """Write the token answer, its life in whole seconds as in the tutorial."""
    return json.dumps(token.model_dump() | {"expires_in": int(token.expires_in)})


# --- submit: POST, tutorials "Send ... for Recognition" ----------------------------------------


class _Rect(BaseModel):
    model_config = FOLDED

    top_left_x: int
    top_left_y: int
    bottom_right_x: int
    bottom_right_y: int


class OrderedRegion(BaseModel):
    """An entry of the setting `regions`; their texts come back in rising `order`."""

    model_config = FOLDED

    rect: _Rect
    order: int = 0


class Submission(BaseModel):
    """A decoded submit body, as the server sees it."""

    image: bytes = Field(repr=False)
    settings: RecognitionSettings
    regions: tuple[Region, ...] = ()


def encode_settings(settings: RecognitionSettings, regions: Sequence[Region] = ()) -> str:
    """Write the `settings` object of a submit body: canonical, so that equal means equal text."""
    document = settings.model_dump(by_alias=True)
    if regions:
        document["regions"] = [
            OrderedRegion(order=order, rect=_rect(box)).model_dump(by_alias=True)
            for order, box in enumerate(regions)
        ]
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _rect(box: Region) -> _Rect:
    return _Rect(top_left_x=box.x0, top_left_y=box.y0, bottom_right_x=box.x1, bottom_right_y=box.y1)


def encode_submit(image: bytes, settings_json: str) -> bytes:
    """Write a submit body: `image` as Base64, `settings` as `encode_settings` made it."""
    return b'{"image":"%b","settings":%b}' % (base64.b64encode(image), settings_json.encode())


def decode_submit(body: bytes) -> Submission:
    """Read a submit body; regions come back in rising `order`.

    Unknown settings and nulls are passed over, as generated clients send both. Raises WireError.
    """
    document = _object(body, "the body")
    # generated clients write nothing as null, some languages write {} as []
    given = document.get("settings")
    settings = {} if given in (None, []) else given
    if not isinstance(settings, dict):
        raise WireError("settings: not a JSON object")
    known = {name.replace("_", "") for name in RecognitionSettings.model_fields}
    chosen = {name: settings[name] for name in known & settings.keys()}
    try:
        return Submission(
            image=_decode_image(document.get("image")),
            settings=RecognitionSettings.model_validate(_spelled(chosen), strict=True),
            regions=_decode_regions(settings.get("regions")),
        )
    except ValidationError as error:
        raise WireError(_problems(error)) from error


def _spelled(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Drop nulls; read the documentation's name of a mode as the SDK's."""
    given = {name: value for name, value in chosen.items() if value is not None}
    if given.get("dsrmode") == "CraftPoly":
        given["dsrmode"] = "PolygonalTextDetector"
    return given


def _decode_image(value: object) -> bytes:
    if not isinstance(value, str) or not value:
        raise WireError("image: Base64 text is missing")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise WireError("image: not Base64") from error


def _decode_regions(value: object) -> tuple[Region, ...]:
    if not isinstance(value, list | None):
        raise WireError("regions: not a list")
    try:
        regions = [OrderedRegion.model_validate(item, strict=True) for item in value or ()]
        rects = [region.rect for region in sorted(regions, key=lambda region: region.order)]
        return tuple(
            Region(x0=r.top_left_x, y0=r.top_left_y, x1=r.bottom_right_x, y1=r.bottom_right_y)
            for r in rects
        )
    except ValidationError as error:
        raise WireError(_problems(error, "regions")) from error


# --- the answer to a submit: a GUID -------------------------------------------------------------

_GUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")


def decode_task_id(text: bytes | str) -> str:
    """Read a task GUID: bare (text/plain) or a quoted JSON string. Raises WireError."""
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    plain = plain.strip().removeprefix("\ufeff")
    if len(plain) > 1 and plain[0] == plain[-1] == '"':
        plain = plain[1:-1].strip()
    plain = plain.removeprefix("{").removesuffix("}")
    if not _GUID.fullmatch(plain):
        raise WireError("the answer to a submit is not a task GUID")
    return str(UUID(plain))


def encode_task_id(task_id: str, accept: str) -> tuple[str, str]:
    """Write a task GUID as the client's Accept header asks: body and content type."""
    if "application/json" in accept and "text/plain" not in accept:
        return json.dumps(task_id), "application/json"
    return task_id, "text/plain"


# --- fetch: GET ?id=, tutorial "Fetch ... Recognition Results" ----------------------------------


class _Entry(BaseModel):
    type: str | None = None
    data: str | None = None


class _Error(BaseModel):
    messages: list[str] | None = None
    warnings: list[str] | None = None


class _Fetched(BaseModel):
    id: str | None = None
    taskstatus: Literal["Pending", "Processing", "Completed", "Error", "NotExist"]
    responsestatuscode: str | None = None
    results: list[_Entry] | None = None
    error: _Error | None = None


def decode_answer(text: bytes | str) -> Answer:
    """Read the answer to a fetch or a status call.

    `results` may be null or empty, `error` may stand beside results, types may be unknown.
    An unknown `taskStatus` or data that is not Base64 raises WireError.
    """
    try:
        fetched = _Fetched.model_validate(_object(text, "the answer to a fetch"))
    except ValidationError as error:
        raise WireError(f"the answer to a fetch: {_problems(error)}") from error
    error_lists = fetched.error or _Error()
    return Answer(
        task_id=fetched.id or "",
        status=Status(fetched.taskstatus),
        response_code=fetched.responsestatuscode or "",
        results=tuple(_decode_result(entry) for entry in fetched.results or ()),
        messages=tuple(map(_writable, error_lists.messages or ())),
        warnings=tuple(map(_writable, error_lists.warnings or ())),
    )


def _writable(text: str) -> str:
    """Replace lone surrogates, which JSON may hold and UTF-8 may not."""
    return text.encode("utf-8", "replace").decode()


def _decode_result(entry: _Entry) -> Result:
    kind = entry.type or "Text"
    try:
        data = base64.b64decode(entry.data or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise WireError("the answer to a fetch: results.data is not Base64") from error
    return Result("Text", _utf8(data)) if kind.lower() == "text" else Result(kind, data)


def _utf8(data: bytes) -> bytes:
    try:
        return data.decode("utf-8-sig").encode()
    except UnicodeDecodeError as error:
        raise WireError("the answer to a fetch: a text is not UTF-8") from error


def encode_answer(answer: Answer) -> str:
    """Write the answer to a fetch, in the key order of the tutorials."""
    errors = {"messages": list(answer.messages), "warnings": list(answer.warnings)}
    results = [
        {"type": result.type, "data": base64.b64encode(result.data).decode()}
        for result in answer.results
    ]
    return json.dumps(
        {
            "id": answer.task_id,
            "taskStatus": answer.status.value,
            "responseStatusCode": answer.response_code,
            "results": results or None,
            "error": errors if answer.messages or answer.warnings else None,
        }
    )

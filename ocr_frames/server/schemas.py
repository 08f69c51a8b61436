"""The documents that are sent and received, as JSON schemas."""

from collections.abc import Collection
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from ocr_frames import wire
from ocr_frames.problems import Problem
from ocr_frames.server.answers import ResponseCode
from ocr_frames.settings import RecognitionSettings

Json = dict[str, Any]

REF = "#/components/schemas/"
_BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_CAMEL = ConfigDict(alias_generator=to_camel, validate_by_name=True)

_REGIONS = (
    "Boxes in whole pixels of the upright image, each at least one pixel wide and high: "
    "bottomRightX > topLeftX, bottomRightY > topLeftY."
)


class Entry(BaseModel):
    """One result of a task; `data` is Base64, of UTF-8 where it is text."""

    type: str
    data: str = Field(pattern=_BASE64)


class Errors(BaseModel):
    """Why a task failed, and what did not act in one that succeeded."""

    messages: list[str]
    warnings: list[str]


class Answer(BaseModel):
    """How a task stands."""

    model_config = _CAMEL

    id: str
    task_status: Literal["Pending", "Processing", "Completed", "Error", "NotExist"]
    response_status_code: ResponseCode
    results: list[Entry] | None
    error: Errors | None


class OAuthError(BaseModel):
    """Why there is no token (RFC 6749)."""

    error: Literal["invalid_request", "invalid_client", "unsupported_grant_type"]


class Health(BaseModel):
    """Whether the server takes tasks, and what recognizes them."""

    status: Literal["ok", "stopping"]
    engine: str
    version: str


_MODELS = (wire.Token, wire.OrderedRegion, Answer, OAuthError, Health, Problem)


def models() -> Json:
    """Schemas by name, for the components of a document."""
    schemas: Json = {}
    for model in _MODELS:
        schema = model.model_json_schema(mode="serialization", ref_template=REF + "{model}")
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    for name, corner in schemas["_Rect"]["properties"].items():
        corner["minimum"] = 0 if name.startswith("topLeft") else 1
    return schemas


def body(chosen: Json, *, needed: bool = False) -> Json:
    """Describe a submit body with these settings, which are optional unless `needed`."""
    return {
        "type": "object",
        "properties": {
            "image": {
                "type": "string",
                "contentEncoding": "base64",
                "minLength": 4,
                "pattern": _BASE64,
                "description": "The file: PNG, JPEG, TIFF, BMP, GIF, WebP, JPEG 2000 and others",
            },
            "settings": chosen if needed else {"anyOf": [chosen, _NOTHING]},
        },
        "required": ["image", "settings"] if needed else ["image"],
    }


_NOTHING: Json = {"type": ["null", "array"], "maxItems": 0}


def settings(
    languages: Collection[str], result_types: Collection[str], max_regions: int = 0
) -> Json:
    """Describe settings with these values; regions are asked for where there may be any."""
    schema = RecognitionSettings.model_json_schema(mode="serialization")
    properties: Json = schema["properties"]
    properties["language"]["enum"] = list(languages)
    properties["resultType"]["enum"] = list(result_types)
    properties["dsrMode"]["enum"].append("CraftPoly")
    regions = {
        "type": "array",
        "description": _REGIONS,
        "items": {"$ref": REF + wire.OrderedRegion.__name__},
        "minItems": 1,
        "maxItems": max_regions,
    }
    return {
        "type": "object",
        "properties": {
            **{name: _or_null(setting) for name, setting in properties.items()},
            "regions": regions if max_regions else _NOTHING,
        },
        "required": ["regions"] if max_regions else [],
    }


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}], "default": schema["default"]}

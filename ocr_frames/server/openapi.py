"""What is served, as an OpenAPI 3.1 document: for the engine and the limits of this server."""

import importlib.metadata

from pydantic import BaseModel

from ocr_frames import wire
from ocr_frames.problems import Problem
from ocr_frames.server import schemas
from ocr_frames.server.config import ServerConfig
from ocr_frames.server.documents import OFFERED
from ocr_frames.server.schemas import REF, Answer, Health, Json, OAuthError
from ocr_frames.server.worker import Description

_DESCRIPTION = (
    "Property names of a request are read in any letter case. What else a request holds is passed "
    "over. Results are known for {hours:g} hours from submission."
)


def document(config: ServerConfig, engine: Description) -> Json:
    """Describe every call. Pure."""
    languages = sorted(engine.languages)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Recognition protocol v5.0",
            "version": importlib.metadata.version("ocr-frames"),
            "description": _DESCRIPTION.format(hours=config.keep_s / 3600),
        },
        "paths": {
            wire.TOKEN_PATH: {"post": _token()},
            wire.SUBMIT_PATHS["image"]: _task_calls("RecognizeImage"),
            wire.SUBMIT_PATHS["label"]: _task_calls("RecognizeLabel"),
            wire.SUBMIT_PATHS["regions"]: _task_calls("RecognizeRegions"),
            wire.TRIAL_PATH: _task_calls("RecognizeImageTrial", authorized=False),
            wire.STATUS_PATH: {"get": _asking("GetTaskStatus", "How a task stands")},
            "/healthz": {"get": _health()},
            "/metrics": {"get": _metrics()},
            "/openapi.json": {"get": _self()},
        },
        "components": {
            "securitySchemes": {"oauth": _oauth(), "bearer": _BEARER},
            "schemas": schemas.models()
            | {
                "RecognizeImage": schemas.body(schemas.settings(languages, OFFERED)),
                "RecognizeLabel": schemas.body(schemas.settings(["English"], OFFERED)),
                "RecognizeRegions": schemas.body(
                    schemas.settings(languages, OFFERED, max_regions=config.max_regions),
                    needed=True,
                ),
                "RecognizeImageTrial": schemas.body(schemas.settings(languages, OFFERED)),
            },
        },
    }


def _token() -> Json:
    fields = {name: {"type": "string"} for name in ("client_id", "client_secret")}
    form = {
        "type": "object",
        "properties": {"grant_type": {"const": "client_credentials"}, **fields},
        "required": ["grant_type"],
    }
    refused = _response("No token", "application/json", OAuthError)
    return {
        "operationId": "token",
        "summary": "Get a token for client credentials, in the form or as HTTP Basic",
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": form}},
        },
        "responses": {
            "200": _response("A token", "application/json", wire.Token),
            "400": {
                "description": "No token",
                "content": _content("application/json", OAuthError)
                | _content("application/problem+json", Problem),
            },
            "401": refused | _headers("WWW-Authenticate"),
            **_problems(408, 413, 429),
        },
    }


def _task_calls(name: str, *, authorized: bool = True) -> Json:
    return {
        "post": _submitting(name, authorized=authorized),
        "get": _asking(f"Get{name}", "How a task stands, with its results", authorized=authorized)
        | {"parameters": [_ID, _PREFER]},
        "delete": {
            "operationId": f"Cancel{name}",
            "summary": "Forget a task",
            "parameters": [_ID],
            "security": _security(authorized=authorized),
            "responses": {
                "200": {"description": "Nothing is known of the task now"},
                **_problems(400, *_AUTHORIZED[authorized], 503),
            },
        },
    }


def _submitting(name: str, *, authorized: bool) -> Json:
    guid: Json = {"schema": {"type": "string", "format": "uuid"}}
    return {
        "operationId": f"Post{name}",
        "summary": "Queue an image",
        "security": _security(authorized=authorized),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": REF + name}}},
        },
        "responses": {
            "200": {
                "description": "The id of the task, as it is asked for; text unless JSON alone is",
                "content": {"text/plain": guid, "application/json": guid},
            },
            **_problems(400, *_REFUSALS[authorized], 408, 413, 429, 503),
        },
    }


def _asking(name: str, summary: str, *, authorized: bool = True) -> Json:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [_ID],
        "security": _security(authorized=authorized),
        "responses": {
            "200": _response("How it stands", "application/json", Answer),
            **_problems(400, *_AUTHORIZED[authorized]),
        },
    }


def _health() -> Json:
    return {
        "operationId": "health",
        "summary": "Whether the server takes tasks",
        "responses": {
            "200": _response("It does", "application/json", Health),
            "503": _response("It is stopping", "application/json", Health),
        },
    }


def _metrics() -> Json:
    text = {"schema": {"type": "string"}}
    content = {"text/plain": text, "application/openmetrics-text": text}
    responses = {"200": {"description": "For Prometheus", "content": content}}
    return {"operationId": "metrics", "summary": "Counts", "responses": responses}


def _self() -> Json:
    content = {"application/json": {"schema": {"type": "object"}}}
    responses = {"200": {"description": "OpenAPI 3.1", "content": content}}
    return {"operationId": "openapi", "summary": "This document", "responses": responses}


def _oauth() -> Json:
    flow = {"tokenUrl": wire.TOKEN_PATH, "scopes": {}}
    return {"type": "oauth2", "flows": {"clientCredentials": flow}}


def _security(*, authorized: bool) -> list[Json]:
    return [{"oauth": []}, {"bearer": []}] if authorized else []


_BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


_AUTHORIZED = {True: (401,), False: ()}
_REFUSALS = {True: (401,), False: (403,)}

_ID: Json = {
    "name": "id",
    "in": "query",
    "required": True,
    "description": "The id of the task; one that is not known is NotExist",
    "schema": {"type": "string", "minLength": 1},
}
_PREFER: Json = {
    "name": "Prefer",
    "in": "header",
    "description": "wait=N: answer once the task has ended, at the latest after N seconds",
    "schema": {"type": "string"},
    "example": "wait=30",
}
_MEANINGS = {
    400: "The request is malformed",
    401: "There is no valid token",
    403: "The call is switched off here",
    408: "The body did not arrive in time",
    413: "The body or the image is too large",
    429: "Too much is asked for, or waiting",
    503: "The server is stopping, or its disk fails",
}
_TOLD = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def _problems(*statuses: int) -> Json:
    return {
        str(status): _response(_MEANINGS[status], "application/problem+json", Problem)
        | _headers(*_TOLD.get(status, ()))
        for status in statuses
    }


def _response(description: str, content_type: str, model: type[BaseModel]) -> Json:
    return {"description": description, "content": _content(content_type, model)}


def _content(content_type: str, model: type[BaseModel]) -> Json:
    return {content_type: {"schema": {"$ref": REF + model.__name__}}}


def _headers(*names: str) -> Json:
    schema = {"schema": {"type": "string"}, "required": True}
    return {"headers": dict.fromkeys(names, schema)} if names else {}

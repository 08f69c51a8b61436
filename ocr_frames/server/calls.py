"""The protocol's calls over HTTP."""

import base64
import binascii
import ipaddress
import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, unquote_plus

from aiohttp import web

from ocr_frames import wire
from ocr_frames.model import Kind
from ocr_frames.server.refusals import Forbidden, TooMany
from ocr_frames.server.room import ROOM, TRIAL_CLIENT, Room
from ocr_frames.server.submissions import decoded

MAX_WAIT_S = 30.0
MAX_FORM = 1 << 16
"""Bytes of a request for a token."""

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\b", re.IGNORECASE)
_PRIVATE = {"Cache-Control": "no-store"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def give_token(request: web.Request) -> web.Response:
    """POST /connect/token: OAuth client credentials (RFC 6749), in the form or the header."""
    room = request.app[ROOM]
    async with room.bodies.of(request, MAX_FORM) as body:
        form = {name: values[0] for name, values in _form(body).items()}
    if "grant_type" not in form:
        return _oauth_error("invalid_request")
    if form["grant_type"] != "client_credentials":
        return _oauth_error("unsupported_grant_type")
    basic = _basic(request.headers.get("Authorization", ""))
    client_id, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
    token = room.tokens.issue(client_id, secret)
    if token is not None:
        return _document(wire.encode_token(token), _PRIVATE)
    if basic is None:
        return _oauth_error("invalid_client")
    return _oauth_error("invalid_client", 401, {"WWW-Authenticate": "Basic"})


def submit(kind: Kind) -> Handler:
    """POST: queue an image; answers with the id of its task."""

    async def handle(request: web.Request) -> web.Response:
        room = request.app[ROOM]
        client = room.tokens.client(request.headers.get("Authorization"))
        return await _submitted(request, client, kind)

    return handle


async def submit_trial(request: web.Request) -> web.Response:
    """POST without authorization, as often as the address may."""
    room = request.app[ROOM]
    if not room.config.trial_per_minute:
        raise Forbidden("the evaluation call is switched off here")
    wait_s = room.trials.wait_s(_network(request.remote or ""), room.clock.now_s())
    if wait_s:
        raise TooMany("too many evaluation calls from this address", wait_s)
    return await _submitted(request, TRIAL_CLIENT, "image")


async def fetch(request: web.Request) -> web.Response:
    """GET: how a task stands, at once or, with `Prefer: wait`, once it has ended."""
    room, client, task_id = _asked(request)
    headers = {"Vary": "Prefer", **_PRIVATE}
    preference = _WAIT.search(",".join(request.headers.getall("Prefer", ())))
    if preference:
        seconds = min(float(preference[1]), MAX_WAIT_S)
        await room.tasks.wait(client, task_id, seconds)
        headers["Preference-Applied"] = f"wait={seconds:g}"
    return _document(room.tasks.document(client, task_id), headers)


async def status(request: web.Request) -> web.Response:
    """GET: how a task stands, without results."""
    room, client, task_id = _asked(request)
    return _document(room.tasks.brief(client, task_id), _PRIVATE)


async def cancel(request: web.Request) -> web.Response:
    """DELETE: forget a task."""
    room, client, task_id = _asked(request)
    await room.tasks.cancel(client, task_id)
    return web.Response()


async def _submitted(request: web.Request, client: str, kind: Kind) -> web.Response:
    room = request.app[ROOM]
    async with room.bodies.of(request) as body:
        submission = await decoded(body, kind, room.config, room.engine)
        task_id = await room.tasks.submit(client, submission)
    text, content_type = wire.encode_task_id(task_id, request.headers.get("Accept", ""))
    headers = {"Vary": "Accept", **_PRIVATE}
    return web.Response(text=text, content_type=content_type, headers=headers)


def _asked(request: web.Request) -> tuple[Room, str, str]:
    """Read whose task a request is about, and which."""
    room = request.app[ROOM]
    if request.path == wire.TRIAL_PATH:
        client = TRIAL_CLIENT
    else:
        client = room.tokens.client(request.headers.get("Authorization"))
    named = (value for name, value in request.query.items() if name.lower() == "id" and value)
    task_id = next(named, "")
    if not task_id:
        raise wire.WireError("id: the query holds no task id")
    return room, client, task_id


def _network(address: str) -> str:
    """Count the addresses that one caller is given as one: in IPv6, a /64."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:
        return address
    return str(ipaddress.ip_network((ip.packed[:8] + bytes(8), 64)))


def _form(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode(), max_num_fields=100)
    except ValueError as error:
        raise wire.WireError("the body is not a form") from error


def _basic(authorization: str) -> tuple[str, str] | None:
    """Read id and secret from `Authorization: Basic`; both are form-encoded (RFC 6749, 2.3.1)."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return unquote_plus(client_id), unquote_plus(secret)


def _oauth_error(
    code: str, status: int = 400, headers: dict[str, str] | None = None
) -> web.Response:
    return web.json_response(
        {"error": code}, status=status, headers={**_PRIVATE, **(headers or {})}
    )


def _document(text: str, headers: dict[str, str]) -> web.Response:
    return web.Response(text=text, content_type="application/json", headers=headers)

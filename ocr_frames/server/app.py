"""The application: which path is which call, and what becomes of failures."""

import logging
import re
import traceback

from aiohttp import web

from ocr_frames import problems, wire
from ocr_frames.server import calls
from ocr_frames.server.calls import Handler
from ocr_frames.server.config import ServerConfig
from ocr_frames.server.lanes import STORE_RETRY_S
from ocr_frames.server.refusals import Refusal, Unavailable
from ocr_frames.server.room import ROOM, OpenPool, room_of
from ocr_frames.server.store import StoreFailed

UNKNOWN = "unknown"
_FIELD = re.compile(r"([A-Za-z][\w.]*): (.+)", re.DOTALL)
_FURTHER = re.compile(r"; (?=[A-Za-z][\w.]*: )")
_log = logging.getLogger(__name__)


def create_app(config: ServerConfig, open_pool: OpenPool | None = None) -> web.Application:
    """Make the application; its workers start and end with it.

    `open_pool`: makes what recognizes, in place of worker processes.
    """
    app = web.Application(middlewares=[_answer])
    app.cleanup_ctx.append(room_of(config, open_pool))
    app.on_shutdown.append(_release_waits)
    app.router.add_post(wire.TOKEN_PATH, calls.give_token)
    for kind, path in wire.SUBMIT_PATHS.items():
        _add_tasks(app, path, calls.submit(kind))
    _add_tasks(app, wire.TRIAL_PATH, calls.submit_trial)
    app.router.add_get(wire.STATUS_PATH, calls.status)
    app.router.add_get("/healthz", _health)
    app.router.add_get("/metrics", _metrics)
    app.router.add_get("/openapi.json", _openapi)
    return app


def _add_tasks(app: web.Application, path: str, submit: Handler) -> None:
    app.router.add_post(path, submit)
    app.router.add_get(path, calls.fetch)
    app.router.add_delete(path, calls.cancel)


async def _release_waits(app: web.Application) -> None:
    app[ROOM].tasks.release()


@web.middleware
async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure with a problem document, and none with its insides; count it all."""
    response = await _handled(request, handler)
    resource = request.match_info.route.resource
    path = resource.canonical if resource is not None else UNKNOWN
    method = request.method if resource is not None else UNKNOWN
    request.app[ROOM].metrics.answered(method, path, response.status)
    return response


async def _handled(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return _problem(error.status, error.reason, headers=allowed)
    except Refusal as refusal:
        return _refused(refusal)
    except wire.WireError as error:
        return _malformed(str(error))
    except StoreFailed as error:
        _log.error("the disk fails: %s", error)
        return _refused(Unavailable("the server's disk fails; try again later", STORE_RETRY_S))
    except Exception as error:  # whatever it is: where, but never what it was about
        where = "".join(traceback.format_tb(error.__traceback__))
        _log.error("%s on %s\n%s", type(error).__name__, request.method, where)
        return _problem(500, "Internal Server Error")


def _refused(refusal: Refusal) -> web.Response:
    headers = dict(refusal.headers)
    response = _problem(refusal.status, refusal.title, str(refusal), headers=headers)
    if refusal.closes:
        response.force_close()
    return response


def _malformed(message: str) -> web.Response:
    """Sort what is wrong by the fields it is said of, where it is said of any."""
    parts = [_FIELD.fullmatch(part) for part in _FURTHER.split(message)]
    if not all(parts):
        return _problem(400, "Bad Request", message)
    errors: dict[str, list[str]] = {}
    for part in filter(None, parts):
        errors.setdefault(part[1], []).append(part[2])
    return _problem(400, "Bad Request", errors=errors)


def _problem(
    status: int,
    title: str,
    detail: str = "",
    *,
    errors: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
) -> web.Response:
    return web.Response(
        status=status,
        text=problems.encode(status, title, detail, errors),
        content_type="application/problem+json",
        headers=headers,
    )


async def _health(request: web.Request) -> web.Response:
    room = request.app[ROOM]
    status = "stopping" if room.tasks.stopping else "ok"
    return web.json_response(
        {"status": status, "engine": room.engine.name, "version": room.engine.version},
        status=503 if room.tasks.stopping else 200,
    )


async def _metrics(request: web.Request) -> web.Response:
    body, content_type = request.app[ROOM].metrics.text(request.headers.get("Accept", ""))
    return web.Response(body=body, headers={"Content-Type": content_type, "Vary": "Accept"})


async def _openapi(request: web.Request) -> web.Response:
    return web.Response(body=request.app[ROOM].openapi, content_type="application/json")

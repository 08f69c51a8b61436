"""The protocol's calls over HTTP."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

from aiohttp import web

from ocr_frames import problems, wire
from ocr_frames.clock import SystemClock
from ocr_frames.model import Kind
from ocr_frames.server.auth import Tokens, Unauthorized
from ocr_frames.server.config import ServerConfig
from ocr_frames.server.documents import OFFERED
from ocr_frames.server.pool import Pool
from ocr_frames.server.recognition import Recognition
from ocr_frames.server.tasks import QueueFull, Tasks
from ocr_frames.server.worker import Description

MAX_WAIT_S = 30.0
RETRY_AFTER_S = 5
LARGE_BODY = 1 << 20
"""Bytes from which a body is parsed on a thread, so that others are answered meanwhile."""

TRIAL_CLIENT = ""
"""Owner of all evaluation tasks; no client has an empty id."""

_WAIT = re.compile(r"\bwait\s*=\s*\"?(\d{1,6})\b", re.IGNORECASE)
_log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Room:
    """What the handlers share."""

    config: ServerConfig
    pool: Pool
    tasks: Tasks
    tokens: Tokens
    engine: Description


ROOM = web.AppKey("room", Room)


def create_app(config: ServerConfig) -> web.Application:
    """Make the application; its workers start and end with it."""
    app = web.Application(client_max_size=config.max_body, middlewares=[_problems])
    app.cleanup_ctx.append(_open_room(config))
    app.on_shutdown.append(_release_waits)
    app.router.add_post(wire.TOKEN_PATH, _give_token)
    for kind, path in wire.SUBMIT_PATHS.items():
        app.router.add_post(path, _submit_handler(kind))
        app.router.add_get(path, _fetch)
        app.router.add_delete(path, _cancel)
    app.router.add_post(wire.TRIAL_PATH, _submit_trial)
    app.router.add_get(wire.TRIAL_PATH, _fetch)
    app.router.add_delete(wire.TRIAL_PATH, _cancel)
    app.router.add_get(wire.STATUS_PATH, _status)
    app.router.add_get("/healthz", _health)
    return app


def _open_room(config: ServerConfig) -> Callable[[web.Application], AsyncIterator[None]]:
    async def room(app: web.Application) -> AsyncIterator[None]:
        pool = Pool(config.pool)
        try:
            engine = await pool.ready()
            tasks = Tasks(
                SystemClock(),
                keep_s=config.keep_s,
                max_queued=config.max_queued,
                max_queued_bytes=config.max_queued_bytes,
            )
            app[ROOM] = Room(config, pool, tasks, Tokens(config.clients, config.token_s), engine)
            # one more than there are workers, so that none waits for its next task
            async with asyncio.TaskGroup() as group:
                working = [group.create_task(tasks.work()) for _ in range(pool.workers + 1)]
                yield
                for work in working:
                    work.cancel()
        finally:
            await asyncio.to_thread(pool.close)

    return room


async def _release_waits(app: web.Application) -> None:
    app[ROOM].tasks.release()


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure with a problem document, and none with its insides."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400 or error.content_type == "application/problem+json":
            raise
        return _problem(error.status, error.reason)
    except Unauthorized as error:
        return _problem(401, "Unauthorized", str(error), {"WWW-Authenticate": "Bearer"})
    except wire.WireError as error:
        return _problem(400, "Bad Request", str(error))
    except QueueFull as error:
        after = {"Retry-After": str(RETRY_AFTER_S)}
        return _problem(429, "Too Many Requests", f"{error}; try again later", after)
    except Exception:
        _log.exception("failed on %s %s", request.method, request.path)
        return _problem(500, "Internal Server Error")


def _problem(
    status: int, title: str, detail: str = "", headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        status=status,
        text=problems.encode(status, title, detail),
        content_type="application/problem+json",
        headers=headers,
    )


async def _give_token(request: web.Request) -> web.Response:
    form = await request.post()
    if form.get("grant_type") != "client_credentials":
        return web.json_response({"error": "unsupported_grant_type"}, status=400)
    client_id, secret = str(form.get("client_id", "")), str(form.get("client_secret", ""))
    token = request.app[ROOM].tokens.issue(client_id, secret)
    if token is None:
        return web.json_response({"error": "invalid_client"}, status=400)
    return web.Response(text=wire.encode_token(token), content_type="application/json")


def _submit_handler(kind: Kind) -> Handler:
    async def submit(request: web.Request) -> web.Response:
        room = request.app[ROOM]
        client = room.tokens.client(request.headers.get("Authorization"))
        submission = await _submission(request)
        _check(submission, kind, room.engine)

        async def recognize(task: wire.Submission) -> Recognition:
            return await room.pool.recognize(task.image, task.settings, task.regions)

        return _task_id(request, room.tasks.submit(client, submission, recognize))

    return submit


async def _submit_trial(request: web.Request) -> web.Response:
    room = request.app[ROOM]
    submission = await _submission(request)
    _check(submission, "image", room.engine)
    if submission.settings.result_type != "Text":
        raise wire.WireError("resultType: the evaluation call offers Text only")

    async def recognize(task: wire.Submission) -> Recognition:
        return await room.pool.recognize(task.image, task.settings, masked=True)

    return _task_id(request, room.tasks.submit(TRIAL_CLIENT, submission, recognize))


async def _submission(request: web.Request) -> wire.Submission:
    body = await request.read()
    if len(body) < LARGE_BODY:
        return wire.decode_submit(body)
    return await asyncio.to_thread(wire.decode_submit, body)


def _check(submission: wire.Submission, kind: Kind, engine: Description) -> None:
    """Refuse what would only fail later. Raises WireError."""
    settings = submission.settings
    if kind == "regions" and not submission.regions:
        raise wire.WireError("regions: give at least one box")
    if kind != "regions" and submission.regions:
        raise wire.WireError("regions: only RecognizeRegions reads them")
    if kind == "label" and settings.language != "English":
        raise wire.WireError("language: labels are recognized in English only")
    if settings.language not in engine.languages:
        known = ", ".join(sorted(engine.languages))
        raise wire.WireError(
            f"language: the local engine does not read {settings.language}; it reads {known}"
        )
    if settings.result_type not in OFFERED:
        raise wire.WireError(
            f"resultType: the local engine does not write {settings.result_type}; "
            f"it writes {' and '.join(OFFERED)}"
        )


def _task_id(request: web.Request, task_id: str) -> web.Response:
    text, content_type = wire.encode_task_id(task_id, request.headers.get("Accept", ""))
    return web.Response(text=text, content_type=content_type)


async def _fetch(request: web.Request) -> web.Response:
    tasks, client, task_id = _asked(request)
    headers = {}
    preference = _WAIT.search(",".join(request.headers.getall("Prefer", ())))
    if preference:
        seconds = min(float(preference[1]), MAX_WAIT_S)
        await tasks.wait(client, task_id, seconds)
        headers["Preference-Applied"] = f"wait={seconds:g}"
    return web.Response(
        text=wire.encode_answer(tasks.answer(client, task_id)),
        content_type="application/json",
        headers=headers,
    )


async def _status(request: web.Request) -> web.Response:
    tasks, client, task_id = _asked(request)
    answer = replace(tasks.answer(client, task_id), results=())
    return web.Response(text=wire.encode_answer(answer), content_type="application/json")


async def _cancel(request: web.Request) -> web.Response:
    tasks, client, task_id = _asked(request)
    tasks.cancel(client, task_id)
    return web.Response()


def _asked(request: web.Request) -> tuple[Tasks, str, str]:
    """Read whose task a request is about, and which."""
    room = request.app[ROOM]
    authorization = request.headers.get("Authorization")
    on_trial = request.path == wire.TRIAL_PATH
    client = TRIAL_CLIENT if on_trial else room.tokens.client(authorization)
    task_id = next(
        (value for name, value in request.query.items() if name.lower() == "id" and value), ""
    )
    if not task_id:
        raise wire.WireError("id: the query holds no task id")
    return room.tasks, client, task_id


async def _health(request: web.Request) -> web.Response:
    engine = request.app[ROOM].engine
    return web.json_response({"status": "ok", "engine": engine.name, "version": engine.version})

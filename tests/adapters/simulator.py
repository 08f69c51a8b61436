"""A simulated vendor over real HTTP, in its own process: `python -m tests.adapters.simulator`.

Reads one line of JSON (`Config`) from stdin, prints `{"url": ...}`, ends when stdin closes.
Beside the protocol, and not billed:

    GET  /__stats                    what was asked, created and acknowledged so far
    GET  /__reached?calls=N          answers once N calls were billed
    POST /__kill {pid, calls, when}  kill -9 at the Nth call, "before" or "after" it is answered
    POST /__config {...}             change the behaviour from here on; tasks and counts stay
    POST /__reset {...}              a new vendor with this configuration
"""

import asyncio
import base64
import binascii
import hashlib
import json
import os
import signal
import sys
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from ocr_frames import wire
from tests.adapters.books import Books
from tests.adapters.simulation import Config, Task

HTML = "<html><head><title>Bad Gateway</title></head><body>nginx</body></html>"
OPERATIONS = set(wire.SUBMIT_PATHS.values())
KINDS = {"POST": "submit", "GET": "fetch", "DELETE": "cancel"}
_CODES = {"queued": ("Pending", "NotReady"), "running": ("Processing", "NotReady")}


class _RefusedError(Exception):
    """The call ends here, with this answer; None breaks the connection."""

    def __init__(self, response: web.Response | None) -> None:
        self.response = response


def _problem(status: int, title: str, **headers: str) -> _RefusedError:
    body = json.dumps({"title": title, "status": status})
    kind = "application/problem+json"
    return _RefusedError(web.Response(status=status, text=body, content_type=kind, headers=headers))


class Simulator:
    """Answers requests out of the books."""

    def __init__(self, config: Config) -> None:
        self.books = Books(config, asyncio.get_running_loop())
        self._tokens: dict[str, float] = {}
        self._doomed: dict[str, Any] = {"calls": None}
        self._called = asyncio.Condition()
        self._awaited = 0
        self._controls: dict[str, Callable[[web.BaseRequest], Awaitable[web.Response]]] = {
            "/__stats": self._stats,
            "/__reached": self._reached,
            "/__kill": self._kill,
            "/__config": self._config,
            "/__reset": self._reset,
        }

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        control = self._controls.get(request.path)
        if control is not None:
            return await control(request)
        try:
            response = await self._billed(request)
        except _RefusedError as refused:
            response = refused.response
        if response is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        self.books.bill.answers[str(response.status)] += 1
        return response

    async def _billed(self, request: web.BaseRequest) -> web.Response | None:
        body = await request.content.read()
        kind = _kind_of(request)
        number = self.books.count(kind)
        if self._awaited:
            async with self._called:
                self._called.notify_all()
        if number != self._doomed["calls"]:
            return await self._answer(request, kind, body)
        if self._doomed["when"] == "after":
            response = await self._answer(request, kind, body)
            if response is not None:
                await response.prepare(request)
                await response.write_eof()
        os.kill(self._doomed["pid"], signal.SIGKILL)
        return None

    async def _answer(
        self, request: web.BaseRequest, kind: str, body: bytes
    ) -> web.Response | None:
        books, config = self.books, self.books.config
        if kind == "unknown":
            raise _problem(404, "Not Found")
        if not books.bill.admits(asyncio.get_running_loop().time()):
            raise _problem(429, "Too Many Requests", **{"Retry-After": "1"})
        if config.account_after is not None and books.bill.calls.total() > config.account_after:
            raise _problem(403, "Out of credits")
        if kind != "token":
            self._authorize(request)
        fault = books.fault(kind)
        if fault is not None:
            books.bill.answers[f"{kind} {fault}"] += 1
        await _fail_before(fault, config)
        response = await getattr(self, f"_{kind}")(request, body, fault)
        if fault == "lost":
            return None
        return web.Response(text=HTML, content_type="text/html") if fault else response

    def _authorize(self, request: web.BaseRequest) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._tokens.get(token, 0.0) <= asyncio.get_running_loop().time():
            raise _problem(401, "Unauthorized")

    async def _token(self, request: web.BaseRequest, body: bytes, fault: str | None) -> Any:
        if b"client_credentials" not in body:
            raise _problem(400, "invalid_request")
        token, config = uuid.uuid4().hex, self.books.config
        self._tokens[token] = asyncio.get_running_loop().time() + config.token_life_s
        said = wire.Token(access_token=token, expires_in=config.token_claims_s)
        return web.Response(text=wire.encode_token(said), content_type="application/json")

    async def _submit(self, request: web.BaseRequest, body: bytes, fault: str | None) -> Any:
        try:
            document = json.loads(body)
            image = binascii.a2b_base64(document["image"])
        except (ValueError, KeyError, TypeError):
            raise _problem(400, "The image is not Base64") from None
        settings = document.get("settings") or {}
        digest = hashlib.sha256(image).hexdigest()
        key = f"{digest} {request.path} {json.dumps(settings, sort_keys=True)}"
        task = self.books.create(key, digest, len(settings.get("regions") or [0]))
        if fault is None:
            self.books.acknowledge(task)
        return self._spelled(task)

    def _spelled(self, task: Task) -> web.Response:
        style, number = self.books.config.guid_format, len(self.books.tasks)
        quoted = style == "quoted" or (style == "mixed" and number % 2 == 0)
        text = task.id.upper() if style == "mixed" and number % 3 == 0 else task.id
        if quoted:
            return web.Response(text=f'"{text}"', content_type="application/json")
        return web.Response(text=text, content_type="text/plain")

    async def _fetch(self, request: web.BaseRequest, body: bytes, fault: str | None) -> Any:
        task = self.books.tasks.get(request.query.get("id", "").lower())
        headers = await self._held(task, request)
        if task is not None and task.state == "done" and task.fetched_s is None and not fault:
            task.fetched_s = asyncio.get_running_loop().time()
        text = json.dumps(self._document(task, request.query.get("id", ""), results=True))
        return web.Response(text=text, content_type="application/json", headers=headers)

    async def _held(self, task: Task | None, request: web.BaseRequest) -> dict[str, str]:
        prefer = request.headers.get("Prefer", "")
        if not self.books.config.holds or not prefer.startswith("wait="):
            return {}
        if task is not None and task.state in _CODES:
            task.ended = task.ended or asyncio.Event()
            try:
                async with asyncio.timeout(float(prefer.removeprefix("wait="))):
                    await task.ended.wait()
            except TimeoutError:
                pass
        return {"Preference-Applied": prefer}

    async def _status(self, request: web.BaseRequest, body: bytes, fault: str | None) -> Any:
        task = self.books.tasks.get(request.query.get("id", "").lower())
        text = json.dumps(self._document(task, request.query.get("id", ""), results=False))
        return web.Response(text=text, content_type="application/json")

    async def _cancel(self, request: web.BaseRequest, body: bytes, fault: str | None) -> Any:
        task = self.books.tasks.get(request.query.get("id", "").lower())
        if task is not None and task.state != "done":
            task.state = "cancelled"
        return web.Response()

    def _document(self, task: Task | None, asked: str, *, results: bool) -> dict[str, Any]:
        status, code, error, entries = "Completed", "Ok", None, None
        if task is None or task.state == "cancelled" or (task.forgotten and task.state == "done"):
            status, code = "NotExist", "TaskNotFound"
        elif task.state in _CODES:
            status, code = _CODES[task.state]
        elif task.digest in self.books.config.failing:
            status, code, error = "Error", "Error", {"messages": ["cannot be read"]}
        elif results:
            entries = _entries(task) * task.entries
        return {
            "id": task.id if task else asked,
            "taskStatus": status,
            "responseStatusCode": code,
            "results": entries,
            "error": error,
        }

    async def _stats(self, request: web.BaseRequest) -> web.Response:
        return web.json_response(self.books.stats())

    async def _reached(self, request: web.BaseRequest) -> web.Response:
        wanted = int(request.query["calls"])
        self._awaited += 1
        async with self._called:
            await self._called.wait_for(lambda: self.books.bill.calls.total() >= wanted)
        self._awaited -= 1
        return web.json_response({"calls": self.books.bill.calls.total()})

    async def _kill(self, request: web.BaseRequest) -> web.Response:
        self._doomed = {"when": "before", **await _document_of(request)}
        return web.Response()

    async def _config(self, request: web.BaseRequest) -> web.Response:
        given = await _document_of(request)
        Config.of(given)
        self.books.config = replace(self.books.config, **given)
        return web.Response()

    async def _reset(self, request: web.BaseRequest) -> web.Response:
        self.books.close()
        self.books = Books(Config.of(await _document_of(request)), asyncio.get_running_loop())
        self._tokens, self._doomed = {}, {"calls": None}
        return web.Response()


def _entries(task: Task) -> list[dict[str, str]]:
    """One result of each type that was asked for; each tells the image's digest."""
    settings = json.loads(task.key.split(" ", 2)[2])
    word = f'<span class="ocrx_word" title="bbox 1 2 30 40; x_wconf 80">{task.digest}</span>'
    written = {
        "Text": task.digest,
        "Hocr": f'<html><body><div class="ocr_page">{word}</div></body></html>',
        "Pdf": f"%PDF {task.digest}",
        "JSON": json.dumps({"pages": [{"blocks": [{"text": task.digest}]}]}),
    }
    return [
        {"type": kind, "data": base64.b64encode(written[kind].encode()).decode()}
        for kind in settings.get("resultType", "Text").split("And")
    ]


def _kind_of(request: web.BaseRequest) -> str:
    if request.path in OPERATIONS:
        return KINDS.get(request.method, "unknown")
    named = {("POST", wire.TOKEN_PATH): "token", ("GET", wire.STATUS_PATH): "status"}
    return named.get((request.method, request.path), "unknown")


async def _fail_before(fault: str | None, config: Config) -> None:
    if fault == "500":
        raise _problem(500, "Internal Server Error")
    if fault == "502":
        raise _RefusedError(web.Response(status=502, text=HTML, content_type="text/html"))
    if fault == "503":
        raise _problem(503, "Service Unavailable")
    if fault == "hang":
        await asyncio.sleep(config.hang_s)
    if fault in ("hang", "reset"):
        raise _RefusedError(None)


async def _document_of(request: web.BaseRequest) -> dict[str, Any]:
    return json.loads(await request.content.read() or b"{}")


async def serve(config: Config) -> None:
    """Serve until stdin closes."""
    simulator = Simulator(config)
    runner = web.ServerRunner(web.Server(simulator.handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", config.port, backlog=1024).start()
    host, port = runner.addresses[0][:2]
    sys.stdout.write(json.dumps({"url": f"http://{host}:{port}"}) + "\n")
    sys.stdout.flush()
    closed = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), closed.set)
    await closed.wait()
    await runner.cleanup()
    simulator.books.close()


if __name__ == "__main__":
    asyncio.run(serve(Config.of(json.loads(sys.stdin.readline()))))

"""A scripted vendor over real HTTP: says what it is told to, and notes what it was asked."""

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]
GUID = "a197aade-bba9-4c7a-92c7-46851b3dceaa"
TOKEN = '{"access_token": "token-1", "expires_in": 3600, "token_type": "bearer"}'
ANSWER = (
    f'{{"id": "{GUID}", "taskStatus": "Completed", "responseStatusCode": "Ok",'
    ' "results": [{"type": "Text", "data": "aGk="}], "error": null}'
)


def says(
    status: int = 200,
    text: str = "",
    kind: str = "application/json",
    headers: dict[str, str] | None = None,
) -> Reply:
    async def reply(request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type=kind, headers=headers)

    return reply


async def hangs_up(request: web.Request) -> web.Response:
    """Read the request, then break the connection."""
    await request.read()
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@dataclass
class Vendor:
    """Replies by path in order; the last one stays. `asked` holds (method, path, request)."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path))
        self.requests.append(request)
        self.bodies.append(await request.read())
        replies = self.replies.get(f"{request.method} {request.path}") or self.replies.get(
            request.path, [says(404)]
        )
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return await reply(request)


@asynccontextmanager
async def vendor(**replies: list[Reply]):
    """Serve on a free port of this machine. Keywords: token, submit, fetch, label, regions."""
    named = {
        "token": "POST /connect/token",
        "submit": "POST /v5.0/ocr/RecognizeImage",
        "fetch": "GET /v5.0/ocr/RecognizeImage",
        "label": "POST /v5.0/ocr/RecognizeLabel",
        "regions": "POST /v5.0/ocr/RecognizeRegions",
        "trial": "POST /v5.0/ocr/RecognizeImageTrial",
    }
    defaults = {"token": [says(text=TOKEN)], "submit": [says(text=GUID, kind="text/plain")]}
    defaults["fetch"] = [says(text=ANSWER)]
    for name in ("label", "regions", "trial"):
        defaults[name] = [says(text=f'"{GUID}"')]
    script = {named[name]: reply for name, reply in (defaults | replies).items()}
    served = Vendor(script)
    app = web.Application(client_max_size=2**28)
    app.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    served.url = f"http://{host}:{port}"
    try:
        yield served
    finally:
        await runner.cleanup()

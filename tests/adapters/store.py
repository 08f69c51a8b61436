"""Images served over HTTP as stores and their misfortunes serve them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Store:
    """Replies by path; `asked` notes (path, headers) of every request, `most` at once."""

    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""
    most: int = 0
    _now: int = 0

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def holds(self, path: str, image: bytes, **headers: str) -> str:
        """Hold an image; its URL."""

        async def reply(request: web.Request) -> web.Response:
            told = {name.replace("_", "-"): value for name, value in headers.items()}
            if told.get("ETag") and request.headers.get("If-None-Match") == told["ETag"]:
                return web.Response(status=304, headers=told)
            modified = told.get("Last-Modified")
            if modified and request.headers.get("If-Modified-Since") == modified:
                return web.Response(status=304, headers=told)
            kind = told.pop("Content-Type", "image/png")
            return web.Response(body=image, headers=told, content_type=kind)

        self.replies[path] = reply
        return self.url + path

    def answers(self, path: str, status: int, **headers: str) -> str:
        """Answer without an image."""

        async def reply(request: web.Request) -> web.Response:
            return web.Response(status=status, headers=headers)

        self.replies[path] = reply
        return self.url + path

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path_qs, dict(request.headers)))
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await asyncio.sleep(0)
            reply = self.replies.get(request.path)
            return await reply(request) if reply else web.Response(status=404)
        finally:
            self._now -= 1


@asynccontextmanager
async def store() -> AsyncIterator[Store]:
    """Serve on a free port of this machine."""
    served = Store()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    served.url = f"http://{host}:{port}"
    try:
        yield served
    finally:
        await runner.cleanup()

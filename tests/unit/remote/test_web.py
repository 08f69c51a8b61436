"""Images on the web: fetched once, within limits, and not from anywhere."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web as aioweb

from ocr_frames.model import Failure
from ocr_frames.remote import Downloads, download, fetched, web
from ocr_frames.remote.fetched import Fetched
from tests.adapters.store import Store, store

PNG = b"\x89PNG image"


@pytest.fixture
async def served() -> AsyncIterator[Store]:
    async with store() as running:
        yield running


async def fetch(url: str, validator: str | None = None, *, allow_private: bool = True) -> Any:
    downloads = Downloads(allow_private=allow_private)
    try:
        return await downloads.fetch(url, validator)
    finally:
        await downloads.close()


async def failure(url: str, **options: Any) -> Failure:
    found = await fetch(url, **options)
    assert isinstance(found, Failure), found
    return found


async def test_an_image_comes_with_what_tells_that_it_changed(served: Store):
    etag = served.holds("/a.png", PNG, ETag='"1"', Last_Modified="yesterday")
    assert await fetch(etag) == Fetched(PNG, 'etag:"1"')
    dated = served.holds("/b.png", PNG, Last_Modified="Sat, 21 Nov 2026 10:00:00 GMT")
    assert await fetch(dated) == Fetched(PNG, "last-modified:Sat, 21 Nov 2026 10:00:00 GMT")
    assert await fetch(served.holds("/c.png", PNG)) == Fetched(PNG, None)


async def test_an_unchanged_image_is_not_sent_again(served: Store):
    for path, headers in (
        ("/a.png", {"ETag": 'W/"a:1"'}),
        ("/b.png", {"Last_Modified": "Sat, 21 Nov 2026 10:00:00 GMT"}),
    ):
        url = served.holds(path, PNG, **headers)
        validator = (await fetch(url)).validator
        assert await fetch(url, validator) == Fetched(None, validator)
        served.holds(path, PNG + b"2", **{name: value + "x" for name, value in headers.items()})
        assert (await fetch(url, validator)).image == PNG + b"2"


@pytest.mark.parametrize(
    ("status", "code", "asks"),
    [
        (404, "url-not-found", 1),
        (410, "url-not-found", 1),
        (401, "url-unreadable", 1),
        (403, "url-unreadable", 1),
        (204, "url-unreadable", 1),
        (304, "url-unreadable", 1),
        (500, "url-unreadable", 2),
        (503, "url-unreadable", 2),
    ],
)
async def test_a_refusal_says_so(served: Store, status: int, code: str, asks: int):
    found = await failure(served.answers("/a.png", status))
    assert found.code == code
    assert len(served.asked) == asks


async def test_a_server_that_fails_once_is_asked_again(served: Store):
    url = served.holds("/a.png", PNG)
    well, broken = served.replies["/a.png"], [503]

    async def reply(request: aioweb.Request) -> aioweb.StreamResponse:
        return aioweb.Response(status=broken.pop()) if broken else await well(request)

    served.replies["/a.png"] = reply
    assert (await fetch(url)).image == PNG


async def test_a_web_page_is_no_image(served: Store):
    found = await failure(served.holds("/a.png", b"<html>", Content_Type="text/html"))
    assert found.code == "url-unreadable"
    assert "web page" in found.message
    assert (await failure(served.holds("/b.png", b""))).code == "empty-file"


async def test_a_large_image_is_not_read_to_its_end(served: Store, monkeypatch):
    monkeypatch.setattr(fetched, "LARGEST_BYTES", 1000)
    assert isinstance(await fetch(served.holds("/a.png", b"x" * 1000)), Fetched)
    assert (await failure(served.holds("/b.png", b"x" * 1001))).code == "too-large"
    sent = 0

    async def endless(request: aioweb.Request) -> aioweb.StreamResponse:
        nonlocal sent
        response = aioweb.StreamResponse()
        await response.prepare(request)
        while sent < 50_000_000:
            await response.write(b"x" * 10_000)
            sent += 10_000
        return response

    served.replies["/c.png"] = endless
    assert (await failure(served.url + "/c.png")).code == "too-large"
    assert sent < 50_000_000


async def test_a_compressed_bomb_is_counted_as_what_it_becomes(served: Store, monkeypatch):
    import gzip

    monkeypatch.setattr(fetched, "LARGEST_BYTES", 100_000)
    url = served.holds("/a.png", gzip.compress(b"\0" * 10_000_000), Content_Encoding="gzip")
    assert (await failure(url)).code == "too-large"


async def test_what_takes_too_long_is_given_up(served: Store, monkeypatch):
    monkeypatch.setattr(fetched, "LONGEST_S", 0.05)
    forever = asyncio.Event()

    async def never(request: aioweb.Request) -> aioweb.StreamResponse:
        await forever.wait()
        raise AssertionError

    served.replies["/a.png"] = never
    found = await failure(served.url + "/a.png")
    assert found.code == "url-unreadable"
    assert "did not come within" in found.message


async def test_nobody_there_says_so():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = await failure(f"http://127.0.0.1:{port}/a.png")
    assert found.code == "url-unreadable"
    found = await failure("http://no-such-host.invalid/a.png")
    assert found.code == "url-unreadable"


async def test_redirections_are_followed_so_far(served: Store):
    image = served.holds("/a.png", PNG)
    served.answers("/relative", 302, Location="/a.png")
    served.answers("/absolute", 307, Location=image)
    for path in ("/relative", "/absolute"):
        assert (await fetch(served.url + path)).image == PNG
    found = await failure(served.answers("/round", 301, Location="/round"))
    assert "redirected again and again" in found.message
    for target in ("file:///etc/passwd", "ftp://x/a.png", "gopher://x/", "http://", "//"):
        found = await failure(served.answers("/out", 302, Location=target))
        assert found.code == "url-unreadable", target


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"],
)
async def test_this_machine_is_not_asked(served: Store, host: str):
    port = served.url.rpartition(":")[2]
    found = await failure(f"http://{host}:{port}/a.png", allow_private=False)
    assert found.code in ("private-address", "url-unreadable")
    if host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        assert found.code == "private-address"
        assert "allow_private_urls=True" in found.message
    assert served.asked == []


@pytest.mark.parametrize(
    "addresses", [["10.0.0.7"], ["169.254.169.254"], ["8.8.8.8", "127.0.0.1"], ["fe80::1"]]
)
async def test_a_name_that_leads_inside_is_not_followed(monkeypatch, addresses: list[str]):
    def resolved(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        assert host == "innocent.example"
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    found = await failure("http://innocent.example/a.png", allow_private=False)
    assert found.code == "private-address"


async def test_a_redirection_inside_is_not_followed(served: Store, monkeypatch):
    monkeypatch.setattr(web, "is_public", lambda address: address == "127.0.0.1")
    assert (await fetch(served.holds("/a.png", PNG), allow_private=False)).image == PNG
    for target in ("http://127.0.0.2/a.png", "http://[::1]/a.png", "http://169.254.169.254/"):
        url = served.answers("/in", 302, Location=target)
        assert (await failure(url, allow_private=False)).code == "private-address"


async def test_a_signed_url_goes_out_as_it_is_and_is_not_shown(served: Store):
    served.holds("/a b/c+d.png", PNG)
    url = served.url + "/a%20b/c%2Bd.png?X-Amz-Signature=se%2Fcr%3Det&b=%7E"
    assert (await fetch(url)).image == PNG
    assert served.paths() == ["/a%20b/c%2Bd.png?X-Amz-Signature=se%2Fcr%3Det&b=%7E"]
    found = await failure(url.replace("c%2Bd", "gone").replace("http://", "http://user:pass@"))
    assert "se%2Fcr" not in found.message
    assert "pass" not in found.message
    assert "/gone.png" in found.message
    assert (await fetch(served.url + "/a b/c+d.png")).image == PNG


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http:///a.png",
        "http://[::1/a.png",
        "http://a\nb/",
        "https://\0",
        "http://é\ud800/",
    ],
)
async def test_a_malformed_url_is_its_rows_failure(url: str):
    found = await failure(url, allow_private=False)
    assert found.code in ("url-unreadable", "private-address")


@pytest.mark.parametrize(
    "url", ["ftp://x/a.png", "sftp://x/a", "memory://a", "simplecache::http://127.0.0.1/", "x://"]
)
async def test_other_kinds_of_urls_are_not_read(url: str):
    found = await failure(url, allow_private=False)
    assert found.code == "unsupported-cell"
    assert "s3" in found.message


async def test_one_image_may_be_fetched_without_a_loop(served: Store):
    url = served.holds("/a.png", PNG)
    assert await asyncio.to_thread(download, url, allow_private=True) == PNG
    found = await asyncio.to_thread(download, url, allow_private=False)
    assert isinstance(found, Failure)

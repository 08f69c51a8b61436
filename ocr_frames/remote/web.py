"""Images at http:// and https:// addresses.

Every address is checked when it is connected to, names after they were resolved and each
redirection anew, so that no cell of a table reaches into the network that the table is read in.
"""

import asyncio
import re
from socket import AddressFamily
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from ocr_frames.model import Failure
from ocr_frames.remote import fetched
from ocr_frames.remote.addresses import is_address, is_public
from ocr_frames.remote.fetched import Fetched, shown

_REDIRECTIONS = 5
_CONNECTIONS = 16
_ATTEMPTS = 2
_CHUNK = 2**16
_AS_IT_IS = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


class PrivateAddressError(OSError):
    """A host that is not in the open."""


class _Resolver(AbstractResolver):
    """Resolves names to public addresses only."""

    def __init__(self) -> None:
        self._names = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if not all(is_public(result["host"]) for result in found):
            raise PrivateAddressError(host)
        return found

    async def close(self) -> None:
        await self._names.close()


class Web:
    """Fetches images; use in one event loop, and close."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, url: str, validator: str | None) -> Fetched | Failure:
        """Get what is at `url`, unless it is still what it was. Nothing is raised."""
        for attempt in range(_ATTEMPTS):
            is_last = attempt + 1 == _ATTEMPTS
            try:
                async with asyncio.timeout(fetched.LONGEST_S):
                    found = await self._follow(url, validator)
            except TimeoutError:
                return fetched.unreadable(url, f"did not come within {fetched.LONGEST_S:.0f} s")
            except (aiohttp.ClientError, OSError, ValueError) as error:
                if _is_private(error):
                    return _private(url)
                if is_last or not isinstance(error, aiohttp.ClientConnectionError):
                    return fetched.unreadable(url, f"could not be fetched: {_reason(error)}")
                continue
            if found is not None:
                return found
        return fetched.unreadable(url, "is not to be had: its server fails")

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _follow(self, url: str, validator: str | None) -> Fetched | Failure | None:
        """Follow redirections to the image; None when the server failed."""
        at = _parsed(url)
        for _ in range(_REDIRECTIONS + 1):
            if at.scheme not in ("http", "https") or not at.host:
                return fetched.unreadable(url, "leads to what is no web address", "check it")
            if not self._allow_private and is_address(at.host) and not is_public(at.host):
                return _private(url)
            async with self._get(at, validator) as response:
                location = response.headers.get("Location")
                if response.status in (301, 302, 303, 307, 308) and location:
                    at = response.url.join(_parsed(location))
                    continue
                return await self._answer(url, response, validator)
        return fetched.unreadable(url, "is redirected again and again", "check it")

    async def _answer(
        self, url: str, response: aiohttp.ClientResponse, validator: str | None
    ) -> Fetched | Failure | None:
        if response.status >= 500:
            return None
        if response.status == 304 and validator is not None:
            return Fetched(None, validator)
        refused = _refused(url, response.status, response.content_type)
        return await _read(url, response) if refused is None else refused

    def _get(self, at: URL, validator: str | None) -> Any:
        if self._session is None:
            resolver = None if self._allow_private else _Resolver()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS, resolver=resolver),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "ocr-frames", "Accept": "image/*, */*;q=0.5"},
                timeout=aiohttp.ClientTimeout(total=None),
            )
        name, _, value = (validator or "").partition(":")
        headers = {_CONDITIONS[name]: value} if name in _CONDITIONS else {}
        return self._session.get(at, headers=headers, allow_redirects=False)


def _parsed(url: str) -> URL:
    """Leave a URL as it is where that can be sent: a signature may be over each of its letters."""
    return URL(url, encoded=_AS_IT_IS.fullmatch(url) is not None)


def _refused(url: str, status: int, content_type: str) -> Failure | None:
    if status in (404, 410):
        return fetched.not_found(url)
    if status != 200:
        return fetched.unreadable(url, f"was refused with HTTP {status}", "check it")
    if content_type == "text/html":
        return fetched.unreadable(url, "is a web page, not an image", "check it")
    return None


async def _read(url: str, response: aiohttp.ClientResponse) -> Fetched | Failure:
    image = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        image += chunk
        if len(image) > fetched.LARGEST_BYTES:
            return fetched.too_large(url)
    return Fetched(bytes(image), _validator(response)) if image else fetched.empty(url)


def _validator(response: aiohttp.ClientResponse) -> str | None:
    for name in _CONDITIONS:
        value = response.headers.get(name)
        if value:
            return f"{name}:{value}"
    return None


def _is_private(error: BaseException | None) -> bool:
    if error is None or isinstance(error, PrivateAddressError):
        return error is not None
    inner = getattr(error, "os_error", None)
    return _is_private(inner if inner is not error else None) or _is_private(error.__cause__)


def _private(url: str) -> Failure:
    return Failure(
        "private-address",
        f"{shown(url)} leads to an address of this machine or its network, which is not fetched "
        "from; allow_private_urls=True allows it",
    )


def _reason(error: Exception) -> str:
    reason = getattr(error, "os_error", error)
    return getattr(reason, "strerror", None) or type(error).__name__

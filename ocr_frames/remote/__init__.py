"""Images from elsewhere: the web and object stores, with limits on size, time and address."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from ocr_frames.model import Failure
from ocr_frames.remote import stores
from ocr_frames.remote.fetched import Fetched, shown
from ocr_frames.remote.web import Web

__all__ = ["Downloads", "Fetched", "download"]

AT_ONCE = 16


class Downloads:
    """Fetches images by their URLs; use in one event loop, and close."""

    def __init__(self, *, allow_private: bool) -> None:
        self._web = Web(allow_private=allow_private)
        self._threads: ThreadPoolExecutor | None = None

    async def fetch(self, url: str, validator: str | None = None) -> Fetched | Failure:
        """Get an image, unless it is still the one that had this `validator`."""
        scheme = url.partition(":")[0].lower()
        if scheme in ("http", "https"):
            return await self._web.fetch(url, validator)
        if scheme not in stores.DRIVERS or "::" in url:
            return _unknown(url)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(AT_ONCE, "ocr_frames store")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, stores.fetch, url, validator)

    async def close(self) -> None:
        """Close all connections."""
        await self._web.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


def download(url: str, *, allow_private: bool) -> bytes | Failure:
    """Get one image, blocking, on a thread without an event loop."""

    async def fetch() -> Fetched | Failure:
        downloads = Downloads(allow_private=allow_private)
        try:
            return await downloads.fetch(url)
        finally:
            await downloads.close()

    found = asyncio.run(fetch())
    return found if isinstance(found, Failure) else found.image or b""


def _unknown(url: str) -> Failure:
    known = ", ".join(["file", "http", "https", *stores.DRIVERS])
    return Failure(
        "unsupported-cell", f"{shown(url)} is not a kind of URL that is read; there are: {known}"
    )

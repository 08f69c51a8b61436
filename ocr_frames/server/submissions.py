"""The body of a submit request -> what is to be recognized, or why it is refused."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from io import BytesIO

from aiohttp import web
from PIL import Image

from ocr_frames import wire
from ocr_frames.model import Kind
from ocr_frames.server import tiff
from ocr_frames.server.config import ServerConfig
from ocr_frames.server.documents import OFFERED
from ocr_frames.server.preprocess import FORMATS, MAX_PAGES, MAX_PIXELS
from ocr_frames.server.recognizers.choice import refusal
from ocr_frames.server.refusals import Garbled, TooLarge, TooMany, TooSlow
from ocr_frames.server.worker import Description

BODY_LIMIT_S = 120.0
"""Seconds for a body to arrive."""

BUSY_S = 2
LARGE_BODY = 1 << 18
"""Bytes from which a body is parsed on a thread, so that others are answered meanwhile."""

LARGE_TO_CHECK = 1 << 15
"""The same where the image is looked at: a small file may be made to take long."""


class Bodies:
    """Reads the bodies of requests: each at most `max_body` bytes, together `max_bodies`."""

    def __init__(self, max_body: int, max_bodies: int) -> None:
        self._max_body = max_body
        self._free = max(max_body, max_bodies)

    @contextlib.asynccontextmanager
    async def of(self, request: web.Request, max_body: int | None = None) -> AsyncIterator[bytes]:
        """Read one, and count its space as taken for as long as the block.

        Raises TooLarge, TooSlow, Garbled, or TooMany while others take the space.
        """
        limit = min(max_body or self._max_body, self._max_body)
        declared = request.content_length
        if declared is not None and declared > limit:
            raise _too_large(limit)
        # a length that is not told, or is that of something compressed, may be any
        size = declared if "Content-Encoding" not in request.headers else None
        size = limit if size is None else size
        if size > self._free:
            raise TooMany("the server is reading as much as it can hold; try again", BUSY_S)
        self._free -= size
        try:
            yield await _in_time(_read(request, limit))
        finally:
            self._free += size


async def _in_time(reading: Coroutine[None, None, bytes]) -> bytes:
    try:
        async with asyncio.timeout(BODY_LIMIT_S):
            return await reading
    except TimeoutError as error:
        raise TooSlow("the body did not arrive in time") from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise Garbled("the body is not encoded as its headers say") from error


async def _read(request: web.Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes")


async def decoded(
    body: bytes, kind: Kind, config: ServerConfig, engine: Description
) -> wire.Submission:
    """Read what is to be recognized.

    Raises WireError or TooLarge for what would only fail later.
    """

    def decode() -> wire.Submission:
        submission = wire.decode_submit(body)
        _check(submission, kind, engine, config.max_regions)
        if config.check_images:
            check_size(submission.image)
        return submission

    large = LARGE_TO_CHECK if config.check_images else LARGE_BODY
    return decode() if len(body) < large else await asyncio.to_thread(decode)


def _check(submission: wire.Submission, kind: Kind, engine: Description, max_regions: int) -> None:
    settings = submission.settings
    if kind == "regions" and not submission.regions:
        raise wire.WireError("regions: give at least one box")
    if kind != "regions" and submission.regions:
        raise wire.WireError("regions: only RecognizeRegions reads them")
    if len(submission.regions) > max_regions:
        raise wire.WireError(f"regions: there are more than {max_regions}")
    if kind == "label" and settings.language != "English":
        raise wire.WireError("language: labels are recognized in English only")
    if settings.language not in engine.languages:
        raise wire.WireError(f"language: {refusal(settings.language, engine.chosen)}")
    if settings.result_type not in OFFERED:
        raise wire.WireError(
            f"resultType: the local engine does not write {settings.result_type}; "
            f"it writes {' and '.join(OFFERED)}"
        )


def check_size(image: bytes) -> None:
    """Refuse an image by what its header tells of pixels and pages. Raises TooLarge.

    What cannot be read passes: to say what is wrong with it is the worker's part.
    """
    try:
        with Image.open(BytesIO(image), formats=FORMATS) as opened:
            pixels = opened.width * opened.height
    except Exception:  # decoders raise whatever they like on broken files
        return
    if pixels > MAX_PIXELS:
        raise TooLarge(f"the image has {pixels} pixels; at most {MAX_PIXELS} are read")
    if tiff.has_pages(image, MAX_PAGES + 1):
        raise TooLarge(f"the file has more than {MAX_PAGES} pages")

"""The access token: fetched once, shared by all, fetched again when it ends or is refused."""

import asyncio
from collections.abc import Awaitable, Callable

from ocr_frames.clock import Clock
from ocr_frames.wire import Token

_RENEW_AT = 0.9


class TokenSource:
    """Gives out one token to all who ask, and fetches a new one when it is time.

    `fetch` does the exchange. A token is renewed after 90 % of the life it claims, and
    whenever the server refuses it, so a wrong claim costs one call at most.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Token]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value: str | None = None
        self._renew_at_s = 0.0

    async def get(self) -> str:
        """Return a valid token; those who ask meanwhile wait for the same renewal."""
        async with self._lock:
            if self._value is None or self._clock.now_s() >= self._renew_at_s:
                token = await self._fetch()
                self._value = token.access_token
                self._renew_at_s = self._clock.now_s() + token.expires_in * _RENEW_AT
            return self._value

    def refuse(self, value: str) -> None:
        """Forget `value`, which the server refused; a newer token stays."""
        if self._value == value:
            self._value = None

"""What a request may be refused for: each is an answer, with its status and its headers."""

from collections.abc import Mapping
from typing import ClassVar


class Refusal(Exception):  # noqa: N818 - an answer of the server, as are those below
    """A request that is not served; the message says why and holds none of its content."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad Request"
    closes: ClassVar[bool] = False
    """Whether the connection is of no use any more: the rest of the body is not wanted."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the answer."""
        return {}


class Unauthorized(Refusal):
    """There is no token that is valid now; the message says which it is."""

    status = 401
    title = "Unauthorized"

    @property
    def headers(self) -> Mapping[str, str]:
        """The scheme that is asked for (RFC 6750)."""
        return {"WWW-Authenticate": "Bearer"}


class Forbidden(Refusal):
    """The call is switched off here."""

    status = 403
    title = "Forbidden"


class TooLarge(Refusal):
    """The body or the image in it is larger than the server takes."""

    status = 413
    title = "Content Too Large"
    closes = True


class Garbled(Refusal):
    """The body is not encoded as its headers say, or broke off."""

    closes = True


class TooSlow(Refusal):
    """The body did not arrive in time."""

    status = 408
    title = "Request Timeout"
    closes = True


class _Later(Refusal):
    """May be repeated after `retry_after_s` whole seconds."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s

    @property
    def headers(self) -> Mapping[str, str]:
        """When to come back."""
        return {"Retry-After": str(self.retry_after_s)}


class TooMany(_Later):
    """More is asked for, or waiting, than the server takes now."""

    status = 429
    title = "Too Many Requests"


class Unavailable(_Later):
    """The server stops, or its disk fails; nothing was acknowledged."""

    status = 503
    title = "Service Unavailable"

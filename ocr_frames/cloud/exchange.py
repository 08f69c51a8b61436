"""One HTTP exchange, and the translation of everything that can go wrong with it.

What each status means, and whether it may be repeated, is PROTOCOL's failure table.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import aiohttp

from ocr_frames import problems
from ocr_frames.errors import CallFailed, CallFailure, printable
from ocr_frames.model import CallKind


class Gate(Protocol):
    """Every exchange passes it: it paces, budgets and counts, as each one is billed."""

    async def admit(self, kind: CallKind) -> None:
        """Return when a call of this kind may be sent; raise CallFailed if it may not."""
        ...

    def settle(self, kind: CallKind, failed: CallFailed | None) -> None:
        """Learn how the call ended."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply with status 200: its body in bytes, and its headers (any letter case)."""

    body: bytes
    headers: Mapping[str, str]


async def billed(
    gate: Gate,
    kind: CallKind,
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    **arguments: Any,
) -> Reply:
    """Send one request through the gate; see `exchange`."""
    await gate.admit(kind)
    try:
        reply = await exchange(session, method, url, **arguments)
    except CallFailed as failed:
        gate.settle(kind, failed)
        raise
    gate.settle(kind, None)
    return reply


async def exchange(
    session: aiohttp.ClientSession, method: str, url: str, **arguments: Any
) -> Reply:
    """Send one request and return the reply if its status is 200.

    Everything else raises CallFailed with what may be done about it. Errors of the connection
    before it stood are NOT_SENT; later ones are IN_DOUBT, as the server may have acted.
    """
    try:
        async with session.request(method, url, **arguments) as response:
            body = await response.read()
    except aiohttp.ClientConnectorError as error:
        raise CallFailed(
            CallFailure.NOT_SENT,
            "unreachable",
            f"no server answers at {_host(url)} ({_reason(error)}); check the address",
        ) from error
    except TimeoutError as error:
        raise _timed_out(url, error) from error
    except aiohttp.InvalidURL as error:
        raise CallFailed(CallFailure.REJECTED, "bad-url", f"{url} is not a valid URL") from error
    except (aiohttp.ClientError, OSError) as error:
        raise CallFailed(
            CallFailure.IN_DOUBT,
            "connection-lost",
            f"the connection to {_host(url)} broke before the answer ({_reason(error)})",
        ) from error
    if response.status == 200:
        return Reply(body, response.headers)
    raise _refusal(response.status, response.headers, body, _host(url))


def _timed_out(url: str, error: TimeoutError) -> CallFailed:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        message = f"no connection to {_host(url)} in time"
        return CallFailed(CallFailure.NOT_SENT, "unreachable", message)
    return CallFailed(CallFailure.IN_DOUBT, "timeout", f"{_host(url)} did not answer in time")


_MEANINGS: Mapping[int, tuple[CallFailure, str, str]] = {
    400: (CallFailure.REJECTED, "bad-request", "the endpoint refuses the image or its settings"),
    401: (CallFailure.UNAUTHORIZED, "unauthorized", "the token was not accepted"),
    403: (
        CallFailure.ACCOUNT,
        "account",
        "the subscription is inactive or out of credits; see the vendor's dashboard, "
        "then run again to go on",
    ),
    413: (CallFailure.REJECTED, "too-large", "the image is too large for the endpoint; shrink it"),
    429: (CallFailure.THROTTLED, "throttled", "the endpoint asks to slow down"),
    503: (CallFailure.THROTTLED, "unavailable", "the endpoint is overloaded or restarting"),
}


def _refusal(status: int, headers: Mapping[str, str], body: bytes, host: str) -> CallFailed:
    if status in _MEANINGS:
        failure, code, meaning = _MEANINGS[status]
    elif status >= 500:
        failure, code, meaning = CallFailure.IN_DOUBT, "server-error", "the endpoint failed"
    else:
        failure, code, meaning = CallFailure.REJECTED, "unexpected-status", "unexpected answer"
    detail = printable(problems.decode(body))
    message = f"{meaning}: {detail}" if detail else meaning
    return CallFailed(
        failure, code, f"{message} (HTTP {status} from {host})", _retry_after_s(headers)
    )


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read the server's wish: milliseconds (a header of Azure's), seconds, or an HTTP date."""
    with contextlib.suppress(KeyError, ValueError):
        return max(0.0, float(headers["Retry-After-Ms"]) / 1000)
    wish = headers.get("Retry-After", "")
    with contextlib.suppress(ValueError):
        return max(0.0, float(wish))
    with contextlib.suppress(ValueError):
        return _seconds_until(parsedate_to_datetime(wish), headers.get("Date", ""))
    return None


def _seconds_until(moment: datetime, server_now: str) -> float:
    """Count from the server's own clock if it tells it, as ours may be wrong."""
    try:
        now = parsedate_to_datetime(server_now)
    except ValueError:
        now = datetime.now(UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _host(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _reason(error: BaseException) -> str:
    return printable(getattr(error, "strerror", None) or str(error) or type(error).__name__)

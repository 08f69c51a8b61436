"""What is raised, as a tree. What happens to one row is a value (`model.Failure`) instead.

OcrFramesError                 exit code 1: the run could not go on
├── MisuseError                exit code 2: the call itself is wrong; nothing was sent
├── MissingExtraError          an optional part is not installed; names the pip line
├── CredentialsError           the endpoint rejected client id and secret; nothing was sent
├── UnreachableError           nobody answers at the endpoint's address
├── LocalEngineError           the local engine did not start
├── LedgerError                the record of what was paid for cannot be used
└── TableError                 a table could not be read or written

CallFailed is not part of the tree: it is what one HTTP exchange tells the engine,
and never leaves it.
"""

from enum import StrEnum
from typing import Any, ClassVar


class OcrFramesError(Exception):
    """The base of all that this package raises on purpose.

    `code` is stable and can be tested for; the message says what happened and what to do.
    """

    code: ClassVar[str] = "stopped"
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return f"{self.code}: {super().__str__()}"


class MisuseError(OcrFramesError, ValueError):
    """An argument is wrong. Raised before anything is sent."""

    code = "misuse"
    exit_code = 2


class MissingExtraError(OcrFramesError, ImportError):
    """An optional part of the package is not installed."""

    code = "missing-extra"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed. Run: pip install 'ocr-frames[{extra}]'")
        self._named = what, extra

    def __reduce__(self) -> tuple[Any, ...]:
        # By the message alone it could not be made again in another process.
        return type(self), self._named


class CredentialsError(OcrFramesError):
    """The endpoint does not accept the client id and secret."""

    code = "bad-credentials"


class UnreachableError(OcrFramesError):
    """No server answers at the endpoint's address."""

    code = "unreachable"


class LocalEngineError(OcrFramesError):
    """The local engine could not be started."""

    code = "local-engine"


class LedgerError(OcrFramesError):
    """The record of what was paid for cannot be read or written."""

    code = "ledger"


class TableError(OcrFramesError):
    """A table could not be read or written."""

    code = "table"


class CallFailure(StrEnum):
    """Why one HTTP exchange gave no usable answer; decides whether it may be repeated."""

    NOT_SENT = "not sent"
    THROTTLED = "throttled"
    REJECTED = "rejected"
    UNAUTHORIZED = "unauthorized"
    ACCOUNT = "account"
    IN_DOUBT = "in doubt"
    STOPPED = "stopped"


class CallFailed(Exception):  # noqa: N818 - a report, caught by the engine
    """One HTTP exchange without a usable answer.

    `code` and `message` are what the row says if the call is not repeated;
    `retry_after_s` is the server's own wish in seconds, if it gave one.
    """

    def __init__(
        self, failure: CallFailure, code: str, message: str, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.failure = failure
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s


_LONGEST = 300


def printable(text: str, longest: int = _LONGEST) -> str:
    """Shorten foreign text and drop what a terminal or a CSV cell could trip over.

    What comes back is one line of at most `longest` characters.
    """
    head = text[: 4 * longest]
    plain = " ".join("".join(c if c.isprintable() else " " for c in head).split())
    if len(plain) <= longest and len(head) == len(text):
        return plain
    return plain[: longest - 1] + "…"

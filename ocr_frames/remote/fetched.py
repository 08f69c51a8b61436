"""What comes back from elsewhere, and how what did not is told."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from ocr_frames.model import Failure

LARGEST_BYTES = 64 * 2**20
"""Of one image from elsewhere."""

LONGEST_S = 60.0
"""For one image from elsewhere, redirections included."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An image; None if it is still the one with the `validator` that was asked about.

    `validator` is another when the image has changed; None where the store tells nothing.
    """

    image: bytes | None
    validator: str | None


def shown(url: str) -> str:
    """A URL as it may be shown: user, password and query, which may sign it, left out."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "a malformed URL"
    return f"{parts.scheme}://{host}{parts.path}"[:300]


def not_found(url: str) -> Failure:
    """There is nothing at this URL."""
    return Failure("url-not-found", f"there is no {shown(url)}; check the URL")


def unreadable(url: str, why: str, advice: str = "run again to try again") -> Failure:
    """There may be something, but it did not come."""
    return Failure("url-unreadable", f"{shown(url)} {why}; {advice}")


def too_large(url: str) -> Failure:
    """More than is read from elsewhere."""
    return Failure(
        "too-large", f"{shown(url)} has more than {LARGEST_BYTES // 2**20} MB; shrink the image"
    )


def empty(url: str) -> Failure:
    """Nothing in it."""
    return Failure("empty-file", f"{shown(url)} has no content; write it again or drop it")

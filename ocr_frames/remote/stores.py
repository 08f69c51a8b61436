"""Images in object stores, through fsspec and the store's own driver; credentials are theirs."""

import re
from collections.abc import Mapping
from typing import Any

from ocr_frames.errors import MissingExtraError, printable
from ocr_frames.model import Failure
from ocr_frames.remote import fetched
from ocr_frames.remote.fetched import Fetched, shown

DRIVERS: Mapping[str, str] = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "hf": "huggingface_hub",
}
"""The package that reads each kind of URL."""

_TOLD = ("ETag", "etag", "e_tag", "md5Hash", "LastModified", "last_modified", "updated", "mtime")
_QUERY = re.compile(r"\?\S*")


def fetch(url: str, validator: str | None) -> Fetched | Failure:
    """Get what is at `url`, unless it is still what it was. Nothing is raised."""
    scheme, _, rest = url.partition(":")
    scheme = scheme.lower()
    try:
        import fsspec
    except ImportError:
        missing = MissingExtraError(f"fsspec, which reads {scheme}: URLs,", "remote")
        return Failure(missing.code, str(missing.args[0]))
    try:
        system, path = fsspec.core.url_to_fs(f"{scheme}:{rest}")
        return _fetch(system, path, url, validator)
    except ImportError:
        driver = DRIVERS[scheme]
        return Failure(
            "missing-extra",
            f"{scheme}: URLs are read by {driver}, which is not installed. Run: pip install "
            f"{driver} 'ocr-frames[remote]'",
        )
    except FileNotFoundError:
        return fetched.not_found(url)
    except TimeoutError:
        return fetched.unreadable(url, f"did not come within {fetched.LONGEST_S:.0f} s")
    except Exception as error:  # each driver has a tree of its own
        why = printable(_QUERY.sub("", str(error)))
        return fetched.unreadable(url, f"could not be read: {type(error).__name__}: {why}")


def _fetch(system: Any, path: str, url: str, validator: str | None) -> Fetched | Failure:
    info: Mapping[str, Any] = _in_time(system, "info", path)
    if info.get("type") == "directory":
        return Failure("not-a-file", f"{shown(url)} is a directory; give the URL of an image")
    size = info.get("size")
    if size is not None and size > fetched.LARGEST_BYTES:
        return fetched.too_large(url)
    now = _validator(info)
    if now is not None and now == validator:
        return Fetched(None, now)
    image: bytes = _in_time(system, "cat_file", path)
    return Fetched(image, now) if image else fetched.empty(url)


def _validator(info: Mapping[str, Any]) -> str | None:
    told = [f"{name}={info[name]}" for name in _TOLD if info.get(name) is not None]
    return f"{'|'.join(told)}|size={info.get('size')}" if told else None


def _in_time(system: Any, method: str, path: str) -> Any:
    """Call a method; those that fsspec runs in a loop of its own are given up in time."""
    if not getattr(system, "async_impl", False):
        return getattr(system, method)(path)
    from fsspec.asyn import sync

    return sync(system.loop, getattr(system, f"_{method}"), path, timeout=fetched.LONGEST_S)

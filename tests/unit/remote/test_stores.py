"""Object stores through fsspec: any driver's ways end as values."""

import asyncio
import sys
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.asyn import AsyncFileSystem

from ocr_frames.model import Failure
from ocr_frames.remote import Downloads, fetched, stores
from ocr_frames.remote.fetched import Fetched


class Bucket(fsspec.AbstractFileSystem):
    """A store in memory with the ways of S3."""

    protocol = "s3"
    cachable = False
    held: ClassVar[dict[str, tuple[bytes, dict[str, Any]]]] = {}
    reads: ClassVar[list[str]] = []
    error: Exception | None = None

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        if path not in self.held:
            raise FileNotFoundError(path)
        image, facts = self.held[path]
        return {"name": path, "size": len(image), "type": "file", **facts}

    def cat_file(self, path: str, start: Any = None, end: Any = None, **options: Any) -> bytes:
        self.reads.append(path)
        return self.held[path][0]


class Slow(AsyncFileSystem):
    """A store that never answers."""

    protocol = "gs"
    cachable = False

    async def _info(self, path: str, **options: Any) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> type[Bucket]:
    for name, kind in (("s3", Bucket), ("gs", Slow)):
        monkeypatch.setitem(sys.modules["fsspec.registry"]._registry, name, kind)
    Bucket.held, Bucket.reads, Bucket.error = {}, [], None
    return Bucket


def failure(url: str) -> Failure:
    found = stores.fetch(url, None)
    assert isinstance(found, Failure), found
    return found


async def test_an_image_comes_once_as_long_as_it_is_the_same(bucket: type[Bucket]):
    bucket.held["b/a.png"] = (b"image", {"ETag": '"1"', "LastModified": "today"})
    downloads = Downloads(allow_private=False)
    first = await downloads.fetch("s3://b/a.png")
    assert isinstance(first, Fetched)
    assert first.image == b"image"
    again = await downloads.fetch("s3://b/a.png", first.validator)
    assert again == Fetched(None, first.validator)
    bucket.held["b/a.png"] = (b"other", {"ETag": '"2"', "LastModified": "today"})
    changed = await downloads.fetch("S3://b/a.png", first.validator)
    assert isinstance(changed, Fetched)
    assert changed.image == b"other"
    assert len(bucket.reads) == 2
    await downloads.close()


def test_a_store_that_tells_nothing_is_read_each_time(bucket: type[Bucket]):
    bucket.held["b/a.png"] = (b"image", {})
    assert stores.fetch("s3://b/a.png", None) == Fetched(b"image", None)


def test_what_is_not_to_be_had(bucket: type[Bucket], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fetched, "LARGEST_BYTES", 10)
    bucket.held["b/empty.png"] = (b"", {})
    bucket.held["b/large.png"] = (b"x" * 11, {})
    bucket.held["b/folder"] = (b"", {"type": "directory"})
    assert failure("s3://b/gone.png").code == "url-not-found"
    assert failure("s3://b/empty.png").code == "empty-file"
    assert failure("s3://b/large.png").code == "too-large"
    assert failure("s3://b/folder").code == "not-a-file"
    assert bucket.reads == ["b/empty.png"]


@pytest.mark.parametrize(
    "error", [PermissionError("denied"), RuntimeError("no credentials"), OSError(5, "broken")]
)
def test_a_drivers_own_errors_are_told_without_secrets(bucket: type[Bucket], error: Exception):
    bucket.error = error
    found = failure("s3://b/a.png")
    assert found.code == "url-unreadable"
    assert type(error).__name__ in found.message
    bucket.error = RuntimeError("GET https://b/a.png?X-Amz-Signature=secret failed")
    assert "secret" not in failure("s3://b/a.png").message


def test_a_store_that_does_not_answer_is_given_up(bucket: type[Bucket], monkeypatch):
    monkeypatch.setattr(fetched, "LONGEST_S", 0.05)
    found = failure("gs://b/a.png")
    assert found.code == "url-unreadable"
    assert "did not come within" in found.message


def test_a_missing_driver_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "adlfs", None)
    found = failure("az://b/a.png")
    assert found.code == "missing-extra"
    assert "pip install adlfs 'ocr-frames[remote]'" in found.message
    monkeypatch.setitem(sys.modules, "fsspec", None)
    found = failure("s3://b/a.png")
    assert found.code == "missing-extra"
    assert "pip install 'ocr-frames[remote]'" in found.message

"""An image to its job, or to one job for each of its pages."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ocr_frames import documents
from ocr_frames.errors import MissingExtraError
from ocr_frames.images import Picture, pages
from ocr_frames.images.faults import CHANGED
from ocr_frames.jobs.landing import Landing
from ocr_frames.jobs.spool import Remote
from ocr_frames.model import Failure, Job
from ocr_frames.request import Request
from ocr_frames.row_settings import Choice

A = TypeVar("A")
Load = Callable[[], bytes | Failure]
Read = Callable[[A], bytes | Failure]
"""Reads an image file (again) from where it is."""


@dataclass(frozen=True, slots=True)
class Made:
    """The jobs of an image that was read, its `digest`, and what is known of its `pages`."""

    jobs: Sequence[Job]
    digest: bytes
    pages: bytes


class Maker:
    """Makes jobs; `request` tells which files with several pages are taken apart."""

    def __init__(self, request: Request, landing: Landing) -> None:
        self._splits = request.splits.replace(pages.IN_MEMORY, b"")
        self._splits_memory = pages.IN_MEMORY in request.splits
        self._joins_pdf = "pdf" in request.layout.details
        self._landing = landing

    def must_look(self, choice: Choice, known: bytes | None) -> bool:
        """Whether what is `known` of an image's pages is too little to make jobs of it."""
        if known == b"" or not self._takes_apart(choice):
            return False
        return known is None or known in self._splits

    def of_known(
        self, row: int, choice: Choice, digest: bytes, known: bytes | None, read: Read[A], at: A
    ) -> Sequence[Job] | Failure | None:
        """The jobs of an image that need not be read; None where `must_look`."""
        if known != b"":
            if self.must_look(choice, known):
                return None
            if known and known[:1] in self._splits and self._takes_apart(choice):
                return self._of_file(row, choice, pages.known(known), None, read, at)
        return [_job(row, choice, digest, partial(_checked, read, at, digest))]

    def of_image(
        self, row: int, choice: Choice, image: bytes, read: Read[A], at: A
    ) -> Made | Failure:
        """The jobs of an image that has just been read."""
        digest, kind = hashlib.sha256(image).digest(), pages.looked(image)
        if kind and kind in self._splits and self._takes_apart(choice):
            found = pages.digests(image)
            if isinstance(found, Failure):
                return found
            if len(found) > 1:
                jobs = self._of_file(row, choice, found, image, read, at)
                known = pages.written(kind, found)
                return jobs if isinstance(jobs, Failure) else Made(jobs, digest, known)
            kind = b""
        job = _job(row, choice, digest, partial(_checked, read, at, digest), image)
        return Made([job], digest, kind)

    def of_picture(self, row: int, choice: Choice, picture: Picture) -> Sequence[Job] | Failure:
        """The jobs of an image in memory, which is written as a file when it is sent."""
        apart = self._splits_memory and choice.kind != "regions"
        frames = picture.apart() if apart else [picture]
        digests: list[bytes] = []
        for frame in frames:
            digest = frame.digest()
            if isinstance(digest, Failure):
                return digest
            digests.append(digest)
        loads = [partial(frame.load, digest) for frame, digest in zip(frames, digests, strict=True)]
        if len(loads) == 1:
            return [_job(row, choice, digests[0], loads[0])]
        return self._of_pages(row, choice, digests, loads, _nothing)

    def _takes_apart(self, choice: Choice) -> bool:
        """Regions are of the first page, which is read of a whole file, too."""
        return bool(self._splits) and choice.kind != "regions"

    def _of_file(
        self,
        row: int,
        choice: Choice,
        digests: Sequence[bytes],
        image: bytes | None,
        read: Read[A],
        at: A,
    ) -> Sequence[Job] | Failure:
        after = _nothing
        if isinstance(at, Remote):
            at.keep(image)
            after = at.drop
        loads = [partial(_page, read, at, number, digest) for number, digest in enumerate(digests)]
        return self._of_pages(row, choice, digests, loads, after)

    def _of_pages(
        self,
        row: int,
        choice: Choice,
        digests: Sequence[bytes],
        loads: Sequence[Load],
        after: Callable[[], None],
    ) -> Sequence[Job] | Failure:
        if len(digests) > pages.MOST:
            return pages.TOO_MANY
        if self._joins_pdf:
            try:
                documents.require_joining()
            except MissingExtraError as error:
                return Failure(error.code, f"{error.args[0]}; or split_pages=False")
        positions = self._landing.expect(row, len(digests), after)
        return [
            _job(position, choice, digest, load)
            for position, digest, load in zip(positions, digests, loads, strict=True)
        ]


def _job(
    position: int, choice: Choice, digest: bytes, load: Load, image: bytes | None = None
) -> Job:
    return Job(
        position,
        choice.kind,
        choice.settings_json,
        digest,
        load,
        image,
        choice.covered_by,
        choice.recognizer,
    )


def _checked(read: Read[A], at: A, digest: bytes) -> bytes | Failure:
    image = read(at)
    if isinstance(image, bytes) and hashlib.sha256(image).digest() != digest:
        return CHANGED
    return image


def _page(read: Read[A], at: A, number: int, digest: bytes) -> bytes | Failure:
    image = read(at)
    return pages.page(image, number, digest) if isinstance(image, bytes) else image


def _nothing() -> None:
    """Nothing is left to do."""

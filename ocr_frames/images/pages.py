"""Image files with several pages or pictures: which those are, and each page as a file.

What is known of a file's pages is written in bytes: none for a file with one page, else TIFF or
ANIMATED, and after that the digests of the pages where somebody has looked at them.
"""

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from ocr_frames.errors import MissingExtraError
from ocr_frames.images.faults import damaged, decoder_faults
from ocr_frames.images.pixels import MOST_PIXELS, digest_of, encoded, of_image
from ocr_frames.model import Failure

if TYPE_CHECKING:
    from PIL import Image

TIFF, ANIMATED = b"T", b"A"
IN_MEMORY = b"M"
"""PIL images with several frames, which have no file."""

MOST = 500
"""Pages of one file; more is rather a mistake than a document, and each is paid for."""

_DIGEST = 32
_WHOLE = "split_pages=False sends the file as it is"
_SUBFILE_TYPE = 254  # TIFF 6.0, section 8: bit 0 a smaller version, bit 2 a mask of another page
_NO_PAGE = 0b101

TOO_MANY = Failure(
    "too-many-pages", f"the image has more than {MOST} pages; {_WHOLE}, or cut it into several"
)


def looked(image: bytes) -> bytes:
    """TIFF or ANIMATED for a file that seems to have several pages, else nothing.

    Looks at the structure alone, without decoding anything.
    """
    if image[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return TIFF if _has_second_directory(image) else b""
    if image[:6] in (b"GIF87a", b"GIF89a"):
        return ANIMATED if _has_second_frame(image) else b""
    if image[:8] == b"\x89PNG\r\n\x1a\n":
        return ANIMATED if _is_animated_png(image) else b""
    if image[:4] == b"RIFF" and image[8:16] == b"WEBPVP8X":
        return ANIMATED if image[20:21] and image[20] & 0b10 else b""
    return b""


def written(kind: bytes, digests: list[bytes]) -> bytes:
    """What to keep on record of a file's pages."""
    return kind + b"".join(digests)


def known(pages: bytes) -> list[bytes]:
    """The digests of the pages, from what is on record."""
    return [pages[at : at + _DIGEST] for at in range(1, len(pages), _DIGEST)]


def digests(image: bytes) -> list[bytes] | Failure:
    """The digests of all pages, in order."""
    found: list[bytes] = []
    try:
        for frame in _frames(image):
            pixels = of_image(frame)
            if isinstance(pixels, Failure):
                return pixels
            found.append(digest_of(pixels))
            if len(found) > MOST:
                return TOO_MANY
    except MissingExtraError as error:
        return Failure(error.code, f"{error.args[0]}; or {_WHOLE}")
    except decoder_faults():
        return damaged(f"page {len(found) + 1} of this file", _WHOLE)
    return found


def page(image: bytes, number: int, digest: bytes) -> bytes | Failure:
    """One page, counted from 0, as a PNG file, if it has that digest still."""
    try:
        for at, frame in enumerate(_frames(image)):
            if at == number:
                return encoded(of_image(frame), digest)
    except MissingExtraError as error:
        return Failure(error.code, str(error.args[0]))
    except decoder_faults():
        pass
    return damaged(f"page {number + 1} of this file", _WHOLE)


def _frames(image: bytes) -> Iterator["Image.Image"]:
    """Every page, undecoded; valid until the next one is asked for."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("Pillow, which takes pages apart,", "images") from error
    with Image.open(BytesIO(image), formats=("TIFF", "GIF", "PNG", "WEBP")) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            yield opened  # nobody decodes it, and no later frame on top of it
            return
        for number in range(getattr(opened, "n_frames", 1)):
            opened.seek(number)
            tags = getattr(opened, "tag_v2", {})
            if not int(tags.get(_SUBFILE_TYPE, 0)) & _NO_PAGE:
                yield opened


def _has_second_directory(image: bytes) -> bool:
    """Follow a TIFF's first directory to the next (TIFF 6.0, section 2; BigTIFF likewise)."""
    order = "<" if image[:1] == b"I" else ">"
    is_big = image[2:4] in (b"+\0", b"\0+")
    offset, count, entry = ("Q", "Q", 20) if is_big else ("I", "H", 12)
    try:
        (first,) = struct.unpack_from(order + offset, image, 8 if is_big else 4)
        (entries,) = struct.unpack_from(order + count, image, first)
        end = first + struct.calcsize(order + count) + entries * entry
        (following,) = struct.unpack_from(order + offset, image, end)
    except (struct.error, OverflowError):
        return False
    return following not in (0, first)


def _has_second_frame(image: bytes) -> bool:
    """Walk a GIF's blocks to its second picture (GIF89a, section 12 and on)."""
    at, found = 13 + _table(image, 10), 0
    while at < len(image):
        kind = image[at]
        if kind == 0x2C:
            found += 1
            if found == 2:
                return True
            at = _after_blocks(image, at + 11 + _table(image, at + 9))
        elif kind == 0x21:
            at = _after_blocks(image, at + 2)
        else:
            return False
    return False


def _table(image: bytes, at: int) -> int:
    """The length of a colour table, told by the packed byte at `at`."""
    packed = image[at] if at < len(image) else 0
    return 3 << ((packed & 0b111) + 1) if packed & 0x80 else 0


def _after_blocks(image: bytes, at: int) -> int:
    while at < len(image) and image[at]:
        at += image[at] + 1
    return at + 1


def _is_animated_png(image: bytes) -> bool:
    """Look for acTL, which stands before the first IDAT and counts the frames."""
    at = 8
    while at + 12 <= len(image):
        length, kind = struct.unpack_from(">I4s", image, at)
        if kind in (b"acTL", b"IDAT"):
            return kind == b"acTL" and image[at + 8 : at + 12] > b"\0\0\0\1"
        at += length + 12
    return False

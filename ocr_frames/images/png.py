"""Pixels to a PNG file, without loss and without an imaging library.

Source: PNG specification (W3C, third edition): chunks in 5, filter type Up in 9.2.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}
_UP = 2


def encode(pixels: NDArray[np.generic]) -> bytes:
    """Write pixels: bool, uint8 or uint16; (height, width), or with 3 or 4 channels unless bool."""
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    depth = 1 if pixels.dtype == np.bool_ else pixels.dtype.itemsize * 8
    rows = _rows(pixels)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    filtered[:, 1:] = rows
    filtered[1:, 1:] -= rows[:-1]
    head = struct.pack(">IIBBBBB", width, height, depth, _COLOUR_TYPES[channels], 0, 0, 0)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(filtered.tobytes()))
        + _chunk(b"IEND", b"")
    )


def _rows(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Each row's bytes, the most significant first."""
    if pixels.dtype == np.bool_:
        return np.packbits(pixels.view(np.uint8), axis=1)
    big_endian = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder(">"))
    return big_endian.view(np.uint8).reshape(len(pixels), -1)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

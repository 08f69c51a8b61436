"""How many pages a TIFF file has, without reading them.

To count them, Pillow reads every tag of every page: a small file that is made for it keeps it
busy for seconds. Here it is one step per page, over the places where the next one is told
(TIFF 6.0, section 2; BigTIFF doubles the width of offsets).
"""

import struct

_ORDERS = {b"II": "<", b"MM": ">"}


def has_pages(data: bytes, count: int) -> bool:
    """Whether a file has at least `count` pages; one that is damaged, those before the damage."""
    if len(data) < 16 or data[:2] not in _ORDERS:
        return False
    order = _ORDERS[data[:2]]
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    tags, offset = struct.Struct(order + "HQ"[big]), struct.Struct(order + "IQ"[big])
    tag_size = 20 if big else 12
    seen: set[int] = set()
    at = offset.unpack_from(data, 8 if big else 4)[0]
    while at and at not in seen and at + tags.size <= len(data) and len(seen) < count:
        seen.add(at)
        after = at + tags.size + tag_size * tags.unpack_from(data, at)[0]
        if after + offset.size > len(data):
            break
        at = offset.unpack_from(data, after)[0]
    return len(seen) >= count

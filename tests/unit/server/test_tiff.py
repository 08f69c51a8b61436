import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr_frames.server.tiff import has_pages
from tests.unit.server.drawing import file_of


def made(pages, **options):
    first, *others = (Image.new("1", (8, 8), 1) for _ in range(pages))
    return file_of(first, "TIFF", save_all=True, append_images=others, **options)


@pytest.mark.parametrize("options", [{}, {"big_tiff": True}, {"compression": "group4"}])
@pytest.mark.parametrize("pages", [1, 2, 7])
def test_pages_are_counted(pages, options):
    data = made(pages, **options)

    assert has_pages(data, pages)
    assert not has_pages(data, pages + 1)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("pages", [1, 3])
def test_either_byte_order(order, pages):
    data = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HI", 42, 8)
    for page in range(pages):
        after = len(data) + 2 + 12 + 4
        directory = struct.pack(order + "HHHIHH", 1, 256, 3, 1, 8, 0)
        data += directory + struct.pack(order + "I", after if page < pages - 1 else 0)

    assert has_pages(data, pages)
    assert not has_pages(data, pages + 1)


def test_a_circle_has_as_many_pages_as_there_are():
    data = made(3)
    last = data.rindex(bytes(4))
    circle = data[:last] + struct.pack("<I", 8) + data[last + 4 :]

    assert not has_pages(circle, 100)


@given(
    st.sampled_from([b"", b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0"]),
    st.binary(max_size=300) | st.binary(min_size=30, max_size=30).map(lambda part: part * 9),
)
def test_other_files_have_fewer(start, data):
    assert not has_pages(start + data, 400)


def test_directories_may_lie_in_one_another():
    """Thousands of tags for each page of a small file; they are not looked at."""
    tags, pages = 10_000, 101
    data = bytearray(b"II*\0" + struct.pack("<I", 8) + bytes(12 * tags + 8 * pages))
    for page in range(pages):
        at = 8 + 4 * page
        struct.pack_into("<H", data, at, tags)
        struct.pack_into("<I", data, at + 2 + 12 * tags, at + 4 if page < pages - 1 else 0)

    assert has_pages(bytes(data), pages)
    assert not has_pages(bytes(data), pages + 1)

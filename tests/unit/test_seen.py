"""Seen: what a set would tell, in a tenth of its memory."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames import seen as module
from ocr_frames.seen import Seen


def key(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


@given(
    batches=st.lists(st.lists(st.integers(0, 60), unique=True, max_size=20), max_size=20),
    fresh=st.integers(1, 30),
)
def test_a_key_is_new_once(batches: list[list[int]], fresh: int):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_FRESH", fresh)
        seen, before = Seen(), set[int]()
        for numbers in batches:
            expected = [key(number) for number in numbers if number not in before]
            assert seen.new(map(key, numbers)) == expected
            before.update(numbers)


def test_very_many_keys_take_few_bytes():
    seen = Seen()
    for start in range(0, 400_000, 1000):
        assert len(seen.new([key(number) for number in range(start, start + 1000)])) == 1000
    assert seen.new([key(number) for number in range(0, 400_000, 400)]) == []
    assert seen._sorted.nbytes == 8 * 400_000
    assert len(seen._fresh) == 0

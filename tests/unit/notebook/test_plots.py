import base64

from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.notebook.plots import blocks, histogram_url


def test_blocks_show_where_values_are():
    assert blocks([0.0, 1.0], 0.0, 1.0, 5) == "█   █"
    assert blocks([0.1] * 8 + [0.9], 0.0, 1.0, 2) == "█▂"
    assert blocks([], 0.0, 1.0, 3) == "   "
    assert blocks([2.0, 2.0], 2.0, 2.0, 3) == "█  "


@given(st.lists(st.floats(-1e9, 1e9), max_size=50), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_blocks_are_as_many_as_wanted(values: list[float], low: float, high: float):
    assert len(blocks(values, low, high, 7)) == 7


def test_the_same_values_give_the_same_picture():
    one, other = (histogram_url([0.1, 0.5], "confidence", 1.0) for _ in range(2))
    assert one == other
    svg = base64.b64decode(one.partition(",")[2]).decode()
    assert "<svg" in svg
    assert "<script" not in svg
    assert histogram_url([0.0], "seconds", 0.0).startswith("data:image/svg+xml")

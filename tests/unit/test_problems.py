"""Problem documents: read leniently, as anything may come with a 4xx or 5xx."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames import problems


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '{"title": "One or more validation errors occurred.", "status": 400,'
            ' "errors": {"image": ["The image field is required."]}}',
            "One or more validation errors occurred.; image: The image field is required.",
        ),
        ('{"title": "Bad", "detail": null}', "Bad"),
        ("<html>no</html>", ""),
        ("", ""),
        ('{"title": 5}', ""),
    ],
)
def test_a_problem_becomes_one_sentence(text: str, sentence: str):
    assert problems.decode(text) == sentence


def test_a_written_problem_is_read():
    assert problems.decode(problems.encode(413, "Too large", "shrink")) == ("Too large; shrink")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_whatever_raise(body: bytes):
    assert isinstance(problems.decode(body), str)

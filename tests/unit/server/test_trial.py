from ocr_frames.model import Result
from ocr_frames.server.recognition import Recognition
from ocr_frames.server.trial import masked

WORDS = Recognition((Result("Text", "\n".join(f"word{n}" for n in range(50)).encode()),))


def test_a_tenth_of_the_words_is_masked_at_their_length():
    words = masked(WORDS, b"image").results[0].data.decode().split("\n")

    assert sum(set(word) == {"*"} for word in words) == 5
    assert [len(word) for word in words] == [len(f"word{n}") for n in range(50)]


def test_the_same_words_for_the_same_image():
    assert masked(WORDS, b"image") == masked(WORDS, b"image") != masked(WORDS, b"other")


def test_failures_pass():
    failed = Recognition(messages=("no",))

    assert masked(failed, b"image") == failed

"""Which engine reads a language, what it is called in the ledger, and what to do if none does."""

import pytest

from ocr_frames.errors import LocalEngineError, MissingExtraError, MisuseError
from ocr_frames.server.recognizers import choice

RAPID = "ocr_frames.server.recognizers.rapid:RapidRecognizer"
TESSERACT = "ocr_frames.server.recognizers.tesseract:TesseractRecognizer"


@pytest.mark.parametrize(
    ("there", "chosen", "expected"),
    [
        (("rapidocr", "openvino", "tesserocr"), "auto", [RAPID, TESSERACT]),
        (("rapidocr", "openvino"), "auto", [RAPID]),
        (("rapidocr", "tesserocr"), "auto", [TESSERACT]),
        ((), "auto", []),
        (("rapidocr", "openvino", "tesserocr"), "rapidocr", [RAPID]),
        (("rapidocr", "openvino", "tesserocr"), "tesseract", [TESSERACT]),
        ((), "my.module:Engine", ["my.module:Engine"]),
    ],
)
def test_targets(libraries, there, chosen, expected):
    libraries(*there)
    assert choice.targets(chosen) == expected


def test_third_engines_come_last_and_can_be_chosen(libraries, distribution):
    distribution("engraver", "")

    assert choice.targets("auto") == [RAPID, TESSERACT, "engraver:Engine"]
    assert choice.targets("engraver") == ["engraver:Engine"]
    choice.require("engraver")


def test_an_unknown_engine_is_misuse(libraries):
    with pytest.raises(MisuseError, match="no engine 'paddle' here; there are: auto, rapidocr"):
        choice.require("paddle")


@pytest.mark.parametrize(
    ("there", "chosen", "extra"),
    [
        ((), "auto", "local"),
        (("tesserocr",), "rapidocr", "local"),
        (("rapidocr",), "rapidocr", "local"),
        (("rapidocr", "openvino"), "tesseract", "tesseract"),
    ],
)
def test_a_missing_library_names_the_pip_line(libraries, there, chosen, extra):
    libraries(*there)
    with pytest.raises(MissingExtraError, match=rf"pip install 'ocr-frames\[{extra}\]'"):
        choice.require(chosen)


def test_tesseract_alone_is_enough_for_auto(libraries):
    libraries("tesserocr")
    choice.require("auto")


def test_tesseract_without_any_data_names_a_package(libraries, tessdata_of):
    tessdata_of()
    with pytest.raises(LocalEngineError, match="tesseract-ocr-eng"):
        choice.require("tesseract")


def test_the_identity_of_rapidocr_does_not_know_tesseract(libraries, tessdata_of):
    libraries("rapidocr", "openvino")
    before = choice.identity("English", "auto")

    libraries("rapidocr", "openvino", "tesserocr")
    tessdata_of(eng="x", rus="x")

    assert choice.identity("English", "auto") == before
    assert before.startswith("rapidocr ")
    assert " openvino " in before
    assert choice.identity("English", "rapidocr") == before
    assert choice.identity("English", "tesseract") != before


def test_the_identity_of_tesseract_knows_the_data_of_the_language(libraries, tessdata_of):
    without = choice.identity("Russian", "auto")
    tessdata_of(rus="one")
    first = choice.identity("Russian", "auto")
    assert first.startswith("tesserocr ")
    assert first != without

    tessdata_of(deu="another language")
    assert choice.identity("Russian", "auto") == first

    tessdata_of(rus="other")
    assert choice.identity("Russian", "auto") != first


def test_the_identity_of_a_third_engine_is_its_version(libraries, distribution, tessdata_of):
    tessdata_of()
    assert choice.identity("HWT_ENG", "auto") == "no engine"

    distribution("engraver", "", version="2.5")

    assert choice.identity("HWT_ENG", "auto") == "engraver engraver 2.5"
    assert choice.identity("English", "engraver") == "engraver engraver 2.5"


@pytest.mark.parametrize(
    ("there", "data", "language", "chosen", "words"),
    [
        (("tesserocr",), {}, "Russian", "auto", ["install the package tesseract-ocr-rus and"]),
        ((), {"rus": "x"}, "Russian", "auto", ["pip install 'ocr-frames[tesseract]' and"]),
        ((), {}, "Ukrainan", "auto", ["'ocr-frames[tesseract]', install", "tesseract-ocr-ukr"]),
        (("tesserocr",), {"rus": "x"}, "Russian", "rapidocr", ["choose the engine auto and"]),
        (("tesserocr",), {}, "Thai", "tesseract", ["install the package tesseract-ocr-tha and"]),
        (("tesserocr",), {}, "HWT_ENG", "auto", ["entry point", "ocr_frames.recognizers"]),
    ],
)
def test_refusals_say_what_to_do(libraries, tessdata_of, there, data, language, chosen, words):
    libraries("rapidocr", "openvino", *there)
    tessdata_of(**data)

    told = choice.refusal(language, chosen)

    assert f"does not read {language}" in told
    assert all(word in told for word in words)
    assert len(told) < 290

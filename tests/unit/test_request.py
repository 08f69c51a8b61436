"""Arguments: each is validated before anything is sent, and says what would be right."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from ocr_frames import col
from ocr_frames.engine.flight import key_of
from ocr_frames.errors import MissingExtraError, MisuseError
from ocr_frames.model import Job
from ocr_frames.request import Options, Request, ledger_path
from ocr_frames.row_settings import Choice
from ocr_frames.settings import Endpoint, Policy, RecognitionSettings

CLOUD = Endpoint.cloud("id", "secret")
SETTINGS = set(RecognitionSettings.model_fields) - {"result_type"}


def request(**options: Any) -> Request:
    return Request.of({"endpoint": CLOUD, **options})


def test_nothing_chosen_gives_the_defaults():
    made = request()
    assert (made.kind, made.progress, made.policy) == ("image", True, Policy())
    assert made.recognizer == CLOUD.identity
    assert "secret" not in made.recognizer


def test_the_ledger_is_in_the_users_data_folder():
    chosen = ledger_path(True, {})
    assert chosen is not None
    assert chosen.is_absolute()
    assert chosen.parts[-2:] == ("ocr_frames", "ledger.sqlite")


@pytest.mark.parametrize(
    ("chosen", "environment", "expected"),
    [
        (True, {"OCR_FRAMES_LEDGER": "/named/l"}, Path("/named/l")),
        (False, {"OCR_FRAMES_LEDGER": "/named/l"}, None),
        (False, {}, None),
        ("/mine/l", {"OCR_FRAMES_LEDGER": "/named/l"}, Path("/mine/l")),
        (Path("/mine/l"), {}, Path("/mine/l")),
        ("mine", {}, Path("mine")),
    ],
)
def test_where_the_ledger_is(chosen, environment: dict[str, str], expected: Path | None):
    assert ledger_path(chosen, environment) == expected


def test_an_empty_variable_is_as_good_as_none():
    assert ledger_path(True, {"OCR_FRAMES_LEDGER": ""}) == ledger_path(True, {})


@pytest.mark.parametrize("chosen", ["", None, 0, 1, 5, b"/l", ["l"]])
def test_what_is_no_ledger_is_refused(chosen: Any):
    with pytest.raises(MisuseError, match="neither True, False nor a path"):
        ledger_path(chosen, {})


def test_the_environment_names_the_ledger_of_a_request(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OCR_FRAMES_LEDGER", "/named/l")
    assert request().ledger == Path("/named/l")
    assert request(ledger=False).ledger is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [("langauge", "language"), ("max_call", "max_calls"), ("poll_floor_s", ""), ("column_", "")],
)
def test_an_unknown_name_is_refused_with_the_nearest(name: str, meant: str):
    with pytest.raises(MisuseError, match=f"unknown argument '{name}'.*{meant}"):
        request(**{name: 1})


WRONG = {
    "kind": ["imag", "", 5],
    "regions": [[], {}, 5, [(1, 2, 3)], [(5, 5, 5, 5)], "abc"],
    "language": ["Englsh", None, 5],
    "make_skew_correct": ["perhaps"],
    "rotate": ["much", 1.5, None],
    "make_binarization": [2],
    "make_contrast_correction": [[]],
    "make_upsampling": ["x"],
    "make_spell_check": [None],
    "dsr_mode": ["regions", "None"],
    "dsr_confidence": ["high"],
    "details": ["words", ["wrds"], 5, [None], ["json", "words"], ["pdf", "json"], ["text"]],
    "split_pages": ["yes", 5, 0.5],
    "allow_private_urls": ["yes", None],
    "endpoint": ["http://x", 5],
    "prefix": [5],
    "ledger": ["", 5, None],
    "max_calls": [-1, 1.5, "many"],
    "calls_per_second": [0, -1.0, float("nan"), "fast"],
    "max_outstanding": [0, -1, 2.5],
    "deadline_s": [0, -5, float("nan")],
    "on_doubt": ["ask", ""],
    "retry_failed": ["perhaps", 5],
    "progress": ["perhaps"],
}


def test_every_option_has_a_wrong_value_here():
    assert set(WRONG) == set(Options.__annotations__)


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in WRONG.items() for v in vs])
def test_a_wrong_value_is_misuse(name: str, value: Any):
    with pytest.raises(MisuseError) as caught:
        request(**{name: value})
    assert str(value) in str(caught.value) or name.rstrip("s") in str(caught.value)


RIGHT = {
    "kind": ["image", "label", None],
    "regions": [[(1, 2, 3, 4)], {"name": (1, 2, 3, 4)}, None],
    "rotate": [90, -90],
    "details": [[], ["words", "pdf", "hocr"], ("calls", "json"), ["pages", "pages"]],
    "split_pages": [True, False, None],
    "allow_private_urls": [True, False],
    "prefix": ["", "x_"],
    "max_calls": [0, 1, None],
    "calls_per_second": [0.5, 20, None],
    "max_outstanding": [1, None],
    "deadline_s": [0.5, 3600, None],
    "on_doubt": ["hold", "retry"],
    "retry_failed": [True, False],
    "progress": [False],
    "endpoint": [None],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in RIGHT.items() for v in vs])
def test_a_right_value_is_taken(name: str, value: Any):
    made = request(**{name: value})
    if name in Policy.model_fields and value is not None:
        assert getattr(made.policy, name) == value


def test_regions_imply_their_kind_and_names():
    made = request(regions={"name": (1, 2, 3, 4)})
    assert made.kind == "regions"
    with pytest.raises(MisuseError, match="needs regions="):
        request(kind="regions")
    for kind in ("image", "label"):
        with pytest.raises(MisuseError, match="goes with"):
            request(kind=kind, regions=[(1, 2, 3, 4)])


def test_the_evaluation_endpoint_knows_images_only():
    trial = Endpoint.trial()
    assert request(endpoint=trial).kind == "image"
    for options in ({"kind": "label"}, {"regions": [(1, 2, 3, 4)]}):
        with pytest.raises(MisuseError, match="evaluation"):
            request(endpoint=trial, **options)


def test_the_same_settings_are_the_same_text_in_whatever_order():
    one = request(language="German", rotate=90).settings_json
    assert one == request(rotate=90, language="German").settings_json
    assert one != request(rotate=90).settings_json


def test_recognizers_differ_by_host_and_account_not_by_secret():
    endpoints = [
        CLOUD,
        Endpoint.cloud("other", "secret"),
        Endpoint("https://elsewhere", "id", "secret"),
        Endpoint.trial(),
    ]
    assert len({request(endpoint=endpoint).recognizer for endpoint in endpoints}) == 4
    assert request(endpoint=Endpoint.cloud("id", "new")).recognizer == request().recognizer


@pytest.mark.parametrize("endpoint", [CLOUD, Endpoint.local()])
def test_a_language_out_of_a_column_has_the_key_it_has_as_an_argument(endpoint: Endpoint):
    """Who reads it here may depend on the language; what is on record answers both."""
    by_row = request(endpoint=endpoint, language=col("lang"))
    for language in (None, "English", "German", "Russian", "Chinese"):
        same = request(endpoint=endpoint, **({"language": language} if language else {}))
        keys = [
            key_of(Job(0, c.kind, c.settings_json, b"", bytes, None, (), c.recognizer), who)
            for c, who in (
                (by_row.row_settings.of((language,)), by_row.recognizer),
                (same.row_settings.fixed, same.recognizer),
            )
            if isinstance(c, Choice)
        ]
        assert len(keys) == 2
        assert keys[0] == keys[1], language


def test_what_is_remembered_of_regions():
    boxes = {"name": (1, 2, 3, 4)}
    assert request(regions=boxes).remembered("path")["regions"] == {"name": [1, 2, 3, 4]}
    assert request(regions=col("boxes")).remembered("path")["regions"] == "boxes"
    assert request().remembered("path")["regions"] == []


def test_columns_that_rows_bring_along():
    made = request(language=col("lang"), regions=col("boxes"), rotate=90, make_upsampling=col("b"))
    assert set(made.row_columns) == {"lang", "boxes", "b"}
    assert request().row_columns == ()
    for name in set(Options.__annotations__) - {"kind", "regions"} - set(SETTINGS):
        with pytest.raises(MisuseError):
            request(**{name: col("c")})


@pytest.mark.parametrize("options", [{"kind": col("k")}, {"regions": col("b")}])
def test_the_evaluation_endpoint_knows_images_only_in_rows_too(options: dict[str, Any]):
    with pytest.raises(MisuseError, match="evaluation"):
        request(endpoint=Endpoint.trial(), **options)
    assert request(endpoint=Endpoint.trial(), language=col("l")).row_columns == ("l",)


def test_pdf_of_regions_asks_for_what_joins_it(monkeypatch: pytest.MonkeyPatch):
    boxes = [(1, 2, 3, 4)]
    request(regions=boxes, details=["pdf"])
    monkeypatch.setitem(sys.modules, "pypdf", None)
    request(regions=boxes, details=["words"])
    request(details=["pdf"])
    for options in ({"regions": boxes}, {"regions": col("b")}, {"kind": col("k")}):
        with pytest.raises(MissingExtraError, match="pip install"):
            request(details=["pdf"], **options)


def test_a_request_reads_the_endpoint_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ASPOSE_CLIENT_ID", "id")
    with pytest.raises(MisuseError):
        Request.of({})
    monkeypatch.setenv("ASPOSE_CLIENT_SECRET", "secret")
    assert Request.of({}).endpoint == CLOUD
    assert os.environ["ASPOSE_CLIENT_SECRET"] not in repr(Request.of({}))

"""What the user may choose: wrong choices raise early and name the right ones."""

from typing import get_type_hints

import pytest

from ocr_frames import settings
from ocr_frames.errors import MisuseError
from ocr_frames.regions import Regions
from ocr_frames.request import Options
from ocr_frames.row_settings import Column
from ocr_frames.settings import Endpoint, RecognitionSettings, Region


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"language": "Englsh"}, "did you mean 'English'"),
        ({"language": "Klingon"}, "there are: English, German"),
        ({"rotate": "much"}, "rotate='much'"),
        ({"dsr_confidence": "high"}, "did you mean 'High'"),
    ],
)
def test_a_wrong_setting_raises_and_names_the_nearest(chosen: dict[str, object], says: str):
    with pytest.raises(MisuseError, match=says):
        settings.recognition_settings("image", chosen)


def test_labels_are_english_only():
    with pytest.raises(MisuseError, match="English only"):
        settings.recognition_settings("label", {"language": "German"})
    assert settings.recognition_settings("label", {}).language == "English"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "empty"),
        ([(1, 2, 3)], "four whole pixels"),
        ([5], "four whole pixels"),
        ([(10, 0, 5, 9)], "right > left"),
        ({"name": (-1, 0, 5, 5)}, "region 'name'"),
        ([(0.5, 0, 5, 5)], "x0"),
    ],
)
def test_a_wrong_box_raises(given, says: str):
    with pytest.raises(MisuseError, match=says):
        Regions.of(given)


def test_regions_are_a_list_or_named():
    assert Regions.of([(1, 2, 3, 4)]) == Regions((Region(x0=1, y0=2, x1=3, y1=4),))
    assert Regions.of({"a": (1, 2, 3, 4), "b": [0, 0, 9, 9]}).names == ("a", "b")


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        ({}, Endpoint.local()),
        (
            {"ASPOSE_CLIENT_ID": "i", "ASPOSE_CLIENT_SECRET": "s"},
            Endpoint("https://api.aspose.cloud", "i", "s"),
        ),
        (
            {
                "OCR_FRAMES_ENDPOINT": "http://here:1/",
                "ASPOSE_CLIENT_ID": "i",
                "ASPOSE_CLIENT_SECRET": "s",
            },
            Endpoint("http://here:1", "i", "s"),
        ),
    ],
)
def test_the_environment_names_the_endpoint(environment: dict[str, str], endpoint: Endpoint):
    assert Endpoint.from_environment(environment) == endpoint


@pytest.mark.parametrize(
    "environment", [{"OCR_FRAMES_ENDPOINT": "http://x"}, {"ASPOSE_CLIENT_ID": "i"}]
)
def test_half_an_environment_is_misuse(environment: dict[str, str]):
    with pytest.raises(MisuseError, match=r"ASPOSE_CLIENT_SECRET|both"):
        Endpoint.from_environment(environment)


def test_an_endpoint_is_checked_and_hides_its_secret():
    with pytest.raises(MisuseError, match="http"):
        Endpoint("ftp://x", "i", "s")
    assert "shh" not in repr(Endpoint.cloud("id", "shh"))
    assert Endpoint.trial().is_trial
    assert not Endpoint.local().is_trial
    assert Endpoint.local(workers=1).is_local
    for workers in (-1, 1.5, True, "2"):
        with pytest.raises(MisuseError, match="workers"):
            Endpoint.local(workers=workers)


@pytest.mark.parametrize("chosen", [{"max_outstanding": 0}, {"deadline_s": -1}])
def test_a_policy_is_checked(chosen: dict[str, float]):
    with pytest.raises(MisuseError, match=next(iter(chosen))):
        settings.run_policy(**chosen)


def test_the_options_have_the_settings_with_their_types():
    """`result_type` alone is not the user's: what is fetched follows from the columns."""
    options = get_type_hints(Options)
    ours = {name: field.annotation for name, field in RecognitionSettings.model_fields.items()}
    assert {name: options.get(name) for name in ours if name != "result_type"} == {
        name: kind | Column for name, kind in ours.items() if name != "result_type"
    }


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        (
            {"on_doubt": "hodl"},
            "on_doubt='hodl' is not one of the known values; did you mean 'hold'",
        ),
        ({"max_calls": "many"}, "max_calls='many'"),
        ({"deadline_s": 0}, "deadline_s=0"),
    ],
)
def test_a_wrong_policy_names_what_was_meant(chosen: dict[str, object], says: str):
    with pytest.raises(MisuseError) as caught:
        settings.run_policy(**chosen)  # type: ignore[arg-type]
    assert says in str(caught.value)


@pytest.mark.parametrize("url", ["ocr.house:8080/", "ftp://ocr.house:8080/"])
def test_a_url_without_its_scheme_is_shown_with_it(url: str):
    with pytest.raises(MisuseError, match=r"did you mean 'https://ocr.house:8080/'"):
        Endpoint(url)

"""The wire: pinned to the vendor's documents, and its own inverse."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames import wire
from ocr_frames.model import Answer, Result, Status
from ocr_frames.settings import RecognitionSettings, Region
from tests.unit.strategies import answers, regions, settings

# From the tutorial "Send Image Regions for Recognition", as sent there.
GOLDEN_REGIONS = """{
	"image": "WU9VUl9CQVNFNjQ=",
	"settings": {
		"language": "English",
		"makeSkewCorrect": true,
		"makeContrastCorrection": true,
		"resultType": "Text",
		"regions": [
			{"order": 0, "rect": {"topLeftX": 20, "topLeftY": 40,
				"bottomRightX": 300, "bottomRightY": 80}},
			{"order": 1, "rect": {"topLeftX": 20, "topLeftY": 100,
				"bottomRightX": 300, "bottomRightY": 140}}
		]
	}
}"""

# From "Send Labels for Recognition" and "Send Images for Recognition".
GOLDEN_LABEL = """{"image": "WU9VUl9CQVNFNjQ=", "settings": {"language": "English",
    "makeSkewCorrect": true, "makeUpsampling": false, "resultType": "Text"}}"""
GOLDEN_IMAGE = """{"image": "WU9VUl9CQVNFNjQ=", "settings": {"language": "English",
    "makeSkewCorrect": true, "makeContrastCorrection": true, "resultType": "Text"}}"""

# From "Fetch Label Recognition Results".
GOLDEN_ANSWER = """{
    "id": "c4b60313-4f78-45f8-b708-069eb98dc22e",
    "taskStatus": "Completed",
    "responseStatusCode": "Ok",
    "results": [
        {
            "type": "Text",
            "data": "QWxsIG1lbiBsaXZlIGVudmVsb3BlZCBpbiB3aGFsZS1saW5lcy4="
        }
    ],
    "error": null
}"""
GOLDEN_TOKEN = """{
  "access_token": "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9...",
  "expires_in": 3600,
  "token_type": "bearer"
}"""
GOLDEN_TASK_ID = "a197aade-bba9-4c7a-92c7-46851b3dceaa"

BOXES = (Region(x0=20, y0=40, x1=300, y1=80), Region(x0=20, y0=100, x1=300, y1=140))


def contains(whole: object, part: object) -> bool:
    if isinstance(part, dict):
        assert isinstance(whole, dict)
        return all(contains(whole[name], value) for name, value in part.items())
    return whole == part


@pytest.mark.parametrize(
    ("golden", "boxes"), [(GOLDEN_IMAGE, ()), (GOLDEN_LABEL, ()), (GOLDEN_REGIONS, BOXES)]
)
def test_submit_body_says_all_that_the_tutorials_say(golden: str, boxes: tuple[Region, ...]):
    ours = wire.encode_submit(b"YOUR_BASE64", wire.encode_settings(RecognitionSettings(), boxes))
    assert contains(json.loads(ours), json.loads(golden))


@pytest.mark.parametrize(
    ("golden", "boxes"), [(GOLDEN_IMAGE, ()), (GOLDEN_LABEL, ()), (GOLDEN_REGIONS, BOXES)]
)
def test_the_tutorials_bodies_are_read(golden: str, boxes: tuple[Region, ...]):
    submission = wire.decode_submit(golden.encode())
    assert submission.image == b"YOUR_BASE64"
    assert submission.regions == boxes
    assert submission.settings == RecognitionSettings()


def test_the_tutorials_answer_is_read_and_written():
    answer = wire.decode_answer(GOLDEN_ANSWER)
    assert answer == Answer(
        "c4b60313-4f78-45f8-b708-069eb98dc22e",
        Status.COMPLETED,
        "Ok",
        (Result("Text", b"All men live enveloped in whale-lines."),),
    )
    assert answer.texts == ("All men live enveloped in whale-lines.",)
    assert json.loads(wire.encode_answer(answer)) == json.loads(GOLDEN_ANSWER)


def test_the_tutorials_token_is_read():
    token = wire.decode_token(GOLDEN_TOKEN)
    assert token.access_token.startswith("eyJ")
    assert token.expires_in == 3600
    assert "eyJ" not in repr(token)


def test_the_tutorials_token_is_written():
    golden = json.loads(GOLDEN_TOKEN)
    written = wire.encode_token(wire.Token(access_token=golden["access_token"]))
    assert json.loads(written) == golden
    assert "3600," in written


@pytest.mark.parametrize(
    "body",
    [
        GOLDEN_TASK_ID,
        f'"{GOLDEN_TASK_ID}"',
        f'  "{GOLDEN_TASK_ID}"\r\n',
        GOLDEN_TASK_ID.upper(),
        GOLDEN_TASK_ID.replace("-", ""),
        f"{{{GOLDEN_TASK_ID}}}",
        f"\ufeff{GOLDEN_TASK_ID}".encode(),
    ],
)
def test_every_form_of_a_guid_is_the_same_task(body: str | bytes):
    assert wire.decode_task_id(body) == GOLDEN_TASK_ID


@pytest.mark.parametrize("body", ["", "ok", "<html>busy</html>", "null", b"\xff\xfe", '"x"'])
def test_an_answer_without_guid_is_a_wire_error(body: str | bytes):
    with pytest.raises(wire.WireError, match="not a task GUID"):
        wire.decode_task_id(body)


@pytest.mark.parametrize(
    ("accept", "body", "kind"),
    [
        ("text/plain", GOLDEN_TASK_ID, "text/plain"),
        ("", GOLDEN_TASK_ID, "text/plain"),
        ("application/json", f'"{GOLDEN_TASK_ID}"', "application/json"),
        ("text/plain, application/json", GOLDEN_TASK_ID, "text/plain"),
    ],
)
def test_the_guid_comes_in_the_form_asked_for(accept: str, body: str, kind: str):
    assert wire.encode_task_id(GOLDEN_TASK_ID, accept) == (body, kind)


@pytest.mark.parametrize("results", ["null", "[]"])
def test_no_results_means_no_text_not_an_error(results: str):
    answer = wire.decode_answer(
        f'{{"id": "x", "taskStatus": "Completed", "responseStatusCode": "Ok",'
        f' "results": {results}, "error": null}}'
    )
    assert answer.status is Status.COMPLETED
    assert answer.texts == ()


def test_warnings_may_stand_beside_results():
    answer = wire.decode_answer(
        '{"id": "x", "taskStatus": "Completed", "responseStatusCode": "Ok", "results":'
        ' [{"type": "Text", "data": "aGk="}],'
        ' "error": {"messages": null, "warnings": ["some data lost"]}}'
    )
    assert answer.texts == ("hi",)
    assert answer.warnings == ("some data lost",)
    assert answer.messages == ()


def test_regions_are_separate_entries_in_order_and_unknown_types_stay_apart():
    entries = [("Text", "eins"), ("Sound", "?"), ("text", "zwei"), (None, "drei")]
    document = {
        "id": "x",
        "taskStatus": "Completed",
        "results": [
            {"type": kind, "data": base64.b64encode(text.encode()).decode()}
            for kind, text in entries
        ],
    }
    answer = wire.decode_answer(json.dumps(document))
    assert answer.texts == ("eins", "zwei", "drei")
    assert Result("Sound", b"?") in answer.results


def test_names_arrive_in_any_letter_case():
    answer = wire.decode_answer(
        '{"ID": "x", "TaskStatus": "Completed", "RESULTS": [{"Type": "Text", "DATA": "aGk="}]}'
    )
    assert answer.texts == ("hi",)
    submission = wire.decode_submit(
        b'{"Image": "aGk=", "SETTINGS": {"Rotate": 90, "makespellcheck": true, "DsrMode":'
        b' "CraftPoly", "resultTypeTable": null, "Language": null, "somethingNew": 1}}'
    )
    assert submission.settings == RecognitionSettings(
        rotate=90, make_spell_check=True, dsr_mode="PolygonalTextDetector"
    )


def test_regions_are_read_in_rising_order():
    document = json.loads(GOLDEN_REGIONS)
    document["settings"]["regions"].reverse()
    assert wire.decode_submit(json.dumps(document).encode()).regions == BOXES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>502</html>",
        "[]",
        "null",
        '{"id": "x"',
        '{"id": "x"}',
        '{"id": "x", "taskStatus": "Baking"}',
        '{"id": "x", "taskStatus": null}',
        '{"id": "x", "taskStatus": "Completed", "results": "no"}',
        '{"id": "x", "taskStatus": "Completed", "results": [{"type": "Text", "data": "%%"}]}',
        '{"id": "x", "taskStatus": "Completed", "results": [{"type": "Text", "data": "/w=="}]}',
        "[" * 100_000,
    ],
)
def test_an_answer_that_is_none_is_a_wire_error(text: str):
    with pytest.raises(wire.WireError):
        wire.decode_answer(text)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{}", "image"),
        (b'{"image": "%%%"}', "not Base64"),
        (b'{"image": 5}', "image"),
        (b'{"image": "aGk=", "settings": []}', None),
        (b'{"image": "aGk=", "settings": 7}', "settings"),
        (b'{"image": "aGk=", "settings": {"language": "Klingon"}}', "language"),
        (b'{"image": "aGk=", "settings": 0}', "settings"),
        (b'{"image": "aGk=", "settings": {"rotate": "90"}}', "rotate: Input"),
        (b'{"image": "aGk=", "settings": {"makeSpellCheck": 1}}', "makespellcheck: Input"),
        (b'{"image": "aGk=", "settings": {"regions": 3}}', "regions"),
        (b'{"image": "aGk=", "settings": {"regions": ""}}', "regions"),
        (b'{"image": "aGk=", "settings": {"regions": [7]}}', "regions: Input"),
        (b'{"image": "aGk=", "settings": {"regions": [{"order": 0}]}}', "rect"),
        (
            b'{"image": "aGk=", "settings": {"regions": [{"rect": {"topLeftX": 9, "topLeftY": 0,'
            b' "bottomRightX": 5, "bottomRightY": 5}}]}}',
            "empty",
        ),
    ],
)
def test_a_bad_submit_names_its_field_and_holds_no_content(body: bytes, says: str | None):
    if says is None:
        assert wire.decode_submit(body).settings == RecognitionSettings()
        return
    with pytest.raises(wire.WireError, match=says) as caught:
        wire.decode_submit(body)
    assert "aGk=" not in str(caught.value)


@given(st.binary(min_size=1, max_size=300), settings(), st.lists(regions(), max_size=4))
def test_decode_submit_undoes_encode_submit(
    image: bytes, chosen: RecognitionSettings, boxes: list[Region]
):
    submission = wire.decode_submit(wire.encode_submit(image, wire.encode_settings(chosen, boxes)))
    assert submission == wire.Submission(image=image, settings=chosen, regions=tuple(boxes))


@given(answers())
def test_decode_answer_undoes_encode_answer(answer: Answer):
    assert wire.decode_answer(wire.encode_answer(answer)) == answer


@given(settings(), settings())
def test_equal_settings_and_only_those_have_equal_text(
    one: RecognitionSettings, other: RecognitionSettings
):
    assert (wire.encode_settings(one) == wire.encode_settings(other)) == (one == other)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_whatever_make_a_decoder_fail_otherwise(body: bytes):
    for decode in (wire.decode_answer, wire.decode_submit, wire.decode_token):
        try:
            decode(body)
        except wire.WireError:
            continue


@given(st.uuids())
def test_decode_task_id_undoes_encode_task_id(task_id):
    for accept in ("text/plain", "application/json"):
        body, _ = wire.encode_task_id(str(task_id), accept)
        assert wire.decode_task_id(body) == str(task_id)


def test_decode_token_undoes_encode_token():
    token = wire.Token(access_token="abc", expires_in=60)
    assert wire.decode_token(wire.encode_token(token)) == token

"""The document against what it describes; that the server keeps to it is a functional test."""

import json

import jsonschema
import pytest

from ocr_frames import wire
from ocr_frames.model import Answer, Result, Status
from ocr_frames.server.app import create_app
from ocr_frames.server.config import ServerConfig
from ocr_frames.server.documents import OFFERED
from ocr_frames.server.openapi import document
from ocr_frames.server.worker import Description
from ocr_frames.settings import RecognitionSettings, Region

CONFIG = ServerConfig({"me": "secret"}, max_regions=7, keep_s=3600.0)
DOCUMENT = document(CONFIG, Description("null", "1", frozenset({"German", "English"})))
SCHEMAS = DOCUMENT["components"]["schemas"]


def valid(name, text):
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema.Draft202012Validator(schema).is_valid(json.loads(text))


def setting(name, key):
    settings = SCHEMAS[name]["properties"]["settings"]
    return settings.get("anyOf", [settings])[0]["properties"][key]["anyOf"][0]


def test_every_route_is_described_and_no_other():
    described = {
        (path, method.upper()) for path, calls in DOCUMENT["paths"].items() for method in calls
    }
    served = {
        (route.resource.canonical, route.method)
        for route in create_app(CONFIG).router.routes()
        if route.method != "HEAD"
    }

    assert described == served


def test_what_this_very_server_reads_and_writes():
    assert setting("RecognizeImage", "language")["enum"] == ["English", "German"]
    assert setting("RecognizeLabel", "language")["enum"] == ["English"]
    assert setting("RecognizeRegions", "resultType")["enum"] == list(OFFERED)
    regions = SCHEMAS["RecognizeRegions"]["properties"]["settings"]["properties"]["regions"]
    assert (regions["minItems"], regions["maxItems"]) == (1, 7)
    assert "1 hours" in DOCUMENT["info"]["description"]


@pytest.mark.parametrize("name", ["RecognizeImage", "RecognizeLabel", "RecognizeImageTrial"])
def test_what_our_client_sends_is_valid(name):
    settings = wire.encode_settings(RecognitionSettings())

    assert valid(name, wire.encode_submit(b"image", settings))
    assert valid(name, '{"image": "aGk=", "settings": null}')
    assert valid(name, '{"image": "aGk=", "settings": {"dsrMode": "CraftPoly", "new": 1}}')
    assert not valid(name, '{"image": "aGk", "settings": {}}')
    assert not valid(name, '{"image": "aGk=", "settings": {"rotate": "90"}}')


def test_regions_that_our_client_sends_are_valid():
    box = Region(x0=0, y0=0, x1=1, y1=1)

    def body(boxes):
        return wire.encode_submit(b"image", wire.encode_settings(RecognitionSettings(), boxes))

    assert valid("RecognizeRegions", body([box] * 7))
    assert not valid("RecognizeRegions", body([box] * 8))
    assert not valid("RecognizeRegions", body([]))
    assert not valid("RecognizeImage", body([box]))


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.SKIPPED])
def test_every_answer_is_valid(status):
    answer = Answer("id", status, "Ok", (Result("Text", b"read"),), ("message",), ("warning",))

    assert valid("Answer", wire.encode_answer(answer))
    assert valid("Answer", wire.encode_answer(Answer("id", status, "NotReady")))
    assert not valid("Answer", wire.encode_answer(Answer("id", status, "Fine")))

"""The vendor's own SDK against the server, with the real engine."""

import base64
import urllib.request

import aspose_ocr_cloud as sdk
import pytest

from ocr_frames import wire
from ocr_frames.server.embedded import close_local_engine, local_endpoint
from tests.unit.server.drawing import file_of, page

IMAGE = base64.b64encode(file_of(page("Invoice 4711", "Total 12.50"))).decode()
QUIET = {"_headers": {"Prefer": "wait=30"}}


@pytest.fixture(scope="module")
def endpoint():
    yield local_endpoint()
    close_local_engine()


@pytest.fixture(scope="module")
def client(endpoint):
    form = "&".join(
        f"{name}={value}"
        for name, value in wire.token_form(endpoint.client_id, endpoint.client_secret).items()
    )
    with urllib.request.urlopen(endpoint.url + wire.TOKEN_PATH, form.encode()) as response:
        token = wire.decode_token(response.read()).access_token
    with sdk.ApiClient(sdk.Configuration(host=endpoint.url, access_token=token)) as client:
        yield client
        client.rest_client.pool_manager.clear()


def texts(response):
    assert response.task_status == "Completed"
    assert response.response_status_code == "Ok"
    return [base64.b64decode(result.data).decode() for result in response.results]


def test_image(client):
    api = sdk.RecognizeImageApi(client)
    body = sdk.OCRRecognizeImageBody(image=IMAGE, settings=sdk.OCRSettingsRecognizeImage())

    task_id = api.post_recognize_image(body)

    assert texts(api.get_recognize_image(wire.decode_task_id(task_id), **QUIET)) == [
        "Invoice 4711\nTotal 12.50"
    ]


def test_label(client):
    api = sdk.RecognizeLabelApi(client)
    body = sdk.OCRRecognizeLabelBody(image=IMAGE, settings=sdk.OCRSettingsRecognizeLabel())

    task_id = api.post_recognize_label(body)

    assert texts(api.get_recognize_label(wire.decode_task_id(task_id), **QUIET)) == [
        "Invoice 4711\nTotal 12.50"
    ]


def test_regions(client):
    def region(order, top, bottom):
        rect = sdk.OCRRect(top_left_x=0, top_left_y=top, bottom_right_x=640, bottom_right_y=bottom)
        return sdk.OCRRegion(order=order, rect=rect)

    settings = sdk.OCRSettingsRecognizeRegions(regions=[region(1, 15, 85), region(0, 90, 160)])
    api = sdk.RecognizeRegionsApi(client)

    task_id = api.post_recognize_regions(
        sdk.OCRRecognizeRegionsBody(image=IMAGE, settings=settings)
    )

    assert texts(api.get_recognize_regions(wire.decode_task_id(task_id), **QUIET)) == [
        "Total 12.50",
        "Invoice 4711",
    ]


def test_trial(endpoint):
    lines = ["one two three four five", "six seven eight nine ten"]
    image = base64.b64encode(file_of(page(*lines))).decode()
    body = sdk.OCRRecognizeImageBody(image=image, settings=sdk.OCRSettingsRecognizeImage())
    with sdk.ApiClient(sdk.Configuration(host=endpoint.url)) as client:
        api = sdk.RecognizeImageTrialApi(client)
        ids = [wire.decode_task_id(api.post_recognize_image_trial(body)) for _ in range(2)]
        (first,), (second,) = (texts(api.get_recognize_image_trial(one, **QUIET)) for one in ids)
        client.rest_client.pool_manager.clear()

    assert first == second
    assert sum(set(word) == {"*"} for word in first.split()) == 1
    assert len(first.split()) == 10


def test_status_and_cancel(client):
    api = sdk.RecognizeImageApi(client)
    body = sdk.OCRRecognizeImageBody(image=IMAGE, settings=sdk.OCRSettingsRecognizeImage())
    task_id = wire.decode_task_id(api.post_recognize_image(body))
    api.get_recognize_image(task_id, **QUIET)

    status = sdk.UtilitiesApi(client).get_task_status(task_id)
    assert (status.task_status, status.results) == ("Completed", None)

    api.cancel_recognize_image(task_id)
    gone = sdk.UtilitiesApi(client).get_task_status(task_id)
    assert (gone.task_status, gone.response_status_code) == ("NotExist", "TaskNotFound")

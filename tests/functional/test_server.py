"""The vendor's own SDK against the server as it is run in-house, with the real engine."""

import base64
import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request

import aspose_ocr_cloud as sdk
import pytest

from ocr_frames import wire
from ocr_frames.settings import Endpoint
from tests.unit.server.drawing import file_of, page

IMAGE = base64.b64encode(file_of(page("Invoice 4711", "Total 12.50"))).decode()
QUIET = {"_headers": {"Prefer": "wait=30"}}
CLIENTS = {"invoices": "a secret of theirs", "receipts": "another secret"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def endpoint(folder):
    """`ocr-frames serve` for two clients, in its own process."""
    clients = folder / "clients.json"
    clients.touch(mode=0o600)
    clients.write_text(json.dumps(CLIENTS))
    options = ["--port", "0", "--workers", "1", "--clients", clients, "--data", folder / "data"]
    server = subprocess.Popen(
        [sys.executable, "-m", "ocr_frames", "serve", *map(str, options)],
        env={name: value for name, value in os.environ.items() if "ASPOSE" not in name},
        stderr=subprocess.PIPE,
        text=True,
    )
    with server:
        url = next(line for line in server.stderr if "serving on" in line).split()[-1]
        yield Endpoint(url, *next(iter(CLIENTS.items())))
        server.terminate()
        told = server.stderr.read()
    assert server.returncode == 0
    assert told == ""


def client_of(endpoint, client_id):
    form = "&".join(
        f"{name}={urllib.parse.quote(value)}"
        for name, value in wire.token_form(client_id, CLIENTS[client_id]).items()
    )
    with urllib.request.urlopen(endpoint.url + wire.TOKEN_PATH, form.encode()) as response:
        token = wire.decode_token(response.read()).access_token
    return sdk.ApiClient(sdk.Configuration(host=endpoint.url, access_token=token))


@pytest.fixture(scope="module")
def client(endpoint):
    with client_of(endpoint, "invoices") as client:
        yield client
        client.rest_client.pool_manager.clear()


@pytest.fixture(scope="module")
def stranger(endpoint):
    with client_of(endpoint, "receipts") as client:
        yield client
        client.rest_client.pool_manager.clear()


def texts(response):
    assert response.task_status == "Completed"
    assert response.response_status_code == "Ok"
    return [base64.b64decode(result.data).decode() for result in response.results]


def test_one_server_per_data_folder(endpoint, folder):
    again = ["serve", "--port", "0", "--client-id", "me", "--client-secret", "secret"]
    done = subprocess.run(
        [sys.executable, "-m", "ocr_frames", *again, "--data", folder / "data"],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert "another server uses the data folder" in done.stderr
    assert "Traceback" not in done.stderr


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


def submitted(api):
    body = sdk.OCRRecognizeImageBody(image=IMAGE, settings=sdk.OCRSettingsRecognizeImage())
    return wire.decode_task_id(api.post_recognize_image(body))


def test_status_and_cancel(client):
    api = sdk.RecognizeImageApi(client)
    task_id = submitted(api)
    api.get_recognize_image(task_id, **QUIET)

    status = sdk.UtilitiesApi(client).get_task_status(task_id)
    assert (status.task_status, status.results) == ("Completed", None)

    api.cancel_recognize_image(task_id)
    gone = sdk.UtilitiesApi(client).get_task_status(task_id)
    assert (gone.task_status, gone.response_status_code) == ("NotExist", "TaskNotFound")


def test_cancel_before_the_end(client):
    api = sdk.RecognizeImageApi(client)
    tasks = [submitted(api) for _ in range(5)]

    api.cancel_recognize_image(tasks[3])

    ends = [api.get_recognize_image(task_id, **QUIET).task_status for task_id in tasks]
    assert ends == ["Completed", "Completed", "Completed", "NotExist", "Completed"]


def test_nobody_sees_anothers_tasks(client, stranger):
    task_id = submitted(sdk.RecognizeImageApi(client))
    theirs = sdk.RecognizeImageApi(stranger)

    theirs.cancel_recognize_image(task_id)

    assert theirs.get_recognize_image(task_id, **QUIET).task_status == "NotExist"
    assert texts(sdk.RecognizeImageApi(client).get_recognize_image(task_id, **QUIET))


def test_a_refusal_reaches_the_caller(client):
    api = sdk.RecognizeImageApi(client)
    settings = sdk.OCRSettingsRecognizeImage()
    body = sdk.OCRRecognizeImageBody(image="no Base64!", settings=settings)

    with pytest.raises(sdk.ApiException) as refused:
        api.post_recognize_image(body)

    assert refused.value.status == 400
    assert json.loads(refused.value.body)["errors"] == {"image": ["not Base64"]}

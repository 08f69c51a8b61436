"""The calls over HTTP, with worker processes whose engine needs no models."""

import asyncio
import base64
import json
from io import BytesIO

import pytest
from aiohttp.test_utils import TestClient, TestServer

from ocr_frames import problems, wire
from ocr_frames.model import Status
from ocr_frames.server.app import create_app
from ocr_frames.server.config import PoolConfig, ServerConfig
from ocr_frames.settings import RecognitionSettings, Region
from tests.unit.server.drawing import sized

IMAGE, LABEL, REGIONS = (wire.SUBMIT_PATHS[kind] for kind in ("image", "label", "regions"))
HANGING = PoolConfig(workers=1, recognizer="tests.adapters.faulty:Hanging")
READING = PoolConfig(workers=1, recognizer="tests.adapters.faulty:Reading")
CLIENTS = {"me": "secret", "you": "yours"}


@pytest.fixture
async def serve():
    clients = []

    async def serve(pool=READING, **options):
        config = ServerConfig(clients=CLIENTS, pool=pool, **options)
        clients.append(TestClient(TestServer(create_app(config))))
        await clients[-1].start_server()
        return clients[-1]

    yield serve
    for client in clients:
        await client.close()


async def authorized(client, client_id="me"):
    form = wire.token_form(client_id, CLIENTS[client_id])
    async with client.post(wire.TOKEN_PATH, data=form) as response:
        token = wire.decode_token(await response.read())
    return {"Authorization": f"Bearer {token.access_token}"}


def body(image=b"", regions=(), **settings):
    return wire.encode_submit(
        image or sized(50), wire.encode_settings(RecognitionSettings(**settings), regions)
    )


async def submitted(client, headers, data=None, path=IMAGE):
    async with client.post(path, data=data or body(), headers=headers) as response:
        assert response.status == 200
        return wire.decode_task_id(await response.read())


async def fetched(client, headers, task_id, path=IMAGE, wait=20):
    headers = {**headers, "Prefer": f"wait={wait}"}
    async with client.get(path, params={"id": task_id}, headers=headers) as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        assert response.headers["Preference-Applied"] == f"wait={wait}"
        return wire.decode_answer(await response.read())


def texts(answer):
    return [result.data.decode() for result in answer.results]


async def problem(response):
    assert response.content_type == "application/problem+json"
    return response.status, problems.decode(await response.read())


@pytest.mark.parametrize(
    ("path", "regions"),
    [(IMAGE, ()), (LABEL, ()), (REGIONS, (Region(x0=0, y0=0, x1=8, y1=10),))],
)
async def test_submit_and_fetch(serve, path, regions):
    client = await serve()
    me = await authorized(client)

    task_id = await submitted(client, me, body(regions=regions), path)
    answer = await fetched(client, me, task_id, path)

    assert (answer.task_id, answer.status) == (task_id, Status.COMPLETED)
    assert texts(answer) == ["736 x 736" if regions else "50 x 20"]


async def test_guid_as_text_or_json(serve):
    client = await serve()
    me = await authorized(client)

    async with client.post(IMAGE, data=body(), headers={**me, "Accept": "text/plain"}) as plain:
        assert plain.content_type == "text/plain"
        assert len(await plain.text()) == 36
    async with client.post(IMAGE, data=body(), headers={**me, "Accept": "application/json"}) as js:
        assert len(await js.json()) == 36


async def test_token_refusals(serve):
    client = await serve()

    async with client.post(wire.TOKEN_PATH, data=wire.token_form("me", "wrong")) as response:
        assert response.status == 400
        assert await response.json() == {"error": "invalid_client"}
    async with client.post(wire.TOKEN_PATH, data={"grant_type": "password"}) as response:
        assert response.status == 400
        assert await response.json() == {"error": "unsupported_grant_type"}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_without_a_token(serve, method):
    client = await serve()

    async with client.request(method, IMAGE, params={"id": "x"}, data=body()) as response:
        assert response.headers["WWW-Authenticate"] == "Bearer"
        status, text = await problem(response)
    assert status == 401
    assert "no bearer token" in text


async def test_one_clients_task_does_not_exist_for_another(serve):
    client = await serve()
    me, you = await authorized(client), await authorized(client, "you")
    task_id = await submitted(client, me)

    answer = await fetched(client, you, task_id)

    assert (answer.status, answer.response_code) == (Status.NOT_EXIST, "TaskNotFound")
    async with client.delete(IMAGE, params={"id": task_id}, headers=you) as response:
        assert response.status == 200
    assert (await fetched(client, me, task_id)).status is Status.COMPLETED


async def test_status_has_no_results(serve):
    client = await serve()
    me = await authorized(client)
    task_id = await submitted(client, me)
    await fetched(client, me, task_id)

    async with client.get(wire.STATUS_PATH, params={"id": task_id}, headers=me) as response:
        document = await response.json()

    assert (document["taskStatus"], document["results"]) == ("Completed", None)


async def test_a_task_under_way_is_not_ready_and_can_be_cancelled(serve):
    client = await serve(pool=HANGING)
    me = await authorized(client)
    task_id = await submitted(client, me, body(sized(13)))

    answer = await fetched(client, me, task_id, wait=0)
    assert answer.status in (Status.PENDING, Status.PROCESSING)
    assert answer.response_code == "NotReady"

    async with client.delete(IMAGE, params={"id": task_id}, headers=me) as response:
        assert (response.status, await response.text()) == (200, "")
    assert (await fetched(client, me, task_id)).status is Status.NOT_EXIST


async def test_the_evaluation_call_needs_no_token(serve):
    client = await serve()

    task_id = await submitted(client, {}, path=wire.TRIAL_PATH)
    answer = await fetched(client, {}, task_id, wire.TRIAL_PATH)

    assert answer.status is Status.COMPLETED


@pytest.mark.parametrize(
    ("path", "data", "word"),
    [
        (IMAGE, b"{", "not JSON"),
        (IMAGE, b"[]", "not a JSON object"),
        (IMAGE, b'{"image": "***"}', "image: not Base64"),
        (IMAGE, b"{}", "image"),
        (IMAGE, body(language="Russian"), "does not read Russian"),
        (IMAGE, b'{"image": "aaaa", "settings": {"resultType": "ImagePNG"}}', "resulttype"),
        (IMAGE, body(regions=[Region(x0=0, y0=0, x1=1, y1=1)]), "only RecognizeRegions"),
        (LABEL, body(language="German"), "English only"),
        (REGIONS, body(), "at least one box"),
        (wire.TRIAL_PATH, body(result_type="JSON"), "Text only"),
    ],
)
async def test_bad_bodies_are_refused_with_a_reason(serve, path, data, word):
    client = await serve()

    async with client.post(path, data=data, headers=await authorized(client)) as response:
        status, text = await problem(response)
    assert status == 400
    assert word in text


async def test_a_large_body_is_refused(serve):
    client = await serve(max_body=1000)
    me = await authorized(client)

    async with client.post(IMAGE, data=b"x" * 2000, headers=me) as response:
        assert (await problem(response))[0] == 413


async def test_a_large_image_is_read(serve):
    client = await serve()
    me = await authorized(client)

    data = BytesIO(body(b"\0" * (2 << 20)))
    answer = await fetched(client, me, await submitted(client, me, data))

    assert answer.status is Status.ERROR
    assert "not an image" in answer.messages[0]


async def test_a_full_queue_says_when_to_come_back(serve):
    client = await serve(pool=HANGING, max_queued=0)

    async with client.post(IMAGE, data=body(), headers=await authorized(client)) as response:
        assert response.headers["Retry-After"] == "5"
        assert (await problem(response))[0] == 429


async def test_no_id_and_no_such_path(serve):
    client = await serve()
    me = await authorized(client)

    async with client.get(IMAGE, headers=me) as response:
        assert (await problem(response))[0] == 400
    async with client.get("/v4/ocr", headers=me) as response:
        assert (await problem(response))[0] == 404
    async with client.put(IMAGE, headers=me) as response:
        assert (await problem(response))[0] == 405


async def test_property_names_in_any_case(serve):
    client = await serve()
    me = await authorized(client)
    image = base64.b64encode(sized(50)).decode()
    data = json.dumps({"Image": image, "Settings": {"LANGUAGE": "German", "Rotate": 90}})

    answer = await fetched(client, me, await submitted(client, me, data.encode()))

    assert texts(answer) == ["20 x 50"]


async def test_stopping_lets_go_of_who_waits(serve):
    client = await serve(pool=HANGING)
    me = await authorized(client)
    task_id = await submitted(client, me, body(sized(13)))
    waiting = asyncio.ensure_future(fetched(client, me, task_id, wait=30))
    async with client.get("/healthz") as response:
        assert (await response.json())["engine"] == "faulty"

    await client.server.runner.app.shutdown()

    assert (await waiting).response_code == "NotReady"

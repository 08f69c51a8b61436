"""The calls over HTTP, with worker processes whose engine needs no models."""

import asyncio
import base64
import gzip
import json
from io import BytesIO

import pytest
from aiohttp.test_utils import TestClient, TestServer

from ocr_frames import problems, wire
from ocr_frames.errors import LocalEngineError
from ocr_frames.model import Status
from ocr_frames.server import lanes
from ocr_frames.server.app import create_app
from ocr_frames.server.config import PoolConfig, ServerConfig
from ocr_frames.server.preprocess import MAX_PAGES
from ocr_frames.server.room import ROOM
from ocr_frames.settings import RecognitionSettings, Region
from tests.adapters.null import NullPool
from tests.unit.server.drawing import sized
from tests.unit.server.test_submissions import png, tiff

IMAGE, LABEL, REGIONS = (wire.SUBMIT_PATHS[kind] for kind in ("image", "label", "regions"))
HANGING = PoolConfig(workers=1, recognizer="tests.adapters.faulty:Hanging")
READING = PoolConfig(workers=1, recognizer="tests.adapters.faulty:Reading")
CLIENTS = {"me": "secret", "you": "yours"}


class Held:
    """Recognizes nothing before it is let go."""

    workers = 1

    def __init__(self):
        self.let_go = asyncio.Event()
        self.null = NullPool()

    async def ready(self):
        return await self.null.ready()

    async def recognize(self, *task, **how):
        await self.let_go.wait()
        return await self.null.recognize(*task, **how)

    def close(self):
        pass


@pytest.fixture
async def serve():
    clients = []

    async def serve(pool=READING, open_pool=None, **options):
        config = ServerConfig(clients=CLIENTS, pool=pool, **options)
        clients.append(TestClient(TestServer(create_app(config, open_pool))))
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
    client = await serve(open_pool=lambda _: NullPool())
    me = await authorized(client)

    async with client.post(IMAGE, data=body(), headers={**me, "Accept": "text/plain"}) as plain:
        assert plain.content_type == "text/plain"
        assert len(await plain.text()) == 36
    async with client.post(IMAGE, data=body(), headers={**me, "Accept": "application/json"}) as js:
        assert len(await js.json()) == 36


@pytest.mark.parametrize(
    ("form", "error"),
    [
        (wire.token_form("me", "wrong"), "invalid_client"),
        (wire.token_form("nobody", "secret"), "invalid_client"),
        ({"grant_type": "client_credentials"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "me"}, "invalid_request"),
        ({}, "invalid_request"),
    ],
)
async def test_token_refusals(serve, form, error):
    client = await serve(open_pool=lambda _: NullPool())

    async with client.post(wire.TOKEN_PATH, data=form) as response:
        assert response.status == 400
        assert await response.json() == {"error": error}


async def test_credentials_may_come_in_the_header(serve):
    client = await serve(open_pool=lambda _: NullPool())
    form = {"grant_type": "client_credentials"}

    async with client.post(wire.TOKEN_PATH, data=form, headers=basic("me", "secret")) as response:
        assert response.headers["Cache-Control"] == "no-store"
        token = wire.decode_token(await response.read()).access_token
    assert await submitted(client, {"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("credentials", ["me:wrong", "nobody:secret", "me", "\xff"])
async def test_wrong_credentials_in_the_header(serve, credentials):
    client = await serve(open_pool=lambda _: NullPool())
    header = {"Authorization": "Basic " + base64.b64encode(credentials.encode("latin-1")).decode()}
    form = wire.token_form("me", "secret")

    async with client.post(wire.TOKEN_PATH, data=form, headers=header) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == "Basic"
        assert await response.json() == {"error": "invalid_client"}


@pytest.mark.parametrize(
    ("data", "status"), [(b"\xff\xfe", 400), (b"a=1&" * 200, 400), (b"x" * 100_000, 413)]
)
async def test_forms_that_are_none(serve, data, status):
    client = await serve(open_pool=lambda _: NullPool())

    async with client.post(wire.TOKEN_PATH, data=data) as response:
        assert (await problem(response))[0] == status


def basic(client_id, secret):
    text = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_without_a_token(serve, method):
    client = await serve(open_pool=lambda _: NullPool())

    async with client.request(method, IMAGE, params={"id": "x"}, data=body()) as response:
        assert response.headers["WWW-Authenticate"] == "Bearer"
        status, text = await problem(response)
    assert status == 401
    assert "no bearer token" in text


async def test_one_clients_task_does_not_exist_for_another(serve):
    client = await serve(open_pool=lambda _: NullPool())
    me, you = await authorized(client), await authorized(client, "you")
    task_id = await submitted(client, me)

    answer = await fetched(client, you, task_id)

    assert (answer.status, answer.response_code) == (Status.NOT_EXIST, "TaskNotFound")
    async with client.delete(IMAGE, params={"id": task_id}, headers=you) as response:
        assert response.status == 200
    assert (await fetched(client, me, task_id)).status is Status.COMPLETED


async def test_status_has_no_results(serve):
    client = await serve(open_pool=lambda _: NullPool())
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


async def test_cancelling_what_hangs_gives_its_worker_back(serve, monkeypatch):
    monkeypatch.setattr(lanes, "CANCEL_GRACE_S", 0.0)
    client = await serve(pool=HANGING)
    me = await authorized(client)
    hangs = await submitted(client, me, body(sized(13)))
    while (await fetched(client, me, hangs, wait=0)).status is not Status.PROCESSING:
        pass

    async with client.delete(IMAGE, params={"id": hangs}, headers=me) as response:
        assert response.status == 200

    answer = await fetched(client, me, await submitted(client, me), wait=30)
    assert texts(answer) == ["50 x 20"]


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
    ],
)
async def test_bad_bodies_are_refused_with_a_reason(serve, path, data, word):
    client = await serve(open_pool=lambda _: NullPool())

    async with client.post(path, data=data, headers=await authorized(client)) as response:
        status, text = await problem(response)
    assert status == 400
    assert word in text


async def test_a_large_body_is_refused(serve):
    client = await serve(open_pool=lambda _: NullPool(), max_body=1000)
    me = await authorized(client)

    async with client.post(IMAGE, data=b"x" * 2000, headers=me) as response:
        assert (await problem(response))[0] == 413


async def test_a_body_whose_length_is_not_told_is_no_larger(serve):
    client = await serve(open_pool=lambda _: NullPool(), max_body=1000)
    me = await authorized(client)

    async def pieces():
        for _ in range(10):
            yield b"x" * 200

    async with client.post(IMAGE, data=pieces(), headers=me) as response:
        assert (await problem(response))[0] == 413


async def test_a_bomb_of_a_body_is_refused_before_it_goes_off(serve):
    client = await serve(open_pool=lambda _: NullPool(), max_body=100_000)
    bomb = gzip.compress(bytes(50_000_000))
    headers = {**await authorized(client), "Content-Encoding": "gzip"}

    async with client.post(IMAGE, data=bomb, headers=headers) as response:
        assert (await problem(response))[0] == 413


async def test_a_body_that_is_not_what_it_says_is_malformed(serve):
    client = await serve(open_pool=lambda _: NullPool())
    headers = {**await authorized(client), "Content-Encoding": "gzip"}

    async with client.post(IMAGE, data=b"not gzip", headers=headers) as response:
        assert (await problem(response))[0] == 400
    assert await submitted(client, await authorized(client))


async def test_bodies_take_no_more_memory_than_was_set_aside(serve):
    client = await serve(open_pool=lambda _: NullPool(), max_body=1000, max_bodies=1500)
    me = await authorized(client)
    may_end = asyncio.Event()

    async def pieces():
        yield b"{"
        await may_end.wait()
        yield b"}"

    slow = asyncio.ensure_future(client.post(IMAGE, data=pieces(), headers=me))
    async with client.get("/healthz"):
        pass
    async with client.post(IMAGE, data=b"x" * 900, headers=me) as response:
        assert response.headers["Retry-After"] == "2"
        assert (await problem(response))[0] == 429
    may_end.set()
    async with await slow as response:
        assert response.status == 400
    async with client.post(IMAGE, data=b"x" * 900, headers=me) as response:
        assert response.status == 400


@pytest.mark.parametrize(
    ("path", "data", "status", "word"),
    [
        (IMAGE, body(png(60_000, 60_000)), 413, "3600000000 pixels"),
        (wire.TRIAL_PATH, body(png(60_000, 60_000)), 413, "3600000000 pixels"),
        (IMAGE, body(tiff(MAX_PAGES + 1)), 413, f"more than {MAX_PAGES} pages"),
        (REGIONS, body(regions=[Region(x0=0, y0=0, x1=1, y1=1)] * 4), 400, "more than 3"),
    ],
)
async def test_what_is_too_much_is_refused_before_it_is_queued(serve, path, data, status, word):
    client = await serve(open_pool=lambda _: NullPool(), max_regions=3)

    async with client.post(path, data=data, headers=await authorized(client)) as response:
        told = await problem(response)
    assert told[0] == status
    assert word in told[1]


async def test_a_large_image_is_read(serve):
    client = await serve()
    me = await authorized(client)

    data = BytesIO(body(b"\0" * (2 << 20)))
    answer = await fetched(client, me, await submitted(client, me, data))

    assert answer.status is Status.ERROR
    assert "not an image" in answer.messages[0]


async def test_a_full_queue_says_when_to_come_back_and_leaves_room_for_others(serve):
    pool = Held()
    client = await serve(open_pool=lambda _: pool, max_queued=50)
    me, you = await authorized(client), await authorized(client, "you")
    # two are under way; of the 50 that wait, at most 40 are one client's
    for _ in range(42):
        await submitted(client, me)
        await asyncio.sleep(0)

    async with client.post(IMAGE, data=body(), headers=me) as response:
        # two lanes, at first taken to need a second for each: 4 turns of one client
        assert response.headers["Retry-After"] == "2"
        status, text = await problem(response)
    assert status == 429
    assert "40 tasks are waiting, 40 of them yours" in text
    yours = await submitted(client, you)

    pool.let_go.set()
    assert (await fetched(client, you, yours)).status is Status.COMPLETED
    assert await submitted(client, me)


async def test_no_id_and_no_such_path(serve):
    client = await serve(open_pool=lambda _: NullPool())
    me = await authorized(client)

    async with client.get(IMAGE, headers=me) as response:
        assert (await problem(response))[0] == 400
    async with client.get("/v4/ocr", headers=me) as response:
        assert (await problem(response))[0] == 404
    async with client.put(IMAGE, headers=me) as response:
        assert response.headers["Allow"] == "DELETE,GET,HEAD,POST"
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


async def test_a_server_that_stops_says_so_and_still_answers(serve):
    pool = Held()
    client = await serve(open_pool=lambda _: pool)
    me = await authorized(client)
    task_id = await submitted(client, me)
    stopping = asyncio.ensure_future(client.server.app[ROOM].tasks.stop(60))
    async with client.get("/healthz") as response:
        assert (response.status, (await response.json())["status"]) == (503, "stopping")

    async with client.post(IMAGE, data=body(), headers=me) as response:
        assert response.headers["Retry-After"] == "5"
        assert (await problem(response))[0] == 503
    pool.let_go.set()
    await stopping
    assert (await fetched(client, me, task_id)).status is Status.COMPLETED


async def test_answers_may_not_be_kept_by_a_cache(serve):
    client = await serve(open_pool=lambda _: NullPool())
    me = await authorized(client)

    async with client.post(IMAGE, data=body(), headers=me) as response:
        assert (response.headers["Vary"], response.headers["Cache-Control"]) == (
            "Accept",
            "no-store",
        )
        task_id = await response.text()
    async with client.get(IMAGE, params={"id": task_id}, headers=me) as response:
        assert (response.headers["Vary"], response.headers["Cache-Control"]) == (
            "Prefer",
            "no-store",
        )
        assert "Preference-Applied" not in response.headers


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("wait=3", "wait=3"),
        ('respond-async, Wait="5"', "wait=5"),
        ("wait=999999", "wait=30"),
        ("wait=-1", None),
        ("nowait=3", None),
        ("wait=", None),
        ("return=minimal", None),
    ],
)
async def test_preferences_as_they_are_written(serve, prefer, applied):
    client = await serve(open_pool=lambda _: NullPool())
    me = await authorized(client)
    task_id = await submitted(client, me)

    headers = {**me, "Prefer": prefer}
    async with client.get(IMAGE, params={"id": task_id}, headers=headers) as response:
        assert response.headers.get("Preference-Applied") == applied


async def test_evaluation_calls_have_a_rate_of_their_own(serve):
    client = await serve(open_pool=lambda _: NullPool(), trial_per_minute=2)
    me = await authorized(client)
    for _ in range(2):
        await submitted(client, {}, path=wire.TRIAL_PATH)

    async with client.post(wire.TRIAL_PATH, data=body()) as response:
        assert response.headers["Retry-After"] == "30"
        status, text = await problem(response)
    assert status == 429
    assert "evaluation calls" in text
    assert await submitted(client, me)


async def test_evaluation_calls_may_be_switched_off(serve):
    client = await serve(open_pool=lambda _: NullPool(), trial_per_minute=0)

    async with client.post(wire.TRIAL_PATH, data=body()) as response:
        assert (await problem(response))[0] == 403


async def test_evaluation_tasks_and_others_do_not_know_each_other(serve):
    client = await serve(open_pool=lambda _: NullPool())
    me = await authorized(client)
    trial = await submitted(client, {}, path=wire.TRIAL_PATH)
    mine = await submitted(client, me)

    assert (await fetched(client, me, trial)).status is Status.NOT_EXIST
    assert (await fetched(client, {}, mine, wire.TRIAL_PATH)).status is Status.NOT_EXIST


async def test_a_problem_names_its_field(serve):
    client = await serve(open_pool=lambda _: NullPool())
    data = b'{"image": "aGk=", "settings": {"rotate": "90", "language": "Klingon"}}'

    async with client.post(IMAGE, data=data, headers=await authorized(client)) as response:
        document = await response.json(content_type="application/problem+json")

    assert (document["status"], document["title"]) == (400, "Bad Request")
    assert set(document["errors"]) == {"rotate", "language"}
    assert document["errors"]["rotate"] == ["Input should be a valid integer"]
    assert "detail" not in document


async def test_metrics_count_what_was_answered_and_name_nobody(serve):
    client = await serve(open_pool=lambda _: NullPool())
    me = await authorized(client)
    task_id = await submitted(client, me)
    await fetched(client, me, task_id)
    async with client.get(f"/{task_id}") as response:
        assert response.status == 404

    async with client.get("/metrics") as response:
        text = await response.text()

    assert f'ocr_requests_total{{method="GET",path="{IMAGE}",status="200"}} 1.0' in text
    assert 'ocr_requests_total{method="unknown",path="unknown",status="404"} 1.0' in text
    assert 'ocr_tasks_total{status="Completed"} 1.0' in text
    assert "ocr_tasks_queued 0.0" in text
    assert "process_resident_memory_bytes" in text
    assert task_id not in text
    assert '"me"' not in text


async def test_the_data_folder_outlives_the_server(serve, tmp_path):
    first = await serve(open_pool=lambda _: NullPool(), data=tmp_path / "data")
    me = await authorized(first)
    task_id = await submitted(first, me, body(b"an image"))
    before = await fetched(first, me, task_id)
    await first.close()

    second = await serve(open_pool=lambda _: NullPool(), data=tmp_path / "data")

    # the token of before, and the task
    assert await fetched(second, me, task_id) == before
    assert before.status is Status.COMPLETED


async def test_one_server_per_data_folder(serve, tmp_path):
    await serve(open_pool=lambda _: NullPool(), data=tmp_path)

    with pytest.raises(LocalEngineError, match="another server uses the data folder"):
        await serve(open_pool=lambda _: NullPool(), data=tmp_path)


async def test_a_data_folder_that_is_a_file(serve, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(LocalEngineError, match="cannot be used"):
        await serve(open_pool=lambda _: NullPool(), data=tmp_path / "file")

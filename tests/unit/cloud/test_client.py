"""The client: one exchange per method, every trouble translated."""

import asyncio
import json
import logging
import socket

import pytest

from ocr_frames.clock import SystemClock
from ocr_frames.cloud import CloudClient
from ocr_frames.engine.meter import Meter
from ocr_frames.engine.pacing import Budget, Rate, Window
from ocr_frames.errors import CallFailed, CallFailure, CredentialsError, UnreachableError
from ocr_frames.model import Status
from ocr_frames.settings import Endpoint, Policy
from tests.adapters.clock import ManualClock
from tests.adapters.vendor import ANSWER, GUID, TOKEN, hangs_up, says, vendor

HTML = says(502, "<html><body>Bad gateway</body></html>", "text/html")


SETTINGS = '{"language":"English"}'
JOB = ("image", SETTINGS, b"image")


def client_of(url: str, clock=None, endpoint: Endpoint | None = None, **policy) -> CloudClient:
    clock = clock or SystemClock()
    meter = Meter(Budget(policy.pop("max_calls", None)), Window(64), Rate(), clock)
    endpoint = endpoint or Endpoint(url, "id", "very-secret")
    return CloudClient(endpoint, Policy(**policy), clock, meter)


async def test_submit_sends_the_body_with_the_token_and_returns_the_task_id():
    async with vendor() as served, client_of(served.url) as client:
        assert await client.submit(*JOB) == GUID
        sent = served.requests[-1]
        assert sent.headers["Authorization"] == "Bearer token-1"
        assert sent.headers["Accept"] == "text/plain"
        assert json.loads(served.bodies[-1]) == {
            "image": "aW1hZ2U=",
            "settings": {"language": "English"},
        }


@pytest.mark.parametrize(("kind", "name"), [("label", "Label"), ("regions", "Regions")])
async def test_each_kind_has_its_path(kind, name: str):
    async with vendor() as served, client_of(served.url) as client:
        assert await client.submit(kind, SETTINGS, b"image") == GUID
        assert served.asked[-1] == ("POST", f"/v5.0/ocr/Recognize{name}")


async def test_a_trial_asks_for_no_token_and_has_its_own_path():
    async with vendor() as served:
        async with client_of("", endpoint=Endpoint.trial(served.url)) as client:
            await client.open()
            assert await client.submit(*JOB) == GUID
        assert ("POST", "/connect/token") not in served.asked
        assert served.asked[-1] == ("POST", "/v5.0/ocr/RecognizeImageTrial")
        assert "Authorization" not in served.requests[-1].headers


async def test_fetch_decodes_the_answer_and_notices_a_server_that_holds():
    held = says(text=ANSWER, headers={"Preference-Applied": "wait=20"})
    async with (
        vendor(fetch=[says(text=ANSWER), held]) as served,
        client_of(served.url) as client,
    ):
        answer = await client.fetch("image", GUID, 20)
        assert (answer.status, answer.texts) == (Status.COMPLETED, ("hi",))
        assert not client.holds_answers
        await client.fetch("image", GUID, 20)
        assert client.holds_answers
        assert served.requests[-1].headers["Prefer"] == "wait=20"
        assert served.requests[-1].query["id"] == GUID


PROBLEM = '{"title": "One or more errors.", "errors": {"image": ["not an image"]}}'


@pytest.mark.parametrize(
    ("reply", "failure", "code"),
    [
        (says(400, PROBLEM, "application/problem+json"), CallFailure.REJECTED, "bad-request"),
        (says(401), CallFailure.UNAUTHORIZED, "unauthorized"),
        (says(403), CallFailure.ACCOUNT, "account"),
        (says(404), CallFailure.REJECTED, "unexpected-status"),
        (says(413), CallFailure.REJECTED, "too-large"),
        (says(429), CallFailure.THROTTLED, "throttled"),
        (says(500, "oops"), CallFailure.IN_DOUBT, "server-error"),
        (HTML, CallFailure.IN_DOUBT, "server-error"),
        (says(503), CallFailure.THROTTLED, "unavailable"),
        (says(200, "<html>login</html>", "text/html"), CallFailure.IN_DOUBT, "protocol"),
        (says(200, ""), CallFailure.IN_DOUBT, "protocol"),
        (hangs_up, CallFailure.IN_DOUBT, "connection-lost"),
    ],
)
async def test_every_refusal_is_translated(reply, failure: CallFailure, code: str):
    async with (
        vendor(submit=[reply], fetch=[reply]) as served,
        client_of(served.url) as client,
    ):
        with pytest.raises(CallFailed) as submitting:
            await client.submit(*JOB)
        with pytest.raises(CallFailed) as fetching:
            await client.fetch("image", GUID, 0)
    for caught in (submitting, fetching):
        assert (caught.value.failure, caught.value.code) == (failure, code)
    if code == "bad-request":
        assert "not an image" in caught.value.message


async def test_what_the_server_says_reaches_the_row_short_and_printable():
    hostile = json.dumps({"title": "\x1b[31m" + "x" * 5000})
    async with vendor(submit=[says(400, hostile)]) as served, client_of(served.url) as client:
        with pytest.raises(CallFailed) as caught:
            await client.submit(*JOB)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 500


NOW = "Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "-7"}, 0.0),
        ({"retry-after-ms": "1500", "Retry-After": "7"}, 1.5),
        ({"Retry-After": "Sat, 21 Nov 2026 10:00:30 GMT", "Date": NOW}, 30.0),
        ({"Retry-After": "Sat, 21 Nov 2026 09:00:00 GMT", "Date": NOW}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
async def test_retry_after_is_read(headers: dict[str, str], seconds: float | None):
    reply = says(429, headers=headers)
    async with vendor(submit=[reply]) as served, client_of(served.url) as client:
        with pytest.raises(CallFailed) as caught:
            await client.submit(*JOB)
    assert caught.value.retry_after_s == seconds


async def test_a_server_that_never_answers_leaves_the_submit_in_doubt():
    async def hangs(request):
        await asyncio.Event().wait()

    async with (
        vendor(submit=[hangs]) as served,
        client_of(served.url, call_timeout_s=0.2) as client,
    ):
        with pytest.raises(CallFailed) as caught:
            await client.submit(*JOB)
    assert (caught.value.failure, caught.value.code) == (CallFailure.IN_DOUBT, "timeout")


async def test_a_token_serves_all_and_is_renewed_before_it_ends():
    clock = ManualClock()
    async with vendor() as served, client_of(served.url, clock) as client:
        await asyncio.gather(*(client.submit(*JOB) for _ in range(20)))
        assert served.asked.count(("POST", "/connect/token")) == 1
        clock.time_s += 3600 * 0.95
        await asyncio.gather(*(client.submit(*JOB) for _ in range(20)))
        assert served.asked.count(("POST", "/connect/token")) == 2


async def test_a_refused_token_is_renewed_once_for_all_who_were_refused():
    async def refuses_the_first(request):
        first = request.headers["Authorization"] == "Bearer token-1"
        return await (says(401) if first else says(text=GUID))(request)

    tokens = [says(text=TOKEN), says(text=TOKEN.replace("token-1", "token-2"))]
    async with (
        vendor(submit=[refuses_the_first], token=tokens) as served,
        client_of(served.url) as client,
    ):
        refused = await asyncio.gather(
            *(client.submit(*JOB) for _ in range(10)), return_exceptions=True
        )
        assert any(isinstance(error, CallFailed) for error in refused)
        await asyncio.gather(*(client.submit(*JOB) for _ in range(10)))
        assert served.asked.count(("POST", "/connect/token")) == 2
        assert served.requests[-1].headers["Authorization"] == "Bearer token-2"


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_wrong_credentials_raise_before_anything_is_sent(status: int):
    async with vendor(token=[says(status, '{"error": "invalid_client"}')]) as served:
        with pytest.raises(CredentialsError, match="check both") as caught:
            async with client_of(served.url) as client:
                await client.open()
        assert served.asked == [("POST", "/connect/token")]
    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize("reply", [HTML, says(200, "<html>"), hangs_up])
async def test_a_server_without_tokens_now_may_have_one_later(reply):
    async with vendor(token=[reply]) as served, client_of(served.url) as client:
        with pytest.raises(CallFailed) as caught:
            await client.open()
    assert caught.value.failure is CallFailure.IN_DOUBT


@pytest.mark.parametrize("trial", [True, False])
async def test_nobody_there_names_the_address(trial: bool):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        endpoint = Endpoint.trial(url) if trial else Endpoint(url, "id", "secret")
        with pytest.raises(UnreachableError, match=url):
            async with client_of(url, endpoint=endpoint) as client:
                await client.open()


async def test_secrets_are_neither_shown_nor_logged(caplog):
    caplog.set_level(logging.DEBUG)
    async with vendor(submit=[says(401)]) as served, client_of(served.url) as client:
        with pytest.raises(CallFailed) as caught:
            await client.submit("image", SETTINGS, b"private bytes")
    seen = caplog.text + str(caught.value) + repr(Endpoint("http://x", "id", "very-secret"))
    for secret in ("very-secret", "token-1", "cHJpdmF0ZSBieXRlcw"):
        assert secret not in seen


async def test_every_call_passes_the_gate_and_the_budget_holds():
    async with vendor() as served, client_of(served.url, max_calls=2) as client:
        await client.submit(*JOB)
        with pytest.raises(CallFailed) as caught:
            await client.fetch("image", GUID, 0)
        assert (caught.value.failure, caught.value.code) == (CallFailure.STOPPED, "budget")
        assert len(served.asked) == 2

"""A server from start to stop, in this process."""

import asyncio
import base64
import hashlib
import logging
import socket
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ocr_frames import wire
from ocr_frames.errors import LocalEngineError, MisuseError
from ocr_frames.model import Status
from ocr_frames.server import lanes
from ocr_frames.server.config import Certificate, ServerConfig
from ocr_frames.server.recognition import Recognition
from ocr_frames.server.serve import serve
from ocr_frames.server.store import StoreFailed
from ocr_frames.settings import RecognitionSettings
from tests.adapters.null import NullPool

IMAGE = wire.SUBMIT_PATHS["image"]
SETTINGS = wire.encode_settings(RecognitionSettings())


class Server:
    """What a client sees of it."""

    def __init__(self, url, session, stop, ended):
        self.url, self.stop, self.ended = url, stop, ended
        self._session = session

    async def authorize(self):
        form = wire.token_form("me", "secret")
        async with self._session.post(self.url + wire.TOKEN_PATH, data=form) as response:
            token = wire.decode_token(await response.read()).access_token
        self._session.headers["Authorization"] = f"Bearer {token}"
        return token

    async def submit(self, image):
        body = wire.encode_submit(image, SETTINGS)
        async with self._session.post(self.url + IMAGE, data=body) as response:
            return wire.decode_task_id(await response.read())

    async def fetch(self, task_id):
        headers = {"Prefer": "wait=30"}
        url = f"{self.url}{IMAGE}?id={task_id}"
        async with self._session.get(url, headers=headers) as response:
            return wire.decode_answer(await response.read())

    def request(self, method, path, **arguments):
        return self._session.request(method, self.url + path, **arguments)


@asynccontextmanager
async def served(pool=None, trust=None, **options):
    config = ServerConfig({"me": "secret"}, **options)
    url = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    serving = asyncio.ensure_future(
        serve(config, url.set_result, stop, lambda _: pool or NullPool())
    )
    await asyncio.wait((url, serving), return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
    try:
        connector = aiohttp.TCPConnector(ssl=trust or True)
        async with aiohttp.ClientSession(connector=connector) as session:
            yield Server(await url, session, stop, serving)
    finally:
        stop.set()
        await serving


class Slow(NullPool):
    """Recognizes what it is let; notes when it began."""

    def __init__(self):
        super().__init__(workers=0)
        self.began, self.may_end = asyncio.Event(), asyncio.Event()

    async def recognize(self, *task, **how):
        self.began.set()
        await self.may_end.wait()
        return await super().recognize(*task, **how)


async def test_what_runs_may_end_and_be_fetched_and_what_waits_is_kept(tmp_path):
    pool = Slow()
    async with served(pool, data=tmp_path, stop_limit_s=60) as server:
        token = await server.authorize()
        runs = await server.submit(b"runs")
        await pool.began.wait()
        waits = await server.submit(b"waits")
        fetching = asyncio.ensure_future(server.fetch(runs))
        async with server.request("GET", "/healthz") as response:
            assert response.status == 200

        server.stop.set()
        pool.may_end.set()
        assert (await fetching).texts == (hashlib.sha256(b"runs").hexdigest(),)
    async with served(data=tmp_path) as server:
        again = {"Authorization": f"Bearer {token}"}
        for task_id in (runs, waits):
            headers = {"Prefer": "wait=30", **again}
            async with server.request("GET", f"{IMAGE}?id={task_id}", headers=headers) as response:
                answer = wire.decode_answer(await response.read())
            assert answer.status is Status.COMPLETED
    assert answer.texts == (hashlib.sha256(b"waits").hexdigest(),)


async def test_what_does_not_end_in_time_is_done_again(tmp_path):
    pool = Slow()
    async with served(pool, data=tmp_path, stop_limit_s=0) as server:
        await server.authorize()
        task_id = await server.submit(b"image")
        await pool.began.wait()
        fetching = asyncio.ensure_future(server.fetch(task_id))
        async with server.request("GET", "/healthz") as response:
            assert response.status == 200
        server.stop.set()
        assert (await fetching).response_code == "NotReady"
    async with served(data=tmp_path) as server:
        await server.authorize()
        assert (await server.fetch(task_id)).texts == (hashlib.sha256(b"image").hexdigest(),)


@pytest.fixture
def certificate(tmp_path):
    """A certificate that 127.0.0.1 signed for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, private = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return Certificate(chain, private)


async def test_tls(certificate):
    trust = ssl.create_default_context(cafile=certificate.chain)
    async with served(trust=trust, certificate=certificate) as server:
        assert server.url.startswith("https://127.0.0.1:")
        server.url = server.url.replace("127.0.0.1", "localhost")
        await server.authorize()
        answer = await server.fetch(await server.submit(b"image"))

    assert answer.texts == (hashlib.sha256(b"image").hexdigest(),)


async def test_a_certificate_that_is_none(certificate):
    with pytest.raises(MisuseError, match="--cert"):
        async with served(certificate=Certificate(certificate.key)):
            pass


async def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalEngineError, match=f"port {port}"):
            async with served(port=port):
                pass


class Careless(NullPool):
    """Fails with what must not be told."""

    async def recognize(self, image, settings, regions=(), masked=False):
        if image == b"careless":
            raise ValueError(f"cannot read {image!r}")
        return await super().recognize(image, settings, regions)


async def raw(server, request):
    """Send bytes that need not be HTTP; read the answer to its end."""
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


async def test_nothing_private_is_logged(caplog, tmp_path, monkeypatch):
    """A whole run, with all that may go wrong in it."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(lanes, "LARGE_RESULT", 10)
    text = hashlib.sha256(b"a fine image").hexdigest()
    async with served(Careless(), data=tmp_path) as server:
        token = await server.authorize()
        assert (await server.fetch(await server.submit(b"a fine image"))).texts == (text,)
        failed = await server.fetch(await server.submit(b"careless"))
        assert failed.messages == ("recognition failed on this image (ValueError)",)
        body = wire.encode_submit(b"careless", SETTINGS)
        for data, headers in ((b"{", {}), (body[:-5], {}), (body, {"Content-Encoding": "gzip"})):
            async with server.request("POST", IMAGE, data=data, headers=headers) as response:
                assert response.status == 400
        wrong = wire.token_form("me", "wr0ng")
        async with server.request("POST", wire.TOKEN_PATH, data=wrong) as response:
            assert response.status == 400
        authorization = b"Authorization: Bearer " + token.encode()
        for garbage in (
            authorization + b"\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + authorization + b"\x00\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + authorization + b"\r\n\r\n",
        ):
            assert b"HTTP/1." in await raw(server, garbage)

    assert "ValueError" in caplog.text
    assert "(BadHttpMethod)" in caplog.text
    encoded = base64.b64encode(b"careless").decode()
    for private in (token, "secret", "wr0ng", text, "careless", encoded):
        assert private not in caplog.text


async def test_an_unforeseen_error_is_told_by_its_kind_and_place_alone(caplog, monkeypatch):
    async with served() as server:
        token = await server.authorize()

        def fail(self, client, task_id):
            raise RuntimeError(token)

        monkeypatch.setattr("ocr_frames.server.tasks.Tasks.brief", fail)
        async with server.request("GET", f"{wire.STATUS_PATH}?id=x") as response:
            assert response.status == 500
            told = await response.text()

    assert "RuntimeError on GET" in caplog.text
    assert "in fail" in caplog.text
    assert token not in caplog.text + told
    assert "fail" not in told


async def test_recognition_without_a_result_is_told(monkeypatch):
    class Nothing(NullPool):
        async def recognize(self, *task, **how):
            return Recognition()

    async with served(Nothing()) as server:
        await server.authorize()
        answer = await server.fetch(await server.submit(b"image"))

    assert (answer.status, answer.response_code) == (Status.COMPLETED, "NoAnyResultData")


async def test_a_disk_that_fails_is_no_fault_of_the_request(monkeypatch):
    async with served() as server:
        await server.authorize()

        def fail(self, query, key):
            raise StoreFailed("disk I/O error")

        monkeypatch.setattr("ocr_frames.server.store.Store._read_one", fail)
        path = f"{wire.STATUS_PATH}?id=00000000-0000-4000-8000-000000000000"
        async with server.request("GET", path) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "5")


async def test_a_server_that_cannot_recognize_any_more_ends(monkeypatch):
    async def broken(self, task):
        raise RuntimeError("lanes have no way to go on")

    monkeypatch.setattr(lanes.Lanes, "_process", broken)

    async def run():
        async with served() as server:
            await server.authorize()
            await server.submit(b"image")
            await server.ended

    with pytest.raises(ExceptionGroup) as ended:
        await run()

    assert ended.group_contains(RuntimeError, match="no way to go on")

"""The simulated vendor keeps its word; what the engine is measured against must be right."""

import asyncio
import hashlib
import random
import statistics
from collections import Counter
from contextlib import asynccontextmanager

import aiohttp
import pytest

from ocr_frames import wire
from ocr_frames.model import Status
from tests.adapters.oracle import makespan_s
from tests.adapters.simulated import Simulated, simulated
from tests.adapters.simulation import Config, Draws

IMAGE_PATH = wire.SUBMIT_PATHS["image"]


@pytest.fixture(scope="module")
def vendor():
    with simulated() as simulator:
        yield simulator


class Caller:
    """One billed call per method, nothing hidden."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def token(self) -> wire.Token:
        form = wire.token_form("id", "secret")
        async with self.session.post(self.url + wire.TOKEN_PATH, data=form) as response:
            token = wire.decode_token(await response.read())
        self.session.headers["Authorization"] = f"Bearer {token.access_token}"
        return token

    async def submit(self, image: bytes, path: str = IMAGE_PATH) -> tuple[int, str]:
        body = wire.encode_submit(image, "{}")
        async with self.session.post(self.url + path, data=body) as response:
            return response.status, await response.text()

    async def fetch(self, task_id: str, **headers: str) -> wire.Answer:
        address = self.url + IMAGE_PATH
        async with self.session.get(address, params={"id": task_id}, headers=headers) as response:
            assert response.status == 200
            return wire.decode_answer(await response.read())

    async def read(self, image: bytes) -> tuple[str, ...]:
        _, task_id = await self.submit(image)
        return (await self.fetch(wire.decode_task_id(task_id))).texts


@asynccontextmanager
async def calling(vendor: Simulated, **config: object):
    vendor.reset(**config)
    async with aiohttp.ClientSession() as session:
        caller = Caller(session, vendor.url)
        await caller.token()
        yield caller


async def test_it_reads_the_digest_and_counts_every_call(vendor: Simulated):
    async with calling(vendor) as caller:
        texts = await caller.read(b"one")
        assert (await caller.submit(b"", wire.SUBMIT_PATHS["label"]))[0] == 200
        address = f"{vendor.url}{wire.STATUS_PATH}?id=nobody"
        async with caller.session.get(address) as response:
            assert wire.decode_answer(await response.read()).status is Status.NOT_EXIST
    assert texts == (hashlib.sha256(b"one").hexdigest(),)
    stats = vendor.stats()
    expected = {"token": 1, "submit": 2, "fetch": 1, "status": 1, "cancel": 0}
    assert stats["calls"] == expected
    assert (stats["submitted"], stats["acknowledged"], stats["acknowledged_twice"]) == (2, 2, 0)


async def test_an_image_acknowledged_again_is_noticed(vendor: Simulated):
    async with calling(vendor) as caller:
        for image in (b"one", b"two", b"one"):
            await caller.submit(image)
    stats = vendor.stats()
    assert stats["acknowledged_twice"] == 1
    assert stats["per_image"][hashlib.sha256(b"one").hexdigest()] == 2


async def test_a_queue_of_fixed_services_ends_as_the_oracle_says(vendor: Simulated):
    config = {"capacity": 2, "service": {"kind": "lognormal", "mean_s": 0.02, "sigma": 0.5}}
    async with calling(vendor, **config, holds=True) as caller:
        ids = [(await caller.submit(str(number).encode()))[1] for number in range(20)]
        answers = await asyncio.gather(*(caller.fetch(id, Prefer="wait=20") for id in ids))
    assert {answer.status for answer in answers} == {Status.COMPLETED}
    stats = vendor.stats()
    starts = [
        ready - took for ready, took in zip(stats["ready_s"], stats["service_s"], strict=True)
    ]
    free = [0.0, 0.0]
    for submitted, start, ready in zip(stats["submitted_s"], starts, stats["ready_s"], strict=True):
        slot = free.index(min(free))
        assert start == pytest.approx(max(submitted, free[slot]), abs=1e-6)
        free[slot] = ready


@pytest.mark.parametrize(
    ("config", "statuses"),
    [
        ({"rate_limit_per_s": 5}, {200: 4, 429: 6}),  # the token was the first of the five
        ({"account_after": 4}, {200: 3, 403: 7}),
        ({"faults": {"submit": {"502": 1.0}}}, {502: 10}),
        ({"faults": {"submit": {"garbage": 1.0}}}, {200: 10}),
        ({"token_life_s": 0.0}, {401: 10}),
    ],
)
async def test_what_it_refuses(vendor: Simulated, config: dict, statuses: dict[int, int]):
    async with calling(vendor, **config) as caller:
        got = Counter([(await caller.submit(str(number).encode()))[0] for number in range(10)])
    assert got == statuses


@pytest.mark.parametrize(("fault", "created"), [("reset", 0), ("hang", 0), ("lost", 1)])
async def test_a_broken_connection_and_what_was_billed(vendor: Simulated, fault: str, created: int):
    faults = {"submit": {fault: 1.0}}
    async with calling(vendor, faults=faults, hang_s=0.01) as caller:
        with pytest.raises(aiohttp.ClientError):
            await caller.submit(b"one")
    stats = vendor.stats()
    assert (stats["submitted"], stats["acknowledged"]) == (created, 0)
    assert stats["calls"]["submit"] == 1


async def test_a_result_is_forgotten_once(vendor: Simulated):
    async with calling(vendor, forgotten=1.0) as caller:
        assert await caller.read(b"one") == ()
        assert await caller.read(b"one") == (hashlib.sha256(b"one").hexdigest(),)
    assert vendor.stats()["acknowledged_twice"] == 0


async def test_guids_come_in_all_their_forms(vendor: Simulated):
    async with calling(vendor, guid_format="mixed") as caller:
        replies = [(await caller.submit(str(number).encode()))[1] for number in range(6)]
        answers = [await caller.fetch(wire.decode_task_id(reply)) for reply in replies]
    assert {reply[0] == '"' for reply in replies} == {True, False}
    assert any(reply != reply.lower() for reply in replies)
    assert all(answer.status is Status.COMPLETED for answer in answers)


async def test_tasks_and_counts_outlive_a_crash(tmp_path):
    with simulated(state=str(tmp_path / "state")) as vendor:
        address = vendor.url
        async with aiohttp.ClientSession() as session:
            caller = Caller(session, address)
            await caller.token()
            ids = [(await caller.submit(str(number).encode()))[1] for number in range(5)]
        before = vendor.stats()
        vendor.kill()
        vendor.restart()
        assert vendor.url == address
        async with aiohttp.ClientSession() as session:
            caller = Caller(session, address)
            await caller.token()
            answers = [await caller.fetch(task_id) for task_id in ids]
        after = vendor.stats()
    assert [answer.texts[0] for answer in answers] == list(before["per_image"])
    assert after["calls"] == before["calls"] | {"token": 2, "fetch": 5}
    assert after["acknowledged"] == 5


def test_a_misspelled_fault_is_refused():
    with pytest.raises(ValueError, match="los"):
        Config.of({"faults": {"submit": {"los": 0.1}}})


def test_draws_have_the_mean_that_was_asked_for():
    service = {"kind": "lognormal", "mean_s": 2.0, "sigma": 0.5}
    draws = Draws(Config(service=service, slow_fraction=0.05, slow_factor=10))
    mean_s = statistics.fmean(draws.next_s() for _ in range(20_000))
    assert mean_s == pytest.approx(2.0 * (0.95 + 0.05 * 10), rel=0.05)


@pytest.mark.parametrize(
    ("service_s", "capacity", "outstanding", "half", "expected_s"),
    [
        ([], 4, 4, None, 0.0),
        ([1.0] * 8, 4, 256, None, 2.0),
        ([1.0] * 8, 4, 2, None, 4.0),
        ([3.0, 1.0, 1.0, 1.0], 2, 2, None, 3.0),
        ([1.0] * 8, 4, 256, (0.0, 9.0), 4.0),
        ([1.0] * 8, 4, 256, (1.0, 1.5), 2.5),
    ],
)
def test_the_oracle(service_s, capacity, outstanding, half, expected_s):
    assert makespan_s(service_s, capacity, outstanding, half) == expected_s


def test_the_oracle_never_beats_the_work_there_is():
    rng = random.Random(3)
    service_s = [rng.expovariate(1.0) for _ in range(500)]
    took_s = makespan_s(service_s, 16, 64)
    assert took_s >= sum(service_s) / 16
    assert took_s <= sum(service_s) / 16 + max(service_s)

"""A plan counts each state of the record rightly, and makes no call."""

import asyncio
import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest

from ocr_frames.engine.flight import key_of
from ocr_frames.engine.ledger import Change, Entry, Ledger, State
from ocr_frames.engine.presence import Presence
from ocr_frames.engine.resume import KEPT_S
from ocr_frames.model import Failure, Job
from ocr_frames.plan import Plan, plan_rows
from ocr_frames.request import Request
from ocr_frames.settings import Endpoint

NOW_S = 1_800_000_000.0
CLOUD = Endpoint.cloud("id", "secret")
LEARNED = {"age_s": 1.5, "age_asks": 10.0, "gap_s": 0.1, "gap_results": 10.0}
OWN = Failure("bad-request", "no")


@pytest.fixture(autouse=True)
def _at_a_known_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocr_frames.clock.SystemClock.wall_s", lambda self: NOW_S)


@pytest.fixture(autouse=True)
def _no_call_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*arguments: Any) -> None:
        raise AssertionError("a plan makes no call")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(asyncio.AbstractEventLoop, "create_connection", connect)


def request_for(tmp_path: Path, **options: Any) -> Request:
    return Request.of({"endpoint": CLOUD, "ledger": tmp_path / "l", **options})


def put(request: Request, **entries: Entry) -> None:
    """Put images on record; the name of each is its bytes."""
    assert request.ledger is not None
    ledger = Ledger(request.ledger)
    for name, entry in entries.items():
        image = name.encode()
        digest = hashlib.sha256(image).digest()
        job = Job(0, request.kind, request.settings_json, digest, lambda: b"", None)
        key = key_of(job, request.recognizer)
        assert ledger.apply([Change(key, entry)], request.recognizer, NOW_S) == [True]
    ledger.close()


async def plan(request: Request, *cells: object, price: float | None = None) -> Plan:
    return await plan_rows([(cell,) for cell in cells], request, [], price)


def counts(plan: Plan) -> dict[str, int]:
    names = ("rows", "skipped", "unreadable", "unique", "from_ledger", "in_flight", "expired")
    return {n: c for n in (*names, "in_doubt", "to_submit") if (c := getattr(plan, n))}


SUBMITTED = Entry(State.SUBMITTED, 2, "dead", NOW_S - 60, "t")
EXPIRED = Entry(State.SUBMITTED, 2, "dead", NOW_S - KEPT_S, "t")
INTENDED, DOUBTFUL = (Entry(state, 1, "dead") for state in (State.INTENDED, State.DOUBTFUL))
COMPLETED = Entry(State.COMPLETED, 3, "dead", NOW_S, "t", ("text",))
FAILED = Entry(State.FAILED, 3, "dead", NOW_S, "t", (), OWN)


@pytest.mark.parametrize(
    ("entry", "options", "expected"),
    [
        (SUBMITTED, {}, {"in_flight": 1}),
        (EXPIRED, {}, {"expired": 1, "to_submit": 1}),
        (INTENDED, {}, {"in_doubt": 1, "to_submit": 1}),
        (DOUBTFUL, {}, {"in_doubt": 1, "to_submit": 1}),
        (INTENDED, {"on_doubt": "hold"}, {"in_doubt": 1}),
        (DOUBTFUL, {"on_doubt": "hold"}, {"in_doubt": 1}),
        (COMPLETED, {}, {"from_ledger": 1}),
        (COMPLETED, {"retry_failed": True}, {"from_ledger": 1}),
        (FAILED, {}, {"from_ledger": 1}),
        (FAILED, {"retry_failed": True}, {"to_submit": 1}),
    ],
)
async def test_each_state_of_the_record_counts(
    tmp_path: Path, entry: Entry, options: dict[str, Any], expected: dict[str, int]
):
    request = request_for(tmp_path, **options)
    put(request, image=entry)
    found = await plan(request, b"image", b"image")
    assert counts(found) == {"rows": 2, "unique": 1, **expected}


async def test_nothing_on_record_is_to_be_submitted_once_per_image(tmp_path: Path):
    cells = [b"a", b"b", None, b"a", "gone.png", 5, b""]
    found = await plan(request_for(tmp_path), *cells)
    assert counts(found) == {"rows": 7, "skipped": 1, "unreadable": 3, "unique": 2, "to_submit": 2}


async def test_equal_images_in_different_batches_count_once(tmp_path: Path):
    found = await plan(request_for(tmp_path), *[b"a", b"b"] * 1500)
    assert counts(found) == {"rows": 3000, "unique": 2, "to_submit": 2}


@pytest.mark.parametrize("entry", [Entry(State.INTENDED, 1, ""), Entry(State.SUBMITTED, 1, "")])
async def test_what_a_living_run_has_under_way_is_in_flight(tmp_path: Path, entry: Entry):
    request = request_for(tmp_path)
    presence = Presence(request.ledger)
    put(request, image=Entry(entry.state, 1, presence.run, NOW_S, "t"))
    assert counts(await plan(request, b"image")) == {"rows": 1, "unique": 1, "in_flight": 1}
    presence.close()


async def test_other_settings_kinds_and_accounts_are_other_jobs(tmp_path: Path):
    put(request_for(tmp_path), image=COMPLETED)
    known = {"rows": 1, "unique": 1, "from_ledger": 1}
    assert counts(await plan(request_for(tmp_path), b"image")) == known
    for options in (
        {"language": "German"},
        {"kind": "label"},
        {"regions": [(1, 2, 3, 4)]},
        {"endpoint": Endpoint.cloud("other", "secret")},
        {"endpoint": Endpoint.trial()},
    ):
        found = counts(await plan(request_for(tmp_path, **options), b"image"))
        assert found == {"rows": 1, "unique": 1, "to_submit": 1}


async def test_expected_calls_are_a_token_submits_and_fetches(tmp_path: Path):
    request = request_for(tmp_path)
    put(request, known=COMPLETED, sent=SUBMITTED)
    assert (await plan(request, b"known", None)).calls == 0
    assert (await plan(request, b"known", b"sent")).calls == 2
    hundred = await plan(request, *[str(number).encode() for number in range(100)])
    assert 1 + 2 * 100 <= hundred.calls <= 1 + 2.35 * 100


async def test_the_cost_is_the_calls_at_their_price(tmp_path: Path):
    request = request_for(tmp_path)
    assert (await plan(request, b"a")).cost is None
    priced = await plan(request, b"a", b"b", price=0.003)
    assert priced.cost == pytest.approx(priced.calls * 0.003)
    assert (await plan(request, price=0.003)).cost == 0
    assert (await plan(request, b"a", price=0.0)).cost == 0


async def test_the_time_is_told_where_the_endpoint_is_known(tmp_path: Path):
    request = request_for(tmp_path)
    assert (await plan(request, b"a")).seconds is None
    ledger = Ledger(request.ledger)
    ledger.remember_latencies(request.recognizer, LEARNED)
    ledger.close()
    found = await plan(request, *[str(number).encode() for number in range(100)])
    assert found.seconds == pytest.approx(1.5 + 100 * 0.1)
    put(request, known=COMPLETED)
    assert not (await plan(request, b"known")).seconds


@pytest.mark.parametrize("nonsense", [{"age_s": 1.0}, {**LEARNED, "gap_s": -1.0}, {"x": None}])
async def test_what_was_learned_and_makes_no_sense_is_left_out(tmp_path: Path, nonsense):
    request = request_for(tmp_path)
    ledger = Ledger(request.ledger)
    ledger.remember_latencies(request.recognizer, nonsense)
    ledger.close()
    assert (await plan(request, b"a")).seconds is None


async def test_planning_changes_nothing_on_record(tmp_path: Path):
    request = request_for(tmp_path)
    put(request, sent=SUBMITTED, doubt=INTENDED)
    first = await plan(request, b"sent", b"doubt", b"new")
    assert await plan(request, b"sent", b"doubt", b"new") == first
    ledger = Ledger(request.ledger)
    assert ledger.counts() == {"intended": 1, "submitted": 1}
    ledger.close()


async def test_without_a_ledger_everything_is_to_be_submitted(tmp_path: Path):
    found = await plan(request_for(tmp_path, ledger=False), b"a", b"a", None)
    expected = {"rows": 3, "skipped": 1, "unique": 1, "to_submit": 1}
    assert counts(found) == expected
    assert not (tmp_path / "l").exists()


@pytest.mark.parametrize("shown", [repr, str, Plan._repr_html_])
async def test_a_plan_shows_its_numbers_with_names(tmp_path: Path, shown):
    text = shown(await plan(request_for(tmp_path), *[b"a"] * 1234, price=0.5))
    for part in ("rows", "1,234", "unique", "from ledger", "in doubt", "to submit", "cost"):
        assert part in text
    assert "seconds" not in text
    assert "None" not in text
    assert "cost" not in shown(await plan(request_for(tmp_path), b"a"))


async def test_html_is_a_table(tmp_path: Path):
    html = (await plan(request_for(tmp_path), b"a"))._repr_html_()
    assert html.startswith("<table>")
    assert html.endswith("</table>")
    assert html.count("<tr>") == html.count("</tr>") == 10

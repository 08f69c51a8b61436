"""Pull the plug at any moment, run the same line again: only what never arrived is paid for."""

import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from tests.adapters.children import Child
from tests.adapters.clients import Client, call, codes, images, learned_ledger, texts
from tests.adapters.simulated import Simulated, several, simulated

QUICK = {"capacity": 64, "service": {"kind": "fixed", "s": 0.02}}
IMAGES = 100
KILLS = 30
KILLED_IMAGES = 200
AT_ONCE = 10


@pytest.fixture(scope="module")
def vendor():
    with simulated() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def learned(vendor: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    vendor.reset(**QUICK)
    return learned_ledger(vendor, tmp_path_factory.mktemp("learned") / "ledger.sqlite")


@pytest.fixture
def client(vendor: Simulated, learned: Path, tmp_path: Path) -> Client:
    vendor.reset(**QUICK)
    ledger = Path(shutil.copy(learned, tmp_path / "ledger.sqlite"))
    return Client(vendor, ledger, IMAGES)


def child(client: Client, verb: str = "recognize", **options: object) -> Child:
    return Child(call, verb, client.frame["image"].tolist(), client.options(**options))


def kill_and_run_again(client: Client, calls: int, when: str) -> None:
    """Kill the first run at that call; what a second and a third may still pay for."""
    vendor = client.vendor
    victim = child(client)
    vendor.kill_at(victim.pid, calls, when)
    assert victim.ended().exit_code == -9
    doubtful = client.frame.ocr.plan("image", **client.options()).in_doubt
    assert doubtful <= 64  # as many submits can be under way
    held = child(client, on_doubt="hold").ended().value
    assert vendor.stats()["acknowledged_twice"] == 0
    assert codes(held) == ({"in-doubt": doubtful} if doubtful else {})
    assert (held["ocr_status"] == "Completed").sum() == KILLED_IMAGES - doubtful
    client.check(child(client).ended().value)
    assert vendor.stats()["acknowledged_twice"] <= doubtful
    assert vendor.stats()["submitted"] <= KILLED_IMAGES + doubtful


def test_killed_at_any_point_a_rerun_pays_only_for_what_was_not_acknowledged(tmp_path: Path):
    rng = random.Random(20)
    points = [(rng.randint(1, 400), rng.choice(["before", "after"])) for _ in range(KILLS)]

    def killed(vendor: Simulated, number: int) -> None:
        vendor.reset(**QUICK)
        kill_and_run_again(
            Client(vendor, tmp_path / f"{number}.sqlite", KILLED_IMAGES), *points[number]
        )

    def work(vendor: Simulated, lane: int) -> None:
        for number in range(lane, KILLS, AT_ONCE):
            killed(vendor, number)

    with several(AT_ONCE) as running, ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(work, running, range(AT_ONCE)))


def test_killed_again_and_again_it_comes_to_an_end(client: Client):
    stats = client.vendor.stats()
    kills = 0
    while kills < 5:
        victim = child(client)
        client.vendor.kill_at(victim.pid, sum(stats["calls"].values()) + 40, "before")
        ended = victim.ended()
        stats = client.vendor.stats()
        kills += 1
        if ended.exit_code == 0:
            break
    client.check(client.run())
    stats = client.vendor.stats()
    assert stats["acknowledged_twice"] <= 32 * kills
    assert set(stats["per_image"]) == set(texts(client.frame))


def test_the_server_restarts_in_mid_run(tmp_path: Path):
    with simulated(**QUICK, state=str(tmp_path / "state")) as vendor:
        client = Client(vendor, tmp_path / "ledger.sqlite", IMAGES)
        running = child(client)
        vendor.reached(120)
        vendor.kill()
        vendor.restart()
        out = running.ended().value
        doubts = out.attrs["ocr"]["in_doubt"]
        client.check(client.run() if len(codes(out)) else out)
        stats = vendor.stats()
    assert stats["submitted"] <= IMAGES + doubts
    assert stats["acknowledged_twice"] <= doubts


def test_a_server_that_went_away_leaves_the_rows_pending(tmp_path: Path):
    with simulated(**QUICK, state=str(tmp_path / "state")) as vendor:
        client = Client(vendor, tmp_path / "ledger.sqlite", IMAGES)
        running = child(client, deadline_s=2.0)
        vendor.reached(50)
        vendor.kill()
        out = running.ended().value
        assert set(out["ocr_status"]) <= {"Completed", "Pending", "Processing"}
        assert set(codes(out)) <= {"unreachable", "deadline", "in-doubt", "connection-lost"}
        vendor.restart()
        client.check(client.run())


def test_two_processes_on_one_ledger_submit_each_image_once(client: Client):
    both = [child(client, max_outstanding=64) for _ in range(2)]
    ended = [one.ended() for one in both]
    assert [end.error for end in ended] == [None, None]
    for end in ended:
        client.check(end.value)
    stats = client.vendor.stats()
    assert stats["submitted"] == IMAGES
    assert stats["calls"]["submit"] == IMAGES
    reports = [end.value.attrs["ocr"] for end in ended]
    for kind in ("token", "submit", "fetch"):
        assert sum(r["calls"].get(kind, 0) for r in reports) == stats["calls"][kind]


def test_a_second_process_takes_over_from_one_that_is_killed(client: Client):
    first = child(client)
    client.vendor.reached(50)
    second = child(client)
    client.vendor.kill_at(first.pid, 120, "before")
    assert first.ended().exit_code == -9
    client.check(second.ended().value)
    stats = client.vendor.stats()
    assert stats["acknowledged_twice"] <= 32


def test_a_rerun_costs_nothing(client: Client):
    client.check(client.run())
    again = client.run()
    client.check(again)
    assert again.attrs["ocr"]["calls"] == {}
    assert again.attrs["ocr"]["from_ledger"] == IMAGES
    plan = client.frame.ocr.plan("image", **client.options(), price_per_call=0.01)
    assert (plan.rows, plan.unique, plan.from_ledger, plan.to_submit) == (IMAGES, IMAGES, IMAGES, 0)
    assert (plan.calls, plan.cost) == (0, 0.0)


def test_without_a_ledger_a_rerun_pays_again(client: Client):
    client.ledger.unlink()
    client.frame = images(5)
    for _ in range(2):
        client.check(client.run(ledger=False))
    assert client.vendor.stats()["submitted"] == 10
    assert not client.ledger.exists()


def test_the_environment_names_the_ledger(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OCR_FRAMES_LEDGER", str(client.ledger))
    client.frame = images(5)
    client.check(client.run(ledger=True))
    client.check(client.run())
    assert client.vendor.stats()["submitted"] == 5


def test_duplicates_are_one_job(client: Client):
    once = images(20)
    client.frame = pd.concat([once] * 10, ignore_index=True)
    plan = client.frame.ocr.plan("image", **client.options())
    assert (plan.rows, plan.unique, plan.to_submit) == (200, 20, 20)
    out = client.run()
    client.check(out)
    assert out.attrs["ocr"]["duplicates"] == 180
    assert client.vendor.stats()["submitted"] == 20


def test_a_plan_makes_no_call_and_is_about_right(client: Client):
    client.run()
    before = client.vendor.stats()["calls"]
    client.frame = pd.concat([client.frame, images(50, "more")], ignore_index=True)
    client.frame.loc[len(client.frame)] = [None]
    plan = client.frame.ocr.plan("image", **client.options(), price_per_call=0.5)
    assert client.vendor.stats()["calls"] == before
    assert (plan.rows, plan.skipped, plan.unique, plan.to_submit) == (
        IMAGES + 51,
        1,
        IMAGES + 50,
        50,
    )
    assert plan.seconds is not None
    assert plan.cost == plan.calls * 0.5
    assert "<table" in plan._repr_html_()
    client.frame = client.frame.iloc[:-1]
    out = client.run()
    client.check(out)
    assert sum(out.attrs["ocr"]["calls"].values()) == pytest.approx(plan.calls, rel=0.15)


@pytest.mark.parametrize("max_calls", [0, 3, 133])
def test_a_budget_is_never_exceeded_and_a_rerun_goes_on(client: Client, max_calls: int):
    client.vendor.configure(faults={"submit": {"503": 0.05}, "fetch": {"500": 0.05}})
    out = client.run(max_calls=max_calls)
    assert sum(client.vendor.stats()["calls"].values()) <= max_calls
    left = out["ocr_status"] == "Pending"
    assert codes(out) == {"budget": left.sum()}
    assert left.sum() >= IMAGES - max_calls // 2
    assert (~left).sum() >= max_calls // 3 - 1  # none is submitted that cannot be fetched
    assert out.attrs["ocr"]["stopped"].startswith("budget: ")
    client.vendor.configure(faults={})
    client.check(client.run())
    assert client.vendor.stats()["acknowledged"] == IMAGES


def test_small_budgets_add_up_to_the_whole(client: Client):
    client.frame = images(40)
    runs, spent = 0, 0
    while True:
        out = client.run(max_calls=30)
        runs, spent = runs + 1, spent + sum(out.attrs["ocr"]["calls"].values())
        if not len(codes(out)):
            break
    client.check(out)
    assert client.vendor.stats()["submitted"] == 40
    assert spent <= 30 * runs
    assert runs <= 5


def test_no_credits_stop_the_run(client: Client):
    client.vendor.configure(account_after=60)
    out = client.run()
    stats = client.vendor.stats()
    assert sum(stats["calls"].values()) <= 60 + 64  # what was under way
    left = out["ocr_status"] == "Pending"
    assert codes(out) == {"account": left.sum()}
    assert out.attrs["ocr"]["stopped"].startswith("account: ")
    client.vendor.configure(account_after=None)
    client.check(client.run())
    assert client.vendor.stats()["acknowledged"] == IMAGES


def test_submit_in_one_process_collect_in_another(client: Client):
    submitted = child(client, "submit").ended().value
    assert set(submitted["ocr_status"]) == {"Pending"}
    assert client.vendor.stats()["calls"]["submit"] == IMAGES
    client.frame = pd.concat([client.frame, images(3, "unknown")], ignore_index=True)
    collected = client.run("collect")
    assert collected.attrs["ocr"]["rows"] == {"Completed": IMAGES, "Pending": 3}
    assert collected["ocr_text"].tolist()[:IMAGES] == texts(client.frame)[:IMAGES]
    assert client.vendor.stats()["submitted"] == IMAGES
    client.check(client.run())
    assert client.vendor.stats()["submitted"] == IMAGES + 3


def test_submitting_twice_submits_once(client: Client):
    for _ in range(2):
        client.run("submit")
    client.check(client.run())
    assert client.vendor.stats()["submitted"] == IMAGES


def test_what_failed_is_tried_again_only_when_asked_for(client: Client):
    failing = texts(client.frame)[::10]
    client.vendor.configure(failing=failing)
    out = client.run()
    assert codes(out) == {"recognition-failed": len(failing)}
    client.vendor.configure(failing=[])
    again = client.run()
    assert again.attrs["ocr"]["calls"] == {}
    assert codes(again) == {"recognition-failed": len(failing)}
    client.check(client.run(retry_failed=True))
    assert client.vendor.stats()["submitted"] == IMAGES + len(failing)

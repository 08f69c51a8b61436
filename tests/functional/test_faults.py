"""Every row ends rightly, whatever the vendor does; calls counted are calls made."""

import shutil
import sqlite3
import time
from pathlib import Path

import pandas as pd
import pytest

import ocr_frames
from ocr_frames import clock
from tests.adapters.children import Child
from tests.adapters.clients import (
    Client,
    call_on_a_full_disk,
    codes,
    images,
    learned_ledger,
    texts,
)
from tests.adapters.simulated import Simulated, simulated

IMAGES = 100
OTHERWISE = ("500", "502", "503", "reset", "hang", "garbage")


@pytest.fixture(scope="module")
def vendor():
    with simulated() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def learned(vendor: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    vendor.reset()
    return learned_ledger(vendor, tmp_path_factory.mktemp("learned") / "ledger.sqlite")


@pytest.fixture
def client(vendor: Simulated, learned: Path, tmp_path: Path) -> Client:
    vendor.reset()
    ledger = Path(shutil.copy(learned, tmp_path / "ledger.sqlite"))
    return Client(vendor, ledger, IMAGES)


def test_undisturbed_each_image_costs_two_calls_or_little_more(client: Client):
    client.ledger.unlink()
    out = client.run()
    client.check(out)
    report = out.attrs["ocr"]
    assert report["rows"] == {"Completed": IMAGES}
    assert report["calls"]["submit"] == IMAGES
    assert report["calls_per_image"] <= 2.2
    assert report["stopped"] is None


@pytest.mark.parametrize("seed", range(2))
def test_a_tenth_of_all_answers_is_something_else(client: Client, seed: int):
    shares = dict.fromkeys(OTHERWISE, 0.1 / len(OTHERWISE))
    client.vendor.reset(faults={"submit": shares, "fetch": shares}, hang_s=0.5, seed=seed)
    out = client.run()
    stats = client.vendor.stats()
    assert stats["acknowledged_twice"] == 0
    assert set(codes(out)) <= {"in-doubt"}  # twice in doubt is not tried a third time
    assert (out["ocr_status"] != "Completed").sum() == codes(out).total() <= 10
    done = out["ocr_status"] == "Completed"
    right = pd.Series(texts(client.frame))
    assert (out.loc[done, "ocr_text"] == right[done]).all()
    client.vendor.configure(faults={})
    client.check(client.run())
    assert client.vendor.stats()["acknowledged"] == IMAGES


@pytest.mark.parametrize("fault", ["503", "reset", "garbage"])
def test_a_token_is_asked_for_again_after(client: Client, fault: str):
    client.vendor.reset(faults={"token": {fault: 0.6}}, seed=0)
    out = client.run()
    client.check(out)
    assert out.attrs["ocr"]["calls"]["token"] > 1
    assert out.attrs["ocr"]["calls"]["submit"] == IMAGES


def test_a_lost_answer_is_in_doubt_counted_and_repeated_once(client: Client):
    client.vendor.reset(faults={"submit": {"lost": 0.2}})
    out = client.run()
    stats, report = client.vendor.stats(), out.attrs["ocr"]
    lost = stats["answers"]["submit lost"]
    assert lost > 0
    assert report["in_doubt"] == lost
    assert stats["submitted_most"] == 2
    assert report["retries"] == lost - codes(out)["in-doubt"]
    assert stats["acknowledged_twice"] == 0
    client.vendor.configure(faults={})
    client.check(client.run())
    assert client.vendor.stats()["submitted"] == IMAGES + lost


def test_a_lost_answer_can_be_left_alone(client: Client):
    client.vendor.reset(faults={"submit": {"lost": 0.2}})
    out = client.run(on_doubt="hold")
    lost = client.vendor.stats()["answers"]["submit lost"]
    assert out.attrs["ocr"]["rows"] == {"Completed": IMAGES - lost, "Pending": lost}
    assert codes(out) == {"in-doubt": lost}
    client.vendor.configure(faults={})
    again = client.run(on_doubt="hold")
    assert again.attrs["ocr"]["calls"] == {}
    assert codes(again) == {"in-doubt": lost}
    plan = client.frame.ocr.plan("image", **client.options(on_doubt="hold"))
    assert (plan.in_doubt, plan.to_submit) == (lost, 0)
    client.check(client.run(on_doubt="retry"))
    assert client.vendor.stats()["submitted"] == IMAGES + lost


def test_a_token_that_lives_shorter_than_it_claims(client: Client):
    service = {"kind": "fixed", "s": 0.3}
    client.vendor.reset(capacity=16, service=service, token_life_s=2.0, token_claims_s=3600.0)
    out = client.run(max_outstanding=32)
    client.check(out)
    stats = client.vendor.stats()
    assert stats["calls"]["token"] >= 2
    assert stats["calls"]["submit"] <= IMAGES + stats["answers"]["401"]
    assert stats["acknowledged"] == IMAGES


def test_results_that_the_vendor_forgot_are_submitted_again_once(client: Client):
    client.vendor.reset(forgotten=0.03, seed=2)
    client.check(client.run())
    stats = client.vendor.stats()
    assert stats["forgotten"] > 0
    assert stats["submitted"] == IMAGES + stats["forgotten"]
    assert stats["acknowledged_twice"] == 0


def test_task_ids_in_any_form(client: Client):
    client.vendor.reset(guid_format="mixed")
    client.check(client.run())
    assert client.vendor.stats()["submitted"] == IMAGES


def test_a_rate_limit_is_kept_to(client: Client):
    client.vendor.reset(rate_limit_per_s=100)
    client.check(client.run())
    stats = client.vendor.stats()
    assert stats["throttled"] <= 60
    assert stats["submitted"] == IMAGES


def test_an_answer_that_the_server_holds(client: Client):
    client.vendor.reset(holds=True, capacity=32, service={"kind": "fixed", "s": 0.1})
    out = client.run()
    client.check(out)
    assert out.attrs["ocr"]["calls_per_image"] <= 2.2


def test_a_clock_that_jumps(client: Client, monkeypatch: pytest.MonkeyPatch):
    jumps_s = iter(range(10**9))
    true_s = time.time

    def jumping_s() -> float:
        return true_s() + (next(jumps_s) * 7919 % 200_000) - 100_000

    monkeypatch.setattr(clock.time, "time", jumping_s)
    client.vendor.reset(capacity=32, service={"kind": "fixed", "s": 0.05})
    client.check(client.run())
    assert client.vendor.stats()["submitted"] == IMAGES


def test_kinds_and_settings_are_jobs_of_their_own(client: Client):
    client.frame = images(10)
    client.check(client.run())
    client.check(client.run(kind="label"))
    out = client.run(regions={"name": (0, 0, 9, 9), "born": (9, 9, 20, 20)})
    assert out["ocr_name"].tolist() == out["ocr_born"].tolist() == texts(client.frame)
    assert client.vendor.stats()["submitted"] == 30


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database " * 1000)


def _directory(path: Path) -> None:
    path.mkdir()


def _of_another_program(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE jobs (title TEXT)")
    database.close()


def _of_a_later_version(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 999")
    database.close()


@pytest.mark.parametrize("spoil", [_garbage, _directory, _of_another_program, _of_a_later_version])
def test_what_is_no_ledger_stops_the_run_before_anything_is_sent(client: Client, spoil):
    client.ledger.unlink()
    spoil(client.ledger)
    with pytest.raises(ocr_frames.LedgerError, match="ledger"):
        client.run()
    assert client.vendor.stats()["submitted"] == 0


def test_a_place_where_nothing_can_be_written(client: Client):
    client.ledger = Path("/proc/ledger.sqlite")
    with pytest.raises(ocr_frames.LedgerError, match=r"/proc/ledger\.sqlite"):
        client.run()
    assert client.vendor.stats()["submitted"] == 0


@pytest.mark.parametrize("page", [1, 6])
def test_a_damaged_ledger_is_told_or_does_not_matter(client: Client, page: int):
    client.run()
    with sqlite3.connect(client.ledger) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    content = client.ledger.read_bytes()
    page_bytes = int.from_bytes(content[16:18], "big")
    assert len(content) > (page + 1) * page_bytes
    damaged = bytearray(content)
    damaged[page * page_bytes : (page + 1) * page_bytes] = b"\xa5" * page_bytes
    client.ledger.write_bytes(damaged)
    try:
        client.check(client.run())
    except ocr_frames.LedgerError as error:
        assert "ledger" in str(error)  # noqa: PT017 - either way is right
    assert client.vendor.stats()["acknowledged_twice"] == 0


@pytest.mark.parametrize("file_bytes", [20_000, 100_000])
def test_a_full_disk_under_the_ledger(client: Client, file_bytes: int):
    client.ledger.unlink()
    cells = client.frame["image"].tolist()
    ended = Child(call_on_a_full_disk, file_bytes, cells, client.options()).ended()
    assert ended.exit_code == 0
    assert ended.error is not None
    assert ended.error.startswith("LedgerError: ledger: ")
    in_doubt = client.frame.ocr.plan("image", **client.options()).in_doubt
    client.check(client.run())
    assert client.vendor.stats()["acknowledged_twice"] <= in_doubt

"""A job in parts: the limits of the whole are kept, whatever the parts do."""

import pickle
from pathlib import Path
from typing import Any

import cloudpickle
import dask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.adapters.job import Job, claim
from ocr_frames.errors import LedgerError, MisuseError
from ocr_frames.request import Request
from ocr_frames.settings import Endpoint

SECRET = "not-for-the-eyes-of-a-log"
WEEK_S = 7 * 24 * 3600.0


def job(parallelism: int | None = None, **options: Any) -> Job:
    endpoint = options.pop("endpoint", Endpoint.cloud("id", SECRET))
    return Job.of("path", {"endpoint": endpoint, **options}, parallelism)


def part(of: Job, key: str = "", calls: int | None = None, workers: int = 0) -> dict[str, Any]:
    return of.part(key, calls, workers)


@pytest.mark.parametrize(
    ("parallelism", "options", "says"),
    [
        (None, {"langauge": "German"}, "did you mean 'language'"),
        (None, {"regions": []}, "regions is empty"),
        (None, {"max_calls": -1}, "max_calls=-1"),
        (None, {"max_outstanding": 8}, "max_outstanding is for the whole job"),
        (None, {"calls_per_second": 5}, "tell with parallelism="),
        (9, {"max_outstanding": 8}, "cannot be divided over 9"),
        (0, {}, "parallelism=0 is not a whole number from 1"),
        (True, {}, "parallelism=True"),
        (2.0, {}, "parallelism=2.0"),
    ],
)
def test_misuse_is_told_where_the_job_is_made(parallelism, options, says):
    with pytest.raises(MisuseError, match=says):
        job(parallelism, **options)


@given(
    parallelism=st.integers(1, 200),
    max_outstanding=st.integers(1, 10_000),
    calls_per_second=st.floats(0.01, 1e4),
)
def test_what_all_parts_do_at_once_stays_within_the_limits(
    parallelism: int, max_outstanding: int, calls_per_second: float
):
    limits = {"calls_per_second": calls_per_second}
    if max_outstanding >= parallelism:
        limits["max_outstanding"] = max_outstanding
    told = part(job(parallelism, **limits))
    assert told["calls_per_second"] * parallelism == pytest.approx(calls_per_second)
    if "max_outstanding" in limits:
        assert 1 <= told["max_outstanding"] <= max_outstanding / parallelism


def test_without_limits_a_part_is_told_nothing_of_them():
    told = part(job(parallelism=4, max_outstanding=None, rotate=90))
    limits = [told[name] for name in ("max_outstanding", "calls_per_second", "max_calls")]
    assert limits == [None, None, None]
    assert (told["rotate"], told["progress"]) == (90, False)


def test_what_is_configured_here_holds_where_a_part_is_done(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OCR_FRAMES_LANGUAGE", "German")
    monkeypatch.setenv("OCR_FRAMES_CALLS_PER_SECOND", "8")
    with pytest.raises(MisuseError, match="calls_per_second is for the whole job"):
        job()
    told = part(job(parallelism=4))
    monkeypatch.setenv("OCR_FRAMES_LANGUAGE", "French")
    monkeypatch.setenv("OCR_FRAMES_CALLS_PER_SECOND", "80")
    monkeypatch.setenv("OCR_FRAMES_MAX_CALLS", "1")
    request = Request.of(told)
    assert '"German"' in request.settings_json
    assert (request.policy.calls_per_second, request.policy.max_calls) == (2.0, None)


def test_the_endpoint_is_the_one_found_where_the_job_is_made(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OCR_FRAMES_ENDPOINT", "http://here:1")
    monkeypatch.setenv("ASPOSE_CLIENT_ID", "id")
    monkeypatch.setenv("ASPOSE_CLIENT_SECRET", SECRET)
    made = job(endpoint=None)
    for name in ("OCR_FRAMES_ENDPOINT", "ASPOSE_CLIENT_ID", "ASPOSE_CLIENT_SECRET"):
        monkeypatch.delenv(name)
    assert part(made)["endpoint"] == Endpoint("http://here:1", "id", SECRET)


@pytest.mark.parametrize(
    ("endpoint", "workers", "expected"),
    [
        (None, 1, Endpoint.local(workers=1)),
        (Endpoint.local(), 4, Endpoint.local(workers=4)),
        (Endpoint.local(workers=3), 1, Endpoint.local(workers=3)),
        (Endpoint.cloud("id", "s"), 1, Endpoint.cloud("id", "s")),
    ],
)
def test_a_local_engine_is_as_large_as_its_worker(endpoint, workers: int, expected: Endpoint):
    assert part(job(endpoint=endpoint), workers=workers)["endpoint"] == expected


def test_a_named_ledger_is_the_same_file_for_all_and_the_default_each_users_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    assert part(job())["ledger"] == Path(tmp_path, "ledger", "ledger.sqlite")  # the environment's
    monkeypatch.delenv("OCR_FRAMES_LEDGER")
    assert part(job())["ledger"] is True
    assert part(job(ledger=False))["ledger"] is False
    monkeypatch.chdir(tmp_path)
    assert part(job(ledger="mine"))["ledger"] == tmp_path / "mine"
    (tmp_path / "ocr-frames.toml").write_text('ledger = "the projects"')
    assert part(job())["ledger"] == tmp_path / "the projects"


def test_a_share_of_the_budget_is_there_once(tmp_path: Path):
    one = job(max_calls=100, ledger=tmp_path / "l")
    assert part(one, "a", 7)["max_calls"] == 7
    assert part(one, "b", 7)["max_calls"] == 7
    arrived = pickle.loads(pickle.dumps(one))
    assert part(arrived, "a", 7)["max_calls"] == 0
    other = job(max_calls=100, ledger=tmp_path / "l")
    assert part(other, "a", 7)["max_calls"] == 7


def test_without_a_ledger_there_is_no_account_of_shares():
    one = job(max_calls=100, ledger=False)
    assert [part(one, "a", 7)["max_calls"] for _ in range(2)] == [7, 7]


def test_accounts_are_private_and_go_after_a_week(tmp_path: Path):
    ledger = tmp_path / "new" / "l"
    folder = ledger.with_name("l-budgets")
    assert claim(ledger, "one", now_s=0.0)
    assert (folder.stat().st_mode & 0o777, (folder / "one").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
    made_s = (folder / "one").stat().st_mtime
    assert not claim(ledger, "one", made_s + WEEK_S - 1)
    assert claim(ledger, "two", made_s + WEEK_S + 1)
    assert [file.name for file in folder.iterdir()] == ["two"]


def test_an_account_that_cannot_be_kept_stops_the_part(tmp_path: Path):
    (tmp_path / "l-budgets").touch()
    with pytest.raises(LedgerError, match="cannot keep account"):
        claim(tmp_path / "l", "one", 0.0)


def test_secrets_travel_and_are_not_shown():
    one = job()
    for dumped in (pickle.dumps(one), cloudpickle.dumps(one)):
        assert part(pickle.loads(dumped))["endpoint"].client_secret == SECRET
    assert SECRET not in f"{one!r} {one} {part(one)}"


def test_equal_jobs_are_one_task_for_dask_whatever_the_secret():
    def token(**options: Any) -> str:
        return dask.base.tokenize(job(**options))

    assert token() == token()
    assert token() == token(endpoint=Endpoint.cloud("id", "another"))
    assert token() != token(rotate=90)
    assert token() != token(endpoint=Endpoint.cloud("other", SECRET))
    assert token(max_calls=9) != token(max_calls=9)

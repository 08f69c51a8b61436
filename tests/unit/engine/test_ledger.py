"""The ledger: what is written is read again, a stale writer loses, trouble is explained."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_frames.engine.ledger import Change, Entry, FileFacts, Ledger, State
from ocr_frames.errors import LedgerError
from ocr_frames.model import Failure, Result

KEY = b"k" * 32
EVERY_STATE = [
    Entry(State.INTENDED, 1, "run"),
    Entry(State.SUBMITTED, 1, "run", 1_800_000_000.125, "task"),
    Entry(State.COMPLETED, 1, "run", 5.5, "task", ("one", "", "\N{SNOWMAN} \ud800 \x00")),
    Entry(State.COMPLETED, 1, "run", 5.5, "task", ()),
    Entry(State.FAILED, 1, "run", 5.5, "task", (), Failure("bad-request", "why\n'; DROP TABLE")),
    Entry(State.FAILED, 1, "run", failure=Failure("too-large", "")),
    Entry(State.DOUBTFUL, 1, "run"),
    Entry(State.SUBMITTED, 1, "run", 5.5, "task", calls=2),
    Entry(State.COMPLETED, 1, "run", 5.5, "task", ("",), calls=2, seconds=0.25),
]
RESULTS = (Result("Hocr", b"<b>" * 1000), Result("Pdf", b"\x00\xff"), Result("Hocr", b""))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "ledger.sqlite"


@pytest.fixture(params=["file", "temporary"])
def ledger(request: pytest.FixtureRequest, path: Path) -> Iterator[Ledger]:
    opened = Ledger(path if request.param == "file" else None)
    yield opened
    opened.close()


def put(ledger: Ledger, *changes: Change, now_s: float = 0.0) -> list[bool]:
    return ledger.apply(changes, "endpoint", now_s)


@pytest.mark.parametrize("entry", EVERY_STATE)
def test_every_state_is_read_as_it_was_written(ledger: Ledger, entry: Entry):
    assert put(ledger, Change(KEY, entry)) == [True]
    assert ledger.look_up([KEY, b"other"]) == {KEY: entry}


@pytest.mark.parametrize("after", EVERY_STATE)
@pytest.mark.parametrize("before", EVERY_STATE)
def test_a_change_leaves_nothing_of_what_was_before(ledger: Ledger, before: Entry, after: Entry):
    after = replace(after, version=2, run="next")
    put(ledger, Change(KEY, before))
    assert put(ledger, Change(KEY, after, seen=1)) == [True]
    assert ledger.look_up([KEY]) == {KEY: after}


def test_it_is_read_again_by_another_connection(path: Path):
    first = Ledger(path)
    put(first, *(Change(bytes([n]), entry) for n, entry in enumerate(EVERY_STATE)))
    first.close()
    second = Ledger(path)
    assert list(second.look_up([bytes([n]) for n in range(9)]).values()) == EVERY_STATE
    second.close()


def test_a_stale_change_does_not_take_place(ledger: Ledger):
    intended = Entry(State.INTENDED, 1, "one")
    submitted = Entry(State.SUBMITTED, 2, "one", 1.0, "task")
    assert put(ledger, Change(KEY, intended)) == [True]
    assert put(ledger, Change(KEY, replace(intended, run="two"))) == [False]
    assert put(ledger, Change(KEY, submitted, seen=1)) == [True]
    stale = Entry(State.DOUBTFUL, 3, "two")
    for seen in (None, 0, 1, 3):
        assert put(ledger, Change(KEY, stale, seen)) == [False]
        assert put(ledger, Change(KEY, None, seen or 0)) == [False]
    assert ledger.look_up([KEY]) == {KEY: submitted}
    assert put(ledger, Change(KEY, None, seen=2)) == [True]
    assert ledger.look_up([KEY]) == {}


def test_a_change_of_a_job_that_was_struck_out_does_not_take_place(ledger: Ledger):
    put(ledger, Change(KEY, Entry(State.INTENDED, 1, "one")))
    put(ledger, Change(KEY, None, seen=1))
    assert put(ledger, Change(KEY, Entry(State.DOUBTFUL, 2, "two"), seen=1)) == [False]
    assert put(ledger, Change(KEY, None, seen=1)) == [False]
    assert ledger.look_up([KEY]) == {}


def test_of_two_connections_one_wins_and_both_know(path: Path):
    ledgers = [Ledger(path), Ledger(path)]
    entries = [Entry(State.INTENDED, 1, name) for name in ("one", "two")]
    won = [put(ledger, Change(KEY, entry)) for ledger, entry in zip(ledgers, entries, strict=True)]
    assert won == [[True], [False]]
    assert ledgers[1].look_up([KEY]) == {KEY: entries[0]}
    for ledger in ledgers:
        ledger.close()


def test_changes_in_one_call_see_each_other(ledger: Ledger):
    one, two = Entry(State.INTENDED, 1, "r"), Entry(State.SUBMITTED, 2, "r", 1.0, "t")
    assert put(ledger, Change(KEY, one), Change(KEY, one), Change(KEY, two, 1)) == [
        True,
        False,
        True,
    ]
    assert put(ledger) == []


def test_one_that_cannot_be_written_takes_none_with_it_halfway(ledger: Ledger):
    impossible: object = object()
    wrong = Entry(State.SUBMITTED, 1, "r", 1.0, impossible)  # type: ignore[arg-type]
    with pytest.raises(LedgerError):
        put(ledger, Change(KEY, Entry(State.INTENDED, 1, "r")), Change(b"b", wrong))
    assert ledger.counts() == {}
    assert put(ledger, Change(KEY, Entry(State.INTENDED, 1, "r"))) == [True]


def test_many_keys_are_looked_up_at_once(ledger: Ledger):
    keys = [number.to_bytes(4) for number in range(3001)]
    put(ledger, *(Change(key, Entry(State.INTENDED, 1, "r")) for key in keys))
    assert len(ledger.look_up(keys)) == 3001
    assert ledger.look_up([]) == {}


def test_counts_and_pruning(ledger: Ledger):
    for number, entry in enumerate(EVERY_STATE):
        put(ledger, Change(bytes([number]), entry), now_s=float(number))
    ledger.remember_files([FileFacts("/a", 1, 2, b"d")])
    ledger.remember_latencies("endpoint", {"age_s": 1.5})
    every = {"completed": 3, "doubtful": 1, "failed": 2, "intended": 1, "submitted": 2}
    assert ledger.counts() == every
    assert ledger.prune(before_s=0.0) == 0
    assert ledger.counts() == every
    assert ledger.prune(before_s=4.0) == 4
    assert ledger.counts() == {"completed": 1, "doubtful": 1, "failed": 2, "submitted": 1}
    assert ledger.known_files(["/a"]) == {}
    assert ledger.latencies("endpoint") == {"age_s": 1.5}


def test_the_index_of_files(ledger: Ledger):
    old, new = FileFacts("/a", 1, 2**62, b"d" * 32), FileFacts("/a", 2, 3, b"e" * 32)
    strange = FileFacts(os.fsdecode(b"/caf\xe9 \xf0\x9f\x90\x8d'.png"), 4, 5, b"f" * 32, b"", "v")
    ledger.remember_files([old, strange])
    assert ledger.known_files(["/a", "/b", strange.path]) == {"/a": old, strange.path: strange}
    ledger.remember_files([new])
    assert ledger.known_files(["/a"]) == {"/a": new}
    ledger.remember_files([])
    assert ledger.known_files([]) == {}


def test_results_are_kept_with_their_job_and_read_apart(ledger: Ledger):
    assert not ledger.has_results()
    for number, results in enumerate([RESULTS, (), RESULTS[:1]]):
        entry = Entry(State.COMPLETED, 1, "r", 1.0, "t", ("a",), results=results)
        put(ledger, Change(bytes([number]), entry))
    keys = [bytes([number]) for number in range(4)]
    assert ledger.has_results()
    assert ledger.results(keys) == {keys[0]: RESULTS, keys[2]: RESULTS[:1]}
    assert [(e.results, e.key) for e in ledger.look_up(keys).values()] == [
        ((), key) for key in keys[:3]
    ]


def test_results_are_written_with_their_job_or_not_at_all(ledger: Ledger):
    intended = Entry(State.INTENDED, 1, "r")
    completed = Entry(State.COMPLETED, 2, "r", 1.0, "t", ("a",), results=RESULTS)
    put(ledger, Change(KEY, intended))
    assert put(ledger, Change(KEY, completed, seen=7)) == [False]
    assert ledger.results([KEY]) == {}
    impossible = replace(completed, results=(Result("Pdf", "no bytes"),))  # type: ignore[arg-type]
    with pytest.raises(LedgerError):
        put(ledger, Change(KEY, impossible, seen=1))
    assert ledger.look_up([KEY]) == {KEY: intended}
    assert put(ledger, Change(KEY, completed, seen=1)) == [True]
    assert ledger.results([KEY]) == {KEY: RESULTS}


def test_pruning_takes_the_results_of_what_is_forgotten(ledger: Ledger):
    for number in range(2):
        entry = Entry(State.COMPLETED, 1, "r", 1.0, "t", ("a",), results=RESULTS)
        put(ledger, Change(bytes([number]), entry), now_s=float(number))
    assert ledger.prune(before_s=1.0) == 1
    assert ledger.results([b"\0", b"\1"]) == {b"\1": RESULTS}
    assert ledger.prune(before_s=2.0) == 1
    assert not ledger.has_results()


def test_results_that_are_damaged_are_told(ledger: Ledger):
    put(ledger, Change(KEY, Entry(State.COMPLETED, 1, "r", 1.0, "t", (), results=RESULTS)))
    ledger._sqlite.execute("UPDATE results SET data = x'00'")
    with pytest.raises(LedgerError):
        ledger.results([KEY])


def test_latencies_are_kept_per_endpoint(ledger: Ledger):
    assert ledger.latencies("one") is None
    ledger.remember_latencies("one", {"age_s": 1.0})
    ledger.remember_latencies("one", {"age_s": 0.1 + 0.2})
    assert ledger.latencies("one") == {"age_s": 0.1 + 0.2}
    assert ledger.latencies("two") is None


def test_texts_are_for_the_owner_alone(path: Path):
    before = os.umask(0)
    try:
        ledger = Ledger(path)
        put(ledger, Change(KEY, EVERY_STATE[0]))
        files = list(path.parent.iterdir())
        assert path in files
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        ledger.close()
    finally:
        os.umask(before)


def test_what_is_on_record_survives_whoever_does_not_close(path: Path):
    ledger = Ledger(path)
    put(ledger, Change(KEY, EVERY_STATE[0]))
    other = sqlite3.connect(path)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert other.execute("SELECT count(*) FROM jobs").fetchone() == (1,)
    other.close()
    assert ledger._sqlite.execute("PRAGMA synchronous").fetchone() == (2,)
    ledger.close()


changes = st.lists(
    st.tuples(
        st.sampled_from([b"a", b"b", b"c"]),
        st.sampled_from([*EVERY_STATE, None]),
        st.none() | st.integers(0, 4),
        st.integers(1, 4),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(changes, max_size=5))
def test_it_behaves_like_a_dict_with_versions(batches):
    ledger, model = Ledger(None), {}
    try:
        for batch in batches:
            expected, wanted = [], []
            for key, state, seen, version in batch:
                entry = replace(state, version=version) if state else None
                wanted.append(Change(key, entry, seen))
                held = model[key].version if key in model else None
                took_place = held == seen and not (entry is None and held is None)
                expected.append(took_place)
                if took_place and entry is None:
                    del model[key]
                elif took_place:
                    model[key] = entry
            assert put(ledger, *wanted) == expected
            assert ledger.look_up([b"a", b"b", b"c"]) == model
            states = [entry.state for entry in model.values()]
            assert ledger.counts() == {state: states.count(state) for state in sorted(set(states))}
    finally:
        ledger.close()

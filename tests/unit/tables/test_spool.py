"""The spool: order kept, memory and disk bounded, nobody left waiting."""

import threading
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.errors import TableError
from ocr_frames.tables import spool as spools
from ocr_frames.tables.parts import Part, Piece
from ocr_frames.tables.spool import Spool

PART = Part("out.parquet", ())


def piece(number: int, rows: int = 4) -> Piece:
    words = pa.array([f"word {number}", None, "x"] * rows).dictionary_encode()
    table = pa.table({"n": pa.array([number] * rows), "w": words.slice(1, rows)})
    return Piece(PART, table.replace_schema_metadata({"a": "b"}), is_last=number % 3 == 0)


def same(one: Piece | None, other: Piece) -> bool:
    assert one is not None
    assert (one.part, one.is_last) == (other.part, other.is_last)
    return one.table.equals(other.table, check_metadata=True)


@given(turns=st.lists(st.booleans(), max_size=40), memory=st.sampled_from([0, 300, 10**9]))
def test_pieces_come_out_as_they_went_in_whatever_is_on_disk(tmp_path_factory, turns, memory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spools, "MEMORY_BYTES", memory)
        patch.setattr(spools, "SEGMENT_BYTES", 1500)
        came: list[int] = []
        spool = Spool(tmp_path_factory.mktemp("spool"), lambda: came.append(1))
        put = got = 0
        for puts in turns:
            if puts:
                spool.put(piece(put))
                put += 1
            elif got < put:
                assert same(spool.get(), piece(got))
                got += 1
            else:
                assert spool.get() is None
        for number in range(got, put):
            assert same(spool.get(), piece(number))
        assert (spool.get(), len(came), spool.disk_bytes) == (None, put, 0)
        spool.close()


def test_the_disk_is_free_again_and_its_files_have_no_name(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(spools, "MEMORY_BYTES", 0)
    spool = Spool(tmp_path, lambda: None)
    spool.put(piece(1))
    spool.put(piece(2))
    assert spool.disk_bytes > 0
    assert list(tmp_path.iterdir()) == []
    spool.get()
    spool.close()
    spool.close()


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when somebody begins to wait for room."""
    begun = threading.Event()

    class Watched(threading.Condition):
        def wait_for(self, predicate, timeout=None):
            if not predicate():
                begun.set()
            return super().wait_for(predicate, timeout)

    monkeypatch.setattr(spools.threading, "Condition", Watched)
    return begun


def test_who_puts_too_much_waits_until_some_is_taken(tmp_path: Path, monkeypatch, waiting):
    for name, bound in [("MEMORY_BYTES", 0), ("DISK_BYTES", 0), ("FREE_ROWS", 8)]:
        monkeypatch.setattr(spools, name, bound)
    came: list[int] = []
    spool = Spool(tmp_path, lambda: came.append(1))
    thread = threading.Thread(target=lambda: [spool.put(piece(n)) for n in range(6)])
    thread.start()
    for number in range(3):
        assert waiting.wait(10)
        assert len(came) == number + 3  # rows are free up to 8, and the piece that goes beyond
        waiting.clear()
        assert same(spool.get(), piece(number))
    thread.join(10)
    assert not thread.is_alive()
    for number in range(3, 6):
        assert same(spool.get(), piece(number))
    spool.close()


def test_who_waits_is_let_go_when_it_is_closed(tmp_path: Path, monkeypatch, waiting):
    for name, bound in [("MEMORY_BYTES", 0), ("DISK_BYTES", 0), ("FREE_ROWS", 0)]:
        monkeypatch.setattr(spools, name, bound)
    spool = Spool(tmp_path, lambda: None)
    thread = threading.Thread(target=lambda: [spool.put(piece(n)) for n in range(2)])
    thread.start()
    assert waiting.wait(10)
    spool.close()
    thread.join(10)
    assert not thread.is_alive()
    assert spool.get() is None


def test_a_disk_that_does_not_take_it_is_told(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(spools, "MEMORY_BYTES", 0)
    spool = Spool(tmp_path / "gone", lambda: None)
    with pytest.raises(TableError, match="gone"):
        spool.put(piece(1))
    spool.close()

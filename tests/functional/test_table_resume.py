"""Whatever ends a run over a table: finished parts stay, and nothing half is left."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ocr_frames
from ocr_frames import TableError
from ocr_frames.tables.storage import LocalStorage
from tests.adapters import tabled
from tests.adapters.children import Child, Ended
from tests.adapters.simulated import Simulated, simulated
from tests.adapters.tabled import Shop, litter

ROWS, IMAGES, PART_ROWS = 10_000, 200, 1000


@pytest.fixture(scope="module")
def vendor():
    with simulated() as simulator:
        yield simulator


@pytest.fixture
def shop(vendor: Simulated, tmp_path: Path) -> Shop:
    vendor.reset()
    return Shop(vendor, tmp_path)


@pytest.fixture(scope="module")
def whole(vendor: Simulated, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """What an undisturbed run writes."""
    vendor.reset()
    shop = filled(Shop(vendor, tmp_path_factory.mktemp("whole")))
    assert shop.recognize("in.parquet", "out.parquet").rows == {"Completed": ROWS}
    return pq.read_table(shop / "out.parquet")


def filled(shop: Shop) -> Shop:
    """With images and a table of them."""
    shop.images(IMAGES)
    tabled.write_table(shop / "in.parquet", ROWS, IMAGES)
    return shop


def child(shop: Shop, destination: str, **options: object) -> Child:
    arguments = (shop / "in.parquet", shop / destination, shop.options | options)
    return Child(tabled.recognize, *arguments)


def cut(destination: str) -> dict[str, int]:
    """What makes several parts of a folder."""
    return {} if "." in destination else {"part_rows": PART_ROWS}


def parts_of(folder: Path) -> dict[str, int]:
    """The parts that are there, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}


@pytest.mark.parametrize(
    ("destination", "calls", "when"),
    [
        ("out.parquet", 3, "after"),
        ("out", 80, "before"),
        ("out.parquet", 200, "after"),
        ("out", 320, "after"),
        ("out", 400, "before"),
    ],
)
def test_killed_at_any_call_a_rerun_gives_the_same_and_pays_for_the_rest(
    shop: Shop, whole: pa.Table, destination: str, calls: int, when: str
):
    victim = child(filled(shop), destination, **cut(destination))
    shop.vendor.kill_at(victim.pid, calls, when)
    assert victim.ended().exit_code == -9
    assert not (shop / "out.parquet").exists()
    assert not (shop / "out/_manifest.json").exists()
    held = shop.recognize("in.parquet", destination, **cut(destination), on_doubt="hold")
    assert shop.vendor.stats()["acknowledged_twice"] == 0
    assert held.rows["Completed"] > 0
    report = shop.recognize("in.parquet", destination, **cut(destination))
    assert report.rows == {"Completed": ROWS}
    assert shop.vendor.stats()["submitted"] <= IMAGES + 64  # as many submits can be in doubt
    assert pq.read_table(shop / destination).equals(whole, check_metadata=True)
    assert litter(shop.folder) == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("destination", ["out", "out.parquet"])
def test_killed_at_a_rename_nothing_half_is_left(
    shop: Shop, whole: pa.Table, destination: str, when: str
):
    renames = 5 if destination == "out" else 1
    arguments = (filled(shop) / "in.parquet", shop / destination, shop.options | cut(destination))
    victim = Child(tabled.recognize_and_die, *arguments, renames, when)
    assert victim.ended().exit_code == -9
    before = parts_of(shop / "out")
    assert len(before) == (renames - (when == "before") if destination == "out" else 0)
    assert (shop / "out.parquet").exists() == ((destination, when) == ("out.parquet", "after"))
    report = shop.recognize("in.parquet", destination, **cut(destination))
    assert report.rows == {"Completed": ROWS}
    assert before.items() <= parts_of(shop / "out").items()
    assert pq.read_table(shop / destination).equals(whole, check_metadata=True)
    assert shop.vendor.stats()["submitted"] <= IMAGES + 64
    assert litter(shop.folder) == []


def test_killed_again_and_again_it_comes_to_an_end(shop: Shop, whole: pa.Table):
    filled(shop)
    arguments = (shop / "in.parquet", shop / "out", shop.options | cut("out"), 5, "before")
    ends = [Child(tabled.recognize_and_die, *arguments).ended().exit_code for _ in range(3)]
    # Each run kept four more parts; the last one had two left, and the manifest.
    assert ends == [-9, -9, 0]
    assert pq.read_table(shop / "out").equals(whole, check_metadata=True)


def interrupted(shop: Shop, calls: int, **options: object) -> subprocess.Popen[bytes]:
    """A run that gets Ctrl-C at the vendor's call of that number."""
    script = f"""
        from tests.adapters import tabled
        from ocr_frames import Endpoint
        options = {{"endpoint": Endpoint({shop.vendor.url!r}, "id", "secret")}}
        tabled.recognize("in.parquet", "out", options | {options!r})
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=shop.folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), *sys.path])},
        stderr=subprocess.PIPE,
    )
    shop.vendor.reached(calls)
    process.send_signal(signal.SIGINT)
    return process


_ROOT = Path(__file__).parents[2]


def test_an_interrupt_leaves_finished_parts_and_a_report(shop: Shop, whole: pa.Table):
    shop.vendor.reset(holds=True, capacity=8, service={"kind": "fixed", "s": 0.05})
    ledger = str(filled(shop) / "ledger.sqlite")
    options = {"ledger": ledger, "part_rows": PART_ROWS, "max_outstanding": 8}
    process = interrupted(shop, 250, **options)
    _, told = process.communicate(timeout=60)
    assert b"KeyboardInterrupt" in told
    assert b"not finished: " in told
    before = parts_of(shop / "out")
    assert 0 < len(before) < ROWS // PART_ROWS
    assert litter(shop.folder) == []
    stats = shop.vendor.stats()
    assert stats["acknowledged"] == stats["submitted"] < IMAGES
    shop.vendor.configure(service={"kind": "fixed", "s": 0.0})
    assert shop.recognize("in.parquet", "out", part_rows=PART_ROWS).rows == {"Completed": ROWS}
    assert before.items() <= parts_of(shop / "out").items()
    assert shop.vendor.stats()["submitted"] == IMAGES
    assert pq.read_table(shop / "out").equals(whole, check_metadata=True)


@pytest.mark.parametrize("destination", ["out.parquet", "out.csv", "out"])
def test_a_full_disk_is_told_and_leaves_nothing_half(shop: Shop, destination: str):
    noise = [os.urandom(1000).hex() for _ in range(3000)]
    pq.write_table(pa.table({"path": [None] * 3000, "noise": noise}), shop / "in.parquet")
    ended = Child(
        tabled.recognize_on_a_full_disk,
        2_000_000,
        shop / "in.parquet",
        shop / destination,
        shop.options | ({"part_rows": 1000, "compression": "none"} if destination == "out" else {}),
    ).ended()
    assert ended.error is not None
    assert ended.error.startswith("TableError: table: ")
    assert "File too large" in ended.error
    assert destination in ended.error
    there = {path.name for path in shop.folder.iterdir()} - {"in.parquet"}
    assert {name for name in there if not name.startswith("ledger")} <= {"out"}
    assert litter(shop.folder) == []


def test_a_folder_that_may_not_be_written_to_any_more_is_told(shop: Shop):
    ended = Child(
        tabled.recognize_and_lose_permission, shop.folder, shop.options | {"ledger": False}
    ).ended()
    assert ended.error is not None
    assert "no permission" in ended.error
    (shop / "to").chmod(0o755)
    assert [path.name for path in (shop / "to").iterdir()] == ["out.parquet"]
    assert (shop / "to/out.parquet").read_text() == "precious"


@pytest.mark.parametrize("destination", ["out.parquet", "out"])
def test_a_source_that_changes_is_told(shop: Shop, monkeypatch, destination: str):
    pq.write_table(tabled.table_of(3000, 10), shop / "in.parquet")
    shop.images(10)
    some_parts = {"part_rows": 1000} if destination == "out" else {}
    publish = LocalStorage.publish
    published = []

    def changing(storage: LocalStorage, staged: Path, path: str) -> None:
        publish(storage, staged, path)
        published.append(path)
        os.utime(shop / "in.parquet")

    def write(storage: LocalStorage, folder: str) -> Path:
        os.utime(shop / "in.parquet")
        return Path(folder)

    if destination == "out":
        monkeypatch.setattr(LocalStorage, "publish", changing)
    else:
        monkeypatch.setattr(LocalStorage, "staging", write)
    with pytest.raises(TableError, match=r"in\.parquet' changed during the run"):
        shop.recognize("in.parquet", destination, **some_parts)
    assert litter(shop.folder) == []
    assert not (shop / "out.parquet").exists()
    assert len(published) == (destination == "out")
    assert not (shop / "out/_manifest.json").exists()
    monkeypatch.undo()
    done = shop.recognize("in.parquet", destination, overwrite=True, **some_parts)
    assert done.rows == {"Completed": 3000}
    assert shop.vendor.stats()["submitted"] == 10


def test_files_that_come_or_go_are_told(shop: Shop, monkeypatch):
    (shop / "in").mkdir()
    for name in "ab":
        pq.write_table(pa.table({"path": ["gone"]}), shop / f"in/{name}.parquet")
    publish = LocalStorage.publish

    def adding(storage: LocalStorage, staged: Path, path: str) -> None:
        publish(storage, staged, path)
        pq.write_table(pa.table({"path": ["gone"]}), shop / "in/c.parquet")

    monkeypatch.setattr(LocalStorage, "publish", adding)
    with pytest.raises(TableError, match="came or went"):
        shop.recognize("in", "out")
    assert not (shop / "out/_manifest.json").exists()


def test_a_damaged_source_is_told_and_the_parts_before_it_stay(shop: Shop):
    (shop / "in").mkdir()
    tabled.write_table(shop / "in/a.parquet", 2000, 10)
    paths = [str(shop / path) for path in shop.images(10)]
    for name in "ab":
        table = pa.table({"path": paths * 200, "noise": [os.urandom(20) for _ in range(2000)]})
        pq.write_table(table, shop / f"in/{name}.parquet", compression="none")
    whole = (shop / "in/b.parquet").read_bytes()
    middle = len(whole) // 2
    (shop / "in/b.parquet").write_bytes(whole[:4] + b"\xff" * middle + whole[4 + middle :])
    with pytest.raises(TableError, match=r"b\.parquet' could not be read"):
        shop.recognize("in", "out")
    assert len(parts_of(shop / "out")) == 1
    assert litter(shop.folder) == []


def test_two_runs_do_not_write_to_one_place(shop: Shop, vendor: Simulated):
    vendor.reset(service={"kind": "fixed", "s": 0.5})
    shop.images(10)
    pq.write_table(tabled.table_of(100, 10), shop / "in.parquet")
    first = child(shop, "out.parquet")
    vendor.reached(2)
    with pytest.raises(TableError, match="another run is writing"):
        shop.recognize("in.parquet", "out.parquet")
    ended: Ended = first.ended()
    assert ended.value.rows == {"Completed": 100}
    assert shop.recognize("in.parquet", "out.parquet").rows == {"Completed": 100}


def test_memory_does_not_grow_with_the_rows(shop: Shop):
    peaks = []
    for rows in (150_000, 450_000):
        pq.write_table(
            pa.table({"path": pa.nulls(rows, pa.string()), "n": range(rows)}), shop / "in.parquet"
        )
        ended = child(shop, "out.parquet").ended()
        assert ended.value.rows == {"Skipped": rows}
        peaks.append(ended.peak_bytes)
    # The answers alone of 300,000 rows would take 200 MB.
    assert peaks[1] - peaks[0] <= 60 * 2**20


def test_what_another_run_left_is_not_taken_for_this_ones(shop: Shop):
    shop.images(10)
    tabled.write_table(shop / "in.parquet", 100, 10)
    shop.recognize("in.parquet", "out")
    with pytest.raises(ocr_frames.MisuseError, match="other arguments"):
        shop.recognize("in.parquet", "out", prefix="other_")
    report = shop.recognize("in.parquet", "out", prefix="other_", overwrite=True)
    assert report.rows == {"Completed": 100}
    assert "other_text" in pq.read_schema(shop / "out" / next(iter(parts_of(shop / "out")))).names
    assert len(parts_of(shop / "out")) == 1
    (shop / "out/mine.parquet").write_bytes((shop / "in.parquet").read_bytes())
    with pytest.raises(TableError, match=r"other tables.*mine\.parquet"):
        shop.recognize("in.parquet", "out", prefix="other_", overwrite=True)
    assert (shop / "out/mine.parquet").exists()


def test_parts_of_unchanged_files_stay_when_others_change(shop: Shop):
    (shop / "in").mkdir()
    paths = [str(shop / path) for path in shop.images(4)]
    for number, path in enumerate(paths[:3]):
        pq.write_table(pa.table({"path": [path]}), shop / f"in/{number}.parquet")
    shop.recognize("in", "out")
    before = parts_of(shop / "out")
    pq.write_table(pa.table({"path": [paths[3]]}), shop / "in/1.parquet")
    shop.recognize("in", "out", overwrite=True)
    after = parts_of(shop / "out")
    assert len(after) == 3
    assert len(before.items() & after.items()) == 2
    assert pq.read_table(shop / "out")["path"].to_pylist() == [paths[0], paths[3], paths[2]]

"""A million rows, Parquet to Parquet, beside a plain script; and the plug pulled in mid-run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.adapters import tabled
from tests.adapters.children import Child, Ended
from tests.adapters.simulated import Simulated, simulated
from tests.adapters.tabled import Shop
from tests.benchmarks import table_yardsticks

pytestmark = pytest.mark.benchmark
ROWS, IMAGES, FIRST = 1_000_000, 20_000, 20_000
MEGABYTE = 2**20
MOST_MEGABYTES = 600


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print past pytest's capture."""

    def saying(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="", flush=True)

    return saying


@pytest.fixture(scope="module")
def vendor():
    with simulated() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the images and the table of them."""
    folder = tmp_path_factory.mktemp("million")
    tabled.write_images(folder, IMAGES)
    tabled.write_table(folder / "in.parquet", ROWS, IMAGES)
    return folder


@pytest.fixture(scope="module")
def whole(vendor: Simulated, filled: Path) -> Path:
    """What an undisturbed run writes, and on how much memory, in how much time."""
    vendor.reset()
    shop = Shop(vendor, filled)
    run(shop, "whole").check()
    return filled / "whole"


class Measured:
    """One run in a process of its own."""

    def __init__(self, ended: Ended) -> None:
        self.ended = ended

    def check(self) -> Any:
        """Its report, if it came to an end."""
        assert self.ended.error is None, self.ended.error
        assert self.ended.value.rows == {"Completed": ROWS}
        return self.ended.value

    def __str__(self) -> str:
        report = self.check()
        return (
            f"{ROWS / self.ended.seconds:,.0f} rows/s, {self.ended.cpu_s / ROWS * 1e6:.1f} us of "
            f"CPU per row, {sum(report.calls.values()):,} calls, peak "
            f"{(self.ended.peak_bytes - imported_bytes()) / MEGABYTE:.0f} MB above the imports"
        )


def imported_bytes() -> int:
    """What the interpreter takes with all that is imported."""
    return Child(table_yardsticks.nothing, warm=False).ended().peak_bytes


def same(one: Path, other: Path) -> bool:
    """Whether two tables have the same data; dictionaries may list their values in any order."""
    tables = [pq.read_table(path) for path in (one, other)]
    assert tables[0].schema.equals(tables[1].schema, check_metadata=True)
    plain = [table.set_column(2, "label", table["label"].cast("string")) for table in tables]
    return plain[0].equals(plain[1])


def child(shop: Shop, destination: str, **options: Any) -> Child:
    chosen = {**shop.options, "max_outstanding": 256, **options}
    source = shop / "in.parquet"
    return Child(tabled.recognize, source, shop / destination, chosen, warm=False)


def run(shop: Shop, destination: str, **options: Any) -> Measured:
    return Measured(child(shop, destination, **options).ended())


def test_a_million_rows_of_twenty_thousand_images(say, vendor: Simulated, filled: Path, tmp_path):
    vendor.reset()
    shop = Shop(vendor, filled)
    first = run(shop, "out.parquet", ledger=tmp_path / "ledger.sqlite")
    say(f"1,000,000 rows, 20,000 images, first run: {first}")
    assert vendor.stats()["submitted"] == IMAGES
    again = run(shop, "again", ledger=tmp_path / "ledger.sqlite")
    say(f"the same from the ledger, to a folder of parts: {again}")
    assert again.check().calls == {}
    vendor.reset()
    plain = Child(
        table_yardsticks.plain_script,
        vendor.url, str(filled / "in.parquet"), str(tmp_path / "plain.parquet"), FIRST, 32,
        warm=False,
    ).ended()  # fmt: skip
    assert plain.error is None, plain.error
    calls = sum(vendor.stats()["calls"].values())
    say("pandas and the vendor's SDK, 32 threads, the first 20,000 rows: ")
    say(f"{FIRST / plain.value['seconds']:,.0f} rows/s, {calls:,} calls, peak ")
    say(f"{(plain.peak_bytes - imported_bytes()) / MEGABYTE:.0f} MB above the imports")
    texts = pq.read_table(filled / "out.parquet", columns=["ocr_text"])["ocr_text"]
    assert texts.slice(0, FIRST).to_pylist() == plain.value["texts"]
    assert same(filled / "again", filled / "out.parquet")
    for measured in (first, again):
        above = measured.ended.peak_bytes - imported_bytes()
        assert above <= MOST_MEGABYTES * MEGABYTE
    assert ROWS / first.ended.seconds >= 5 * FIRST / plain.value["seconds"]


@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 0.75, 0.99])
def test_killed_at_five_points(say, vendor: Simulated, whole: Path, tmp_path: Path, share: float):
    """The rerun's data are those of an undisturbed run; nothing acknowledged is paid for again."""
    vendor.reset()
    shop, where = Shop(vendor, whole.parent), f"killed {share:.0%}"
    options = {"ledger": tmp_path / "ledger.sqlite"}
    victim = child(shop, where, **options)
    vendor.kill_at(victim.pid, int(2 * IMAGES * share), "after")
    assert victim.ended().exit_code == -9
    parts = len(list((whole.parent / where).glob("*.parquet")))
    held = run(shop, where, **options, on_doubt="hold").ended
    assert vendor.stats()["acknowledged_twice"] == 0
    doubtful = held.value.rows.get("Pending", 0)
    report = run(shop, where, **options).check()
    again = vendor.stats()["submitted"] - IMAGES
    say(f"killed at {share:.0%} of the calls: {parts} parts were kept, {doubtful:,} rows in doubt,")
    say(f"{again} images submitted again, {report.from_ledger:,} rows from the ledger at last")
    assert again <= 64
    assert same(whole.parent / where, whole)


def test_a_table_of_image_bytes_is_read_in_little_memory(say, vendor: Simulated, tmp_path: Path):
    """4,000 images of 100 kB: 400 MB in one row group, the pages of which are small or enormous."""
    for page_rows in (8, 1024):
        vendor.reset()
        shop = Shop(vendor, tmp_path)
        Child(tabled.write_bytes_table, tmp_path / "in.parquet", 4000, 100_000, page_rows).ended()
        ended = child(shop, f"{page_rows}.parquet", column="image", max_outstanding=64).ended()
        assert ended.value.rows == {"Completed": 4000}
        above = (ended.peak_bytes - imported_bytes()) / MEGABYTE
        say(f"400 MB of images, {page_rows} to a page: peak {above:.0f} MB above the imports, ")
        say(f"{4000 / ended.seconds:.0f} images/s")
        assert above <= MOST_MEGABYTES + page_rows * 100_000 * 2 / MEGABYTE

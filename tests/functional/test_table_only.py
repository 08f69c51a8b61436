"""`only=`: rows that failed or are pending are done again, all others stay as they are."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import ocr_frames
from tests.adapters import tabled
from tests.adapters.simulated import Simulated, simulated
from tests.adapters.tabled import Shop, litter


@pytest.fixture(scope="module")
def vendor():
    with simulated() as simulator:
        yield simulator


@pytest.fixture
def shop(vendor: Simulated, tmp_path: Path) -> Shop:
    """12 images in two partitions; 3 fail at the vendor, 1 is missing, 1 cell is null."""
    shop = Shop(vendor, tmp_path)
    paths = [str(shop / path) for path in shop.images(12)]
    failing = [vendor.text_of(tabled.content(number)) for number in (1, 5, 9)]
    vendor.reset(failing=failing)
    (shop / paths[2]).rename(shop / "away.png")
    for name, cells in (("a", [*paths[:6], None]), ("b", paths[6:])):
        (shop / f"in/kind={name}").mkdir(parents=True)
        table = pa.table({"path": cells, "n": range(len(cells))})
        pq.write_table(table, shop / f"in/kind={name}/0.parquet")
    return shop


FAILED = ["Completed"] * 8 + ["Error"] * 4 + ["Skipped"]


def statuses(table: pa.Table) -> list[str]:
    return sorted(table["ocr_status"].to_pylist())


def mended(shop: Shop) -> None:
    """Now all images can be read."""
    shop.vendor.configure(failing=[])
    (shop / "away.png").rename(shop / tabled.image_name(2))


def decoded(table: pa.Table) -> pa.Table:
    """Dictionaries may list their values in another order."""
    kinds = [field.type for field in table.schema]
    kinds = [kind.value_type if pa.types.is_dictionary(kind) else kind for kind in kinds]
    return table.cast(pa.schema(list(zip(table.schema.names, kinds, strict=True))))


def assert_only_failed_rows_differ(before: pa.Table, after: pa.Table) -> None:
    assert after.schema.equals(before.schema, check_metadata=True)
    before, after = decoded(before), decoded(after)
    failed = pc.equal(before["ocr_status"], "Error")
    assert after.filter(pc.invert(failed)).equals(before.filter(pc.invert(failed)))
    new = after.filter(failed)
    assert set(new["ocr_status"].to_pylist()) == {"Completed"}
    assert new["ocr_error"].null_count == len(new) == new["ocr_text"].drop_null().length()
    ours = {"ocr_status", "ocr_text", "ocr_error"}
    others = [name for name in before.schema.names if name not in ours]
    assert new.select(others).equals(before.filter(failed).select(others))


@pytest.mark.parametrize("name", ["out.parquet", "out.csv"])
def test_failed_rows_are_done_again_in_place(shop: Shop, name: str):
    shop.recognize("in", name)
    table = tabled.read(shop / name)
    assert statuses(table) == FAILED
    submitted = shop.vendor.stats()["submitted"]
    mended(shop)
    report = shop.recognize(name, name, only="failed")
    assert report.rows == {"Completed": 12, "Skipped": 1}
    assert_only_failed_rows_differ(table, tabled.read(shop / name))
    assert shop.vendor.stats()["submitted"] == submitted + 4
    assert litter(shop.folder) == []


def test_failed_rows_of_a_folder_are_done_again_in_place(shop: Shop):
    shop.recognize("in", "out")
    before = {path: pq.read_table(path, partitioning=None) for path in parts(shop)}
    shop.recognize("out", "out/", only="failed")
    assert {path: pq.read_table(path, partitioning=None) for path in parts(shop)} == before
    mended(shop)
    report = shop.recognize("out", "out", only="failed")
    assert report.rows == {"Completed": 12, "Skipped": 1}
    assert before.keys() == set(parts(shop))
    for path, table in before.items():
        assert_only_failed_rows_differ(table, pq.read_table(path, partitioning=None))
    assert litter(shop.folder) == []


def parts(shop: Shop) -> list[Path]:
    return sorted((shop / "out").rglob("*.parquet"))


def test_failed_rows_into_another_table(shop: Shop):
    shop.recognize("in", "out")
    before = pq.read_table(shop / "out")
    mended(shop)
    shop.recognize("out", "again", only="failed")
    assert pq.read_table(shop / "out").equals(before)
    assert_only_failed_rows_differ(before, pq.read_table(shop / "again"))


def test_what_fails_again_says_so_and_rows_that_failed_are_really_tried(shop: Shop):
    shop.recognize("in", "out.parquet")
    submitted = shop.vendor.stats()["submitted"]
    report = shop.recognize("out.parquet", "out.parquet", only="failed")
    assert report.rows == {"Completed": 8, "Error": 4, "Skipped": 1}
    assert shop.vendor.stats()["submitted"] == submitted + 3
    assert statuses(pq.read_table(shop / "out.parquet")) == FAILED


def test_pending_rows_alone(shop: Shop):
    shop.recognize("in", "out.parquet", max_calls=9)
    before = Counter(statuses(pq.read_table(shop / "out.parquet")))
    assert before["Pending"] >= 7
    mended(shop)
    report = shop.recognize("out.parquet", "out.parquet", only="pending")
    assert report.rows["Error"] == before["Error"]
    assert "Pending" not in report.rows
    assert sum(report.rows.values()) == 13


def test_a_table_of_pandas_will_do(shop: Shop):
    shop.recognize("in", "out.parquet")
    frame = pq.read_table(shop / "out.parquet").to_pandas()
    frame.to_parquet(shop / "frame.parquet")
    before = pq.read_table(shop / "frame.parquet")
    mended(shop)
    shop.recognize("frame.parquet", "frame.parquet", only="failed")
    assert_only_failed_rows_differ(before, pq.read_table(shop / "frame.parquet"))


def test_named_regions_are_replaced_with_the_rest(shop: Shop):
    boxes = {"top": (0, 0, 5, 5), "bottom": (0, 5, 5, 9)}
    shop.recognize("in", "out.parquet", regions=boxes)
    before = pq.read_table(shop / "out.parquet")
    mended(shop)
    shop.recognize("out.parquet", "out.parquet", regions=boxes, only="failed")
    after = pq.read_table(shop / "out.parquet")
    assert after["ocr_top"].null_count == after["ocr_bottom"].null_count == 1
    assert before["ocr_top"].null_count == 5


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"only": "failed"}, "no column 'ocr_status' to put new values in"),
        ({"only": "broken"}, "only='broken'"),
        ({"only": "failed", "prefix": "n"}, "no column 'nstatus'"),
    ],
)
def test_only_takes_what_was_written_before(shop: Shop, options, says):
    (file,) = (shop / "in/kind=a").iterdir()
    before = file.read_bytes()
    with pytest.raises(ocr_frames.MisuseError, match=says):
        shop.recognize("in/kind=a/0.parquet", "in/kind=a/0.parquet", **options)
    assert file.read_bytes() == before


def test_only_takes_columns_of_the_same_type(shop: Shop):
    ours = {"ocr_status": ["Error"], "ocr_text": [5], "ocr_error": [None]}
    pq.write_table(pa.table({"path": ["x"], **ours}), shop / "in.parquet")
    with pytest.raises(ocr_frames.MisuseError, match="'ocr_text' is of type int64, not string"):
        shop.recognize("in.parquet", "out.parquet", only="failed")


def test_a_folder_is_not_recognized_in_place_without_only(shop: Shop):
    with pytest.raises(ocr_frames.MisuseError, match="in place with only="):
        shop.recognize("in", "in")

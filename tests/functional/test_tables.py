"""Tables in files to tables in files, at a simulated vendor: only what is new is new."""

import datetime
import decimal
import json
import shutil
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import ocr_frames
from ocr_frames.columns import STATUS_TYPE
from ocr_frames.tables import spool
from tests.adapters import tabled
from tests.adapters.simulated import Simulated, simulated
from tests.adapters.tabled import Shop, litter

OURS = ["ocr_status", "ocr_text", "ocr_error"]


@pytest.fixture(scope="module")
def vendor():
    with simulated() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def paid(vendor: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that has the results of 300 images, so that few tests need to wait for any."""
    shop = Shop(vendor, tmp_path_factory.mktemp("paid"))
    pq.write_table(pa.table({"path": shop.images(300)}), shop / "in.parquet")
    assert shop.recognize("in.parquet", "out.parquet").rows == {"Completed": 300}
    return shop / "ledger.sqlite"


@pytest.fixture
def shop(vendor: Simulated, paid: Path, tmp_path: Path) -> Shop:
    shutil.copy(paid, tmp_path / "ledger.sqlite")
    return Shop(vendor, tmp_path)


@pytest.fixture
def new_shop(vendor: Simulated, tmp_path: Path) -> Shop:
    """One whose vendor and ledger know nothing."""
    vendor.reset()
    return Shop(vendor, tmp_path)


def every_type(paths: list[str | None]) -> pa.Table:
    """A column of each Arrow type that Parquet holds, with values and nulls, beside the paths."""
    rows = len(paths)
    when = datetime.datetime(2026, 3, 29, 1, 30, tzinfo=datetime.UTC)

    def some(kind: pa.DataType, *values: Any) -> pa.Array:
        return pa.array(([*values, None] * rows)[:rows], kind)

    point = pa.struct([pa.field("x", pa.float32(), nullable=False), pa.field("y", pa.int64())])
    columns = {
        "path": pa.array(paths, pa.string()),
        "null": pa.nulls(rows),
        "bool": some(pa.bool_(), True, False),
        **{str(kind): some(kind, 1, 100) for kind in _INTEGERS},
        "halffloat": some(pa.float16(), 0.5),
        "float": some(pa.float32(), 0.1, float("inf")),
        "double": some(pa.float64(), 0.1, -0.0),
        "string": some(pa.string(), "", "a\nb", "=1+1", "\u202e\U0001f600"),
        "large_string": some(pa.large_string(), "a"),
        "string_view": some(pa.string_view(), "a string too long to lie in the view itself"),
        "binary": some(pa.binary(), b"", b"\0\xff"),
        "large_binary": some(pa.large_binary(), b"\xff"),
        "binary_view": some(pa.binary_view(), b"\xff"),
        "fixed_size_binary": some(pa.binary(3), b"abc"),
        "decimal32": some(pa.decimal32(7, 2), decimal.Decimal("12345.67")),
        "decimal64": some(pa.decimal64(15, 2), decimal.Decimal("-0.01")),
        "decimal128": some(pa.decimal128(38, 10), decimal.Decimal("1234567890.0123456789")),
        "decimal256": some(pa.decimal256(76, 0), decimal.Decimal(10**75)),
        "date32": some(pa.date32(), when.date()),
        "time32": some(pa.time32("ms"), datetime.time(23, 59, 59, 999000)),
        "time64": some(pa.time64("ns"), datetime.time(1, 2, 3, 4)),
        **{f"ts {unit}": some(pa.timestamp(unit), 1) for unit in ("ms", "us", "ns")},
        **{
            f"ts {unit} zone": some(pa.timestamp(unit, "Europe/Berlin"), when)
            for unit in ("ms", "us", "ns")
        },
        **{f"duration {unit}": some(pa.duration(unit), 5) for unit in ("s", "ms", "us", "ns")},
        "list": some(_list_of(pa.int16()), [], [1, None]),
        "large_list": some(pa.large_list(pa.field("element", pa.string())), ["a"]),
        "fixed_size_list": some(pa.list_(pa.field("element", pa.int8()), 2), [1, 2]),
        "struct": some(point, {"x": 1.5, "y": None}),
        "list of structs": some(_list_of(point), [{"x": 0.0, "y": 1}]),
        "nested lists": some(_list_of(_list_of(pa.int8())), [[1], [], None]),
        "map": some(pa.map_(pa.string(), pa.int32()), [("a", 1), ("b", None)]),
        "dictionary": some(pa.dictionary(pa.int8(), pa.string()), "a", "b"),
        "ordered": some(pa.dictionary(pa.int16(), pa.string(), ordered=True), "low", "high"),
    }
    fields = [
        pa.field(name, column.type, metadata={"note": f"of {name}"})
        for name, column in columns.items()
    ]
    fields[0] = fields[0].with_nullable(True)
    schema = pa.schema(fields, metadata={"made by": "hand", "pandas": "{}"})
    return pa.Table.from_arrays(list(columns.values()), schema=schema)


_INTEGERS = [
    pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()
]  # fmt: skip


def _list_of(kind: pa.DataType) -> pa.DataType:
    # The name that Parquet gives to the values of lists, so that reading them gives them back.
    return pa.list_(pa.field("element", kind))


def without_ours(table: pa.Table) -> pa.Table:
    return table.drop_columns(OURS)


@pytest.mark.parametrize("memory_bytes", [spool.MEMORY_BYTES, 0], ids=["memory", "disk"])
@pytest.mark.parametrize("destination", ["out.parquet", "out"])
def test_every_arrow_type_comes_out_as_it_went_in(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, destination: str, memory_bytes: int
):
    """Whether it waits in memory for its answer, or on disk."""
    monkeypatch.setattr(spool, "MEMORY_BYTES", memory_bytes)
    table = every_type([*shop.images(9), None])
    pq.write_table(table, shop / "in.parquet", row_group_size=4)
    before = pq.read_table(shop / "in.parquet")
    shop.recognize("in.parquet", destination)
    after = pq.read_table(shop / destination)
    assert without_ours(after).equals(before, check_metadata=True)
    assert without_ours(after).schema.equals(before.schema, check_metadata=True)
    assert after["ocr_status"].to_pylist() == ["Completed"] * 9 + ["Skipped"]
    # What this test is worth: reading the input gave back what was written, zone and all.
    assert before.schema.field("map").type.item_type == pa.int32()
    assert before.drop_columns("map").equals(table.drop_columns("map"), check_metadata=True)


VALUES = {
    pa.string(): st.text(st.characters(codec="utf-8")),
    pa.binary(): st.binary(),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(allow_nan=False),
    pa.timestamp("us", "UTC"): st.datetimes(
        datetime.datetime(1, 1, 2),
        datetime.datetime(9999, 12, 30),
        timezones=st.just(datetime.UTC),
    ),
    pa.decimal128(20, 3): st.decimals(-(10**16), 10**16, places=3),
    _list_of(pa.string()): st.lists(st.none() | st.text(max_size=3), max_size=3),
    pa.struct([("a", pa.bool_())]): st.fixed_dictionaries({"a": st.none() | st.booleans()}),
    pa.dictionary(pa.int32(), pa.string()): st.sampled_from(["a", "b", ""]),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    kinds = draw(st.lists(st.sampled_from(list(VALUES)), max_size=4))
    rows = draw(st.integers(0, 6))
    fields = [pa.field("path", pa.binary())]
    columns = [pa.array(draw(_cells(st.sampled_from([b"1", b"2"]), rows)), pa.binary())]
    for number, kind in enumerate(kinds):
        columns.append(pa.array(draw(_cells(VALUES[kind], rows)), kind))
        metadata = draw(st.none() | st.just({"a": "b"}))
        fields.append(
            pa.field(f"{draw(st.text('ab. ', max_size=2))}{number}", kind, True, metadata)
        )
    metadata = draw(st.none() | st.dictionaries(st.text("ab", min_size=1), st.text(max_size=3)))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata))


def _cells(values: st.SearchStrategy[Any], rows: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.none() | values, min_size=rows, max_size=rows)


@given(table=tables(), groups=st.integers(1, 3), parts=st.integers(1, 7))
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_table_comes_out_as_it_went_in(shop: Shop, table: pa.Table, groups: int, parts: int):
    pq.write_table(table, shop / "in.parquet", row_group_size=groups)
    before = pq.read_table(shop / "in.parquet")
    shop.recognize("in.parquet", "out/", part_rows=parts, row_group_rows=2, overwrite=True)
    files = sorted((shop / "out").glob("*.parquet"))
    assert len(files) == max(1, -(-len(table) // parts))
    after = pa.concat_tables([pq.read_table(path) for path in files])
    assert without_ours(after).equals(before, check_metadata=True)
    assert {pq.read_schema(path).serialize().to_pybytes() for path in files} == {
        after.schema.serialize().to_pybytes()
    }
    assert after["ocr_status"].to_pylist() == [
        "Skipped" if cell is None else "Completed" for cell in table["path"].to_pylist()
    ]


def test_a_frame_comes_back_with_its_index(shop: Shop):
    frame = pd.DataFrame(
        {"path": shop.images(4), "kind": pd.Categorical(list("abab"))},
        index=pd.date_range("2026-01-01", periods=4, tz="Europe/Berlin", name="day"),
    )
    frame.to_parquet(shop / "in.parquet")
    shop.recognize("in.parquet", "out.parquet")
    after = pd.read_parquet(shop / "out.parquet")
    pd.testing.assert_frame_equal(
        after.drop(columns=OURS), pd.read_parquet(shop / "in.parquet"), check_freq=False
    )
    assert after["ocr_status"].dtype == "category"


def partitioned(shop: Shop) -> pa.Table:
    """A table in three partitions of two folders each; its rows in the order of its files."""
    paths = [str(shop / path) for path in shop.images(12)]
    for number, (year, place) in enumerate([(2024, "a b"), (2024, "ü"), (2025, "a b")]):
        folder = shop / f"in/year={year}/place={place}"
        folder.mkdir(parents=True)
        for half in (0, 1):
            first = number * 4 + half * 2
            pq.write_table(
                pa.table({"n": [first, first + 1], "path": paths[first : first + 2]}),
                folder / f"{half}.parquet",
            )
    return ds.dataset(shop / "in", partitioning="hive").to_table()


def test_a_folder_keeps_its_partitions(shop: Shop):
    before = partitioned(shop)
    report = shop.recognize("in", "out")
    after = ds.dataset(shop / "out", partitioning="hive").to_table()
    assert after.select(before.schema.names).equals(before)
    assert report.rows == {"Completed": 12}
    assert after["ocr_text"].to_pylist() == [
        shop.vendor.text_of(tabled.content(n)) for n in range(12)
    ]
    folders = {path.parent for path in (shop / "out").rglob("*.parquet")}
    assert {str(folder.relative_to(shop / "out")) for folder in folders} == {
        "year=2024/place=a b", "year=2024/place=ü", "year=2025/place=a b"
    }  # fmt: skip
    manifest = json.loads((shop / "out/_manifest.json").read_text())
    assert (manifest["rows"], manifest["ocr_status"]) == (12, {"Completed": 12})
    listed = {part["path"]: part["rows"] for part in manifest["parts"]}
    there = (shop / "out").rglob("*.parquet")
    assert listed == {str(path.relative_to(shop / "out")): 2 for path in there}
    assert litter(shop / "out") == []


@pytest.mark.parametrize("destination", ["out.parquet", "out.csv"])
def test_in_one_file_partitions_are_columns(shop: Shop, destination: str):
    before = partitioned(shop)
    shop.recognize("in", destination)
    after = ds.dataset(shop / destination, format=destination[4:]).to_table()
    assert after.select(before.schema.names).cast(before.schema).equals(before)


def test_a_partition_may_be_the_column_of_the_images(shop: Shop):
    (image,) = shop.images(1)
    folder = shop / f"in/path={image.replace('/', '%2F')}"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"n": [1]}), folder / "0.parquet")
    (shop / "in/images").symlink_to(shop / "images")
    assert shop.recognize("in", "out").rows == {"Completed": 1}
    assert ds.dataset(shop / "out", partitioning="hive").schema.names == ["n", *OURS, "path"]


def test_files_may_lack_columns_of_others(shop: Shop):
    (shop / "in").mkdir()
    paths = [str(shop / path) for path in shop.images(3)]
    tables = [
        pa.table({"path": paths[:1], "a": pa.nulls(1)}),
        pa.table({"a": ["text"], "path": paths[1:2], "b": [1.5]}),
        pa.table({"b": pa.array([], pa.float64())}),
        pa.table({"b": [2.5]}),
    ]
    for number, table in enumerate(tables):
        pq.write_table(table, shop / f"in/{number}.parquet")
    report = shop.recognize("in", "out")
    parts = [pq.read_table(path) for path in sorted((shop / "out").glob("*.parquet"))]
    assert [len(part) for part in parts] == [1, 1, 0, 1]
    assert len({part.schema for part in parts}) == 1
    assert pa.concat_tables(parts).select(["path", "a", "b"]).to_pylist() == [
        {"path": paths[0], "a": None, "b": None},
        {"path": paths[1], "a": "text", "b": 1.5},
        {"path": None, "a": None, "b": 2.5},
    ]
    assert report.rows == {"Completed": 2, "Skipped": 1}


def test_files_that_do_not_fit_together_are_named(shop: Shop):
    (shop / "in").mkdir()
    for number, value in enumerate([1, "one"]):
        pq.write_table(pa.table({"path": ["x"], "n": [value]}), shop / f"in/{number}.parquet")
    with pytest.raises(ocr_frames.TableError, match=r"1\.parquet.*n "):
        shop.recognize("in", "out")


def test_a_glob_takes_the_files_it_matches(shop: Shop):
    partitioned(shop)
    report = shop.recognize("in/year=2024/**/*.parquet", "out.parquet")
    after = pq.read_table(shop / "out.parquet")
    assert after["n"].to_pylist() == list(range(8))
    assert set(after["year"].to_pylist()) == {2024}
    assert report.rows == {"Completed": 8}


def test_csv_survives_with_newlines_quotes_and_every_letter(shop: Shop):
    texts = ["a\nb", 'say "a, b"', "\r\n", "Größe \U0001f600", "", None, "  x ", "\t"]
    table = pa.table({"path": shop.images(8), "note": texts, "zip": ["00123"] * 8})
    pa.csv.write_csv(table, shop / "in.csv")
    shop.recognize("in.csv", "out.csv")
    shop.recognize("out.csv", "again.csv", prefix="again_")
    (shop / "images").rename(shop / "gone")
    for name in ("out.csv", "again.csv"):
        read = ocr_frames.tables.Source(shop / name)
        (slab,) = (slab for _, slab in read.slabs(read.fragments[0], table.column_names))
        assert slab.equals(table)
    assert (shop / "out.csv").read_bytes().decode("utf-8").startswith('"path","note","zip","ocr_')


def test_csv_escapes_formulas_when_asked_to(shop: Shop):
    texts = ["=1+1", "+1", "-1", "@a", "\ta", "\ra", "a=1", "'=", "", None]
    table = pa.table({"path": shop.images(10), "note": texts})
    pq.write_table(table, shop / "in.parquet")
    shop.recognize("in.parquet", "plain.csv")
    shop.recognize("in.parquet", "escaped.csv", escape_formulas=True)
    plain, escaped = (
        pd.read_csv(shop / f"{name}.csv", keep_default_na=False)["note"].tolist()
        for name in ("plain", "escaped")
    )
    assert plain == [*texts[:5], "\ra", *texts[6:9], ""]
    assert escaped == ["'=1+1", "'+1", "'-1", "'@a", "'\ta", "'\ra", "a=1", "'=", "", ""]


def test_csv_in_parts_of_parquet(shop: Shop):
    paths = shop.images(10)
    (shop / "in.csv").write_text("path\n" + "\n".join(paths) + "\n", encoding="utf-8")
    shop.recognize("in.csv", "out", part_rows=4)
    parts = sorted((shop / "out").glob("*.parquet"))
    assert [pq.read_metadata(part).num_rows for part in parts] == [4, 4, 2]
    assert pq.read_table(shop / "out")["path"].to_pylist() == paths


def test_urls_through_fsspec(shop: Shop):
    memory = fsspec.filesystem("memory")
    partitioned(shop)
    for path in (shop / "in").rglob("*.parquet"):
        memory.put_file(str(path), f"/{shop.folder.name}/in/{path.relative_to(shop / 'in')}")
    root = f"memory://{shop.folder.name}"
    (shop / "here").mkdir()
    for _ in range(2):
        report = shop.recognize(f"{root}/in", f"{root}/out")
        assert report.rows == {"Completed": 12}
        # What a killed upload leaves is gone after the next run.
        memory.pipe_file(f"/{shop.folder.name}/out/.part-00000-00000-{'0' * 16}.parquet.tmp", b"x")
    shop.recognize(f"{root}/in", f"{root}/out")
    one = shop.recognize(f"{root}/in/year=2024/*/*.parquet", f"{root}/one.csv")
    local = shop.recognize(f"{root}/one.csv", "here/out.parquet", prefix="again_")
    assert (one.rows, local.rows) == ({"Completed": 8}, {"Completed": 8})
    found = memory.find(f"/{shop.folder.name}/out")
    assert len(found) == 7  # six parts and the manifest
    assert not [path for path in found if "/." in path]
    assert b"2024" in memory.cat(f"/{shop.folder.name}/one.csv")
    memory.rm(f"/{shop.folder.name}", recursive=True)


def test_file_urls_are_paths(shop: Shop):
    pq.write_table(pa.table({"path": shop.images(1)}), shop / "in put.parquet")
    source = (shop / "in put.parquet").as_uri()
    shop.recognize(source, (shop / "out.parquet").as_uri())
    assert pq.read_table(shop / "out.parquet")["ocr_status"].to_pylist() == ["Completed"]


def test_statuses_are_dictionaries_and_row_groups_and_compression_as_wished(shop: Shop):
    pq.write_table(tabled.table_of(5000, 10), shop / "in.parquet")
    shop.images(10)
    shop.recognize("in.parquet", "out.parquet", row_group_rows=2000, compression="brotli")
    metadata = pq.read_metadata(shop / "out.parquet")
    assert [metadata.row_group(n).num_rows for n in range(3)] == [2000, 2000, 1000]
    assert metadata.row_group(0).column(0).compression == "BROTLI"
    assert pq.read_schema(shop / "out.parquet").field("ocr_status").type == STATUS_TYPE
    shop.recognize("in.parquet", "zstd.parquet")
    assert pq.read_metadata(shop / "zstd.parquet").row_group(0).column(0).compression == "ZSTD"


def test_rows_stay_in_order_while_early_ones_are_late(new_shop: Shop):
    shop, service = new_shop, {"kind": "fixed", "s": 0.01}
    shop.vendor.reset(service=service, slow_fraction=0.03, slow_factor=50)
    shop.images(300)
    tabled.write_table(shop / "in.parquet", 3000, 300)
    shop.recognize("in.parquet", "out.parquet")
    after = pq.read_table(shop / "out.parquet")
    assert after["id"].to_pylist() == list(range(3000))
    expected = [
        shop.vendor.text_of(tabled.content(tabled.image_of(row, 3000, 300))) for row in range(3000)
    ]
    assert after["ocr_text"].to_pylist() == expected


def test_a_budget_leaves_rows_pending_and_the_next_run_makes_their_parts_anew(new_shop: Shop):
    shop = new_shop
    each = [name for name in shop.images(100) for _ in range(10)]
    pq.write_table(pa.table({"path": each}), shop / "in.parquet")
    report = shop.recognize("in.parquet", "out", part_rows=100, max_calls=51)
    assert report.stopped is not None
    assert report.rows == {"Completed": 250, "Pending": 750}
    table = pq.read_table(shop / "out")
    pending = table.filter(pa.compute.equal(table["ocr_status"].cast(pa.string()), "Pending"))
    assert set(pending["ocr_error"].to_pylist()) == {str(report.stopped)}
    before = {path.name: path.stat().st_mtime_ns for path in (shop / "out").glob("*.parquet")}
    again = shop.recognize("in.parquet", "out", part_rows=100)
    assert again.rows == {"Completed": 1000}
    after = {path.name: path.stat().st_mtime_ns for path in (shop / "out").glob("*.parquet")}
    assert before.keys() == after.keys()
    assert sum(before[name] == after[name] for name in before) == 2
    assert shop.vendor.stats()["submitted"] == 100


def test_nothing_to_do_costs_nothing(shop: Shop):
    shop.images(10)
    tabled.write_table(shop / "in.parquet", 100, 10)
    first = shop.recognize("in.parquet", "out")
    again = shop.recognize("in.parquet", "out", ledger=False)
    assert (again.rows, again.calls) == (first.rows, {})
    assert (shop / "out/_manifest.json").exists()


def test_a_plan_reads_as_much_as_the_run(shop: Shop):
    partitioned(shop)
    where = {"endpoint": shop.vendor.endpoint, "ledger": shop / "new.sqlite"}
    plan = ocr_frames.plan_table(shop / "in", "path", **where)
    assert (plan.rows, plan.unique, plan.to_submit) == (12, 12, 12)
    where["ledger"] = shop / "ledger.sqlite"
    plan = ocr_frames.plan_table(f"{shop.folder}/in/*/*/*.parquet", "path", **where)
    assert (plan.rows, plan.from_ledger, plan.to_submit) == (12, 12, 0)

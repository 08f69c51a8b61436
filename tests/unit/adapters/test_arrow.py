"""From Arrow to Arrow: tables for Ray, record batches for Spark."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pyarrow as pa
import pytest
from pyspark.sql.types import BinaryType, LongType, StringType, StructField, StructType

from ocr_frames.adapters.arrow import recognizer, spark_schema
from ocr_frames.columns import STATUS_TYPE
from ocr_frames.errors import MisuseError
from ocr_frames.settings import Endpoint
from tests.adapters.simulated import Simulated, simulated

SECRET = "not-for-the-eyes-of-a-log"
NOBODY = Endpoint("http://127.0.0.1:9", "id", SECRET)
SPARK = StructType(
    [StructField("path", StringType(), nullable=False), StructField("image", BinaryType())]
)


def table(images: list[Any]) -> pa.Table:
    return pa.table({"row": pa.array(range(len(images)), pa.int64()), "image": images})


@pytest.fixture(scope="module")
def vendor() -> Iterator[Simulated]:
    with simulated() as simulator:
        yield simulator


def test_a_table_gets_the_columns_of_recognize_arrow():
    out = recognizer("image", endpoint=NOBODY)(table([None, b""]))
    assert out.schema.field("ocr_status").type == STATUS_TYPE
    assert out["ocr_status"].to_pylist() == ["Skipped", "Error"]
    assert out["row"].to_pylist() == [0, 1]


def test_record_batches_get_strings_one_batch_each():
    given = table([None, b"", None]).to_batches(max_chunksize=2)
    out = list(recognizer("image", endpoint=NOBODY)(iter(given)))
    assert [batch.num_rows for batch in out] == [2, 1]
    assert out[0].schema.field("ocr_status").type == pa.string()
    assert out[0]["ocr_status"].to_pylist() == ["Skipped", "Error"]
    assert out[0].select(["row", "image"]).equals(given[0])
    assert list(recognizer("image", endpoint=NOBODY)(iter([]))) == []


def test_batches_are_pulled_as_they_are_needed():
    def failing_later() -> Iterator[pa.RecordBatch]:
        yield from table([None]).to_batches()
        raise RuntimeError("pulled too early")

    out = recognizer("image", endpoint=NOBODY)(failing_later())
    assert next(out)["ocr_status"].to_pylist() == ["Skipped"]


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"max_calls": 9}, "tell with rows="),
        ({"max_calls": 9, "rows": 0}, "rows=0"),
        ({"max_outstanding": 9}, "tell with parallelism="),
        ({"langauge": "German"}, "did you mean 'language'"),
    ],
)
def test_misuse_is_told_where_the_function_is_made(limits: dict[str, Any], says: str):
    for make in (recognizer, lambda *a, **b: spark_schema(SPARK, *a, **b)):
        with pytest.raises(MisuseError, match=says):
            make("image", endpoint=NOBODY, **limits)


def test_a_budget_is_divided_by_rows_and_spent_once(vendor: Simulated, tmp_path: Path):
    work = recognizer(
        "image", endpoint=vendor.endpoint, ledger=tmp_path / "l", max_calls=18, rows=20
    )

    def run(count: int, tag: str) -> tuple[int, list[str]]:
        before = sum(vendor.stats()["calls"].values())
        out = work(table([f"{tag} {number}".encode() for number in range(count)]))
        calls = sum(vendor.stats()["calls"].values()) - before
        return calls, sorted(out["ocr_status"].to_pylist())

    assert run(15, "a") == (13, ["Completed"] * 6 + ["Pending"] * 9)
    assert run(15, "a") == (0, ["Completed"] * 6 + ["Pending"] * 9)
    assert run(5, "b") == (3, ["Completed"] + ["Pending"] * 4)


def test_spark_is_told_the_same_columns_with_types_that_it_has():
    details = ["calls", "seconds", "words", "pdf", "from_ledger"]
    schema = spark_schema(SPARK, "image", endpoint=NOBODY, details=details)
    assert schema.fields[:2] == SPARK.fields
    assert [field.simpleString().partition(":")[::2] for field in schema.fields[2:]] == [
        ("ocr_status", "string"),
        ("ocr_text", "string"),
        ("ocr_error", "string"),
        ("ocr_calls", "int"),
        ("ocr_seconds", "double"),
        (
            "ocr_words",
            "array<struct<text:string,confidence:float,x0:int,y0:int,x1:int,y1:int,page:int>>",
        ),
        ("ocr_pdf", "binary"),
        ("ocr_from_ledger", "boolean"),
    ]


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        (StructType([StructField("imgae", BinaryType())]), "did you mean 'imgae'"),
        (StructType([*SPARK.fields, StructField("ocr_text", LongType())]), "is there already"),
    ],
)
def test_a_schema_that_does_not_fit_is_misuse(schema: StructType, says: str):
    with pytest.raises(MisuseError, match=says):
        spark_schema(schema, "image", endpoint=NOBODY)


def test_it_pickles_and_shows_no_secret():
    made = recognizer("image", endpoint=NOBODY)
    assert pickle.loads(cloudpickle.dumps(made)) == made
    assert "client_id='id'" in repr(made)
    assert SECRET not in f"{made!r} {made}"

"""A function from Arrow to Arrow, for engines that map one over batches: Spark, Ray Data."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import pyarrow as pa

from ocr_frames import pipeline
from ocr_frames.adapters.job import Job, check_count
from ocr_frames.errors import MissingExtraError, MisuseError
from ocr_frames.request import Options

if TYPE_CHECKING:
    from pyspark.sql.types import StructType


def recognizer(
    column: str,
    *,
    parallelism: int | None = None,
    rows: int | None = None,
    **options: Unpack[Options],
) -> "Recognizer":
    """Make the function that recognizes the images in `column` of every batch it is given.

        spark_df.mapInArrow(recognizer(column="path"), spark_schema(spark_df.schema, column="path"))
        ds.map_batches(recognizer(column="path"), batch_format="pyarrow")

    Takes what `df.ocr.recognize` takes. Nothing is read, started or called before the engine
    calls it.

    Limits are those of the whole job:

    - `max_calls` is divided over the batches by their rows, which needs `rows`, how many there
      are in all; each batch pays one token out of its share, and what it does not need is not
      spent. A share of less than three calls recognizes nothing: its rows stay Pending.
    - `calls_per_second` and `max_outstanding` are divided by `parallelism`, how many batches
      are worked on at once: as many tasks as Spark's executors have cores, or as Ray gives the
      operation at most. Where `max_outstanding` is not given, each batch at work has up to 64
      images outstanding.

    A batch that comes again, as its task failed, finds what is on record in the ledger of its
    machine: what was acknowledged is polled or known, not submitted again, and there is no
    second share of `max_calls` for it. Other machines have ledgers of their own: on one of
    them, it is paid for again, within its share if there is a budget. The same holds for
    `ledger=False`. Where a budget stopped a job, make the function anew to go on.

    The endpoint is the one found here, where the function is made; its credentials travel with
    the function and are masked wherever it is shown. A local engine is started by every worker
    process that needs one, with one recognizing process; it ends with the worker. Relative
    paths and the default ledger are the worker's. A batch is held in memory: for images in the
    cells, lower Spark's `spark.sql.execution.arrow.maxRecordsPerBatch`, or give Ray a
    `batch_size`.

    Failures of rows are in their rows, as ever; a call raises what `df.ocr.recognize` raises.
    Raises MisuseError for a wrong argument.
    """
    job = Job.of(column, options, parallelism)
    if rows is not None:
        check_count("rows", rows)
    if rows is None and job.max_calls is not None:
        raise MisuseError(
            "max_calls is for the whole job: tell with rows= how many rows that has, so that "
            "every batch gets its share"
        )
    return Recognizer(job, rows)


@dataclass(frozen=True, slots=True)
class Recognizer:
    """What `recognizer` makes. Pickles; its repr, and so plans and logs, hold no secret."""

    job: Job
    rows: int | None

    def __call__(self, batches: Any) -> Any:
        """Return a table (Ray) or an iterator of record batches (Spark) with the added columns.

        A table gets them as `recognize_arrow` adds them. Record batches get strings in place of
        dictionaries, which Spark does not have.
        """
        return self._recognized(batches) if isinstance(batches, pa.Table) else self._each(batches)

    def _each(self, batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            table = self._recognized(pa.Table.from_batches([batch]))
            yield from table.cast(_without_dictionaries(table.schema)).to_batches()

    def _recognized(self, table: pa.Table) -> pa.Table:
        calls, key = None, ""
        if self.job.max_calls is not None and self.rows is not None:
            calls, key = (
                self.job.max_calls * len(table) // self.rows,
                _digest(table.select(self.job.columns)),
            )
        options = self.job.part(key, calls, workers=1)
        return pipeline.recognize_arrow(table, self.job.column, **options)


def spark_schema(
    schema: "StructType",
    column: str,
    *,
    parallelism: int | None = None,
    rows: int | None = None,
    **options: Unpack[Options],
) -> "StructType":
    """Tell the schema of what `mapInArrow` returns: `schema` and the added columns.

    Takes the arguments of `recognizer`. Raises MisuseError for a wrong one or a missing column,
    MissingExtraError.
    """
    try:
        from pyspark.sql.pandas.types import from_arrow_type
        from pyspark.sql.types import StructField, StructType
    except ImportError as error:
        raise MissingExtraError("PySpark", "spark") from error
    job = recognizer(column, parallelism=parallelism, rows=rows, **options).job
    job.check_columns(schema.names)
    added = _without_dictionaries(job.request.layout.schema)
    fields = [StructField(field.name, from_arrow_type(field.type)) for field in added]
    return StructType([*schema.fields, *fields])


def _without_dictionaries(schema: pa.Schema) -> pa.Schema:
    plain = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in schema
    ]
    return pa.schema(plain, schema.metadata)


def _digest(table: pa.Table) -> str:
    digest = hashlib.sha256()
    for batch in table.to_batches():
        digest.update(batch.serialize())
    return digest.hexdigest()

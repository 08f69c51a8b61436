"""`ddf.ocr` for Dask: importing this module registers it."""

from typing import Any, Unpack

import pandas as pd

from ocr_frames import columns
from ocr_frames.accessor import FrameAccessor
from ocr_frames.adapters.job import CALLS_FOR_ONE, Job
from ocr_frames.errors import MissingExtraError, MisuseError
from ocr_frames.request import Options

try:
    from dask.base import tokenize
    from dask.dataframe.extensions import register_dataframe_accessor
except ImportError as error:
    raise MissingExtraError("Dask", "dask") from error


@register_dataframe_accessor("ocr")  # type: ignore[no-untyped-call]
class DaskAccessor:
    """OCR for the images that a column of this Dask frame names."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def recognize(
        self, column: str, *, parallelism: int | None = None, **options: Unpack[Options]
    ) -> Any:
        """Recognize the text of the images in `column`, partition by partition, when computed.

        Takes what `df.ocr.recognize` takes, and returns a lazy frame with the same columns,
        partitions and divisions, to which the same columns are added with the same dtypes. They
        are known from the arguments: nothing is read, started or called before `compute`.

        Limits are those of the whole job:

        - `max_calls` is divided evenly over the partitions; each pays one token out of its
          share, and what a partition does not need is not spent. Less than three calls for each
          raise MisuseError; use `repartition`.
        - `calls_per_second` and `max_outstanding` are divided by `parallelism`, how many
          partitions the cluster works on at once: workers times their threads. Where
          `max_outstanding` is not given, each partition at work has up to 64 images outstanding.

        A partition that Dask computes again finds what is on record in the ledger of its
        machine: what was acknowledged is polled or known, not submitted again, and there is no
        second share of `max_calls` for it. Other machines have ledgers of their own: computed
        again on one of them, a partition is paid for again, within its share if there is a
        budget. The same holds for `ledger=False`. Computing a frame twice is a rerun like any
        other; where a budget stopped it, make the frame anew to go on.

        The endpoint is the one found here, where the frame is made; its credentials travel in
        the tasks and are masked wherever they are shown. A local engine is started by every
        worker process that needs one, with as many recognizing processes as the worker has
        threads; it ends with the worker. Relative paths and the default ledger are the worker's.
        For cells of bytes in a frame made by `from_pandas`, set Dask's option
        `dataframe.convert-string` to False: it would make strings of them.

        Failures of rows are in their rows, as ever. Computing raises what `df.ocr.recognize`
        raises. Raises MisuseError for a wrong argument or a missing column.
        """
        job = Job.of(column, options, parallelism)
        job.check_columns(self._frame.columns)
        calls = _share(job.max_calls, self._frame.npartitions)
        meta = _with_added(self._frame._meta, job)
        return self._frame.map_partitions(_recognize, job, calls, meta=meta)


def _share(max_calls: int | None, partitions: int) -> int | None:
    if max_calls is None:
        return None
    share = max_calls // partitions
    if max_calls and share < CALLS_FOR_ONE:
        raise MisuseError(
            f"max_calls={max_calls} leaves {share} calls for each of {partitions} partitions, and "
            f"an image needs {CALLS_FOR_ONE} with the token; raise it, or use "
            f".repartition(npartitions={max(1, max_calls // 100)})"
        )
    return share


def _with_added(meta: pd.DataFrame, job: Job) -> pd.DataFrame:
    added = columns.to_pandas([], job.request.layout, meta.index)
    return meta.assign(**{str(name): added[name].array for name in added.columns})


def _recognize(frame: pd.DataFrame, job: Job, calls: int | None) -> pd.DataFrame:
    key = "" if calls is None else _digest(frame[job.columns])
    options = job.part(key, calls, _threads())
    out = FrameAccessor(frame).recognize(job.column, **options)
    # Parts that differ in their attributes cannot be written as one Parquet data set.
    del out.attrs["ocr"]
    return out


def _digest(frame: pd.DataFrame) -> str:
    # As objects: Arrow's strings have other buffers once they were sent somewhere. By content:
    # Dask numbers partitions anew when only some of them are computed.
    return str(tokenize(frame.astype(object).reset_index(drop=True)))


def _threads() -> int:
    """How many tasks this worker process runs at once; 0 where no worker runs it."""
    try:
        from distributed import get_worker

        return int(get_worker().state.nthreads)
    except (ImportError, ValueError):
        return 0

"""The same rows on Dask, Spark and Ray: `python -m tests.adapters.clusters dask|spark|ray`.

Reads one line of JSON (`Task`) from stdin; a process of its own, as a cluster brings along
servers, a JVM, and warnings that are not ours. What it finds goes to the task's folder:
`<engine>.parquet`, all rows in order, and `<engine>.json`, the calls and what was shown.
"""

import contextlib
import json
import os
import signal
import sys
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ocr_frames import Endpoint, col
from ocr_frames.adapters.arrow import recognizer, spark_schema

SECRET = "not-for-the-eyes-of-a-log"
PARTITIONS = 4
MAX_CALLS = 60
BY_ROW = {"language": col("language")}
OPTIONS = {**BY_ROW, "details": ["calls", "confidence", "pages", "words"]}


@dataclass(frozen=True)
class Task:
    """Where the simulated vendor listens, and where files go.

    Parquet files: `rows` to recognize; `others`, other images, for a job with a budget;
    `samples` for the local engine.
    """

    url: str
    folder: str
    rows: str
    others: str
    samples: str

    @property
    def endpoint(self) -> Endpoint:
        """The vendor."""
        return Endpoint(self.url, "id", SECRET)

    def calls(self) -> dict[str, int]:
        """What the vendor has billed so far."""
        with urllib.request.urlopen(self.url + "/__stats", timeout=60) as response:
            return json.loads(response.read())["calls"]

    def file(self, name: str) -> Path:
        """A file in its folder."""
        return Path(self.folder, name)


class Cluster(ABC):
    """Two tasks at once, four partitions."""

    @abstractmethod
    def recognize(self, source: str, options: dict[str, Any], flag: Path | None = None) -> Any:
        """Rows of a Parquet file and what was read; `flag` makes the first task die after it."""

    @abstractmethod
    def show(self, source: str, options: dict[str, Any]) -> str:
        """All that a curious user would print, before anything is computed."""


def die_once(flag: Path | None) -> None:
    """Kill -9 this process where none has died before."""
    if flag is not None:
        with contextlib.suppress(FileExistsError):
            flag.touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)


class OnDask(Cluster):
    def __init__(self, client: Any) -> None:
        self._client = client

    def _lazy(self, source: str, options: dict[str, Any]) -> Any:
        import dask.dataframe as dd

        import ocr_frames.adapters.dask  # noqa: F401 - registers ddf.ocr

        frame = dd.from_pandas(pd.read_parquet(source), npartitions=PARTITIONS)
        return frame.ocr.recognize("path", **options)

    def recognize(self, source: str, options: dict[str, Any], flag: Path | None = None) -> Any:
        def passed_on(part: pd.DataFrame) -> pd.DataFrame:
            die_once(flag)
            return part

        lazy = self._lazy(source, options)
        lazy = lazy.map_partitions(passed_on, meta=lazy._meta)
        return self._client.compute(lazy).result()

    def show(self, source: str, options: dict[str, Any]) -> str:
        lazy = self._lazy(source, options)
        return f"{lazy!r} {lazy._repr_html_()} {lazy.expr.tree_repr()} {lazy.__dask_graph__()}"


class OnSpark(Cluster):
    def __init__(self, session: Any) -> None:
        self._session = session

    def _lazy(self, source: str, options: dict[str, Any]) -> Any:
        frame = self._session.read.parquet(source).repartition(PARTITIONS)
        schema = spark_schema(frame.schema, column="path", **options)
        return frame.mapInArrow(recognizer(column="path", **_sized(options, source)), schema)

    def recognize(self, source: str, options: dict[str, Any], flag: Path | None = None) -> Any:
        def passed_on(batches: Iterator[Any]) -> Iterator[Any]:
            for batch in batches:
                die_once(flag)
                yield batch

        lazy = self._lazy(source, _sized(options, source))
        return lazy.mapInArrow(passed_on, lazy.schema).toPandas()

    def show(self, source: str, options: dict[str, Any]) -> str:
        lazy = self._lazy(source, options)
        plan = lazy._jdf.queryExecution().toString()
        return f"{lazy!r} {plan} {recognizer(column='path', **options)!r}"


class OnRay(Cluster):
    def _lazy(self, source: str, options: dict[str, Any]) -> Any:
        import ray.data

        rows = ray.data.read_parquet(source).repartition(PARTITIONS)
        work = recognizer(column="path", **_sized(options, source))
        return rows.map_batches(work, batch_format="pyarrow")

    def recognize(self, source: str, options: dict[str, Any], flag: Path | None = None) -> Any:
        def passed_on(table: Any) -> Any:
            die_once(flag)
            return table

        lazy = self._lazy(source, options)
        return lazy.map_batches(passed_on, batch_format="pyarrow").to_pandas()

    def show(self, source: str, options: dict[str, Any]) -> str:
        return f"{self._lazy(source, options)!r} {recognizer(column='path', **options)!r}"


def _sized(options: dict[str, Any], source: str) -> dict[str, Any]:
    return {**options, "rows": len(pd.read_parquet(source))}


@contextmanager
def dask_cluster() -> Iterator[Cluster]:
    from distributed import Client, LocalCluster

    here = {"host": "127.0.0.1", "dashboard_address": None}
    with LocalCluster(n_workers=2, threads_per_worker=1, **here) as cluster, Client(cluster) as c:
        yield OnDask(c)


@contextmanager
def spark_cluster() -> Iterator[Cluster]:
    from pyspark.sql import SparkSession

    # The second number is how often a task may fail.
    builder = SparkSession.builder.master("local[2,2]").config("spark.ui.enabled", "false")
    for name in ("spark.driver.host", "spark.driver.bindAddress"):
        builder = builder.config(name, "127.0.0.1")
    session = builder.config("spark.sql.execution.arrow.pyspark.enabled", "true").getOrCreate()
    try:
        yield OnSpark(session)
    finally:
        session.stop()


@contextmanager
def ray_cluster() -> Iterator[Cluster]:
    import ray

    ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1")
    try:
        yield OnRay()
    finally:
        ray.shutdown()


CLUSTERS = {"dask": dask_cluster, "spark": spark_cluster, "ray": ray_cluster}


def work(cluster: Cluster, name: str, task: Task) -> dict[str, Any]:
    """Do all jobs; what they cost, by job."""
    before = task.calls()

    def costs() -> dict[str, int]:
        nonlocal before
        last, before = before, task.calls()
        return {kind: before[kind] - last[kind] for kind in before}

    def statuses(frame: pd.DataFrame) -> dict[str, int]:
        return frame["ocr_status"].astype(str).value_counts().to_dict()

    options = {"endpoint": task.endpoint, "ledger": task.file(f"{name} rows"), **OPTIONS}
    found: dict[str, Any] = {"shown": cluster.show(task.rows, options), "show": costs()}
    flag = task.file(f"{name} died")
    rows = cluster.recognize(task.rows, options, flag).sort_values("row")
    rows.to_parquet(task.file(f"{name}.parquet"), index=False)
    found["rows"] = costs()
    flag.unlink()
    options = {"endpoint": task.endpoint, "ledger": task.file(f"{name} others")}
    limits = {"max_calls": MAX_CALLS, "max_outstanding": 8, "parallelism": 2}
    capped = cluster.recognize(task.others, options | limits, flag)
    found["capped"] = costs() | statuses(capped)
    flag.unlink()
    found["codes"] = sorted({error.partition(":")[0] for error in capped["ocr_error"].dropna()})
    if name == "dask":
        local = {"endpoint": Endpoint.local(), "ledger": task.file("local"), **BY_ROW}
        out = cluster.recognize(task.samples, local)
        out.sort_values("row").to_parquet(task.file("local.parquet"), index=False)
    return found


def main() -> None:
    """Work on the task from stdin."""
    os.environ |= {
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "disabled",
    }
    name, task = sys.argv[1], Task(**json.loads(sys.stdin.readline()))
    with CLUSTERS[name]() as cluster:
        found = work(cluster, name, task)
    task.file(f"{name}.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()

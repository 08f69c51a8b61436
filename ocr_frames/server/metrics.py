"""What a server counts of itself, for Prometheus; no client, task or text is named."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder

_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 600, 3600)


class Metrics:
    """Counts requests and tasks in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "ocr_requests",
            "Requests answered",
            ("method", "path", "status"),
            registry=self._registry,
        )
        self._tasks = Counter(
            "ocr_tasks", "Tasks that came to an end", ("status",), registry=self._registry
        )
        self._waited = Histogram(
            "ocr_task_wait_seconds",
            "Seconds from submission until recognition begins",
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._took = Histogram(
            "ocr_task_recognition_seconds",
            "Seconds that recognition takes",
            registry=self._registry,
            buckets=_SECONDS,
        )
        # to find a counter by its labels takes longer than all else here
        self._by_request: dict[tuple[str, str, int], Counter] = {}
        self._by_end: dict[str, Counter] = {}

    def watch(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Tell `value()` under this name whenever somebody looks."""
        Gauge(name, meaning, registry=self._registry).set_function(value)

    def watch_process(self) -> None:
        """Tell memory, processor time and open files of this process."""
        ProcessCollector(registry=self._registry)

    def answered(self, method: str, path: str, status: int) -> None:
        """Count a request; `path` is one of the server's own, whatever was asked for."""
        key = (method, path, status)
        counter = self._by_request.get(key)
        if counter is None:
            counter = self._by_request[key] = self._requests.labels(method, path, str(status))
        counter.inc()

    def ended(self, status: str, waited_s: float, took_s: float) -> None:
        """Count a task that ended."""
        counter = self._by_end.get(status)
        if counter is None:
            counter = self._by_end[status] = self._tasks.labels(status)
        counter.inc()
        self._waited.observe(max(0.0, waited_s))
        self._took.observe(took_s)

    def text(self, accept: str) -> tuple[bytes, str]:
        """Write all of it in the format asked for: the document and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

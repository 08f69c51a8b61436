from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families

from ocr_frames.server.metrics import Metrics


def samples(metrics, accept="", parse=text_string_to_metric_families):
    text, _ = metrics.text(accept)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in parse(text.decode())
        for sample in family.samples
    }


def test_requests_tasks_and_what_is_watched():
    metrics = Metrics()
    waiting = [3]
    metrics.watch("ocr_tasks_queued", "Tasks that wait", lambda: waiting[0])
    for _ in range(2):
        metrics.answered("GET", "/healthz", 200)
    metrics.ended("Completed", 0.2, 3.0)
    metrics.ended("Error", -1.0, 0.5)
    waiting[0] = 5

    told = samples(metrics)

    assert told["ocr_requests_total", "GET", "/healthz", "200"] == 2
    assert told["ocr_tasks_total", "Completed"] == told["ocr_tasks_total", "Error"] == 1
    assert told["ocr_tasks_queued",] == 5
    assert told["ocr_task_recognition_seconds_sum",] == 3.5
    assert told["ocr_task_wait_seconds_sum",] == 0.2


def test_both_formats_of_prometheus():
    metrics = Metrics()
    metrics.answered("GET", "/metrics", 200)

    plain = metrics.text("")[1]
    newer = metrics.text("application/openmetrics-text; version=1.0.0")[1]

    assert plain.startswith("text/plain")
    assert newer.startswith("application/openmetrics-text")
    told = samples(metrics, "application/openmetrics-text; version=1.0.0", openmetrics)
    assert told["ocr_requests_total", "GET", "/metrics", "200"] == 1


def test_every_server_counts_for_itself():
    one, other = Metrics(), Metrics()
    one.ended("Completed", 0, 0)
    assert ("ocr_tasks_total", "Completed") not in samples(other)

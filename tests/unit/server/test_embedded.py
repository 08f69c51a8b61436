"""The embedded server as a real child process with the real engine."""

import json
import os
import subprocess
import sys
import urllib.request

import psutil
import pytest

from ocr_frames.errors import LocalEngineError, MissingExtraError, MisuseError
from ocr_frames.server import embedded
from ocr_frames.server.recognizers import choice

WAIT_S = 20


@pytest.fixture(autouse=True)
def _own_engines(monkeypatch: pytest.MonkeyPatch):
    """Leave the one alone that other tests share."""
    monkeypatch.setattr(embedded, "_engines", {})
    yield
    embedded.close_local_engine()


def health(endpoint):
    with urllib.request.urlopen(f"{endpoint.url}/healthz") as response:
        return json.load(response)


def processes_at(endpoint):
    """Find the server by its port, and all it started."""
    port = int(endpoint.url.rpartition(":")[2])
    server = next(
        child
        for child in psutil.Process().children()
        for connection in child.net_connections("tcp")
        if connection.laddr.port == port
    )
    return server, [server, *server.children(recursive=True)]


def test_one_server_per_process_and_none_after_close():
    endpoint = embedded.local_endpoint(workers=1)
    server, family = processes_at(endpoint)

    assert sum("--multiprocessing-fork" in process.cmdline() for process in family) == 1
    assert endpoint.url.startswith("http://127.0.0.1:")
    assert health(endpoint)["engine"] == "RapidOCR"
    assert embedded.local_endpoint() == endpoint
    assert endpoint.client_secret not in " ".join(server.cmdline())
    assert endpoint.client_secret not in str(server.environ())

    embedded.close_local_engine()
    assert psutil.wait_procs(family, timeout=WAIT_S)[1] == []


def test_a_killed_server_leaves_nothing_and_is_replaced():
    first = embedded.local_endpoint()
    server, family = processes_at(first)
    server.kill()
    assert psutil.wait_procs(family, timeout=WAIT_S)[1] == []

    second = embedded.local_endpoint()

    assert second != first
    assert health(second)["status"] == "ok"


PARENT = """
import os, sys
from ocr_frames.server.embedded import local_endpoint
local_endpoint()
{then}
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("then", ["", "os.fork() or sys.stdin.read()"])
def test_everything_ends_with_a_killed_parent(then):
    """Also where a forked sibling lives on for a moment with all open files."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))  # noqa: PTH120
    with subprocess.Popen(
        [sys.executable, "-c", PARENT.format(then=then)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    ) as parent:
        assert parent.stdout.readline() == b"ready\n"
        family = psutil.Process(parent.pid).children(recursive=True)
        servers = [child for child in family if "-P" in child.cmdline()]
        parent.kill()
        gone, alive = psutil.wait_procs(servers, timeout=WAIT_S)
    assert len(gone) >= 3
    assert alive == []
    psutil.wait_procs(family, timeout=WAIT_S)


def test_an_engine_that_does_not_start_tells_its_last_words(monkeypatch, tmp_path):
    (tmp_path / "pebble.py").write_text("raise ImportError('this pebble is broken')")
    monkeypatch.setattr(embedded, "_environment", lambda: {"PYTHONPATH": str(tmp_path)})

    with pytest.raises(LocalEngineError, match="this pebble is broken"):
        embedded.local_endpoint()


def test_a_missing_extra_names_the_pip_line(monkeypatch):
    monkeypatch.setattr(embedded, "NEEDED", ("no_such_module",))

    with pytest.raises(MissingExtraError, match=r"ocr-frames\[local\]"):
        embedded.local_endpoint()


def test_an_engine_that_is_not_installed_names_the_pip_line(monkeypatch):
    def located(library):
        raise ModuleNotFoundError(library)

    monkeypatch.setattr(choice, "_located", located)
    with pytest.raises(MissingExtraError, match=r"ocr-frames\[local\]"):
        embedded.local_endpoint()

    monkeypatch.setenv("OCR_FRAMES_ENGINE", "tesseract")
    with pytest.raises(MissingExtraError, match=r"ocr-frames\[tesseract\]"):
        embedded.local_endpoint()


def test_an_unknown_engine_in_the_environment_is_misuse(monkeypatch):
    monkeypatch.setenv("OCR_FRAMES_ENGINE", "tesserect")

    for asked in (embedded.local_endpoint, embedded.engine_identity):
        with pytest.raises(MisuseError, match="no engine 'tesserect'"):
            asked()


def test_the_environment_chooses_who_reads(monkeypatch):
    assert "rapidocr" in embedded.engine_identity("English")

    monkeypatch.setenv("OCR_FRAMES_ENGINE", "tesseract")

    assert "tesserocr" in embedded.engine_identity("English")
    assert "rapidocr" not in embedded.engine_identity("English")


def test_an_empty_variable_is_as_good_as_none(monkeypatch):
    before = embedded.engine_identity()
    monkeypatch.setenv("OCR_FRAMES_ENGINE", "")
    assert embedded.engine_identity() == before

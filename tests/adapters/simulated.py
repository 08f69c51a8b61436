"""A simulated vendor for a test: starts the process, asks it, kills it, starts it again."""

import hashlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ocr_frames.settings import Endpoint

ROOT = Path(__file__).parents[2]
LONGEST_S = 120


class Simulated:
    """A running simulator; `config` as `tests.adapters.simulation.Config` has it."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.simulator"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(self._config).encode() + b"\n")
        self._process.stdin.flush()
        self.url: str = json.loads(self._process.stdout.readline())["url"]

    @property
    def endpoint(self) -> Endpoint:
        """Where a client finds it, and as whom."""
        return Endpoint(self.url, "id", "secret")

    @property
    def pid(self) -> int:
        """The simulator's process."""
        return self._process.pid

    @staticmethod
    def text_of(image: bytes) -> str:
        """What it reads in an image."""
        return hashlib.sha256(image).hexdigest()

    def stats(self) -> dict[str, Any]:
        """What it counted so far; see `tests.adapters.books.Books.stats`."""
        return self._ask("/__stats")

    def reached(self, calls: int) -> int:
        """Return once so many calls were billed; how many it is by now."""
        return self._ask(f"/__reached?calls={calls}")["calls"]

    def kill_at(self, pid: int, calls: int, when: str = "before") -> None:
        """Kill -9 the process `pid` at the call of that number, before or after its answer."""
        self._ask("/__kill", {"pid": pid, "calls": calls, "when": when})

    def configure(self, **config: Any) -> None:
        """Change the behaviour from here on."""
        self._ask("/__config", config)

    def reset(self, **config: Any) -> None:
        """Be a new vendor."""
        self._ask("/__reset", config)

    def kill(self) -> None:
        """Kill -9 the simulator."""
        self._process.kill()
        self._close()

    def restart(self) -> None:
        """Start again at the same address; with `state`, with the same tasks and counts."""
        self._config |= {"port": urlsplit(self.url).port}
        self._start()

    def close(self) -> None:
        """End it, if it still runs."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._close()

    def _close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)

    def _ask(self, path: str, document: dict[str, Any] | None = None) -> Any:
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(self.url + path, data=body)
        with urllib.request.urlopen(request, timeout=LONGEST_S) as response:
            text = response.read()
        return json.loads(text) if text else None


@contextmanager
def simulated(**config: Any) -> Iterator[Simulated]:
    """Run a simulator for as long as the block."""
    simulator = Simulated(config)
    try:
        yield simulator
    finally:
        simulator.close()


@contextmanager
def several(count: int, **config: Any) -> Iterator[list[Simulated]]:
    """Run so many simulators side by side."""
    with ThreadPoolExecutor(count) as pool:
        running = list(pool.map(lambda _: Simulated(dict(config)), range(count)))
        try:
            yield running
        finally:
            list(pool.map(Simulated.close, running))

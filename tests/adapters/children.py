"""A function in a process of its own: killed at will, its use of the machine measured."""

import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

LONGEST_S = 1800


@dataclass(frozen=True)
class Ended:
    """How a child ended: what its function returned, or the error that it raised.

    `exit_code` is negative for a signal. `seconds` and `cpu_s` are the function's alone,
    `peak_bytes` is the most that the process ever held.
    """

    value: Any = None
    error: str | None = None
    exit_code: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_bytes: int = 0


class Child:
    """`function(*arguments)` in a fresh process. `warm` forks from one that has imported all."""

    def __init__(self, function: Callable[..., Any], *arguments: Any, warm: bool = True) -> None:
        context: Any = multiprocessing.get_context("forkserver" if warm else "spawn")
        if warm:
            context.set_forkserver_preload(["tests.adapters.clients"])
        self._results, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_run, args=(sender, function, arguments))
        self._process.start()
        sender.close()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def kill(self) -> None:
        """Kill -9."""
        self._process.kill()

    def ended(self) -> Ended:
        """Wait for the end."""
        try:
            result = self._results.recv() if self._results.poll(LONGEST_S) else {"error": "stuck"}
        except EOFError:
            result = {"error": "killed"}
        self._results.close()
        if result.get("error") == "stuck":
            self.kill()
        self._process.join(LONGEST_S)
        return Ended(**result, exit_code=self._process.exitcode)


def _run(sender: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    began_s, used_s = time.perf_counter(), _cpu_s()
    try:
        result: dict[str, Any] = {"value": function(*arguments)}
    except Exception as error:  # whatever it is, the test looks at it
        result = {"error": f"{type(error).__name__}: {error}"}
    result |= {
        "seconds": time.perf_counter() - began_s,
        "cpu_s": _cpu_s() - used_s,
        "peak_bytes": peak_bytes(),
    }
    sender.send(result)
    sender.close()


def peak_bytes() -> int:
    """The most memory this process ever held; getrusage would tell its parent's at the start."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

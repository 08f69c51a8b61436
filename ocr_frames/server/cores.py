"""How many processors there are for the workers, and which belong to whom."""

import math
import os
import sys
from pathlib import Path

THREADS = {
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
"""Environment in which libraries start no threads of their own: a worker is one."""

CGROUPS = Path("/sys/fs/cgroup")


def usable_cores() -> list[int]:
    """The numbers of the processors this process may run on."""
    if sys.platform == "linux":
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def default_workers(cgroups: Path = CGROUPS) -> int:
    """One per processor, but no more than the container is given."""
    return max(1, math.ceil(min(len(usable_cores()), _quota(cgroups))))


def _quota(cgroups: Path) -> float:
    """Processors' worth of time that the control group grants; infinite without a limit."""
    for reading in (_quota_v2, _quota_v1):
        try:
            limit_us, period_us = reading(cgroups)
        except (OSError, ValueError):  # no such hierarchy, or "max"
            continue
        if limit_us > 0 and period_us > 0:
            return limit_us / period_us
    return math.inf


def _quota_v2(cgroups: Path) -> tuple[int, int]:
    limit, period = (cgroups / "cpu.max").read_text(encoding="ascii").split()
    return int(limit), int(period)


def _quota_v1(cgroups: Path) -> tuple[int, int]:
    limit, period = (
        int((cgroups / "cpu" / f"cpu.cfs_{name}_us").read_text(encoding="ascii"))
        for name in ("quota", "period")
    )
    return limit, period


def share(cores: list[int], number: int, workers: int) -> tuple[int, ...]:
    """The processors of worker `number` of `workers`: evenly dealt out, at least one for each."""
    if workers >= len(cores):
        return (cores[number % len(cores)],)
    return tuple(cores[number::workers])

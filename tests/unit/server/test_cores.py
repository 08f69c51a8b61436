"""How processors are counted and dealt out."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.server.cores import default_workers, share, usable_cores

CORES = st.lists(st.integers(0, 300), min_size=1, unique=True).map(sorted)


@given(CORES, st.integers(1, 400))
def test_every_worker_has_a_processor_and_none_is_much_busier(cores, workers):
    shares = [share(cores, number, workers) for number in range(workers)]

    assert all(set(own) <= set(cores) and own for own in shares)
    load = [sum(core in own for own in shares) for core in cores]
    assert max(load) - min(load) <= 1
    sizes = [len(own) for own in shares]
    assert max(sizes) - min(sizes) <= 1


def test_a_lone_worker_may_use_all():
    assert share([2, 3, 7], 0, 1) == (2, 3, 7)


def test_usable_cores_are_those_of_this_process():
    assert 1 <= len(usable_cores()) <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("files", "workers"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "10000 100000\n"}, 1),
        ({"cpu.max": "6400000 100000\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu.max": "nonsense"}, 8),
    ],
)
def test_workers_are_no_more_than_a_container_is_given(files, workers, tmp_path, monkeypatch):
    monkeypatch.setattr("ocr_frames.server.cores.usable_cores", lambda: list(range(8)))
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)

    assert default_workers(tmp_path) == workers

"""Ctrl-C in a real process: what is under way is recorded, and the same line goes on."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.adapters.simulated import Simulated, simulated

SCRIPT = """
    import sys
    import pandas as pd
    import ocr_frames

    images = [f"image {{number}}".encode() for number in range(300)]
    frame = pd.DataFrame({{"image": images}})
    endpoint = ocr_frames.Endpoint({url!r}, "id", "secret")

    def recognize():
        return frame.ocr.recognize("image", endpoint=endpoint, ledger={ledger!r}, progress=False)

    async def in_a_loop():
        return recognize()

    try:
        if {in_loop}:
            import asyncio
            out = asyncio.run(in_a_loop())
        else:
            out = recognize()
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
    print(out.attrs["ocr"]["rows"])
"""


def client(sim: Simulated, ledger: Path, *, in_loop: bool) -> subprocess.Popen[str]:
    script = SCRIPT.format(url=sim.url, ledger=str(ledger), in_loop=in_loop)
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
    )


def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    told, _ = process.communicate(timeout=60)
    return process.returncode, told.strip()


@pytest.mark.parametrize("in_loop", [False, True], ids=["plain", "in a running loop"])
def test_an_interrupted_run_leaves_no_doubt_and_goes_on(tmp_path: Path, in_loop: bool):
    ledger = tmp_path / "l.sqlite"
    with simulated(capacity=8, service={"kind": "fixed", "s": 0.1}) as sim:
        first = client(sim, ledger, in_loop=in_loop)
        sim.reached(60)
        first.send_signal(signal.SIGINT)
        assert end_of(first) == (130, "interrupted")
        cut = sim.stats()
        assert cut["submitted"] < 300
        assert cut["acknowledged"] == cut["submitted"]
        assert end_of(client(sim, ledger, in_loop=in_loop)) == (0, "{'Completed': 300}")
        done = sim.stats()
        assert done["acknowledged_twice"] == 0
        assert done["calls"]["submit"] == 300


def test_a_second_interrupt_leaves_at_once(tmp_path: Path):
    ledger = tmp_path / "l.sqlite"
    slow = {"hang": 1.0}
    with simulated(faults={"submit": slow}, hang_s=30) as sim:
        first = client(sim, ledger, in_loop=False)
        sim.reached(5)
        first.send_signal(signal.SIGINT)
        # The submits hang, so the first one waits for their answers; the second does not.
        with pytest.raises(subprocess.TimeoutExpired):
            first.wait(timeout=2)
        first.send_signal(signal.SIGINT)
        first.wait(timeout=5)
        assert first.returncode != 0
        assert first.stdout is not None
        first.stdout.close()

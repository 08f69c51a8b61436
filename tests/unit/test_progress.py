import io
import logging
from types import SimpleNamespace

import pytest

from ocr_frames import progress
from ocr_frames.model import Failure, Outcome, Status
from ocr_frames.progress import Figures, Progress, bar
from tests.adapters.ticks import Ticks

LOST = Failure("file-not-found", "there is no file 'a.png'; check the path")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def count(moved: Progress, done: int, failed: int = 0, skipped: int = 0) -> None:
    for position in range(done):
        moved(Outcome(position, Status.COMPLETED))
    for position in range(failed):
        moved(Outcome(position, Status.ERROR, failure=LOST))
    for position in range(skipped):
        moved(Outcome(position, Status.SKIPPED))


def test_a_bar_tells_all_figures_on_a_terminal():
    ticks, terminal = Ticks(), Terminal()
    with bar(200, show=True, stream=terminal, ended=ticks) as moved:
        moved.watch(lambda: Figures(in_flight=64, calls=1180, max_calls=2000))
        count(moved, 48, failed=2)
        ticks.tick()
        drawn = terminal.getvalue().split("\r")[-1]
        assert "25%" in drawn
        assert "50/200" in drawn
        assert "img/s" in drawn
        assert "<" in drawn, "no time is told that is left"
        assert drawn.rstrip().endswith("failed=2, in flight=64, calls=1,180/2,000]")
        count(moved, 150)
    last = terminal.getvalue().rstrip().split("\r")[-1]
    assert "200/200" in last


def test_the_bar_is_alive_while_no_row_ends():
    ticks, terminal = Ticks(), Terminal()
    in_flight = iter((1, 2, 3))
    with bar(9, show=True, stream=terminal, ended=ticks) as moved:
        moved.watch(lambda: Figures(next(in_flight), calls=0))
        ticks.tick()
        ticks.tick()
        assert "in flight=2" in terminal.getvalue().split("\r")[-1]


def test_a_bar_whose_total_is_unknown_counts():
    terminal = Terminal()
    with bar(None, show=True, stream=terminal) as moved:
        count(moved, 7)
    assert "7img" in terminal.getvalue().rstrip().split("\r")[-1]


def test_without_a_terminal_there_is_a_line_per_minute_and_one_at_the_end(caplog):
    caplog.set_level(logging.INFO, "ocr_frames.progress")
    ticks, stream = Ticks(), io.StringIO()
    with bar(1000, show=True, stream=stream, ended=ticks, now_s=ticks.now_s) as moved:
        moved.watch(lambda: Figures(in_flight=8, calls=250))
        count(moved, 118, failed=2)
        assert ticks.tick() == 60.0
        assert caplog.messages == [
            "ocr: 120 of 1,000 (12%), 2 img/s, 07:20 left, 2 failed, 8 in flight, 250 calls"
        ]
        ticks.tick()
        count(moved, 880)
    assert len(caplog.messages) == 3
    assert caplog.messages[-1] == (
        "ocr: 1,000 of 1,000 (100%), 8.33 img/s, 2 failed, 8 in flight, 250 calls"
    )
    assert stream.getvalue() == ""


def test_a_line_knows_an_unknown_total_and_no_time():
    moved = Progress()
    assert progress.line(moved, None, 0.0) == "ocr: 0, 0 img/s"
    assert progress.line(moved, 0, 0.0) == "ocr: 0 of 0 (100%), 0 img/s"
    count(moved, 2, skipped=1)
    assert progress.line(moved, None, 6.0) == "ocr: 3, 0.5 img/s"


def test_silence_is_silence(caplog):
    caplog.set_level(logging.DEBUG)
    terminal = Terminal()
    with bar(3, show=False, stream=terminal) as moved:
        count(moved, 3)
    assert terminal.getvalue() == ""
    assert caplog.messages == []
    assert moved.done == 3


def test_what_stops_the_run_stops_the_bar():
    ticks, terminal = Ticks(), Terminal()

    def interrupted() -> None:
        with bar(3, show=True, stream=terminal, ended=ticks) as moved:
            count(moved, 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ticks.is_set()
    assert "1/3" in terminal.getvalue().split("\r")[-1]


def test_a_notebook_has_a_bar_though_its_stderr_is_no_terminal(monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    shell = SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(progress.sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    stream = io.StringIO()
    with bar(3, show=True, stream=stream) as moved:
        count(moved, 3)
    assert "3/3" in stream.getvalue()
    assert caplog.messages == []

"""The commands beside `recognize`: what they show, to people and to machines."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from tests.functional.conftest import CARD, COMMAND


def test_paths_come_on_standard_input(run, tmp_path: Path):
    (tmp_path / "card one.png").write_bytes(CARD.read_bytes())
    paths = "card one.png\r\n\ngone-é.png\n".encode()
    done = run("recognize", "-", "out.csv", "--json", "--details", "calls,seconds", stdin=paths)
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    assert told["rows"] == {"Completed": 1, "Error": 1}
    assert told["calls"]["submit"] == 1
    assert told["destination"] == "out.csv"
    out = pd.read_csv(tmp_path / "out.csv")
    assert out["path"].tolist() == ["card one.png", "gone-é.png"]
    assert out["ocr_calls"].tolist()[0] == 2
    planned = run("plan", "-", "--json", "--column", "image", stdin=paths)
    plan = json.loads(planned.stdout)
    assert (plan["rows"], plan["from_ledger"], plan["unreadable"]) == (2, 1, 1)


def test_where_there_is_no_terminal_lines_tell_how_it_goes(run, tmp_path: Path):
    (tmp_path / "card.png").write_bytes(CARD.read_bytes())
    done = run("recognize", "-", "out.csv", stdin=b"card.png\n")
    (line,) = [line for line in done.stderr.split("\n") if line.startswith("ocr: ")]
    assert line.startswith("ocr: 1 of 1 (100%), ")
    assert line.endswith("0 in flight, 3 calls")
    assert "\r" not in done.stderr
    silent = run("recognize", "-", "out.csv", "--no-progress", stdin=b"card.png\n")
    assert "ocr: " not in silent.stderr


def test_the_ledger_tells_machines(run, tmp_path: Path):
    (tmp_path / "card.png").write_bytes(CARD.read_bytes())
    ledger = tmp_path / "l.sqlite"
    nothing = json.loads(run("ledger", "--ledger", ledger, "--json").stdout)
    assert nothing == {"path": str(ledger), "bytes": 0, "jobs": {}, "forgotten": 0}
    run("recognize", "-", "out.csv", "--ledger", ledger, stdin=b"card.png\n")
    held = json.loads(run("ledger", "--ledger", ledger, "--json").stdout)
    assert held["jobs"] == {"completed": 1}
    assert held["bytes"] > 0
    gone = json.loads(run("ledger", "--ledger", ledger, "--prune-days", "0", "--json").stdout)
    assert (gone["forgotten"], gone["jobs"]) == (1, {})


def test_the_file_of_a_project_holds_for_a_command(run, tmp_path: Path):
    (tmp_path / "card.png").write_bytes(CARD.read_bytes())
    (tmp_path / "ocr-frames.toml").write_text("prefix = 'read_'\nprogress = false\n")
    done = run("recognize", "-", "out.csv", stdin=b"card.png\n")
    assert done.returncode == 0, done.stderr
    assert "ocr: " not in done.stderr
    assert "read_text" in pd.read_csv(tmp_path / "out.csv")
    (tmp_path / "ocr-frames.toml").write_text("langauge = 'German'\n")
    wrong = run("recognize", "-", "out.csv", stdin=b"card.png\n")
    assert wrong.returncode == 2
    assert "did you mean 'language'" in wrong.stderr


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ocr-frames recognize --language Ge", ["German", "Georgian"]),
        ("ocr-frames recognize --max-", ["--max-calls", "--max-outstanding"]),
    ],
)
def test_the_shell_completes(run, typed: str, offered: list[str]):
    env = os.environ | {
        "_OCR_FRAMES_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    assert run(env=env).stdout.split() == offered


@pytest.mark.parametrize("no_colour", [False, True])
def test_colour_is_for_terminals_that_want_it(tmp_path: Path, no_colour: bool):
    ours, theirs = pty.openpty()
    env = os.environ | {"TERM": "xterm", "NO_COLOR": "1" if no_colour else ""}
    arguments = [COMMAND, "recognize", "none.csv", "out.csv", "--column", "path"]
    done = subprocess.run(arguments, cwd=tmp_path, env=env, stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    told = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.returncode == 1
    assert "there is no file 'none.csv'" in told
    assert ("\x1b[" in told) is not no_colour

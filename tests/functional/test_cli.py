"""The installed command, run as a user runs it."""

import subprocess
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.conftest import CREDENTIALS
from tests.functional.conftest import CARD, COMMAND


def test_csv_to_parquet_with_paths_beside_the_table(run, table: Path, tmp_path: Path):
    done = run("recognize", table, "out.parquet", "--column", "path")
    assert done.returncode == 0, done.stderr
    assert "2 rows in" in done.stderr
    summary = "2 Completed; 3 calls, 0 from the ledger, 1 duplicates -> out.parquet"
    assert done.stderr.count(summary) == 1
    assert done.stdout == ""
    out = pd.read_parquet(tmp_path / "out.parquet")
    assert out["id"].tolist() == ["007", "008"]
    assert out["ocr_status"].tolist() == ["Completed"] * 2
    assert out["ocr_status"].dtype == "category"


def test_parquet_to_csv(run, tmp_path: Path):
    pd.DataFrame({"n": [1], "path": [str(CARD)]}).to_parquet(tmp_path / "in.parquet")
    done = run("recognize", "in.parquet", "out.csv", "--column", "path", "--no-progress")
    assert done.returncode == 0, done.stderr
    out = pd.read_csv(tmp_path / "out.csv")
    assert out.loc[0, ["n", "ocr_status"]].tolist() == [1, "Completed"]
    assert len(out.loc[0, "ocr_text"]) > 0


def test_relative_paths_also_start_at_the_working_directory(run, table: Path, tmp_path: Path):
    (tmp_path / "here.png").write_bytes(CARD.read_bytes())
    table.write_text("path\nhere.png\ncard.png\n")
    assert run("recognize", table, "out.csv", "--column", "path").returncode == 0


def test_failed_rows_are_exit_code_3_and_written(run, table: Path, tmp_path: Path):
    table.write_text('path\ncard.png\nnone.png\n""\n')
    done = run("recognize", table, "out.csv", "--column", "path")
    assert done.returncode == 3
    out = pd.read_csv(tmp_path / "out.csv")
    assert out["ocr_status"].tolist() == ["Completed", "Error", "Error"]
    assert out["ocr_error"].str.contains("none.png").tolist()[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--column", "pth"], "did you mean 'path'"),
        (["--column", "path", "--language", "Englsh"], "did you mean 'English'"),
        (["--column", "path", "--kind", "regions"], "needs regions="),
        (["--column", "path", "--set", "rotate"], "name=value"),
        (["--column", "path", "--set", "langauge=English"], "did you mean 'language'"),
        (["--column", "path", "--regions", "none.json"], "none.json"),
        (["--column", "path", "--details", "secnds"], "did you mean 'seconds'"),
        (["--column", "path", "--compression", "zstd"], "compression= is for Parquet"),
        (["--column", "path", "--only", "failed"], "'ocr_status'"),
        ([], "--column"),
    ],
)
def test_misuse_is_exit_code_2_and_leaves_the_output(run, table, tmp_path, arguments, says):
    (tmp_path / "out.csv").write_text("precious")
    done = run("recognize", table, "out.csv", *arguments)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out.csv").read_text() == "precious"


def test_what_keeps_the_run_from_going_on_is_exit_code_1(run, table, tmp_path, at_engine):
    (tmp_path / "out.csv").write_text("precious")
    nobody = run("recognize", table, "out.csv", "--column", "path", "--endpoint", "http://[::1]:9")
    wrong = run(
        "recognize", table, "out.csv", "--column", "path",
        env=at_engine | {"ASPOSE_CLIENT_SECRET": "wrong"},
    )  # fmt: skip
    missing = run("recognize", "none.csv", "out.csv", "--column", "path")
    folder = run("recognize", table, "none/out.csv", "--column", "path")
    assert [done.returncode for done in (nobody, wrong, missing, folder)] == [1, 1, 1, 1]
    assert "http://[::1]:9" in nobody.stderr
    assert "bad-credentials" in wrong.stderr
    assert "none.csv" in missing.stderr
    assert "no folder" in folder.stderr
    assert (tmp_path / "out.csv").read_text() == "precious"


def test_the_output_may_be_the_input(run, table: Path):
    done = run("recognize", table, table, "--column", "path")
    assert done.returncode == 0
    assert pd.read_csv(table)["ocr_status"].tolist() == ["Completed"] * 2
    assert list(table.parent.glob(".in.csv*")) == []


def test_a_folder_gets_parts_and_failed_rows_are_done_again(run, table: Path, tmp_path: Path):
    table.write_text("path\ncard.png\nlate.png\ncard.png\n")
    done = run(
        "recognize", table, "out", "--column", "path",
        "--part-rows", "2", "--compression", "snappy", "--row-group-rows", "1",
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    parts = sorted((tmp_path / "out").glob("*.parquet"))
    assert [pq.read_metadata(part).num_rows for part in parts] == [2, 1]
    assert pq.read_metadata(parts[0]).row_group(0).column(0).compression == "SNAPPY"
    (tmp_path / "late.png").write_bytes(CARD.read_bytes())
    again = run("recognize", "out", "out", "--column", "path", "--only", "failed")
    # The card's path is in the folder of the first table; only the row that failed is read.
    assert again.returncode == 0, again.stderr
    assert pd.read_parquet(tmp_path / "out")["ocr_status"].tolist() == ["Completed"] * 3


def test_csv_escapes_formulas_on_request(run, table: Path, tmp_path: Path):
    table.write_text("path,note\ncard.png,=1+1\n")
    done = run("recognize", table, "out.csv", "--column", "path", "--escape-formulas")
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "out.csv")["note"].tolist() == ["'=1+1"]


def test_what_a_folder_holds_is_overwritten_on_request(run, table: Path, tmp_path: Path):
    assert run("recognize", table, "out", "--column", "path").returncode == 0
    other = ("recognize", table, "out", "--column", "path", "--prefix", "new_")
    refused = run(*other)
    assert refused.returncode == 2
    assert "overwrite" in refused.stderr
    assert run(*other, "--overwrite").returncode == 0
    assert "new_text" in pd.read_parquet(tmp_path / "out").columns


def test_regions_from_a_file_become_columns(run, table: Path, tmp_path: Path):
    (tmp_path / "boxes.json").write_text('{"corner": [0, 0, 60, 60]}')
    done = run("recognize", table, "out.csv", "--column", "path", "--regions", "boxes.json")
    assert done.returncode == 0, done.stderr
    assert "ocr_corner" in pd.read_csv(tmp_path / "out.csv").columns


def test_with_nothing_set_the_local_engine_is_started_and_ends(run, table: Path, at_engine):
    bare = {name: value for name, value in at_engine.items() if name not in CREDENTIALS}
    done = run("recognize", table, "out.csv", "--column", "path", env=bare)
    assert done.returncode == 0, done.stderr
    assert "local engine" in done.stderr


def test_serve_serves_until_it_is_stopped(table: Path, tmp_path: Path, at_engine):
    account = {"ASPOSE_CLIENT_ID": "me", "ASPOSE_CLIENT_SECRET": "a-long-enough-secret"}
    server = subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--workers", "1"],
        env=at_engine | account,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    try:
        url = next(line for line in server.stderr if "serving on" in line).split()[-1]
        done = subprocess.run(
            [COMMAND, "recognize", table, "out.csv", "--column", "path", "--endpoint", url],
            env=at_engine | account,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    finally:
        server.terminate()
        _, told = server.communicate()
    assert server.returncode == 0
    assert "Traceback" not in told


def test_serve_needs_credentials(run, at_engine):
    bare = {name: value for name, value in at_engine.items() if name not in CREDENTIALS}
    done = run("serve", "--port", "0", env=bare)
    assert done.returncode == 2
    assert "--client-id" in done.stderr


def test_a_rerun_costs_nothing_and_the_plan_knows(run, table: Path):
    plan = run("plan", table, "--column", "path", "--price-per-call", "0.5")
    assert plan.returncode == 0, plan.stderr
    told = dict(line.rsplit(maxsplit=1) for line in plan.stdout.splitlines())
    assert (told["        rows"], told["      unique"], told["   to submit"]) == ("2", "1", "1")
    assert run("recognize", table, "out.csv", "--column", "path").returncode == 0
    again = run("recognize", table, "out.csv", "--column", "path")
    assert "0 calls" in again.stderr
    assert "from ledger  1" in run("plan", table, "--column", "path").stdout


def test_the_ledger_shows_what_it_holds_and_prunes(run, table: Path, tmp_path: Path):
    assert "nothing on record" in run("ledger", "--ledger", tmp_path / "new.sqlite").stdout
    run("recognize", table, "out.csv", "--column", "path", "--ledger", tmp_path / "l.sqlite")
    shown = run("ledger", "--ledger", tmp_path / "l.sqlite")
    assert shown.stdout.split()[-2:] == ["1", "completed"]
    pruned = run("ledger", "--ledger", tmp_path / "l.sqlite", "--prune-days", "0")
    assert "forgot 1 jobs" in pruned.stderr
    assert "completed" not in pruned.stdout


def test_a_budget_leaves_rows_pending_and_is_exit_code_1(run, table: Path, tmp_path: Path):
    done = run("recognize", table, "out.csv", "--column", "path", "--max-calls", "2")
    assert done.returncode == 1
    assert "max_calls=2" in done.stderr
    out = pd.read_csv(tmp_path / "out.csv")
    assert out["ocr_status"].tolist() == ["Pending"] * 2
    assert out["ocr_error"].str.startswith("budget: ").all()

"""The installed command, run as a user runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SAMPLES

COMMAND = Path(sys.executable).with_name("ocr-frames")
CARD = SAMPLES / "images" / "id_card.png"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table whose images lie beside it."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "card.png").write_bytes(CARD.read_bytes())
    path = folder / "in.csv"
    path.write_text("id,path\n007,card.png\n008,card.png\n", encoding="utf-8")
    return path


@pytest.fixture
def run(at_engine: dict[str, str], tmp_path: Path):
    """Run the installed command against the engine; its answer, once it has ended."""

    def run(
        *arguments: object,
        env: dict[str, str] | None = None,
        cwd: Path = tmp_path,
        stdin: bytes = b"",
    ) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            env=at_engine if env is None else env,
            cwd=cwd,
            input=stdin,
            capture_output=True,
        )
        told = (done.stdout.decode(), done.stderr.decode())
        return subprocess.CompletedProcess(done.args, done.returncode, *told)

    return run

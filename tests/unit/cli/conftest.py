"""The command called in this process, which is quicker than a new one for each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocr_frames.cli import app
from ocr_frames.errors import OcrFramesError
from tests.unit.notebook.frames import draw, mixed


@dataclass(frozen=True)
class Done:
    exit_code: object
    stdout: str
    stderr: str


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> Callable[..., Done]:
    """Call the command with the test's folder as the working directory."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Done:
        capsys.readouterr()
        exit_code: object = 0
        raised = ""
        try:
            app([str(argument) for argument in arguments], prog_name="ocr-frames")
        except SystemExit as ended:
            exit_code = ended.code
        except OcrFramesError as error:
            exit_code, raised = error.exit_code, str(error)
        told = capsys.readouterr()
        return Done(exit_code or 0, told.out, told.err + raised)

    return call


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A table as `recognize` writes it, with its images beside it."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.png", "d.png"):
        draw(folder / name)
    out = mixed(true=["seen", None, None, None, None, "a c"], ocr_seconds=range(6))
    out.attrs["ocr"] = {"column": "path", "calls": {"submit": 4, "fetch": 6}}
    out.to_parquet(folder / "out.parquet")
    return folder / "out.parquet"

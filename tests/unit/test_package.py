"""The package as a whole: its front door and its layers."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import ocr_frames

ROOT = Path(__file__).parents[2]


def test_all_is_what_is_there():
    public = {name for name in vars(ocr_frames) if not name.startswith("_")}
    submodules = {path.stem for path in (ROOT / "ocr_frames").iterdir()}
    assert set(ocr_frames.__all__) == public - submodules
    assert ocr_frames.__all__ == sorted(ocr_frames.__all__)


def test_importing_registers_the_accessors():
    assert hasattr(pd.DataFrame(), "ocr")
    assert hasattr(pd.Series(dtype=str), "ocr")


def test_the_version_is_the_installed_one():
    assert importlib.metadata.version("ocr-frames") == ocr_frames.__version__


def test_the_heavy_part_is_not_imported_with_the_package():
    script = (
        "import sys, ocr_frames; "
        "print({'rapidocr', 'openvino', 'cv2', 'PIL', 'jwt', 'pebble'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "command",
    [
        ["lint-imports", "--no-cache"],
        ["mypy"],
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
    ],
    ids=" ".join,
)
def test_checks(command: list[str]):
    tool = Path(sys.executable).with_name(command[0])
    done = subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_longer_than_300_lines():
    long = [
        path.relative_to(ROOT)
        for path in (ROOT / "ocr_frames").rglob("*.py")
        if len(path.read_text().splitlines()) > 300
    ]
    assert long == []

"""The examples in the docstrings do what they say."""

import doctest
import importlib
import shutil
from pathlib import Path

import pytest

from ocr_frames.settings import Endpoint
from tests.conftest import CREDENTIALS, SAMPLES

MODULES = ("accessor", "notebook.seeing", "pipeline", "settings")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def _examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [
        example
        for module in MODULES
        for example in finder.find(importlib.import_module(f"ocr_frames.{module}"))
    ]
    return [example for example in found if example.examples]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one example has had recognized need not be again."""
    return tmp_path_factory.mktemp("examples") / "ledger.sqlite"


@pytest.mark.parametrize("example", _examples(), ids=lambda example: example.name)
def test_an_example_does_what_it_says(
    example: doctest.DocTest,
    engine: Endpoint,
    ledger: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    shutil.copytree(SAMPLES / "images", tmp_path / "images")
    monkeypatch.chdir(tmp_path)
    at = (engine.url, engine.client_id or "", engine.client_secret or "")
    for name, value in zip(CREDENTIALS, at, strict=True):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OCR_FRAMES_LEDGER", str(ledger))
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(example, out=told.append)
    assert result.failed == 0, "".join(told)
    assert result.attempted > 0


def test_every_public_way_in_has_an_example():
    names = {example.name.removeprefix("ocr_frames.") for example in _examples()}
    assert names >= {
        *(f"accessor.FrameAccessor.{name}" for name in ("recognize", "submit", "plan")),
        *(f"notebook.seeing.Seeing.{name}" for name in ("preview", "report", "compare")),
        "accessor.SeriesAccessor.recognize",
        "pipeline.recognize_table",
        "pipeline.recognize_arrow",
        "settings.Endpoint",
    }

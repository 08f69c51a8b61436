"""Several engines as one."""

import numpy as np
import pytest

from ocr_frames.errors import LocalEngineError
from ocr_frames.server.recognizers import choice
from ocr_frames.server.recognizers.selection import Selection

BLANK = np.full((20, 30, 3), 255, np.uint8)

ENGINE = """
from ocr_frames.server.recognizers import Line

made = 0

class Engine:
    name = "{name}"
    version = "1"
    languages = frozenset({languages})

    def __init__(self):
        global made
        made += 1

    def lines(self, image, *, min_confidence, language):
        box = ((0, 0), (9, 0), (9, 5), (0, 5))
        return [Line(f"{{language}} by {{self.name}}", 1.0, box)]

    def single_line(self, image, *, min_confidence, language):
        return []
"""


@pytest.fixture
def engines(monkeypatch, tmp_path):
    """Engines by name: the languages each reads, or the source of its module."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(**sources):
        for name, source in sources.items():
            text = source if isinstance(source, str) else ENGINE.format(name=name, languages=source)
            (tmp_path / f"{name}.py").write_text(text)
            monkeypatch.delitem(__import__("sys").modules, name, raising=False)
        targets = [f"{name}:Engine" for name in sources]
        monkeypatch.setattr("ocr_frames.server.recognizers.selection.targets", lambda _: targets)

    return make


def read(selection, language):
    found = selection.lines(BLANK, min_confidence=0, language=language)
    return [line.text for line in found]


def made(name):
    return __import__(name).made


def test_the_first_that_reads_a_language_reads_it(engines):
    engines(selone=["English", "German"], seltwo=["German", "Russian"])
    selection = Selection(choice.AUTO)

    assert (selection.name, selection.languages) == ("selone", {"English", "German", "Russian"})
    assert read(selection, "German") == ["German by selone"]
    assert read(selection, "Russian") == ["Russian by seltwo"]
    assert selection.single_line(BLANK, min_confidence=0, language="Russian") == []
    with pytest.raises(LookupError, match="Greek"):
        read(selection, "Greek")


def test_all_but_the_first_are_made_when_needed_and_once(engines):
    engines(selthree=["English"], selfour=["Russian"])
    selection = Selection(choice.AUTO)
    assert (made("selthree"), made("selfour")) == (1, 0)

    read(selection, "Russian"), read(selection, "Russian"), read(selection, "English")

    assert (made("selthree"), made("selfour")) == (1, 1)


BROKEN = ["raise ImportError('libGL.so.1 is missing')", "class Engine:\n    x = 1 / 0"]
UNMAKEABLE = ENGINE.format(name="b", languages=["English"]).replace("made += 1", "made['x']")


@pytest.mark.parametrize("source", [*BROKEN, UNMAKEABLE])
def test_auto_goes_on_without_an_engine_that_does_not_load(engines, source, caplog):
    engines(selbroken=source, selfive=["English"])

    selection = Selection(choice.AUTO)

    assert read(selection, "English") == ["English by selfive"]
    assert "which does not load" in caplog.text


@pytest.mark.parametrize("source", [*BROKEN, UNMAKEABLE])
def test_a_chosen_engine_that_does_not_load_is_an_error(engines, source):
    engines(selbroken=source)

    with pytest.raises((ImportError, ZeroDivisionError, TypeError)):
        Selection("selbroken")


def test_no_engine_at_all_names_the_pip_line(engines):
    engines()
    with pytest.raises(LocalEngineError, match=r"pip install 'ocr-frames\[local\]'"):
        Selection(choice.AUTO)

"""Engines that are there and engines that are not, whatever this machine has."""

import pytest

from ocr_frames.server.recognizers import choice
from tests.adapters.distributions import install


@pytest.fixture
def libraries(monkeypatch):
    """Choose which libraries can be imported."""

    def have(*names):
        def located(library):
            if library not in names:
                raise ModuleNotFoundError(library)
            return True

        monkeypatch.setattr(choice, "_located", located)

    have("rapidocr", "openvino", "tesserocr")
    return have


@pytest.fixture
def tessdata_of(monkeypatch, tmp_path):
    """Choose which data Tesseract finds: name to content."""

    def have(**files):
        for name, content in files.items():
            (tmp_path / f"{name}.traineddata").write_text(content)
        monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
        return tmp_path

    return have


@pytest.fixture
def distribution(monkeypatch, tmp_path):
    """Install a distribution with an engine of its own, by the name of its module."""
    place = tmp_path / "site"
    monkeypatch.syspath_prepend(str(place))

    def have(module, source, version="1.0"):
        install(place, module, source, version)
        choice._third.cache_clear()

    yield have
    choice._third.cache_clear()

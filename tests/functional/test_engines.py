"""Engines behind the real server: chosen by language, by the environment, by their users."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr_frames.server import embedded
from ocr_frames.server.recognizers import tessdata
from tests.adapters.distributions import install
from tests.unit.server.drawing import file_of, page

matplotlib = pytest.importorskip("matplotlib")
FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
ROOT = Path(__file__).parents[2]

needs_russian = pytest.mark.skipif(
    tessdata.data_file("Russian") is None, reason=f"needs {tessdata.package('Russian')}"
)


def drawn(text):
    image = Image.new("RGB", (640, 120), "white")
    font = ImageFont.truetype(FONT, 32)
    ImageDraw.Draw(image).text((30, 30), text, fill="black", font=font)
    return file_of(image)


@needs_russian
def test_each_language_goes_to_the_engine_that_reads_it(engine):
    images = pd.Series([drawn("Накладная номер 4711")])

    russian = images.ocr.recognize(language="Russian", progress=False)
    german = pd.Series([drawn("Straße und Öl")]).ocr.recognize(language="German", progress=False)

    assert russian["ocr_text"].tolist() == ["Накладная номер 4711"]
    assert german["ocr_text"].tolist() == ["Straße und Öl"]


@needs_russian
def test_data_that_is_installed_after_a_refusal_is_used_at_once(monkeypatch, tmp_path):
    # The engine that other tests share stays as it is.
    monkeypatch.setattr(embedded, "_engines", {})
    source = tessdata.folder()
    (tmp_path / "tessdata").mkdir()
    link(source, "rus", tmp_path / "tessdata", "rus")
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path / "tessdata"))
    monkeypatch.setenv("OCR_FRAMES_ENGINE", "tesseract")
    images = pd.Series([drawn("Накладная номер 4711")])
    try:
        refused = images.ocr.recognize(language="Bulgarian", progress=False)
        assert refused["ocr_status"].tolist() == ["Error"]
        assert refused["ocr_error"][0].startswith("bad-request: ")
        assert "install the package tesseract-ocr-bul" in refused["ocr_error"][0]

        # what a Russian model reads of Bulgarian will do here
        link(source, "rus", tmp_path / "tessdata", "bul")
        read = images.ocr.recognize(language="Bulgarian", progress=False)
        assert read["ocr_text"].tolist() == ["Накладная номер 4711"]
    finally:
        embedded.close_local_engine()


def link(source, name, place, other):
    (place / f"{other}.traineddata").symlink_to(source / f"{name}.traineddata")


ENGINE = '''
"""Reads how bright an image is."""

from ocr_frames.server.recognizers import Line


class Engine:
    name = "Brightness"
    version = "1.0"
    languages = frozenset({"English"})

    def lines(self, image, *, min_confidence, language):
        height, width = image.shape[:2]
        box = ((0, 0), (width, 0), (width, height), (0, height))
        return [Line(f"{language} {image.mean():.0f}", 1.0, box)]

    def single_line(self, image, *, min_confidence, language):
        return []
'''


def test_an_engine_of_your_own(tmp_path):
    install(tmp_path / "site", "brightness", ENGINE)
    (tmp_path / "white.png").write_bytes(file_of(page()))
    pd.DataFrame({"path": ["white.png"]}).to_csv(tmp_path / "in.csv", index=False)

    ended = command(tmp_path, "brightness", "recognize", "in.csv", "out.csv", "--column", "path")

    assert ended.returncode == 0, ended.stderr
    assert pd.read_csv(tmp_path / "out.csv")["ocr_text"].tolist() == ["English 255"]


def test_serving_with_an_engine_that_is_not_there_is_misuse(tmp_path):
    ended = command(tmp_path, "", "serve", "--engine", "brightness")

    assert ended.returncode == 2
    assert "there is no engine 'brightness' here; there are: auto, rapidocr" in ended.stderr


def command(place, chosen, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "ocr_frames", *arguments],
        cwd=place,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(place / "site"))),
            "OCR_FRAMES_ENGINE": chosen,
            "ASPOSE_CLIENT_ID": "id" if arguments[0] == "serve" else "",
            "ASPOSE_CLIENT_SECRET": "secret" if arguments[0] == "serve" else "",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

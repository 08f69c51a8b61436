"""The whole path, from cell to column, beside what it stands on; in one run, as ratios."""

import asyncio
import csv
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.conftest import word_f1

pytestmark = pytest.mark.benchmark
UNREMEMBERED = {"ledger": False, "progress": False}
SETS = ("receipts", "forms", "scenes")


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@pytest.fixture(scope="module")
def labelled() -> pd.DataFrame:
    """Images with their text: a folder with receipts.csv, forms.csv, scenes.csv (path, text)."""
    folder = os.environ.get("OCR_FRAMES_BENCH_DATA")
    if not folder:
        pytest.skip("set OCR_FRAMES_BENCH_DATA to the folder of the labelled images")
    rows = []
    for name in SETS:
        with (Path(folder) / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            rows += [row | {"set": name} for row in csv.DictReader(file)]
    frame = pd.DataFrame(rows)
    frame["path"] = [str(Path(folder) / path) for path in frame["path"]]
    return frame


@pytest.fixture(scope="module")
def engines(engine, labelled: pd.DataFrame) -> dict[str, Callable[[], pd.Series]]:
    """What reads all images, by name: two yardsticks as installed, and ours."""
    from rapidocr import RapidOCR

    rapidocr = RapidOCR(params={"Global.log_level": "error"})
    rapidocr(labelled["path"][0])
    labelled.head(4).ocr.recognize("path", **UNREMEMBERED)

    def tesseract(path: str) -> str:
        command = ["tesseract", path, "stdout"]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout

    read = {
        "RapidOCR": lambda: labelled["path"].map(lambda path: "\n".join(rapidocr(path).txts or ())),
        "ours": lambda: labelled.ocr.recognize("path", **UNREMEMBERED)["ocr_text"],
    }
    if shutil.which("tesseract"):
        read["Tesseract"] = lambda: labelled["path"].map(tesseract)
    return read


def test_accuracy_and_speed_beside_plain_engines(engines, labelled: pd.DataFrame):
    """At least 3 times as fast as one reused default RapidOCR, word F1 within 0.005 of its."""
    texts, took = {}, {name: [] for name in engines}
    for _ in range(3):
        for name, read in engines.items():
            took[name].append(seconds(lambda name=name, read=read: texts.update({name: read()})))
    pace = {name: len(labelled) / statistics.median(times) for name, times in took.items()}
    f1 = {name: f1_by_set(text, labelled) for name, text in texts.items()}
    for name in engines:
        scores = "  ".join(f"{which} {score:.4f}" for which, score in f1[name].items())
        print(f"\n{name:10} {pace[name]:.3f} images/s  word F1: {scores}", end="")
    ratio = pace["ours"] / pace["RapidOCR"]
    print(f"\nours / RapidOCR: {ratio:.2f}")
    assert all(f1["ours"][which] >= f1["RapidOCR"][which] - 0.005 for which in SETS)
    assert ratio >= 3.0


def f1_by_set(read: pd.Series, labelled: pd.DataFrame) -> dict[str, float]:
    sets = {which: labelled["set"] == which for which in SETS}
    return {
        which: word_f1(zip(read[rows], labelled.loc[rows, "text"], strict=True))
        for which, rows in sets.items()
    }


def test_the_whole_path_costs_little_over_the_engine_pool(engine, tmp_path: Path):
    """200 copies of a small image: at most 5 % over the same pool called directly."""
    from ocr_frames.server.config import PoolConfig
    from ocr_frames.server.pool import Pool
    from ocr_frames.server.recognition import Recognition
    from ocr_frames.settings import RecognitionSettings

    paths = []
    for number in range(200):
        image = Image.new("L", (320, 120), 255)
        font = ImageFont.load_default(size=28)
        ImageDraw.Draw(image).text((20, 40), "Small image 42", 0, font=font)
        # Equal pixels in files that differ, so that none is recognized for another.
        image.save(tmp_path / f"{number}.png", dpi=(72 + number, 72))
        paths.append(tmp_path / f"{number}.png")
    frame = pd.DataFrame({"path": paths})
    images = [path.read_bytes() for path in paths]
    pool = Pool(PoolConfig())
    loop = asyncio.Runner()

    async def all_images() -> list[Recognition]:
        settings = RecognitionSettings()
        return await asyncio.gather(*(pool.recognize(image, settings) for image in images))

    def direct() -> None:
        assert all(recognition.results for recognition in loop.run(all_images()))

    def whole() -> None:
        read = frame.ocr.recognize("path", **UNREMEMBERED)["ocr_text"]
        assert (read == "Small image 42").all()

    try:
        direct(), whole()
        ratios = [seconds(whole) / seconds(direct) for _ in range(3)]
    finally:
        pool.close()
        loop.close()
    print(f"\nwhole path / pool: {sorted(ratios)}, median {statistics.median(ratios):.3f}")
    assert statistics.median(ratios) <= 1.05

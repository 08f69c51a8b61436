"""The whole path, from cell to column, beside what it stands on; in one run, as ratios."""

import asyncio
import csv
import os
import statistics
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


def test_accuracy_and_speed_beside_plain_rapidocr(engine, labelled: pd.DataFrame):
    """At least 1.5 times as fast as one reused default engine, word F1 within 0.01."""
    from rapidocr import RapidOCR

    plain = RapidOCR(params={"Global.log_level": "error"})
    plain(labelled["path"][0])
    labelled.head(4).ocr.recognize("path", **UNREMEMBERED)
    out = {}

    def ours() -> None:
        out["ours"] = labelled.ocr.recognize("path", **UNREMEMBERED)["ocr_text"]

    def theirs() -> None:
        out["plain"] = labelled["path"].map(lambda path: "\n".join(plain(path).txts or ()))

    took = {"ours": seconds(ours), "plain": seconds(theirs)}
    ratio = took["plain"] / took["ours"]
    print(
        f"\n{len(labelled) / took['ours']:.3f} images/s, plain {len(labelled) / took['plain']:.3f}"
    )
    print(f"ratio {ratio:.2f}")
    for name in SETS:
        rows = labelled["set"] == name
        expected = labelled.loc[rows, "text"]
        f1 = {who: word_f1(zip(text[rows], expected, strict=True)) for who, text in out.items()}
        print(f"word F1 {name}: {f1['ours']:.4f}, plain {f1['plain']:.4f}")
        assert f1["ours"] >= f1["plain"] - 0.01
    assert ratio >= 1.5


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

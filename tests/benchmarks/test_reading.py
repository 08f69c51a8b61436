"""Reading order: clean pages with known text, beside Tesseract as installed."""

import csv
import os
import shutil
import subprocess
from pathlib import Path

import jiwer
import pandas as pd
import pytest
from PIL import Image

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif("OCR_FRAMES_BENCH_DATA" not in os.environ, reason="no folder of images"),
    pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed"),
]


def documents() -> pd.DataFrame:
    folder = Path(os.environ["OCR_FRAMES_BENCH_DATA"])
    with (folder / "documents.csv").open(encoding="utf-8") as file:
        frame = pd.DataFrame(csv.DictReader(file))
    frame["path"] = [str(folder / path) for path in frame["path"]]
    return frame[frame["text"] != ""].reset_index(drop=True)


def by_tesseract(path: str, folder: Path) -> str:
    # Tesseract knows neither EXIF nor every format; a page that stands is what it is asked for.
    with Image.open(path) as image:
        upright = Path(path)
        if image.format not in ("PNG", "TIFF"):
            upright = folder / "page.png"
            image.convert("RGB").save(upright)
    command = ["tesseract", upright, "stdout"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def error_rate(expected: str, read: str) -> float:
    """Character error rate: white space counts as one space, pages and lines alike."""
    return jiwer.cer(" ".join(expected.split()), " ".join(read.split()))


def test_reading_order_beside_tesseract(engine, tmp_path: Path):
    """On clean pages the character error rate is no worse than Tesseract's."""
    frame = documents()
    ours = frame.ocr.recognize("path", ledger=False, progress=False)["ocr_text"].fillna("")
    theirs = [by_tesseract(path, tmp_path) for path in frame["path"]]
    rates = {"ours": [], "Tesseract": []}
    for path, expected, mine, other in zip(frame["path"], frame["text"], ours, theirs, strict=True):
        rates["ours"].append(error_rate(expected, mine))
        rates["Tesseract"].append(error_rate(expected, other))
        print(
            f"\n{Path(path).name:26}{rates['ours'][-1]:8.4f}{rates['Tesseract'][-1]:8.4f}", end=""
        )
    means = {who: sum(values) / len(values) for who, values in rates.items()}
    print(f"\nmean: ours {means['ours']:.4f}, Tesseract {means['Tesseract']:.4f}")
    assert means["ours"] <= means["Tesseract"]

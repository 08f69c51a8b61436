"""The local engine beside RapidOCR as it installs itself: images per second and word F1."""

import csv
import os
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from ocr_frames.server.config import PoolConfig
from ocr_frames.server.pool import Pool
from ocr_frames.settings import RecognitionSettings

FOLDER = os.environ.get("OCR_FRAMES_BENCH_DATA")
SETS = ("receipts", "forms", "scenes")

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(not FOLDER, reason="OCR_FRAMES_BENCH_DATA names no folder"),
]


def rows():
    for name in SETS:
        with (Path(FOLDER) / f"{name}.csv").open(newline="") as table:
            for row in csv.DictReader(table):
                yield name, Path(FOLDER) / row["path"], row["text"]


def words(text):
    return Counter(re.findall("[0-9a-z]+", text.lower()))


def word_f1(pairs):
    hits = sum((words(read) & words(truth)).total() for read, truth in pairs)
    return 2 * hits / sum(words(text).total() for pair in pairs for text in pair)


def by_set(read, images):
    return {
        name: word_f1(
            [
                (text, truth)
                for text, (own, _, truth) in zip(read, images, strict=True)
                if own == name
            ]
        )
        for name in SETS
    }


def plain(images):
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"Global.log_level": "error"})
    engine(str(images[0][1]))
    start = time.perf_counter()
    read = ["\n".join(engine(str(path)).txts or ()) for _, path, _ in images]
    return len(images) / (time.perf_counter() - start), by_set(read, images)


async def ours(images):
    pool = Pool(PoolConfig(workers=2))
    try:
        await pool.ready()
        # one each, so that both workers have loaded their models
        warm = [pool.submit(images[0][1].read_bytes(), RecognitionSettings()) for _ in range(4)]
        [future.result() for future in warm]
        start = time.perf_counter()
        futures = [pool.submit(path.read_bytes(), RecognitionSettings()) for _, path, _ in images]
        read = [future.result().results[0].data.decode() for future in futures]
        return len(images) / (time.perf_counter() - start), by_set(read, images)
    finally:
        pool.close()


async def test_faster_than_plain_rapidocr_and_as_accurate():
    images = list(rows())
    own_speed, own_f1 = await ours(images)
    plain_speed, plain_f1 = plain(images)

    ratio = own_speed / plain_speed
    print(f"\nplain {plain_speed:.3f} images/s, ours {own_speed:.3f}, {ratio:.2f}x")
    for name in SETS:
        print(f"{name}: plain {plain_f1[name]:.4f}, ours {own_f1[name]:.4f}")
    assert ratio >= 1.5
    assert all(own_f1[name] >= plain_f1[name] - 0.01 for name in SETS)

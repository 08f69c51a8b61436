# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "font-caladea==0.0.2",
#     "font-roboto==0.0.1",
#     "font-source-sans-pro==0.0.1",
#     "font-source-serif-pro==0.0.1",
#     "matplotlib==3.11.2",
#     "numpy==2.4.6",
#     "pillow==13.0.0",
# ]
# ///
"""Draw the sample pictures and write down the text they show.

python make_samples.py                 write into the folder of this script
python make_samples.py --out DIR       write into another folder
python make_samples.py --check DIR     draw again and compare with what is in DIR
"""

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import documents
import forms
import numpy as np
import photos
from PIL import Image, ImageSequence
from samples import ORIENTATION_TAG, Sample, save
from scene import Rng

MAKERS: tuple[Callable[[Rng], Sample], ...] = (
    documents.prose_page,
    photos.receipt,
    photos.price_tag,
    photos.street_sign,
    photos.product_label,
    forms.id_card,
    documents.skewed_minutes,
    documents.faint_report,
    photos.sideways_notice,
    documents.faxed_survey,
    documents.accents_page,
    documents.blank_page,
    forms.invoice_screenshot,
    photos.shipping_label,
)
# The last bit of a sine or a logarithm differs between processors.
TOLERANCE = 0.01


def draw_all() -> Iterable[Sample]:
    """Draw every sample, each from a seed of its own."""
    for seed, make in enumerate(MAKERS, start=1):
        yield make(np.random.default_rng(seed))


def write_all(folder: Path) -> None:
    """Write every picture, images.csv and regions.json."""
    rows: list[tuple[str, str, str]] = []
    regions: dict[str, dict[str, list[int]]] = {}
    for sample in draw_all():
        save(sample, folder)
        rows.append((sample.path, sample.kind, sample.text))
        if sample.regions:
            regions[sample.path] = {name: list(box) for name, box in sample.regions.items()}
    with (folder / "images.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("path", "kind", "text"), *rows])
    document = json.dumps(regions, indent=2) + "\n"
    (folder / "regions.json").write_bytes(document.encode())


def same_picture(first: Path, second: Path) -> bool:
    """Whether two files hold the same pictures."""
    with Image.open(first) as one, Image.open(second) as two:
        if one.getexif().get(ORIENTATION_TAG) != two.getexif().get(ORIENTATION_TAG):
            return False
        frames = [[f.copy() for f in ImageSequence.Iterator(image)] for image in (one, two)]
    if len(frames[0]) != len(frames[1]):
        return False
    return all(same_pixels(a, b) for a, b in zip(*frames, strict=True))


def same_pixels(first: Image.Image, second: Image.Image) -> bool:
    """Whether two pictures are the same but for rounding."""
    if (first.mode, first.size) != (second.mode, second.size):
        return False
    difference = np.asarray(first).astype(float) - np.asarray(second)
    return float(np.abs(difference).mean()) <= TOLERANCE


def same_file(first: Path, second: Path) -> bool:
    """Whether two sample files are the same."""
    if not second.is_file():
        return False
    if first.read_bytes() == second.read_bytes():
        return True
    return first.parent.name == "images" and same_picture(first, second)


def differences(folder: Path) -> list[str]:
    """The sample files of a folder that a new drawing does not confirm."""
    with tempfile.TemporaryDirectory() as name:
        fresh = Path(name)
        write_all(fresh)
        drawn = {p.relative_to(fresh) for p in fresh.rglob("*") if p.is_file()}
        kept = {p.relative_to(folder) for p in (folder / "images").glob("*")}
        wrong = {p for p in drawn if not same_file(fresh / p, folder / p)}
        return sorted(p.as_posix() for p in wrong | (kept - drawn))


def main() -> int:
    """Write or check the samples and return the exit status."""
    parser = argparse.ArgumentParser(description="Draw the sample pictures.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--out", type=Path, metavar="DIR", default=Path(__file__).parent)
    choice.add_argument("--check", type=Path, metavar="DIR")
    arguments = parser.parse_args()
    if arguments.check is None:
        write_all(arguments.out)
        return 0
    wrong = differences(arguments.check)
    for path in wrong:
        print(f"different: {path}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

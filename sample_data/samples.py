"""One sample: a file of one or more pictures and the text they show."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from PIL import Image

Kind = Literal["image", "label", "regions"]
Region = tuple[int, int, int, int]

ORIENTATION_TAG = 0x0112


@dataclass(frozen=True)
class Sample:
    """A file to write, the kind of picture it is and the text it shows."""

    file_name: str
    kind: Kind
    text: str
    pictures: list[Image.Image]
    quality: int = 75
    orientation: int = 1
    regions: dict[str, Region] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where the file stands, seen from the folder of the samples."""
        return f"images/{self.file_name}"


def save(sample: Sample, folder: Path) -> None:
    """Write the picture file of a sample."""
    target = folder / sample.path
    target.parent.mkdir(parents=True, exist_ok=True)
    first, *others = sample.pictures
    match target.suffix:
        case ".jpg":
            first.save(target, quality=sample.quality, optimize=True, exif=_exif(sample))
        case ".png":
            first.save(target, optimize=True)
        case ".webp":
            first.save(target, quality=sample.quality, method=6)
        case ".tiff":
            dots = (150, 150)
            first.save(
                target, save_all=True, append_images=others, compression="tiff_lzw", dpi=dots
            )
        case suffix:
            raise ValueError(f"no way to write {suffix} files")


def _exif(sample: Sample) -> Image.Exif:
    exif = Image.Exif()
    if sample.orientation != 1:
        exif[ORIENTATION_TAG] = sample.orientation
    return exif

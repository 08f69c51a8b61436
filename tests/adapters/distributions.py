"""Distributions made on the spot, as pip would leave them: a module and its entry points."""

from pathlib import Path


def install(place: Path, module: str, source: str, version: str = "1.0") -> None:
    """Put a distribution whose module offers `Engine` as an engine of the same name in `place`."""
    place.mkdir(exist_ok=True)
    (place / f"{module}.py").write_text(source, encoding="utf-8")
    info = place / f"{module}-{version}.dist-info"
    info.mkdir()
    about = f"Metadata-Version: 2.1\nName: {module}\nVersion: {version}\n"
    (info / "METADATA").write_text(about, encoding="utf-8")
    entry = f"[ocr_frames.recognizers]\n{module} = {module}:Engine\n"
    (info / "entry_points.txt").write_text(entry, encoding="utf-8")

"""Typefaces for the sample pictures, found in installed font packages."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

FONT_FILES: dict[str, tuple[str, str]] = {
    "sans": ("font_source_sans_pro", "files/SourceSansPro-Regular.ttf"),
    "sans-bold": ("font_source_sans_pro", "files/SourceSansPro-Bold.ttf"),
    "serif": ("font_source_serif_pro", "files/SourceSerifPro-Regular.ttf"),
    "serif-bold": ("font_source_serif_pro", "files/SourceSerifPro-Bold.ttf"),
    "serif-italic": ("font_source_serif_pro", "files/SourceSerifPro-It.ttf"),
    "letter": ("font_caladea", "files/Caladea-Regular.ttf"),
    "letter-bold": ("font_caladea", "files/Caladea-Bold.ttf"),
    "screen": ("font_roboto", "files/Roboto-Regular.ttf"),
    "screen-medium": ("font_roboto", "files/Roboto-Medium.ttf"),
    "screen-bold": ("font_roboto", "files/Roboto-Bold.ttf"),
    "screen-black": ("font_roboto", "files/Roboto-Black.ttf"),
    "mono": ("matplotlib", "mpl-data/fonts/ttf/DejaVuSansMono.ttf"),
    "mono-bold": ("matplotlib", "mpl-data/fonts/ttf/DejaVuSansMono-Bold.ttf"),
}


def package_folder(package: str) -> Path:
    """The folder of an installed package, without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the font package {package} is not installed")
    return Path(spec.origin).parent


@cache
def face(name: str, pixels: int) -> ImageFont.FreeTypeFont:
    """One typeface at one size."""
    package, file_name = FONT_FILES[name]
    # The basic engine draws the same shapes whether or not Raqm is installed.
    return ImageFont.truetype(
        package_folder(package) / file_name, pixels, layout_engine=ImageFont.Layout.BASIC
    )

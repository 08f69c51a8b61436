"""Histograms: as a picture for HTML, as a line of blocks for a terminal."""

import base64
import importlib
import io
import math
from collections.abc import Sequence
from typing import Any

from ocr_frames.errors import MissingExtraError

_BINS = 20
_BLOCKS = "▁▂▃▄▅▆▇█"
_INK, _BAR = "#7d8590", "#3b82c4"


def histogram_url(values: Sequence[float], name: str, most: float) -> str:
    """Draw a histogram from 0 to `most` as an SVG in a data: URL.

    Raises MissingExtraError without matplotlib.
    """
    try:
        figure_type: Any = importlib.import_module("matplotlib.figure").Figure
        rc_context: Any = importlib.import_module("matplotlib").rc_context
    except ImportError as error:
        raise MissingExtraError("matplotlib, which draws plots,", "notebook") from error
    file = io.BytesIO()
    # Not by pyplot, whose state is the user's.
    with rc_context({"svg.hashsalt": name, "font.family": "DejaVu Sans", "text.usetex": False}):
        figure = figure_type(figsize=(4.6, 2.3), layout="constrained")
        axes = figure.add_subplot()
        axes.hist(values, bins=_BINS, range=(0.0, most or 1.0), color=_BAR)
        axes.set_xlabel(name, color=_INK)
        axes.set_ylabel("images", color=_INK)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.tick_params(colors=_INK)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(_INK)
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()


def blocks(values: Sequence[float], low: float, high: float, count: int = _BINS) -> str:
    """Draw a histogram from `low` to `high` as one line of `count` characters."""
    held = [0] * count
    for value in values:
        share = (value - low) / (high - low) if high > low else 0.0
        held[min(count - 1, max(0, int(share * count)))] += 1
    most = max(held, default=0)
    return "".join(
        _BLOCKS[math.ceil(number / most * (len(_BLOCKS) - 1))] if number else " " for number in held
    )

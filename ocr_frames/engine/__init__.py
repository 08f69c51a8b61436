"""Submit and poll: jobs in, outcomes out. Knows neither pandas nor HTTP."""

from ocr_frames.engine.calls import Exchange
from ocr_frames.engine.run import Run

__all__ = ["Exchange", "Run"]

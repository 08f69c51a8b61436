"""What a person looks at: a gallery of results, the report of a run, a comparison with labels."""

from ocr_frames.notebook.comparison import Comparison, compare
from ocr_frames.notebook.gallery import Gallery, preview
from ocr_frames.notebook.results import Boxes, Only
from ocr_frames.notebook.seeing import Seeing
from ocr_frames.notebook.summary import Summary, summarize

__all__ = [
    "Boxes",
    "Comparison",
    "Gallery",
    "Only",
    "Seeing",
    "Summary",
    "compare",
    "preview",
    "summarize",
]

"""Tables in files: Parquet or CSV, read and written piece by piece, published whole."""

from ocr_frames.tables.destination import Destination
from ocr_frames.tables.formats import WriteOptions
from ocr_frames.tables.parts import Parts
from ocr_frames.tables.sink import Sink
from ocr_frames.tables.source import Source

__all__ = ["Destination", "Parts", "Sink", "Source", "WriteOptions"]

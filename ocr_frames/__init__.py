"""OCR for dataframes: a column of images goes in, status, text and error columns come out."""

from ocr_frames import accessor as _accessor
from ocr_frames.errors import (
    CredentialsError,
    LedgerError,
    LocalEngineError,
    MissingExtraError,
    MisuseError,
    OcrFramesError,
    TableError,
    UnreachableError,
)
from ocr_frames.model import Status
from ocr_frames.pipeline import plan_table, recognize_arrow, recognize_table
from ocr_frames.plan import Plan
from ocr_frames.row_settings import col
from ocr_frames.session import Report
from ocr_frames.settings import Endpoint

__version__ = "0.1.0"

__all__ = [
    "CredentialsError",
    "Endpoint",
    "LedgerError",
    "LocalEngineError",
    "MissingExtraError",
    "MisuseError",
    "OcrFramesError",
    "Plan",
    "Report",
    "Status",
    "TableError",
    "UnreachableError",
    "col",
    "plan_table",
    "recognize_arrow",
    "recognize_table",
]

del _accessor

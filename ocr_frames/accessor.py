"""`df.ocr` and `series.ocr`: arguments to the pipeline, and nothing else."""

from typing import Any, Unpack

import pandas as pd

from ocr_frames import pipeline
from ocr_frames.bridge import run_sync
from ocr_frames.pipeline import Options

_SERIES_COLUMN = "image"


@pd.api.extensions.register_dataframe_accessor("ocr")
class FrameAccessor:
    """OCR for the images that a column of this frame names: `df.ocr.recognize(column="path")`."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def recognize(self, column: str, **options: Unpack[Options]) -> pd.DataFrame:
        """Recognize the text of the images in `column`.

        `column` holds paths (str or Path; relative ones to the working directory) or the bytes
        of image files. A null cell is skipped.

        Options:

        - `kind`: "image" (default), "label" (signs, price tags, packaging; English only), or
          "regions".
        - `regions`: boxes in whole pixels of the upright image, (left, top, right, bottom), the
          same for every row; a list, or a dict of names, each of which gets a column. Implies
          `kind="regions"`.
        - `language`: the protocol's name, "English" by default.
        - `make_skew_correct`, `rotate` (degrees), `make_binarization`,
          `make_contrast_correction`, `make_upsampling`, `make_spell_check`, `dsr_mode`,
          `dsr_confidence`: the protocol's settings.
        - `endpoint`: an `Endpoint`; else OCR_FRAMES_ENDPOINT, ASPOSE_CLIENT_ID and
          ASPOSE_CLIENT_SECRET; else the local engine.
        - `prefix` of the added columns, "ocr_" by default.
        - `max_outstanding`: images submitted and not yet answered, at most.
        - `deadline_s`: seconds after which a submitted image ends without an answer.
        - `progress`: show a bar (default).

        Returns a copy of the frame, rows and index as they are, with `ocr_status`
        (categorical), `ocr_text`, `ocr_error` and one `ocr_<name>` per named region (string).
        A row's failure is in its row.

        Raises MisuseError for a wrong argument, MissingExtraError, UnreachableError or
        CredentialsError before any image is sent.

        Works in scripts, IPython, Jupyter and inside a running event loop.
        """
        return run_sync(self.recognize_async(column, **options))

    async def recognize_async(self, column: str, **options: Unpack[Options]) -> pd.DataFrame:
        """Do the same as `recognize`, for code that awaits."""
        return await pipeline.recognize_frame(self._frame, column, **options)


@pd.api.extensions.register_series_accessor("ocr")
class SeriesAccessor:
    """OCR for the images that this series names: `df["path"].ocr.recognize()`."""

    def __init__(self, series: "pd.Series[Any]") -> None:
        self._frame = series.to_frame(_SERIES_COLUMN)

    def recognize(self, **options: Unpack[Options]) -> pd.DataFrame:
        """Recognize the text of the images; see `df.ocr.recognize`.

        Returns the added columns alone, with the index of the series.
        """
        return run_sync(self.recognize_async(**options))

    async def recognize_async(self, **options: Unpack[Options]) -> pd.DataFrame:
        """Do the same as `recognize`, for code that awaits."""
        out = await pipeline.recognize_frame(self._frame, _SERIES_COLUMN, **options)
        return out.drop(columns=_SERIES_COLUMN)

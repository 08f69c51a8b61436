"""`df.ocr` and `series.ocr`: arguments to the pipeline, and nothing else."""

from typing import Any, Unpack

import pandas as pd

from ocr_frames import pipeline
from ocr_frames.bridge import run_sync
from ocr_frames.configuration import defaults
from ocr_frames.notebook import Seeing
from ocr_frames.plan import Plan
from ocr_frames.request import Options
from ocr_frames.signatures import spelled_out

_SERIES_COLUMN = "image"
_HELP = "<{what}.ocr of {rows:,} rows: recognize{others}; help(...) tells of each>"
_ON_FRAMES = ", submit, collect, plan, preview, report, compare"
_described = spelled_out(defaults() | {"details": (), "allow_private_urls": False})


@pd.api.extensions.register_dataframe_accessor("ocr")
class FrameAccessor(Seeing):
    """OCR for the images that a column of this frame names: `df.ocr.recognize(column="path")`.

    - `recognize`: a copy of the frame with status, text and error columns; `recognize_async`
      for code that awaits
    - `submit`, then `collect`, later, in any process: the same in two steps
    - `plan`: what `recognize` would take, without a single call

    On what `recognize` gave:

    - `preview`: a gallery of images with what was read drawn on them
    - `report`: what became of the rows, and what it took
    - `compare`: error rates against known texts
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def __repr__(self) -> str:
        return _HELP.format(what="df", rows=len(self._frame), others=_ON_FRAMES)

    @_described
    def recognize(self, column: str, **options: Unpack[Options]) -> pd.DataFrame:
        """Recognize the text of the images in `column`.

        `column` holds paths (str or Path; relative ones to the working directory), URLs (`file:`,
        `https:`; with fsspec and the store's driver `s3:`, `gs:`, `az:`, `hf:`), the bytes of
        image files, PIL images, arrays (grey, RGB or RGBA; bool, uint8, uint16, or float from 0
        to 1, else to 255), or dicts with `bytes` or `path`. A null cell is skipped.

        Options; those marked * take one value, or `ocr_frames.col("name")` for a column with the
        value of each row, where null is the default and a wrong value its row's failure:

        - `kind`*: "image" (default), "label" (signs, price tags, packaging; English only), or
          "regions".
        - `regions`*: boxes in whole pixels of the upright image, or of its first page: (left,
          top, right, bottom), or dicts of these, or of x0, y0, x1, y1; a list, or a dict of
          names, each of which gets a column. In a column also arrays or JSON, names without
          columns; rows without boxes are skipped. Implies `kind="regions"`.
        - `language`*: the protocol's name, "English" by default.
        - `make_skew_correct`*, `rotate`* (degrees), `make_binarization`*,
          `make_contrast_correction`*, `make_upsampling`*, `make_spell_check`*, `dsr_mode`*,
          `dsr_confidence`*: the protocol's settings.
        - `details`: names of more columns, below.
        - `split_pages`: each page of a file, at most 500, is a task of its own. None (default):
          where only the first would be read, at the vendor's.
        - `allow_private_urls`: fetch from addresses of this machine and its network, too.
        - `endpoint`: an `Endpoint`; else OCR_FRAMES_ENDPOINT, ASPOSE_CLIENT_ID and
          ASPOSE_CLIENT_SECRET; else the local engine.
        - `prefix` of the added columns, "ocr_" by default.
        - `ledger`: a path, True for OCR_FRAMES_LEDGER or the user's data folder (default), or
          False to remember nothing beyond the run. What is on record is not paid for again.
        - `max_calls`: calls of every kind that may be made, at most; the rest stays Pending.
        - `calls_per_second`: at most; the pace is learned from the server besides.
        - `max_outstanding`: images submitted and not yet answered, at most.
        - `deadline_s`: seconds after which a submitted image is left Pending.
        - `on_doubt`: "retry" (default) repeats a submit whose answer was lost, once, though it
          may have been billed; "hold" leaves the row Pending.
        - `retry_failed`: try again what failed in an earlier run for the image's own sake.
        - `progress`: show a bar (default).

        Returns a copy of the frame, rows and index as they are, with `ocr_status`
        (categorical), `ocr_text`, `ocr_error` and one `ocr_<name>` per named region (string).
        A row's failure is in its row. `attrs["ocr"]` tells how the run went: rows by status,
        calls by kind, retries, in doubt, duplicates, from the ledger, seconds.

        Details become columns `ocr_<name>`, null in rows that have nothing to tell: `task_id`
        (string), `calls` (int32; submits and fetches by the run that paid for the image),
        `seconds` (float64; from submit to result), `from_ledger` (bool), `pages` (int32);
        `confidence` (float64 from 0 to 1; mean over letters), `words` (list of struct: text,
        confidence, x0, y0, x1, y1 in pixels, page from 1), `hocr` (string), `pdf` (binary), and
        `json` (string; without the four before). These last five change what is asked for: what
        is on record with its text alone is paid for once more.

        Interrupted (Ctrl-C), it lets the calls under way be answered and recorded, and raises
        KeyboardInterrupt: the same line goes on from the ledger. A second Ctrl-C leaves at once.

        Raises MisuseError for a wrong argument, MissingExtraError, UnreachableError or
        CredentialsError before any image is sent; LedgerError when the record cannot be kept.

        Works in scripts, IPython, Jupyter and inside a running event loop.

        For example:
            >>> import ocr_frames
            >>> import pandas as pd
            >>> df = pd.DataFrame({"path": ["images/street_sign.jpg", None, "gone.jpg"]})
            >>> out = df.ocr.recognize(column="path", kind="label", progress=False)
            >>> out["ocr_status"].tolist()
            ['Completed', 'Skipped', 'Error']
            >>> print(out["ocr_text"][0])
            Marrowfield Road
            leading to Quince Court
        """
        return run_sync(self.recognize_async(column, **options))

    @_described
    async def recognize_async(self, column: str, **options: Unpack[Options]) -> pd.DataFrame:
        """Do the same as `recognize`, for code that awaits."""
        return await pipeline.recognize_frame(self._frame, column, **options)

    @_described
    def submit(self, column: str, **options: Unpack[Options]) -> pd.DataFrame:
        """Submit the images and return as soon as all are on record: rows are Pending.

        Takes the options of `recognize`; `collect` with the same ones fetches the results, in
        this process or another, within 24 hours.

        For example:
            >>> import ocr_frames
            >>> import pandas as pd
            >>> df = pd.DataFrame({"path": ["images/price_tag.jpg"]})
            >>> df.ocr.submit(column="path", progress=False)["ocr_status"].tolist()
            ['Pending']
            >>> df.ocr.collect(column="path", progress=False)["ocr_status"].tolist()
            ['Completed']
        """
        return run_sync(pipeline.recognize_frame(self._frame, column, "submit", **options))

    @_described
    def collect(self, column: str, **options: Unpack[Options]) -> pd.DataFrame:
        """Fetch the results of what was submitted before, the oldest first; submit nothing."""
        return run_sync(pipeline.recognize_frame(self._frame, column, "collect", **options))

    @_described
    def plan(
        self, column: str, price_per_call: float | None = None, **options: Unpack[Options]
    ) -> Plan:
        """Tell what `recognize` with the same options would take, without a single call.

        With `price_per_call`, in whatever currency, also the cost.

        For example:
            >>> import ocr_frames
            >>> import pandas as pd
            >>> df = pd.DataFrame({"path": ["images/receipt.jpg", "images/receipt.jpg", None]})
            >>> plan = df.ocr.plan(column="path", price_per_call=0.01)
            >>> plan.rows, plan.skipped, plan.unique, plan.to_submit
            (3, 1, 1, 1)
        """
        return run_sync(pipeline.plan_frame(self._frame, column, price_per_call, **options))


@pd.api.extensions.register_series_accessor("ocr")
class SeriesAccessor:
    """OCR for the images that this series names: `df["path"].ocr.recognize()`."""

    def __repr__(self) -> str:
        return _HELP.format(what="series", rows=len(self._frame), others="")

    def __init__(self, series: "pd.Series[Any]") -> None:
        self._frame = series.to_frame(_SERIES_COLUMN)

    @_described
    def recognize(self, **options: Unpack[Options]) -> pd.DataFrame:
        """Recognize the text of the images; see `df.ocr.recognize`.

        Returns the added columns alone, with the index of the series.

        For example:
            >>> import ocr_frames
            >>> import pandas as pd
            >>> paths = pd.Series(["images/blank.jpg"], index=["blank"])
            >>> paths.ocr.recognize(progress=False)
                  ocr_status ocr_text ocr_error
            blank  Completed               <NA>
        """
        return run_sync(self.recognize_async(**options))

    @_described
    async def recognize_async(self, **options: Unpack[Options]) -> pd.DataFrame:
        """Do the same as `recognize`, for code that awaits."""
        out = await pipeline.recognize_frame(self._frame, _SERIES_COLUMN, **options)
        return out.drop(columns=_SERIES_COLUMN)

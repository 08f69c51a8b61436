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

        `column` holds, mixed as you like: paths (str or Path; relative ones to the working
        directory), URLs (`file:`, `http:`, `https:`; with fsspec and the store's driver `s3:`,
        `gs:`, `az:`, `hf:`), the bytes of image files, PIL images, arrays (grey, RGB or RGBA;
        bool, uint8, uint16, or float from 0 to 1, else to 255), and dicts with `bytes` or
        `path`, as Hugging Face datasets have them. A null cell is skipped.

        Options, of which those marked * take a value for all rows, or `ocr_frames.col("name")`
        for the value in each row's column; there, null is the default, and a wrong value is the
        failure of its row:

        - `kind`*: "image" (default), "label" (signs, price tags, packaging; English only), or
          "regions".
        - `regions`*: boxes in whole pixels of the upright image (of several pages, the first):
          (left, top, right, bottom), or dicts with these names, or x0, y0, x1, y1; a list of
          them, or a dict of names, each of which gets a column. Out of a column also one box,
          an array, or JSON; names get no columns there, and a row without boxes is skipped.
          Implies `kind="regions"`.
        - `language`*: the protocol's name, "English" by default.
        - `make_skew_correct`*, `rotate`* (degrees), `make_binarization`*,
          `make_contrast_correction`*, `make_upsampling`*, `make_spell_check`*, `dsr_mode`*,
          `dsr_confidence`*: the protocol's settings.
        - `details`: names of more columns, see below.
        - `split_pages`: send each page of a file with several as a task of its own. None
          (default): where else only the first one would be read, which is TIFF at the vendor's
          cloud and the evaluation call, and animations anywhere. At most 500 pages; needs
          Pillow.
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

        Details, each a column `ocr_<name>`, null in rows that have nothing to tell:

        - `task_id` (string): of pages sent one by one, all, with spaces between them.
        - `calls` (int32): submits and fetches, repetitions included, by the run that paid for
          this image; rows with the same image tell the same.
        - `seconds` (float64): from submit to result.
        - `from_ledger` (bool): an earlier run paid for it.
        - `pages` (int32): counted by the form feeds in the text.
        - `confidence` (float64): from 0 to 1, the mean over all letters.
        - `words` (list of struct: `text` string, `confidence` float32, `x0`, `y0`, `x1`, `y1`
          int32 in pixels of the upright image as the endpoint tells them, `page` int32 from 1).
        - `hocr` (string), `pdf` (binary): documents as they came; those of regions and of
          pages sent one by one are joined.
        - `json` (string): cannot be had with the four before; the text is taken out of it.

        The last five change what is asked for, so that images on record with their text alone
        are paid for once more. What came is kept in the ledger, and answers who asks for less.

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

"""The methods of `df.ocr` that show what `recognize` gave."""

import pandas as pd

from ocr_frames.notebook.comparison import Comparison, compare
from ocr_frames.notebook.gallery import Gallery, preview
from ocr_frames.notebook.results import Boxes, Only
from ocr_frames.notebook.summary import Summary, summarize
from ocr_frames.row_settings import Column


class Seeing:
    """What can be seen of the results in a frame."""

    _frame: pd.DataFrame

    def preview(
        self,
        n: int = 12,
        only: Only | None = None,
        *,
        column: str | None = None,
        prefix: str | None = None,
        regions: Boxes | Column | None = None,
    ) -> Gallery:
        """Show a frame that `recognize` gave as a gallery of images, texts and errors.

        - `n`: rows shown, the first ones, at most 500.
        - `only`: "failed" (rows with an error, but for the pending), "pending", "completed",
          "skipped", or "uncertain" (the least certain first; needs `details=["confidence"]`).
        - `column` of the images, `prefix` of the results and `regions` (boxes, or `col(...)`)
          are those of the run, unless given.

        The regions and, with `details=["words"]`, the words read are drawn on the images.
        Returns a Gallery: HTML in a notebook, text in a terminal, and
        `save("gallery.html")` or `save("gallery.png")`. It makes no calls.

        Raises MisuseError where there are no results, MissingExtraError without Pillow.

        For example:
            >>> import ocr_frames
            >>> import pandas as pd
            >>> df = pd.DataFrame({"path": ["images/street_sign.jpg", "gone.jpg"]})
            >>> out = df.ocr.recognize(column="path", progress=False)
            >>> gallery = out.ocr.preview()
            >>> gallery.save("gallery.html").name
            'gallery.html'
            >>> print(gallery)
            2 rows
            [0] Completed images/street_sign.jpg
                Marrowfield Road leading to Quince Court
            [1] Error gone.jpg
                file-not-found: there is no file 'gone.jpg' (looked in ...
        """
        return preview(self._frame, n, only, column=column, prefix=prefix, regions=regions)

    def report(
        self,
        price_per_call: float | None = None,
        *,
        column: str | None = None,
        prefix: str | None = None,
    ) -> Summary:
        """Sum up a frame that `recognize` gave: statuses, errors by code, calls, cost.

        With `details=["seconds", "confidence"]` also how these are spread, and the slowest and
        the least certain images. `column` of the images and `prefix` are those of the run.

        Returns a Summary: HTML with plots in a notebook, text in a terminal, `to_dict()`, and
        `save("report.html")` or `save("report.txt")`. Raises MisuseError where there are no
        results.

        For example:
            >>> import ocr_frames
            >>> import pandas as pd
            >>> df = pd.DataFrame({"path": ["images/street_sign.jpg", "gone.jpg", "lost.jpg"]})
            >>> out = df.ocr.recognize(column="path", progress=False)
            >>> report = out.ocr.report()
            >>> [(group.code, group.rows) for group in report.errors]
            [('file-not-found', 2)]
            >>> print(report)
            3 rows: 2 Error, 1 Completed
            ...
        """
        return summarize(self._frame, price_per_call, column=column, prefix=prefix)

    def compare(
        self,
        expected: str,
        n: int = 5,
        *,
        ignore_case: bool = False,
        column: str | None = None,
        prefix: str | None = None,
    ) -> Comparison:
        """Compare the texts that `recognize` gave with the true ones in column `expected`.

        Rows where `expected` is null are left out; a row without a text counts as empty. Blanks
        and line breaks count as one blank, and characters are composed (NFC) before comparing.
        `n` of the worst rows are shown, differences marked. `column` of the images and `prefix`
        are those of the run.

        Returns a Comparison: `cer` and `wer` (edits over expected characters and words), `rows`
        with those of each row; HTML in a notebook, text in a terminal, and
        `save("comparison.html")` or `save("comparison.txt")`. Raises MisuseError where there is
        nothing to compare, MissingExtraError without rapidfuzz.

        For example:
            >>> import ocr_frames
            >>> import pandas as pd
            >>> true = "Marrowfield Road leading to Quince Courtyard"
            >>> df = pd.DataFrame({"path": ["images/street_sign.jpg"], "true": [true]})
            >>> out = df.ocr.recognize(column="path", progress=False)
            >>> comparison = out.ocr.compare("true")
            >>> f"{comparison.cer:.0%} of characters, {comparison.wer:.0%} of words"
            '9% of characters, 17% of words'
        """
        return compare(
            self._frame, expected, n, ignore_case=ignore_case, column=column, prefix=prefix
        )

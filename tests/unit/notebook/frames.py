"""Frames as a run gives them, and texts as nobody wants them."""

from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from ocr_frames.columns import STATUSES

MISSING = "file-not-found: there is no file 'gone.png'; check the path"
UNREAD = "recognition-failed: the file is not an image"
WAITS = "budget: max_calls=3 does not reach further; run again to go on"

HOSTILE = {
    "script": "<script>window.ran = true; document.title = 'ran'</script>",
    "handler": '"><img src=x onerror="window.ran = true"><svg onload=alert(1)>',
    "style": "</style></div></table><style>* { display: none }</style>",
    "comment": "<!-- ]]> <![CDATA[ &lt;script&gt; &amp;#60;",
    "template": "{{ 7*7 }} ${7*7} `x` $\\frac{1}{2}$",
    "terminal": "\x1b[2J\x1b[31mred\x1b]0;title\x07\x9b1m\r\x08\x00\x7f",
    "bidi": "admin\u202etxt.exe\u2066\u2067hidden\u2069\u202c \u200bzero\u2028line",
    "arabic": "رقم 123 مرحبا <b>",
    "zalgo": "Z" + "\u0301\u0335" * 500,
    "unbroken": "W" * 5000,
}


def frame(
    statuses: list[str], texts: list[str | None], errors: list[str | None], **columns: Any
) -> pd.DataFrame:
    """Results in the types of `columns.to_pandas`, beside other columns."""
    return pd.DataFrame(
        {
            **columns,
            "ocr_status": pd.Categorical(statuses, categories=STATUSES),
            "ocr_text": pd.array(texts, dtype="object"),
            "ocr_error": pd.array(errors, dtype=pd.StringDtype("pyarrow")),
        }
    )


def mixed(**columns: Any) -> pd.DataFrame:
    """One row of each sort, and a completed one with an error."""
    return frame(
        ["Completed", "Error", "Skipped", "Pending", "NotExist", "Completed"],
        ["seen", None, None, None, None, "a\nb"],
        [None, MISSING, None, WAITS, "expired: forgotten twice", "regions-mismatch: 2 for 3"],
        **{"path": ["a.png", "gone.png", None, "b.png", "c.png", "d.png"], **columns},
    )


def draw(path: Path, size: tuple[int, int] = (200, 100), **options: Any) -> Path:
    """A white image."""
    Image.new("RGB", size, "white").save(path, **options)
    return path

"""`out.ocr.preview()`: thumbnails with what was read drawn on them, text and error beside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from ocr_frames.errors import MisuseError
from ocr_frames.notebook import page, pictures, sheet
from ocr_frames.notebook.foreign import counted, escaped, isolated, line
from ocr_frames.notebook.pictures import Picture
from ocr_frames.notebook.results import Boxes, Only, Results, Row, sort
from ocr_frames.row_settings import Column

_SIZE = 640
"""Longer side of a thumbnail in pixels: twice what it is shown at, for fine screens."""
_MOST = 500


@dataclass(frozen=True, slots=True)
class Card:
    """One row and the picture of its image."""

    row: Row
    picture: Picture


class Gallery:
    """Thumbnails and what was read from them: HTML in a notebook, lines in a terminal.

    `save("gallery.html")` and `save("gallery.png")` write it to a file. It holds no script and
    fetches nothing; recognized text is escaped and shortened.
    """

    def __init__(self, cards: Sequence[Card], title: str) -> None:
        self.cards = tuple(cards)
        self.title = title

    def save(self, path: str | Path) -> Path:
        """Write a file that ends in .html or .png; return its path.

        Raises MisuseError for another ending, TableError where it cannot be written.
        """
        html = page.writes(lambda: page.document(self.title, self._body()))
        return page.save(path, {".html": html, ".png": self._save_png})

    def _save_png(self, path: Path) -> None:
        sheet.draw(self.title, [(_caption(card), card.picture) for card in self.cards], path)

    def _repr_html_(self) -> str:
        return page.fragment(self._body())

    def __str__(self) -> str:
        lines = [self.title]
        for card in self.cards:
            row = card.row
            lines.append(f"[{line(row.label)}] {row.status} {line(row.name)}".rstrip())
            told = row.error if row.error is not None else row.text
            if told:
                lines.append(f"    {line(told)}")
        return "\n".join(lines)

    __repr__ = __str__

    def _body(self) -> str:
        cards = "".join(map(_html, self.cards))
        legend = _legend(self.cards)
        return f'<h2>{escaped(self.title)}</h2>{legend}<div class="cards">{cards}</div>'


def preview(
    frame: pd.DataFrame,
    n: int = 12,
    only: Only | None = None,
    *,
    column: str | None = None,
    prefix: str | None = None,
    regions: Boxes | Column | None = None,
    folders: Sequence[Path] = (),
) -> Gallery:
    """Make a gallery of the first `n` rows, or of those wanted; see `df.ocr.preview`.

    Relative paths are looked for in `folders`, then in the working directory.
    """
    if not isinstance(n, int) or not 1 <= n <= _MOST:
        raise MisuseError(f"n={n!r}: a gallery shows from 1 to {_MOST} images")
    results = Results(frame, prefix, column, regions)
    if results.column is None:
        raise MisuseError('which column holds the images? Name it: column="path"')
    wanted = results.positions(only)
    shown = wanted[:n]
    rows = [results.row(position) for position in shown]
    draw = partial(pictures.picture, size=_SIZE, folders=[*folders, Path.cwd()])
    cards = [Card(row, draw(row.cell, row.marks)) for row in rows]
    return Gallery(cards, _title(len(shown), len(wanted), len(frame), only))


def _title(shown: int, wanted: int, rows: int, only: Only | None) -> str:
    told = counted(wanted, only or "")
    part = f"{shown:,} of {told}" if shown < wanted else told
    return part + (f" (of {rows:,})" if only else "")


def _legend(cards: Iterable[Card]) -> str:
    if not any(mark.confidence is not None for card in cards for mark in card.row.marks):
        return ""
    names = " ".join(f'<span style="color: {c}">&#9632;</span> {n}' for c, n in pictures.LEGEND)
    return f'<p class="quiet">{names}</p>'


def _html(card: Card) -> str:
    row, picture = card.row, card.picture
    shown = f'<p class="quiet">{isolated(picture.reason, 300)}</p>'
    if source := picture.data_url:
        shown = f'<img src="{source}" alt="{escaped(line(row.name or "image"))}">'
    badge = f'<span class="badge {sort(row.status, row.error)}">{escaped(row.status)}</span>'
    pages = f' <span class="quiet">page 1 of {picture.pages:,}</span>' if picture.pages > 1 else ""
    return (
        f'<div class="card"><div class="picture">{shown}</div><div class="told">'
        f"<p>{badge} {isolated(row.label, 60)}{pages}</p>"
        f'<p class="quiet">{isolated(row.name, 200)}</p>'
        f"{page.error(row.error)}{_text(row)}</div></div>"
    )


def _text(row: Row) -> str:
    if row.text is None:
        return ""
    shown = isolated(row.text) if row.text else '<span class="quiet">no text</span>'
    return f'<div class="text">{shown}</div>'


def _caption(card: Card) -> list[str]:
    row = card.row
    told = [f"{row.label}  {row.status}", row.name, row.error or "", *(row.text or "").split("\n")]
    return [text for text in told[:40] if text]

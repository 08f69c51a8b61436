"""`out.ocr.compare("expected")`: how far what was read is from what is known to be there."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ocr_frames.errors import MisuseError
from ocr_frames.notebook import marking, page
from ocr_frames.notebook.foreign import counted, isolated, line
from ocr_frames.notebook.marking import levenshtein
from ocr_frames.notebook.results import Results
from ocr_frames.settings import nearest


@dataclass(frozen=True, slots=True)
class Pair:
    """One row's `expected` and `read` text, as compared."""

    label: str
    name: str
    expected: str
    read: str


class Comparison:
    """Error rates, and the worst rows side by side with the differences marked.

    `cer`, `wer`: edits (insertions, deletions, substitutions) of characters and of words over
    the expected ones of all rows. `rows`: a frame with the index of the labelled rows and
    `characters`, `character_edits`, `cer`, `words`, `word_edits`, `wer`. `worst`: the rows with
    most edits of characters.
    """

    def __init__(self, rows: pd.DataFrame, worst: Sequence[Pair], missing: int) -> None:
        self.rows = rows
        self.worst = tuple(worst)
        self.missing = missing
        self.cer = _rate(rows["character_edits"].sum(), rows["characters"].sum())
        self.wer = _rate(rows["word_edits"].sum(), rows["words"].sum())

    def to_dict(self) -> dict[str, Any]:
        """The rates over all rows, and how many there are: plain values, for JSON."""
        return {
            "rows": len(self.rows), "without_text": self.missing, "cer": self.cer, "wer": self.wer,
        }  # fmt: skip

    def save(self, path: str | Path) -> Path:
        """Write a file that ends in .html or .txt; return its path.

        Raises MisuseError for another ending, TableError where it cannot be written.
        """
        html = page.writes(lambda: page.document("OCR compared", self._body()))
        text = page.writes(lambda: f"{self}\n")
        return page.save(path, {".html": html, ".txt": text})

    def _repr_html_(self) -> str:
        return page.fragment(self._body())

    def __str__(self) -> str:
        lines = [*self._headlines()]
        for pair in self.worst:
            lines += ["", f"[{line(pair.label)}] {line(pair.name)}  {_rates(pair)}"]
            lines.append("    " + line(marking.both(pair.expected, pair.read), 1000))
        return "\n".join(lines)

    __repr__ = __str__

    def _headlines(self) -> Iterator[str]:
        yield (
            f"character error rate {self.cer:.2%}, word error rate {self.wer:.2%} "
            f"over {counted(len(self.rows), 'labelled')}"
        )
        if self.missing:
            yield f"{self.missing:,} of them have no text, which counts as all of it missing"

    def _body(self) -> str:
        heads, *notes = self._headlines()
        told = f"<h2>{heads}</h2>" + "".join(f'<p class="quiet">{note}</p>' for note in notes)
        if not self.worst:
            return told + "<p>No differences.</p>"
        rows = [
            (
                f"{isolated(pair.label, 60)}<br>{isolated(pair.name, 200)}"
                f'<br><span class="quiet">{_rates(pair)}</span>',
                *marking.sides(pair.expected, pair.read),
            )
            for pair in self.worst
        ]
        shown = page.table(("row", "expected", "read"), rows)
        return f'{told}<h3>Worst</h3><div class="worst">{shown}</div>'


def compare(
    frame: pd.DataFrame,
    expected: str,
    n: int = 5,
    *,
    ignore_case: bool = False,
    column: str | None = None,
    prefix: str | None = None,
) -> Comparison:
    """Compare the texts in `frame` with its column `expected`; see `df.ocr.compare`."""
    if expected not in frame.columns:
        names = [str(name) for name in frame.columns]
        raise MisuseError(f"there is no column {expected!r}{nearest(str(expected), names)}")
    results = Results(frame, prefix, column)
    labels, texts = frame[expected], list(results.texts)
    positions = [at for at, known in enumerate(labels.notna()) if known]
    if not positions:
        raise MisuseError(f"column {expected!r} is null in every row; there is nothing to compare")

    def pair(position: int) -> Pair:
        wanted = _plain(str(labels.iloc[position]), ignore_case=ignore_case)
        read = _plain(texts[position] or "", ignore_case=ignore_case)
        return Pair(results.label(position), results.name(position), wanted, read)

    rows = pd.DataFrame([_measured(pair(at)) for at in positions], index=frame.index[positions])
    edits = pd.Series(rows["character_edits"].array, index=positions)
    worst = edits[edits > 0].sort_values(ascending=False, kind="stable").index[:n]
    missing = sum(texts[position] is None for position in positions)
    return Comparison(rows, [pair(int(position)) for position in worst], missing)


def _plain(text: str, *, ignore_case: bool) -> str:
    """One line of composed characters: how lines are broken is no error of reading."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return plain.casefold() if ignore_case else plain


def _measured(pair: Pair) -> dict[str, float]:
    distance = levenshtein().distance
    expected_words, read_words = pair.expected.split(), pair.read.split()
    characters, words = len(pair.expected), len(expected_words)
    character_edits = distance(pair.expected, pair.read)
    word_edits = distance(expected_words, read_words)
    return {
        "characters": characters,
        "character_edits": character_edits,
        "cer": _rate(character_edits, characters),
        "words": words,
        "word_edits": word_edits,
        "wer": _rate(word_edits, words),
    }


def _rate(edits: float, length: float) -> float:
    """Edits per unit expected; 1 where nothing was expected and something was read."""
    return float(edits / length) if length else float(edits > 0)


def _rates(pair: Pair) -> str:
    measured = _measured(pair)
    return f"cer {measured['cer']:.1%}, wer {measured['wer']:.1%}"

"""Two texts side by side, what differs marked: word by word, and within a word by character."""

import importlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ocr_frames.errors import MissingExtraError
from ocr_frames.notebook.foreign import escaped

_MOST_WORDS = 20_000
_SHOWN = 1500
"""Characters of each text that are shown, at most."""
_AROUND = 5
"""Words that are shown beside a difference."""
_ALIKE = 0.35

Piece = tuple[str, str]
"""What is expected and what was read in its place; equal where nothing differs."""


def levenshtein() -> Any:
    """The module of this distance in rapidfuzz. Raises MissingExtraError."""
    try:
        return importlib.import_module("rapidfuzz.distance.Levenshtein")
    except ImportError as error:
        raise MissingExtraError("rapidfuzz, which compares texts,", "notebook") from error


def sides(expected: str, read: str) -> tuple[str, str]:
    """Both texts as HTML, each with a mark on what the other does not have."""
    words = list(_shown(expected, read))
    return _side(words, 0, "del"), _side(words, 1, "ins")


def both(expected: str, read: str) -> str:
    """Both texts in one, marked as wdiff does: [-expected-]{+read+}."""
    return " ".join("".join(map(_told, word)) for word in _shown(expected, read))


def _side(words: Iterable[Sequence[Piece]], at: int, tag: str) -> str:
    shown = ("".join(_html(piece, at, tag) for piece in word) for word in words)
    return f'<bdi dir="auto">{" ".join(word for word in shown if word)}</bdi>'


def _html(piece: Piece, at: int, tag: str) -> str:
    text = escaped(piece[at], _SHOWN)
    return text if piece[0] == piece[1] or not text else f"<{tag}>{text}</{tag}>"


def _told(piece: Piece) -> str:
    if piece[0] == piece[1]:
        return piece[0]
    expected, read = (_shortened(text.split(" ")) for text in piece)
    return (f"[-{expected}-]" if expected else "") + (f"{{+{read}+}}" if read else "")


def _shown(expected: str, read: str) -> Iterator[Sequence[Piece]]:
    """Words in pieces, equal stretches shortened, until there is enough."""
    length = 0
    for word in _words(expected.split()[:_MOST_WORDS], read.split()[:_MOST_WORDS]):
        if length > _SHOWN:
            yield [("…", "…")]
            return
        length += max(sum(len(piece[at]) for piece in word) for at in (0, 1))
        yield word


def _words(expected: Sequence[str], read: Sequence[str]) -> Iterator[Sequence[Piece]]:
    """Stretches of words that are equal, and what lies between them."""
    wanted: list[str] = []
    came: list[str] = []
    for change in levenshtein().opcodes(expected, read):
        if change.tag != "equal":
            wanted += expected[change.src_start : change.src_end]
            came += read[change.dest_start : change.dest_end]
            continue
        yield from _different(wanted, came)
        wanted, came = [], []
        text = _shortened(expected[change.src_start : change.src_end])
        yield [(text, text)]
    yield from _different(wanted, came)


def _different(wanted: Sequence[str], came: Sequence[str]) -> Iterator[Sequence[Piece]]:
    """Mark by character what is much alike, as a whole what is not."""
    if not wanted and not came:
        return
    one, other = " ".join(wanted)[:_SHOWN], " ".join(came)[:_SHOWN]
    if levenshtein().normalized_similarity(one, other) < _ALIKE:
        yield [(one, other)]
        return
    yield [
        (one[change.src_start : change.src_end], other[change.dest_start : change.dest_end])
        for change in levenshtein().opcodes(one, other)
    ]


def _shortened(words: Sequence[str]) -> str:
    if len(words) <= 2 * _AROUND + 2:
        return " ".join(words)
    return " ".join([*words[:_AROUND], "…", *words[-_AROUND:]])

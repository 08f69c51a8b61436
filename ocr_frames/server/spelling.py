"""Misspelled words -> what they were probably meant to be, where that is beyond much doubt."""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

from symspellpy import SymSpell, Verbosity

from ocr_frames.server.recognizers import Line
from ocr_frames.server.words import with_texts, words_of

LANGUAGES = frozenset(("English", "HWT_ENG"))
"""The protocol's names of the languages there is a dictionary of."""

SHORTEST = 4
"""Letters; what is shorter is as likely an abbreviation."""

LONG = 7
"""Letters from which two of them may be wrong; below, one."""

CAPITALS = 5
"""Letters up to which a word of capitals is taken for an abbreviation."""

OUTWEIGHS = 3.0
"""How many times more frequent a word must be than the next best."""

_WORD = re.compile(r"([^A-Za-z]*)([A-Za-z]+)([^A-Za-z]*)", re.ASCII)
_ENDS_SENTENCE = re.compile(r"[.!?:]['\")\]]*$")


def corrected(lines: Sequence[Line]) -> list[Line]:
    """Correct the words of lines that follow each other; places and confidences stay.

    Numbers, names, abbreviations and whatever has anything but English letters in it stay.
    """
    return [_corrected(line) for line in lines]


def _corrected(line: Line) -> Line:
    texts = [word.text for word in words_of(line)]
    spelled = [_spelled(texts, position) for position in range(len(texts))]
    return with_texts(line, spelled) if spelled != texts else line


def _spelled(texts: Sequence[str], position: int) -> str:
    text = texts[position]
    parts = _WORD.fullmatch(text)
    if parts is None or any(character.isalnum() for character in parts[1] + parts[3]):
        return text
    word = parts[2]
    if len(word) < SHORTEST or not _is_common(word, texts, position):
        return text
    meant = _meant(word.lower())
    return f"{parts[1]}{_in_case_of(word, meant)}{parts[3]}" if meant else text


def _is_common(word: str, texts: Sequence[str], position: int) -> bool:
    """Tell a word from a name or an abbreviation, by its capitals and where it stands."""
    if word.islower():
        return True
    if word.isupper():
        return len(word) > CAPITALS
    if not word.istitle():
        return False
    begins = position == 0 or _ENDS_SENTENCE.search(texts[position - 1]) is not None
    following = texts[position + 1] if position + 1 < len(texts) else ""
    return begins and following.islower()


def _meant(word: str) -> str | None:
    """Find the one word that is much more likely than others; None if it is right or unclear."""
    reach = 2 if len(word) >= LONG else 1
    found = _dictionary().lookup(word, Verbosity.CLOSEST, max_edit_distance=reach)
    likely = [suggestion for suggestion in found if suggestion.term[0] == word[0]]
    if not likely or likely[0].distance == 0:
        return None
    if len(likely) > 1 and likely[0].count < OUTWEIGHS * likely[1].count:
        return None
    return str(likely[0].term)


def _in_case_of(word: str, meant: str) -> str:
    if word.isupper():
        return meant.upper()
    return meant.title() if word.istitle() else meant


@cache
def _dictionary() -> SymSpell:
    """Load the English words, in about a second, for as long as this process lives."""
    words = SymSpell(max_dictionary_edit_distance=2, prefix_length=5)
    file = resources.files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    with resources.as_file(file) as path:
        words.load_dictionary(str(path), term_index=0, count_index=1, encoding="utf-8")
    return words

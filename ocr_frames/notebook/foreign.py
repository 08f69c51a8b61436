"""Text that somebody else wrote, made safe to show: recognized text is hostile input."""

import html
import re
import unicodedata

from ocr_frames.errors import printable

LONGEST = 2000
"""Characters of one text that are shown in HTML."""
LONGEST_LINE = 100
"""Characters of one text that are shown in a terminal."""

# Joiners and direction marks belong to the spelling of some languages and reach no further
# than their neighbours.
_SPELLING = "\u00ad\u061c\u200c\u200d\u200e\u200f"
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_SPECIAL = re.compile(r"[^\w .,:;!?()-]")
_ACCENTS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_PILED = re.compile(f"([{_ACCENTS}]{{4}})[{_ACCENTS}]+")
"""Accents on one letter beyond the fourth, which would be drawn over what stands above it."""


def escaped(text: str, longest: int = LONGEST) -> str:
    """Escape `text` for HTML, element or quoted attribute; control characters are shown.

    Overrides of the writing direction are shown, too. The result holds no markup but of ours;
    it belongs into an element that isolates its direction (`isolated`).
    """
    head = text[:longest]
    shown = _SPECIAL.sub(lambda match: _escape(match[0]), _PILED.sub(r"\1", head))
    rest = len(text) - len(head)
    return shown + (f'<span class="cut">… {rest:,} more characters</span>' if rest else "")


def isolated(text: str, longest: int = LONGEST) -> str:
    """Escape `text` and keep its writing direction to itself."""
    return f'<bdi dir="auto">{escaped(text, longest)}</bdi>'


def line(text: str, longest: int = LONGEST_LINE) -> str:
    """Shorten `text` to one line that a terminal shows as it is."""
    return _PILED.sub(r"\1", printable(text, longest))


def counted(number: int, sort: str = "") -> str:
    """So many rows, in words."""
    return f"{number:,} {sort} {'row' if number == 1 else 'rows'}".replace("  ", " ")


def _escape(character: str) -> str:
    if character == "\n":
        return "<br>"
    if character == "\t":
        return "&#9;"
    if character in _SPELLING:
        return character
    if unicodedata.category(character) in _UNSEEN:
        after = "<br>" if character in "\f\v\u2028\u2029" else ""
        return f'<span class="mark">{_name(character)}</span>{after}'
    return html.escape(character)


def _name(character: str) -> str:
    """A name that can be seen: the control pictures of Unicode, else the code point."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"U+{code:04X}"

"""The unseen text of a PDF: any character of Unicode, in the place of the word it belongs to."""

import math
from collections.abc import Iterator, Sequence

from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String

from ocr_frames.server.documents import glyphless
from ocr_frames.server.layout import Row
from ocr_frames.server.recognizers import Point
from ocr_frames.server.words import box_of, runs_leftward, words_of

_CMAP = """\
/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{characters}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""
LEAST = 0.1
"""Points; nothing is set smaller."""

_BATCH = 100
"""Characters in one section of a CMap, at most."""


class TextLayer:
    """A font whose codes are given out as characters come; close it when all is written."""

    def __init__(self, document: Pdf) -> None:
        self._document = document
        self._codes: dict[str, int] = {}
        self.font: Object = document.make_indirect(Dictionary(Type=Name.Font))

    def drawn(self, rows: Sequence[Row], scale: float, height: int) -> Iterator[str]:
        """Give the operators that set each word; rows in pixels of a page `height` pixels high.

        `scale`: points per pixel. They belong between BT and ET, in the render mode 3.
        """
        for line in (line for row in rows for line in row):
            for word in words_of(line):
                box = box_of(line, word.start, word.end)
                corners = [(x * scale, (height - y) * scale) for x, y in box]
                yield self._word(word.text, corners)

    def _word(self, text: str, corners: Sequence[Point]) -> str:
        """Set a word around the middle of its box, level or turned by quarters.

        Readers take letters of different height for different words, so a lean is not followed.
        """
        top_left, top_right, _, bottom_left = corners
        size = max(math.dist(top_left, bottom_left), LEAST)
        width = max(math.dist(top_left, top_right), LEAST)
        angle = math.atan2(top_right[1] - top_left[1], top_right[0] - top_left[0])
        quarter = round(angle / (math.pi / 2)) * math.pi / 2
        cosine, sine = round(math.cos(quarter)), round(math.sin(quarter))
        sink = size / 2 + size * glyphless.DESCENT / glyphless.UNITS
        x = sum(x for x, _ in corners) / 4 - cosine * width / 2 + sine * sink
        y = sum(y for _, y in corners) / 4 - sine * width / 2 - cosine * sink
        stretch = 100 * width / (len(text) * size * glyphless.ADVANCE / glyphless.UNITS)
        place = f"{cosine} {sine} {-sine} {cosine} {x:.3f} {y:.3f}"
        codes = "".join(map(self._code, _as_seen(text)))
        return f"/F {size:.3f} Tf {stretch:.3f} Tz {place} Tm <{codes}> Tj"

    def _code(self, character: str) -> str:
        return f"{self._codes.setdefault(character, len(self._codes) + 1):04X}"

    def close(self) -> None:
        """Write the font, now that its characters are known."""
        new = self._document.make_indirect
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name("/" + glyphless.NAME),
            Flags=5,  # symbolic, of fixed pitch
            FontBBox=Array([0, glyphless.DESCENT, glyphless.ADVANCE, glyphless.ASCENT]),
            ItalicAngle=0,
            Ascent=glyphless.ASCENT,
            Descent=glyphless.DESCENT,
            CapHeight=glyphless.ASCENT,
            StemV=80,
            FontFile2=new(Stream(self._document, glyphless.font_file())),
        )
        # every code is shown as the font's only glyph beside .notdef
        glyphs = b"\0\0" + b"\0\1" * len(self._codes)
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name("/" + glyphless.NAME),
            CIDSystemInfo=Dictionary(
                Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0
            ),
            FontDescriptor=new(descriptor),
            DW=glyphless.ADVANCE,
            CIDToGIDMap=new(Stream(self._document, glyphs)),
        )
        self.font.Subtype = Name.Type0
        self.font.BaseFont = Name("/" + glyphless.NAME)
        self.font.Encoding = Name("/Identity-H")
        self.font.DescendantFonts = Array([new(descendant)])
        self.font.ToUnicode = new(Stream(self._document, self._to_unicode()))

    def _to_unicode(self) -> bytes:
        entries = [
            f"<{code:04X}> <{character.encode('utf-16-be').hex().upper()}>"
            for character, code in self._codes.items()
        ]
        sections = [entries[at : at + _BATCH] for at in range(0, len(entries), _BATCH)]
        written = [
            "\n".join([f"{len(section)} beginbfchar", *section, "endbfchar"])
            for section in sections
        ]
        return _CMAP.format(characters="\n".join(written)).encode("ascii")


def _as_seen(text: str) -> str:
    """From left to right with a space after it; readers turn leftward text around again."""
    return text[::-1] if runs_leftward(text) else f"{text} "

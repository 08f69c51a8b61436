"""A font without ink: its glyphs take their place, and nothing is seen of them."""

import io
from functools import cache

from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph

NAME = "Glyphless"
UNITS, ADVANCE = 1000, 500
"""Units per em, and how many each glyph is wide."""

ASCENT, DESCENT = 800, -200

_NAMES = (".notdef", "blank")


@cache
def font_file() -> bytes:
    """Build the font, the same bytes every time."""
    builder = FontBuilder(UNITS, isTTF=True)
    builder.setupGlyphOrder(list(_NAMES))
    builder.setupCharacterMap({0x20: "blank"})
    builder.setupGlyf({name: Glyph() for name in _NAMES})
    builder.setupHorizontalMetrics(dict.fromkeys(_NAMES, (ADVANCE, 0)))
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": NAME, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT)
    builder.setupPost(isFixedPitch=1)
    builder.updateHead(created=0, modified=0)
    builder.font.recalcTimestamp = False
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()

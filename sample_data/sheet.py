"""A sheet to draw text on that remembers what was drawn and where."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from PIL import Image, ImageDraw, ImageFont
from typefaces import face

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]
Align = Literal["left", "centre", "right"]

SCALE = 2
ANCHORS: dict[Align, str] = {"left": "ls", "centre": "ms", "right": "rs"}
BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True)
class Style:
    """How a piece of text is set; sizes are in finished pixels."""

    typeface: str
    size: float
    ink: Colour = BLACK
    leading: float = 1.35

    @property
    def font(self) -> ImageFont.FreeTypeFont:
        """The typeface at the scale of a sheet."""
        return face(self.typeface, round(self.size * SCALE))

    @property
    def step(self) -> float:
        """The distance from one baseline to the next."""
        return self.size * self.leading


@dataclass(frozen=True)
class Cell:
    """One entry of a row: where it stands and what it says."""

    x: float
    text: str
    align: Align = "left"


@dataclass
class Sheet:
    """A picture drawn at SCALE times its finished size, with its text in reading order."""

    width: int
    height: int
    colour: Colour = WHITE
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.image = Image.new("RGB", (self.width * SCALE, self.height * SCALE), self.colour)
        self.draw = ImageDraw.Draw(self.image)

    @property
    def text(self) -> str:
        """All recorded lines."""
        return "\n".join(self.lines)

    def put(self, x: float, y: float, text: str, style: Style, align: Align = "left") -> Box:
        """Draw text on the baseline y, without recording it, and return its ink box."""
        at = (x * SCALE, y * SCALE)
        anchor = ANCHORS[align]
        self.draw.text(at, text, style.ink, style.font, anchor)
        box = self.draw.textbbox(at, text, style.font, anchor)
        return (box[0] / SCALE, box[1] / SCALE, box[2] / SCALE, box[3] / SCALE)

    def line(self, x: float, y: float, text: str, style: Style, align: Align = "left") -> Box:
        """Draw one line of text and record it."""
        self.lines.append(text)
        return self.put(x, y, text, style, align)

    def row(self, y: float, cells: Iterable[Cell], style: Style) -> None:
        """Draw the entries of one row and record them as one line."""
        entries = list(cells)
        for cell in entries:
            self.put(cell.x, y, cell.text, style, cell.align)
        self.lines.append(" ".join(cell.text for cell in entries))

    def column(
        self, x: float, y: float, texts: Iterable[str], style: Style, align: Align = "left"
    ) -> float:
        """Draw lines below one another and return the next baseline."""
        for text in texts:
            self.line(x, y, text, style, align)
            y += style.step
        return y

    def paragraph(
        self, x: float, y: float, width: float, text: str, style: Style, *, justify: bool = False
    ) -> float:
        """Draw text broken to a width and return the next baseline."""
        broken = break_lines(text, width, style)
        for number, words in enumerate(broken, start=1):
            stretch = justify and number < len(broken)
            self._set_words(x, y, width if stretch else None, words, style)
            y += style.step
        return y

    def _set_words(
        self, x: float, y: float, width: float | None, words: list[str], style: Style
    ) -> None:
        self.lines.append(" ".join(words))
        if width is None:
            self.put(x, y, " ".join(words), style)
            return
        ink = sum(measure(word, style) for word in words)
        gap = (width - ink) / max(len(words) - 1, 1)
        for word in words:
            self.put(x, y, word, style)
            x += measure(word, style) + gap

    def bar(self, x1: float, y1: float, x2: float, y2: float, colour: Colour) -> None:
        """Fill a rectangle."""
        self.draw.rectangle((x1 * SCALE, y1 * SCALE, x2 * SCALE - 1, y2 * SCALE - 1), colour)

    def rounded(
        self,
        box: Box,
        radius: float,
        fill: Colour | None,
        outline: Colour | None = None,
        width: float = 1,
    ) -> None:
        """Draw a rectangle with round corners."""
        scaled = tuple(round(edge * SCALE) for edge in box)
        self.draw.rounded_rectangle(scaled, radius * SCALE, fill, outline, round(width * SCALE))

    def finished(self) -> Image.Image:
        """The sheet at its finished size."""
        return self.image.resize((self.width, self.height), Image.Resampling.LANCZOS)


def measure(text: str, style: Style) -> float:
    """The width of a text in finished pixels."""
    return style.font.getlength(text) / SCALE


def break_lines(text: str, width: float, style: Style) -> list[list[str]]:
    """Break a text into lines of words no wider than width."""
    lines: list[list[str]] = [[]]
    for word in text.split():
        if lines[-1] and measure(" ".join([*lines[-1], word]), style) > width:
            lines.append([])
        lines[-1].append(word)
    return lines

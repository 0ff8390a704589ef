"""A page: lines, boxes and texts in inches, y downwards, and its files by matplotlib.

Texts are measured here, by the same font that they are drawn with, so that a layout knows its widths before anything is
drawn. Figures are made without pyplot: no window, no global state.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = 9.0
"""Points of all labels."""

LINE = SIZE * 1.35 / 72
"""Inches from one line of text to the next."""

DPI = 130
MAX_PIXELS = 60_000_000
"""Dots of the largest picture: one that needs more could not be read, and takes gigabytes."""

FILL = {"nothing": "#eef0f2", "inputs": "#cfe3f7", "weights": "#fbe3c4", "both": "#dcd3ee", "paper": "#ffffff"}
"""Colours of boxes, by the kinds of numbers that their angles depend on."""

INK, QUIET = "#1c2733", "#7d8894"

Align = Literal["left", "center", "right"]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; (x, y) is its middle, or the middle of its left or right end. `inside` is the box it labels."""

    x: float
    y: float
    text: str
    align: Align = "center"
    color: str = INK
    inside: Box | None = None


@dataclass
class Page:
    """A drawing. `width` and `height` follow from its contents."""

    lines: list[tuple[float, float, float, float]] = field(default_factory=list)
    dashes: list[tuple[float, float, float, float]] = field(default_factory=list)
    boxes: list[tuple[Box, str]] = field(default_factory=list)
    dots: list[tuple[float, float]] = field(default_factory=list)
    pluses: list[tuple[float, float]] = field(default_factory=list)
    crosses: list[tuple[float, float]] = field(default_factory=list)
    arrows: list[tuple[float, float, float, float]] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0

    def reach(self, x: float, y: float) -> None:
        """The page goes at least to that point."""
        self.width, self.height = max(self.width, x), max(self.height, y)

    def text(  # noqa: PLR0913 - a text, and its place
        self, x: float, y: float, text: str, align: Align = "center", *, color: str = INK, inside: Box | None = None
    ) -> None:
        """Put a line of text down; an empty one is none."""
        if not text:
            return
        text = _drawable(text)
        self.texts.append(Text(x, y, text, align, color, inside))
        over = {"left": 1.0, "center": 0.5, "right": 0.0}[align]
        self.reach(x + over * text_width(text), y + LINE / 2)

    def box(self, box: Box, fill: str, lines: tuple[str, ...]) -> None:
        """A box with lines of text around its middle."""
        left, top, right, bottom = box
        self.boxes.append((box, fill))
        first = (top + bottom) / 2 - LINE * (len(lines) - 1) / 2
        for place, line in enumerate(lines):
            self.text((left + right) / 2, first + LINE * place, line, inside=box)
        self.reach(right, bottom)

    @property
    def is_too_large(self) -> bool:
        """Whether the picture has more dots than `MAX_PIXELS`."""
        return self.width * self.height * DPI * DPI > MAX_PIXELS

    @cached_property
    def figure(self) -> Figure:
        """The page as a figure, a tenth of an inch around it."""
        return _figure(self)

    def file(self, form: str) -> bytes:
        """The page as `png`, `svg` or `pdf`; the same bytes every time."""
        import matplotlib as mpl

        stream = io.BytesIO()
        metadata: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(form, {})
        settings = {"svg.hashsalt": "hqnn", "svg.fonttype": "path", "pdf.fonttype": 3, "path.simplify": False}
        with mpl.rc_context(settings):
            self.figure.savefig(stream, format=form, dpi=DPI, metadata=metadata)
        return stream.getvalue()


_MARGIN = 0.1
_ROUNDED = 1.03
"""The largest gain of a text's width if each letter is moved to a whole dot."""


def _figure(page: Page) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import EllipseCollection, LineCollection, PolyCollection
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    width, height = page.width + 2 * _MARGIN, page.height + 2 * _MARGIN
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(-_MARGIN, page.width + _MARGIN)
    axes.set_ylim(page.height + _MARGIN, -_MARGIN)

    def circles(places: list[tuple[float, float]], size: float, color: str) -> None:
        sizes = [size] * len(places)
        axes.add_collection(
            EllipseCollection(
                sizes, sizes, [0] * len(places), units="x", offsets=places, offset_transform=axes.transData,
                facecolors=color, edgecolors=INK, linewidths=0.8, zorder=3,
            )
        )  # fmt: skip

    strokes = [*page.lines, *_marks(page)]
    for segments, style, color, order in (
        (strokes[: len(page.lines)], "-", INK, 1),
        (strokes[len(page.lines) :], "-", INK, 4),
        (page.dashes, (0, (4, 3)), QUIET, 0.5),
    ):
        if segments:
            ends = [((a, b), (c, d)) for a, b, c, d in segments]
            axes.add_collection(LineCollection(ends, colors=color, linewidths=0.8, linestyles=style, zorder=order))
    if page.boxes:
        corners = [((a, b), (c, b), (c, d), (a, d)) for (a, b, c, d), _ in page.boxes]
        fills = [FILL[fill] for _, fill in page.boxes]
        axes.add_collection(PolyCollection(corners, facecolors=fills, edgecolors=INK, linewidths=0.8, zorder=2))
    if page.dots:
        circles(page.dots, 0.09, INK)
    if page.pluses:
        circles(page.pluses, 0.2, "white")
    for a, b, c, d in page.arrows:
        axes.annotate(
            "", (c, d), (a, b), arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 0.8, "shrinkA": 0, "shrinkB": 0}
        )
    font = FontProperties(fname=_font_file(), size=SIZE)
    for text in page.texts:
        axes.text(
            text.x, text.y, text.text, color=text.color, fontproperties=font, ha=text.align, va="center_baseline",
            parse_math=False, zorder=5,
        )  # fmt: skip
    return figure


def _marks(page: Page) -> list[tuple[float, float, float, float]]:
    """The strokes of ⊕ and of the crosses of a swap."""
    found = []
    for x, y in page.pluses:
        found += [(x - 0.1, y, x + 0.1, y), (x, y - 0.1, x, y + 0.1)]
    for x, y in page.crosses:
        found += [(x - 0.07, y - 0.07, x + 0.07, y + 0.07), (x - 0.07, y + 0.07, x + 0.07, y - 0.07)]
    return found


@cache
def _font_file() -> str:
    """The font of all labels, which comes with matplotlib."""
    from pathlib import Path

    import matplotlib as mpl

    return str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


@cache
def _font() -> Any:
    from matplotlib.ft2font import FT2Font

    font = FT2Font(_font_file())
    font.set_size(SIZE, 72)
    return font


@cache
def _advance(char: str) -> float:
    """Inches from the start of a letter to that of the next."""
    return float(_font().load_char(ord(char)).linearHoriAdvance) / 65536 / 72


def text_width(text: str) -> float:
    """Inches that a line of text takes at most."""
    return _ROUNDED * sum(map(_advance, text))


def _drawable(text: str) -> str:
    """The text on one line, with a square for each letter that the font lacks."""
    if text.isascii() and text.isprintable():
        return text
    font = _font()
    return "".join(char if char.isprintable() and font.get_char_index(ord(char)) else "□" for char in text)

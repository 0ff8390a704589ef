"""The page as HTML: one file that loads nothing, with Plotly's script in it once, packed.

Every text is escaped by the template; what stands in the script's data is escaped as JSON, so that no text ends it.
"""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hqnn_dsl import __version__
from hqnn_dsl.diagnostics.terminal import printable, printable_lines
from hqnn_dsl.report.parts import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.report.parts import Section

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def page(title: str, subtitle: str, sections: Sequence[Section]) -> str:
    """Returns a page with a title, a line below it, and sections."""
    environment = _environment()
    figures = [block for section in sections for block in section.blocks if isinstance(block, Figure)]
    drawn = [{"name": one.name, "data": one.traces, "layout": one.layout} for one in figures]
    template = environment.get_template("page.html")
    return template.render(
        title=title,
        subtitle=subtitle,
        sections=sections,
        figures=safe_json(drawn) if figures else None,
        plotly=_plotly() if figures else None,
        plotly_version=metadata.version("plotly"),
        version=__version__,
        style=_inlined(_template("page.css")),
        script=_inlined(_template("figures.js")),
    )


def safe_json(data: Any) -> Markup:
    """Returns plain data as JSON that can stand in a script element, whatever its texts are."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup("".join(_UNSAFE.get(char, char) for char in _paired(text)))  # noqa: S704 - escaped in this line


def _paired(text: str) -> str:
    """The text with a mark in place of each lone surrogate, which no encoding has."""
    return text.encode("utf-8", "replace").decode("utf-8")


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("hqnn_dsl.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    found.filters["lines"] = _lines
    found.filters["ticked"] = _ticked
    found.filters["base64"] = lambda data: base64.b64encode(data).decode("ascii")
    return found


def _harmless(value: object) -> object:
    """A text without characters that hide or turn others; HTML of ours as it is."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _lines(text: str) -> Markup:
    """A text of several lines, each made harmless."""
    return Markup.escape(printable_lines(text))


def _ticked(text: str) -> Markup:
    """A sentence whose parts between backticks are code; each part is escaped."""
    pieces = [Markup.escape(piece) for piece in printable(text).split("`")]
    if len(pieces) % 2 == 0:
        return Markup("`").join(pieces)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if place % 2 else piece for place, piece in enumerate(pieces)
    )


def _inlined(text: str) -> Markup:
    """A script or style of ours or of Plotly, which stands in the page as it is."""
    if "</script" in text.lower() or "</style" in text.lower() or "<!--" in text:
        raise ValueError("a script that ends its element cannot be inlined")
    return Markup(text)  # noqa: S704 - no text from a table


def _template(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    """The script of the installed package plotly, packed, since it is most of a page; nothing of it is imported."""
    place = metadata.distribution("plotly").locate_file("plotly/package_data/plotly.min.js")
    packed = gzip.compress(Path(str(place)).read_bytes(), mtime=0)
    return base64.b64encode(packed).decode("ascii")

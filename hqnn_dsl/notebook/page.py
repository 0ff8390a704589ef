"""The parts of a page: text made harmless, tables, pictures, and the box around them."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BOX = (
    "background:#ffffff;color:#1f2328;border:1px solid #d0d7de;border-radius:6px;padding:12px 16px;"
    "font:13px/1.45 system-ui,sans-serif;max-width:1000px;overflow-x:auto"
)
_TABLE = "border-collapse:collapse;margin:6px 0;color:#1f2328;background:#ffffff"
_CELL = "padding:2px 12px 2px 0;border:0;text-align:{};background:#ffffff;color:#1f2328"


def escaped(text: object) -> str:
    """A text without anything that a browser or a terminal would obey."""
    return html.escape(printable(str(text)))


def box(title: str, *parts: str) -> str:
    """A page: a title, and parts that are HTML."""
    head = f'<div style="font-weight:600;font-size:14px;margin-bottom:6px">{escaped(title)}</div>'
    return f'<div class="hqnn" style="{_BOX}">{head}{"".join(parts)}</div>'


def lines(*texts: str) -> str:
    """Sentences, one a line."""
    return "".join(f'<div style="margin:2px 0">{escaped(text)}</div>' for text in texts)


def heading(text: str) -> str:
    """A heading inside a page."""
    return f'<div style="font-weight:600;margin:10px 0 4px">{escaped(text)}</div>'


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; all but the first column to the right."""

    def line(cells: Sequence[object], tag: str) -> str:
        put = "".join(
            f'<{tag} style="{_CELL.format("right" if place else "left")}">{escaped(cell)}</{tag}>'
            for place, cell in enumerate(cells)
        )
        return f'<tr style="background:#ffffff">{put}</tr>'

    body = "".join(line(row, "td") for row in rows)
    return f'<table style="{_TABLE}"><thead>{line(header, "th")}</thead><tbody>{body}</tbody></table>'


def code(marked: str) -> str:
    """A text of fixed width; `marked` is HTML."""
    style = (
        "background:#f6f8fa;color:#1f2328;border-radius:4px;padding:8px 10px;margin:4px 0;overflow-x:auto;"
        "font:12px/1.4 ui-monospace,Menlo,Consolas,monospace;white-space:pre"
    )
    return f'<pre style="{style}">{marked}</pre>'


def picture(figure: Any, name: str, dpi: int = 90) -> str:
    """A figure of matplotlib, put into the page. `name` is shown in its place if pictures are not."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi, bbox_inches="tight")
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    style = "max-width:100%;height:auto;background:#ffffff"
    return f'<img alt="{escaped(name)}" style="{style}" src="data:image/png;base64,{data}">'

"""How commands speak: diagnostics, tables, JSON, and the `--set` option."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from hqnn_dsl.report.codes.command import BadOption
from hqnn_dsl.report.diagnostic import Diagnostic, Refusal

_as_json = False


def speak_json() -> None:
    """From here on, a refusal goes to standard output as one JSON document."""
    global _as_json  # noqa: PLW0603 - one command a process, chosen once
    _as_json = True


def write(text: str) -> None:
    """A result, on standard output."""
    sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """A message, on standard error."""
    sys.stderr.write(text + "\n")


def write_json(data: object) -> None:
    """A result as one JSON document."""
    write(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def _colour() -> bool:
    return sys.stderr.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def show(diagnostics: Iterable[Diagnostic]) -> None:
    """Diagnostics on standard error, a blank line between, and their number."""
    items = list(diagnostics)
    if not items:
        return
    from hqnn_dsl.report.limits import MAX_SHOWN
    from hqnn_dsl.report.render import as_text, most_telling, summary

    shown = most_telling(items, MAX_SHOWN)
    tell("\n\n".join(as_text(item, colour=_colour()) for item in shown))
    counted = summary(items)
    if len(shown) < len(items):
        counted += f"; {len(items) - len(shown)} of them are not shown"
    tell(f"\n{counted}" if counted else "")


def found_data(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """Diagnostics for a JSON document, and how many are left out of it where there are very many."""
    from hqnn_dsl.report.render import as_data, most_telling

    items = list(diagnostics)
    shown = most_telling(items)
    data: dict[str, Any] = {"diagnostics": [as_data(item) for item in shown]}
    return data if len(shown) == len(items) else {**data, "not_shown": len(items) - len(shown)}


def show_refusal(refusal: Refusal) -> None:
    """What a refusal has to say, as text or as JSON."""
    if _as_json:
        write_json({"ok": False, **found_data(refusal.diagnostics)})
    else:
        show(refusal.diagnostics)


def changes_of(options: Sequence[str]) -> dict[str, str]:
    """The `--set path=value` options, in order; the last one of a path counts."""
    found: dict[str, str] = {}
    for option in options:
        path, sign, value = option.partition("=")
        if not sign or not path.strip():
            raise Refusal(BadOption(option="--set", expected="`path=value`, such as `epochs=10`", value=option))
        found[path.strip()] = value.strip()
    return found


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under a header, columns aligned; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[column]) for line in [list(header), *cells]) for column in range(len(header))]
    lines = ["  ".join(title.ljust(width) for title, width in zip(header, widths, strict=True)).rstrip()]
    lines.append("  ".join("-" * width for width in widths))
    for row in cells:
        padded = [
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def number(value: Any) -> str:
    """A score with four significant digits."""
    return "-" if value is None else f"{value:.4g}"

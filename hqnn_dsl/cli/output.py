"""How commands speak: diagnostics, tables, JSON, and the `--set` option.

A result that cannot be written is a refusal with exit code 3; a message that cannot be written is left unsaid.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from hqnn_dsl.cli import streams
from hqnn_dsl.diagnostics.codes.command import BadOption, OutputLost
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.diagnostics.terminal import cells, padded, printable, printable_lines, say, width_of, wrapped

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.notices import HQNNWarning

_as_json = False


def speak_json() -> None:
    """From here on, a refusal goes to standard output as one JSON document."""
    global _as_json  # noqa: PLW0603 - one command a process, chosen once
    _as_json = True


def write(text: str, kept: str = "") -> None:
    """One line of a result, on standard output. `kept` names the result that is safe if writing fails."""
    _put(f"{printable(text)}\n", kept)


def write_wrapped(text: str, kept: str = "") -> None:
    """One sentence of a result, on standard output, broken between words if the terminal is narrower."""
    _put(f"{wrapped(printable(text), width_of(sys.stdout))}\n", kept)


def write_lines(text: str, kept: str = "") -> None:
    """A result of several lines, without control characters; cells of a table are cleaned before (`table` does)."""
    _put(f"{printable_lines(text)}\n", kept)


def write_exact(text: str) -> None:
    """A result that is data, such as CSV or a spec: unchanged and in UTF-8, unless standard output is a terminal."""
    stream = sys.stdout
    if stream is None or stream.isatty() or not hasattr(stream, "buffer"):
        write_lines(text)
        return
    _put("", "")
    _put(f"{text}\n".encode("utf-8", "backslashreplace"), "")


def _put(data: str | bytes, kept: str) -> None:
    """Write and flush. Raises `Refusal` if standard output fails, `NobodyReads` if its reader has ended."""
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "")
        if isinstance(data, str):
            sys.stdout.write(data)
        else:
            sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise streams.NobodyReads from error
    except (OSError, ValueError) as error:
        raise Refusal(OutputLost(reason=streams.reason_of(error), hint=kept)) from error


def tell(text: str, mark: str = "") -> None:
    """A message on standard error; `mark` ends its lines if a narrow terminal breaks it."""
    say(text, mark)


def tell_notice(warning: HQNNWarning) -> None:
    """A notice of the library, on standard error."""
    say(warning.line)


def tell_lines(text: str) -> None:
    """A message of several lines, whose line breaks are ours, on standard error."""
    for line in text.split("\n"):
        say(line)


def write_json(data: object, kept: str = "") -> None:
    """A result as one JSON document; control characters are escaped, so that texts stay exact."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").casefold().replace("-", "")
    text = json.dumps(data, indent=2, ensure_ascii=encoding != "utf8", allow_nan=False)
    _put(f"{_escaped(text)}\n", kept)


def _escaped(document: str) -> str:
    """A JSON document with escapes for all that cannot be printed; between its strings there are only line breaks."""

    def escape(match: re.Match[str]) -> str:
        return match[0] if match[0].isprintable() else json.dumps(match[0])[1:-1]

    return re.sub(r"[^ -~\n]", escape, document)


def _colour() -> bool:
    return (
        sys.stderr is not None
        and sys.stderr.isatty()
        and "NO_COLOR" not in os.environ
        and os.environ.get("TERM") != "dumb"
    )


def show(diagnostics: Iterable[Diagnostic]) -> None:
    """Diagnostics on standard error, a blank line between, and their number."""
    items = list(diagnostics)
    if not items:
        return
    from hqnn_dsl.diagnostics.render import report

    _tell_coloured(report(items, colour=_colour()))


def _tell_coloured(text: str) -> None:
    """A message that `as_text` has made harmless already, its colours kept."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{text}\n")


def found_data(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """Returns diagnostics for a JSON document, and the number of those left out if there are very many."""
    from hqnn_dsl.diagnostics.render import as_data, most_telling

    items = list(diagnostics)
    shown = most_telling(items)
    data: dict[str, Any] = {"diagnostics": [as_data(item) for item in shown]}
    return data if len(shown) == len(items) else {**data, "not_shown": len(items) - len(shown)}


def show_refusal(refusal: Refusal) -> None:
    """Print the diagnostics of a refusal, as text or as JSON."""
    if _as_json:
        write_json({"ok": False, **found_data(refusal.diagnostics)})
    else:
        show(refusal.diagnostics)


def changes_of(options: Sequence[str], name: str = "--set") -> dict[str, str]:
    """Returns the `--set path=value` options, in order; the last one of a path counts."""
    example = "`path=value`, such as `epochs=10`" if name == "--set" else "`path=values`, such as `epochs=[10,20]`"
    found: dict[str, str] = {}
    for option in options:
        path, sign, value = option.partition("=")
        if not sign or not path.strip():
            raise Refusal(BadOption(option=name, expected=example, value=option))
        found[path.strip()] = value.strip()
    return found


def table(header: Sequence[str], rows: Iterable[Sequence[object]], *, left: int = 1) -> str:
    """Returns rows under a header, columns aligned, the first `left` of them to the left, the others to the right.

    Control characters are replaced.
    """
    titles = [printable(title) for title in header]
    body = [[printable(str(cell)) for cell in row] for row in rows]
    widths = [max(cells(line[column]) for line in [titles, *body]) for column in range(len(titles))]
    lines = ["  ".join(padded(title, width) for title, width in zip(titles, widths, strict=True)).rstrip()]
    lines.append("  ".join("-" * width for width in widths))
    for row in body:
        aligned = [
            padded(cell, width, right=place >= left)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(aligned).rstrip())
    return "\n".join(lines)

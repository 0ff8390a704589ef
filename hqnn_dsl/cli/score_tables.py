"""Tables of scores: the parts of a run beside the baselines, and the classes of its test rows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hqnn_dsl.cli.output import table
from hqnn_dsl.diagnostics.quantities import OF_CLASS, number, parts_of, titles_of
from hqnn_dsl.diagnostics.terminal import cells, printable, width_of, wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Named = Sequence[tuple[str, Mapping[str, Any]]]
    """Parts with their names in a table."""

MOST_CONFUSED = 12
"""With more classes than this no confusion matrix is shown; `metrics.json` has it."""


def score_table(metrics: Mapping[str, Any], title: str = "rows") -> str:
    """Returns the scores of every part, and of the baselines on the test rows; a line for each of several targets.

    On a terminal that is too narrow for the table, a line of words an entry.
    """
    named = parts_of(metrics)
    return as_table([title], [line for name, part in named for line in score_rows([name], part, named)], named)


def score_rows(before: Sequence[str], scores: Mapping[str, Any], named: Named) -> list[list[str]]:
    """Returns the lines of a part, in a table of `named` ones: all targets together, then each if there are several."""
    keys, targets = titles_of(part for _, part in named), scores.get("targets", {})
    if len(targets) < 2:
        return [[*before, *(number(scores.get(key)) for key in keys)]]
    whole = [*before, "all", *(number(scores.get(key)) for key in keys)]
    each = [
        [*before, name, *("" if key == "loss" else number(own.get(key)) for key in keys)]
        for name, own in targets.items()
    ]
    return [whole, *each]


def as_table(titles: Sequence[str], rows: Sequence[Sequence[str]], named: Named) -> str:
    """Returns lines of scores under their titles, as wide as the terminal allows."""
    several = any(len(scores.get("targets", {})) > 1 for _, scores in named)
    keys = titles_of(part for _, part in named)
    return fitting([*titles, *(["target"] if several else []), *keys.values()], rows, len(keys))


def fitting(header: Sequence[str], rows: Sequence[Sequence[str]], figures: int, *, lacking: str | None = None) -> str:
    """A table whose last columns are `figures`, or a line of words a row if the terminal is narrower.

    The words leave cells out that are `lacking`.
    """
    text, width = table(header, rows), width_of(sys.stdout)
    if width is None or all(cells(line) <= width for line in text.split("\n")):
        return text
    first = len(header) - figures
    lines = []
    for row in rows:
        pairs = zip(header[first:], row[first:], strict=True)
        said = ", ".join(f"{title} {value}" for title, value in pairs if value not in {"", lacking})
        begin = " ".join(cell for cell in row[:first] if cell != lacking)
        lines.append(wrapped(printable(f"{begin}: {said}" if said else begin), width))
    return "\n".join(lines)


def class_table(metrics: Mapping[str, Any]) -> str | None:
    """Returns a line for each true class: how its rows were predicted, and its scores; None for predicted numbers.

    Of the test rows, or else of all rows that were scored. The confusion matrix is left out if the classes are many or
    the terminal is narrow.
    """
    nothing: tuple[str, Mapping[str, Any]] = ("", {})
    name, part = next(((name, metrics[name]) for name in ("test", "all") if metrics.get(name)), nothing)
    if "classes" not in part:
        return None
    labels, confusion = list(part["classes"]), part["confusion"]
    scores = [[number(one[key]) for key in OF_CLASS] for one in part["classes"].values()]
    rows = [str(one["rows"]) for one in part["classes"].values()]
    title = f"{name} rows of class"
    if confusion is not None and len(labels) <= MOST_CONFUSED:
        header = [title, "rows", *(f"as {label}" for label in labels), *OF_CLASS.values()]
        counted = [[number(cell) for cell in line] for line in confusion]
        lines = [[*parts[:2], *parts[2], *parts[3]] for parts in zip(labels, rows, counted, scores, strict=True)]
        text, width = table(header, lines), width_of(sys.stdout)
        if width is None or all(cells(line) <= width for line in text.split("\n")):
            return text
    lines = [[label, count, *one] for label, count, one in zip(labels, rows, scores, strict=True)]
    return fitting([title, "rows", *OF_CLASS.values()], lines, len(OF_CLASS) + 1)

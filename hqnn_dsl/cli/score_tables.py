"""Tables of scores: the parts of a run beside the baselines, and the classes of its test rows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hqnn_dsl.cli.output import table
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.labels import short_labels
from hqnn_dsl.diagnostics.quantities import OF_CLASS, number, parts_of, titles_of
from hqnn_dsl.diagnostics.terminal import cells, printable, width_of, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Named = Sequence[tuple[str, Mapping[str, Any]]]
    """Parts with their names in a table."""

MOST_CONFUSED = 12
"""With more classes than this no confusion matrix is shown; `metrics.json` has it."""

WIDEST = 160
"""Cells of a line of classes if standard output is no terminal."""

SHORTENED = (18, 10)
"""Characters of the names of classes, where whole ones make lines too wide."""


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


def class_table(metrics: Mapping[str, Any], whole: str) -> str | None:
    """Returns a line for each true class: how its rows were predicted, and its scores; None for predicted numbers.

    Of the test rows, or else of all rows that were scored. Long names are cut so that they differ. The confusion matrix
    is left out if the classes are many or its lines too wide. A sentence says that `whole` has what is lacking.
    """
    nothing: tuple[str, Mapping[str, Any]] = ("", {})
    name, part = next(((name, metrics[name]) for name in ("test", "all") if metrics.get(name)), nothing)
    if "classes" not in part:
        return None
    labels, confusion, title = list(part["classes"]), part["confusion"], f"{name} rows of class"
    scores = [[str(one["rows"]), *(number(one[key]) for key in OF_CLASS)] for one in part["classes"].values()]
    for shown in _shorter(labels) if confusion is not None and len(labels) <= MOST_CONFUSED else ():
        header = [title, "rows", *(f"as {label}" for label in shown), *OF_CLASS.values()]
        counted = [[number(cell) for cell in line] for line in confusion]
        lines = [[label, own[0], *row, *own[1:]] for label, own, row in zip(shown, scores, counted, strict=True)]
        if _is_within(text := table(header, lines)):
            return _with_note(text, whole, is_cut=shown != labels)
    header = [title, "rows", *OF_CLASS.values()]
    for shown in (*_shorter(labels), labels):
        lines = [[label, *own] for label, own in zip(shown, scores, strict=True)]
        if _is_within(table(header, lines)):
            break
    text = fitting(header, lines, len(OF_CLASS) + 1)
    return _with_note(text, whole, is_cut=shown != labels, has_matrix=confusion is None)


def _shorter(labels: list[str]) -> Iterator[list[str]]:
    """Yields the labels, then shorter ones."""
    yield labels
    for longest in SHORTENED:
        yield short_labels(labels, longest)


def _is_within(text: str) -> bool:
    """Whether no line is wider than the terminal, or than `WIDEST` if there is none."""
    width = width_of(sys.stdout) or WIDEST
    return all(cells(line) <= width for line in text.split("\n"))


def _with_note(text: str, whole: str, *, is_cut: bool, has_matrix: bool = True) -> str:
    """A table, and below it what of it stands elsewhere."""
    lacking = [*(["the whole names"] if is_cut else []), *([] if has_matrix else ["the confusion matrix"])]
    if not lacking:
        return text
    note = f"{sentences.listed(lacking, 'and')} {'are' if is_cut else 'is'} in {whole}"
    return f"{text}\n{wrapped(printable(note), width_of(sys.stdout))}"

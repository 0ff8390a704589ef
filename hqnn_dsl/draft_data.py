"""What a first spec says of a table: which column is the target, which are features, and the rules that they need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl import literals, pipeline
from hqnn_dsl.data.columns import choose_columns
from hqnn_dsl.data.kinds import Reader
from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.diagnostic import Findings, Refusal
from hqnn_dsl.diagnostics.labels import in_list
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.spec import DataSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.data.preparation import Prepared
    from hqnn_dsl.data.report import ColumnReport
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.semantics.spec import Read

TARGETS = ("target", "label", "labels", "class", "y", "outcome", "response")
"""Names of columns, in lower case, that are taken for the target wherever they stand."""

NAMED = 3
"""Of more columns in one reason only the first are named."""


SKETCH = (
    "encoder { dense(2); tanh } circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes() } "
    "decoder { dense(auto) }"
)
"""A network for any table: what stands beside `data` where only the data are looked at."""


@dataclass(frozen=True)
class Guess:
    """A line of the section `data`: the setting, its value, and the reason for it."""

    setting: str
    value: str
    reason: str = ""

    @property
    def text(self) -> str:
        """The line as the language writes it."""
        return f"{self.setting} {self.value}"


@dataclass(frozen=True, eq=False)
class DataGuess:
    """The lines of the section `data`, and the table as a spec with these lines prepares it."""

    guesses: tuple[Guess, ...]
    prepared: Prepared


def guess_data(
    table: Table, targets: tuple[str, ...], task: str | None, read: Read, again: Callable[[Read], Table] | None = None
) -> DataGuess:
    """Returns what a first spec says of a table. `targets` are the columns to predict, guessed if there are none.

    `read` is what was told of how the file is written. `again` reads the table once more, None if that cannot be done.

    Columns with cells that no rule can read are left out, with the reason. Raises `Refusal` if the target cannot be
    learned, or if no feature is left.
    """
    if targets:
        choose_columns(table, DataSpec(target=targets))  # refuses names that the table does not have
        why = "as asked for"
    else:
        name, why = guess_target(table)
        targets = (name,)
    known, left_out = _with_targets(table, targets), dict[str, str]()
    while True:
        lines = _first_lines(targets, task, left_out)
        try:
            prepared = _prepared(known, lines)
            break
        except Refusal as refusal:
            unreadable = _unreadable(refusal, targets, left_out)
            if unreadable is None:
                raise
            left_out |= unreadable
    guesses = (*_reading(table, read, again), *_lines(prepared, targets, why, left_out, _gaps_of(table, targets)))
    return DataGuess(guesses, _prepared(table, guesses))


def _gaps_of(table: Table, targets: tuple[str, ...]) -> dict[str, int]:
    """The targets that have no value in some rows, and in how many."""
    found = {name: int(table.frame[name].isna().sum()) for name in targets}
    return {name: number for name, number in found.items() if number}


def _with_targets(table: Table, targets: tuple[str, ...]) -> Table:
    """The rows of a table that have all targets; the table as it is if that is none or all of them."""
    (rows,) = np.nonzero(table.frame[[*targets]].notna().all(axis=1).to_numpy())
    if len(rows) in {0, table.num_rows}:
        return table
    labels = None if table.lines.labels is None else table.lines.labels[rows]
    lines = replace(table.lines, numbers=table.places[rows], labels=labels)
    return replace(table, frame=table.frame.iloc[rows].reset_index(drop=True), lines=lines, lost={})


def guess_target(table: Table) -> tuple[str, str]:
    """Returns the column that is probably to be predicted, and the reason.

    A column with a name of `TARGETS`; else the last one that has no missing cell, several values, and no text that is
    different in most rows; the first one is looked at before those in between.
    """
    for name in table.columns:
        if name.strip().lower() in TARGETS and _can_be_target(table, name):
            return name, "by its name"
    first, last = table.columns[0], table.columns[-1]
    for name in (last, first, *table.columns[-2:0:-1]):
        if _can_be_target(table, name):
            why = {last: "the last column", first: f"the first column, as `{last}` cannot be one"}
            return name, why.get(name, "the last column that can be one")
    return last, "the last column"


def _can_be_target(table: Table, name: str) -> bool:
    column = Reader(table, "target", Findings()).guess(name)
    if column is None or column.missing.any() or column.kind == "date":
        return False
    different = len(np.unique(column.numbers))
    return different > 1 and (column.kind != "category" or 2 * different <= table.num_rows)


def _first_lines(targets: tuple[str, ...], task: str | None, left_out: dict[str, str]) -> tuple[Guess, ...]:
    """Lines that read as much of a table as can be read."""
    return (
        Guess("target", _names(targets)),
        *((Guess("task", task),) if task is not None else ()),
        _features(left_out),
        Guess("categories", "one_hot(most: 20)"),
        Guess("missing", FILLED),
    )


def _features(left_out: dict[str, str]) -> Guess:
    value = f"* except {_names(left_out)}" if left_out else "*"
    reasons = [f"`{name}`: {why}" for name, why in [*left_out.items()][:NAMED]]
    more = [f"and {len(left_out) - NAMED} more"] if len(left_out) > NAMED else []
    return Guess("features", value, "; ".join([*reasons, *more]) or "every other column")


def _prepared(table: Table, lines: tuple[Guess, ...]) -> Prepared:
    """The table as a spec with these lines prepares it, whatever its network."""
    data = "\n".join(line.text for line in lines)
    program = pipeline.program(Source("draft", f"hqnn 1\nmodel draft {{ data {{\n{data}\n}}\n{SKETCH} }}"))
    return prepare(program.spec, table)


def _unreadable(refusal: Refusal, targets: tuple[str, ...], left_out: dict[str, str]) -> dict[str, str] | None:
    """Features that a refusal names, each with what is wrong with it; None if it is about anything else."""
    found: dict[str, str] = {}
    for item in refusal.diagnostics:
        facts: dict[str, Any] = vars(item) if hasattr(item, "__dict__") else {}
        name = facts.get("column")
        if not isinstance(name, str) or facts.get("role") != "feature" or name in targets or name in left_out:
            return None
        found.setdefault(name, _short(item))
    return found or None


def _short(item: Diagnostic) -> str:
    return item.headline.replace("\n", " ")


def _lines(
    prepared: Prepared, targets: tuple[str, ...], why: str, unreadable: dict[str, str], gaps: dict[str, int]
) -> list[Guess]:
    """The lines about columns and rows, each with its reason; `gaps` are those of the targets."""
    report, task = prepared.report, prepared.preparation.task
    left_out = dict(unreadable)
    for column in report:
        if column.role == "left out" and column.column not in left_out:
            left_out[column.column] = column.rule
    features = [column for column in report if column.role == "feature"]
    own = [column for column in report if column.role == "target"]
    lines = [Guess("target", _names(targets), f"{why}; another: --target")]
    lines.append(Guess("task", task, _task_reason(own, task)))
    lines.append(_features(left_out))
    categories = [column for column in features if column.kind == "category"]
    if categories:
        lines.append(Guess("categories", "one_hot(most: 20)", _listed(categories, _levels)))
    dates = [column for column in features if column.kind == "date"]
    lines += _of_cells(features, dates, gaps)
    scale = "features: standard" if task == "classification" else "features: standard, target: standard"
    lines.append(Guess("scale", scale, "mean 0 and deviation 1 on the training rows"))
    drawn = "every class has its share in every part" if task == "classification" else "parts of all rows, drawn"
    if dates:
        drawn += f"; in time order: split by: time({literals.column(dates[0].column)})"
    lines.append(Guess("split", "validation: 0.15, test: 0.15, seed: 0", drawn))
    return lines


FILLED = "median(indicator: true)"


def _of_cells(features: list[ColumnReport], dates: list[ColumnReport], gaps: dict[str, int]) -> list[Guess]:
    """The lines about missing cells, and about single columns.

    If targets have gaps, rows with one are dropped; features with gaps in other rows are then filled one by one.
    """
    filled = [column for column in features if column.missing]
    lines, rules, reasons = [], dict[str, list[str]](), []
    if gaps:
        cells = sentences.listed((f"{in_list(name)} ({count(n, 'cell')} missing)" for name, n in gaps.items()), "and")
        lines.append(Guess("missing", "drop_rows", f"rows without a target are left out: {cells}"))
        rules |= {column.column: [FILLED] for column in filled}
        reasons += [f"filled: {_listed(filled, _gaps)}"] if filled else []
    elif filled:
        lines.append(Guess("missing", FILLED, _listed(filled, _gaps)))
    for column in dates:
        rules[column.column] = [*rules.get(column.column, []), "days", "month"]
    if rules:
        reasons += ["days since the first date, and the time of year"] if dates else []
        lines.append(Guess("columns", f"{{ {_rules(rules)} }}", "; ".join(reasons)))
    return lines


def _rules(rules: dict[str, list[str]]) -> str:
    """Rules of single columns as the language writes them."""
    written = {name: own[0] if len(own) == 1 else f"[{', '.join(own)}]" for name, own in rules.items()}
    return "; ".join(f"{literals.column(name)}: {text}" for name, text in written.items())


def _reading(table: Table, read: Read, again: Callable[[Read], Table] | None) -> list[Guess]:
    """How the file is written: what was told, and what was guessed and is not plain CSV."""
    form = table.form
    told = {name: value for name, value in vars(read).items() if value}
    found = {} if form is None or form.kind != "text" else {name: getattr(form, name) for name in _USUAL}
    guessed = {name: value for name, value in found.items() if value not in {None, _USUAL[name]} and name not in told}
    kept = _kept(table, read, guessed, again)
    given = [f"{name}: {_written(value)}" for name, value in (kept | told).items()]
    return [Guess("read", ", ".join(given), "as the file is written" if kept else "as told")] if given else []


_USUAL = {"encoding": "utf-8", "delimiter": ",", "decimal": ".", "thousands": None}
"""Signs of plain CSV."""


def _kept(table: Table, read: Read, guessed: dict[str, Any], again: Callable[[Read], Table] | None) -> dict[str, Any]:
    """Returns those guessed signs with which the table, read once more, is the same one; the last goes first.

    A sign holds for all columns if it is told: points between thousands, beside a column of addresses such as
    `192.168.100.200` and `10.0.0.1`, are found in each column by itself, and refused if they are told.
    """
    if again is None:
        return {name: value for name, value in guessed.items() if name != "thousands"}
    kept = dict(guessed)
    while kept and not _is_same(table, replace(read, **kept), again):
        kept.popitem()
    return kept


def _is_same(table: Table, read: Read, again: Callable[[Read], Table]) -> bool:
    try:
        other = again(read)
    except Refusal:
        return False
    return table.frame.equals(other.frame) and np.array_equal(table.places, other.places)


def _written(value: str | tuple[str, ...]) -> str:
    """A value of `read` as the language writes it."""
    return literals.quoted(value) if isinstance(value, str) else f"[{', '.join(map(literals.quoted, value))}]"


def _task_reason(targets: list[ColumnReport], task: str) -> str:
    if task == "classification":
        return f"`{targets[0].column}` has {targets[0].fitted or 'classes'}"
    named = sentences.names((column.column for column in targets), "and", most=NAMED)
    return f"{named} {'has' if len(targets) == 1 else 'have'} numbers"


def _listed(columns: list[ColumnReport], how: Callable[[ColumnReport], str]) -> str:
    """Returns columns, each with what is said of it in brackets."""
    shown = [f"{in_list(column.column)} ({how(column)})" for column in columns[:NAMED]]
    return sentences.listed(shown, "and", more=max(len(columns) - NAMED, 0))


def _levels(column: ColumnReport) -> str:
    return next((part.split(":")[0] for part in column.fitted.split("; ") if "level" in part), column.fitted)


def _gaps(column: ColumnReport) -> str:
    return f"{count(column.missing, 'cell')} missing"


def _names(names: Any) -> str:
    return ", ".join(literals.column(name) for name in names)

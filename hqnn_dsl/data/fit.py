"""Fitting the rules of columns: what stands for gaps, which levels there are, means and scales; of training rows only.

Nothing here looks at a cell of another row, except to refuse what no rule can read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl import literals
from hqnn_dsl.data.features import FittedColumn, FittedFeatures, no_logarithm
from hqnn_dsl.data.labels import in_order, label_of
from hqnn_dsl.data.rules import is_own, rules_of
from hqnn_dsl.data.transforms.codes import DateParts, Embedded, Ordinal, fit_one_hot
from hqnn_dsl.data.transforms.fills import DROP, REFUSE, Fill, level_for, number_for
from hqnn_dsl.data.transforms.scales import fit_scales
from hqnn_dsl.diagnostics.codes.column_notices import ConstantFeature
from hqnn_dsl.diagnostics.codes.columns import EmptyFeature, IdentifierFeature
from hqnn_dsl.diagnostics.codes.tables import NoFeatures, TextFeature, TooLarge
from hqnn_dsl.diagnostics.sentences import names as names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.data.kinds import TypedColumn
    from hqnn_dsl.data.rules import Rules
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.data.transforms.codes import LevelCode
    from hqnn_dsl.data.transforms.scales import Scale
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Findings
    from hqnn_dsl.semantics.spec import Choice, DataSpec

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Rows = NDArray[np.int64]

ALMOST = 0.9
"""A text with a different value in so many rows names them."""

LONG_TEXT = 40
"""Texts of so many characters on average are free text."""


@dataclass(frozen=True, eq=False)
class Fitter:
    """What fitting needs: the table, the spec's words, the rows to train on, and those of all parts.

    Mistakes are added to `findings`, what a reader should know to `notes`; `left_out` has the columns that are not
    read, with the reason.
    """

    table: Table
    data: DataSpec
    training: Rows = field(repr=False)
    used: Flags = field(repr=False)
    findings: Findings
    notes: list[Diagnostic] = field(default_factory=list)
    left_out: dict[str, tuple[TypedColumn | None, str]] = field(default_factory=dict)

    def features(self, columns: Sequence[TypedColumn]) -> FittedFeatures:
        """Returns the features, fitted, without columns that tell nothing; without any if there is a mistake."""
        chosen = []
        for column in columns:
            why = useless(column, self.training)
            if why and may_leave_out(self.data, column.name):
                self.left_out[column.name] = column, why
            else:
                chosen.append((column, None if self._is_refused(column, why) else self._rules(column)))
        if columns and not chosen:
            self.findings.add(NoFeatures(table=self.table.name))
        pairs = self._without_refused([(column, rules) for column, rules in chosen if rules is not None])
        found = [self._without_scale(column, rules) for column, rules in pairs]
        whole = [index for index, (column, _) in enumerate(pairs) if not self._has_problems(found[index], column)]
        scaled = [index for index in whole if found[index].scaled_input is not None]
        values = [found[index].coded(pairs[index][0])[:, found[index].scaled_input] for index in scaled]
        names, rules_of_scales = [found[index].name for index in scaled], [pairs[index][1].scale for index in scaled]
        scales = self.scales(names, rules_of_scales, values, "feature")
        if scales is None or len(whole) < len(chosen):
            return FittedFeatures(())
        for index, scale in zip(scaled, scales, strict=True):
            found[index] = replace(found[index], scale=scale)
        return FittedFeatures(tuple(found))

    def example(self, column: TypedColumn) -> str:
        """Returns the first cell of a column that is not missing, as it is in the table."""
        present = np.flatnonzero(~column.missing)
        return str(self.table.frame[column.name].iloc[present[0]]) if len(present) else ""

    def scales(
        self, names: Sequence[str], rules: Sequence[Choice], values: Sequence[Numbers], role: str
    ) -> list[Scale] | None:
        """Returns a scale for each column of values `[N]`; None if there is a mistake (E0522, E0572), or was before.

        Columns of one rule are fitted together.
        """
        found: dict[int, Scale] = {}
        fits = [
            not self._has_no_logarithm(name, rule, column, role) and not np.isnan(column[self.training]).any()
            for name, rule, column in zip(names, rules, values, strict=True)
        ]
        for rule in [one for index, one in enumerate(rules) if one not in rules[:index]]:
            places = [index for index, one in enumerate(rules) if one == rule and fits[index]]
            block = [values[index][self.training] for index in places]
            for place, scale in zip(places, fit_scales(rule, np.column_stack(block)) if block else (), strict=True):
                if scale is None:
                    self.findings.add(TooLarge(column=names[place]))
                else:
                    found[place] = scale
        return [found[index] for index in range(len(rules))] if len(found) == len(rules) else None

    def _has_no_logarithm(self, name: str, rule: Choice, values: Numbers, role: str) -> bool:
        if rule.name != "log":
            return False
        found = list(no_logarithm(role, name, values, float(rule.options["shift"]), self.table, self.used))
        for problem in found:
            self.findings.add(problem)
        return bool(found)

    # ------------------------------------------------------------- which ones

    def _is_refused(self, column: TypedColumn, why: str) -> bool:
        """Whether a column that the spec names tells nothing, which is refused, or said if it is only constant."""
        name, rule = column.name, self.data.rule(column.name)
        if why == EMPTY:
            self.findings.add(EmptyFeature(column=name))
            return True
        if why in {IDENTIFIER, SELDOM, FREE_TEXT} and not is_own(rule):
            levels = _num_levels(_present(column, self.training))
            quoted = literals.column(name)
            rows = len(self.training)
            self.findings.add(IdentifierFeature(column=name, quoted=quoted, levels=levels, rows=rows))
            return True
        if why == CONSTANT:
            self.notes.append(ConstantFeature(column=name, value=self.example(column)))
        return False

    # ---------------------------------------------------------------- fitting

    def _rules(self, column: TypedColumn) -> Rules | None:
        return rules_of(column, self.example(column), self.data, self.findings)

    def _has_problems(self, fitted: FittedColumn, column: TypedColumn) -> bool:
        """Whether a cell of the column cannot be read by its rules; all that is wrong is added."""
        found = list(fitted.problems(column, self.table, self.used))
        for problem in found:
            self.findings.add(problem)
        return bool(found)

    def _without_scale(self, column: TypedColumn, rule: Rules) -> FittedColumn:
        """Returns a column with what stands for its gaps and for its levels."""
        present = _present(column, self.training)
        has_gaps = len(present) < len(self.training)
        fill = Fill(rule.missing.name, None, bool(rule.missing.options.get("indicator", False)) and has_gaps)
        if column.kind == "category":
            return self._levels(column, rule, fill)
        code = None
        start = 0.0
        if column.kind == "date":
            start = float(np.floor(present.min())) if len(present) else 0.0
            code = DateParts("date", tuple(one.name for one in rule.code), start)  # type: ignore[misc]
        if fill.rule not in {REFUSE, DROP} and len(present):
            fill = replace(fill, value=number_for(rule.missing, present, start=start))
        return FittedColumn(column.name, column.kind, fill, code, None, column.order)

    def _levels(self, column: TypedColumn, rule: Rules, fill: Fill) -> FittedColumn:
        """Returns a category with the levels of the training rows."""
        present = _present(column, self.training).astype(np.int64)
        levels, counts = column.levels, np.bincount(present, minlength=len(column.levels))
        num_gaps = len(self.training) - len(present)
        if fill.rule not in {REFUSE, DROP} and (len(present) or fill.rule == "constant"):
            level = level_for(rule.missing, counts, levels)
            fill = replace(fill, value=level)
            if level not in levels:
                levels, counts = (*levels, level), np.append(counts, 0)
            counts[levels.index(level)] += num_gaps
        rows_of = dict(zip(levels, counts.tolist(), strict=True))
        seen = in_order(level for level, rows in rows_of.items() if rows)
        of_seen = np.array([rows_of[level] for level in seen], dtype=np.int64)
        return FittedColumn(column.name, "category", fill, _code(rule.code[0], tuple(seen), of_seen), None)

    def _without_refused(self, pairs: list[tuple[TypedColumn, Rules]]) -> list[tuple[TypedColumn, Rules]]:
        """Returns the columns that are not refused (E0516) because they are categories."""
        refused = [column for column, rules in pairs if [one.name for one in rules.code] == [REFUSE]]
        if refused:
            names = [column.name for column in refused]
            quoted = ", ".join(literals.column(name) for name in names)
            columns, value = names_of(names, "and"), self.example(refused[0])
            self.findings.add(TextFeature(columns=columns, quoted=quoted, table=self.table.name, value=value))
        return [(column, rules) for column, rules in pairs if column not in refused]


def _code(rule: Choice, levels: tuple[str, ...], counts: Rows) -> LevelCode:
    match rule.name:
        case "embedding":
            return Embedded("embedding", levels, rule.options["width"], rule.options["unknown"])
        case "ordinal":
            return Ordinal("ordinal", tuple(label_of(level) for level in rule.options["levels"]))
    return fit_one_hot(levels, counts, rule.options["most"], rule.options["unknown"])


# ---------------------------------------------------------------------------------------------- columns without meaning


def may_leave_out(data: DataSpec, name: str) -> bool:
    """Whether a column is a feature only because of `features *`: nothing in the spec names it."""
    return data.features.names is None and not is_own(data.rule(name))


EMPTY, CONSTANT = "no value", "one value"
IDENTIFIER, SELDOM, FREE_TEXT = "a different text in almost every row", "fewer than two rows a text", "long texts"


def useless(column: TypedColumn, rows: Rows) -> str:
    """Returns why a column tells nothing of other rows, judged by some of its rows; empty if it may tell something."""
    present = _present(column, rows)
    if not len(present):
        return EMPTY
    if present.min() == present.max():
        return CONSTANT if len(present) == len(rows) else ""
    if column.kind != "category" or 2 * _num_levels(present) <= len(present):
        return ""
    lengths = np.array([len(level) for level in column.levels])[present.astype(np.int64)]
    if lengths.mean() >= LONG_TEXT:
        return FREE_TEXT
    return IDENTIFIER if _num_levels(present) >= ALMOST * len(present) else SELDOM


def _num_levels(present: Numbers) -> int:
    return int(np.count_nonzero(np.bincount(present.astype(np.int64))))


def _present(column: TypedColumn, rows: Rows) -> Numbers:
    """The numbers of the cells that are not missing, in some rows."""
    values = column.numbers[rows]
    return values[~np.isnan(values)]

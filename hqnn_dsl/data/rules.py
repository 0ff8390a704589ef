"""Which rules a column has: its own, else those of the whole table; and whether they are for its kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hqnn_dsl import literals
from hqnn_dsl.catalog.columns import CATEGORIES, DATES
from hqnn_dsl.data.kinds import SAID
from hqnn_dsl.diagnostics.codes.columns import RuleDoesNotFit
from hqnn_dsl.semantics.spec import Choice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.data.kinds import Kind, TypedColumn
    from hqnn_dsl.diagnostics.diagnostic import Findings
    from hqnn_dsl.semantics.spec import ColumnRule, DataSpec

_DAYS = (Choice(name="days"),)
_NONE = Choice(name="none")


@dataclass(frozen=True)
class Rules:
    """The rules of one column: of missing cells, of levels or dates, and of numbers.

    `code` is empty for numbers; `scale` is of the input that is scaled as a number is, if there is one.
    """

    missing: Choice
    scale: Choice
    code: tuple[Choice, ...] = field(default=())

    @property
    def is_scaled(self) -> bool:
        """Whether the column has an input that is scaled as a number is."""
        return not self.code or any(one.name in {"ordinal", "days"} for one in self.code)


def is_own(rule: ColumnRule) -> bool:
    """Whether the spec says something of this column by its name."""
    return bool(rule.kind or rule.missing or rule.code or rule.scale)


def rules_of(column: TypedColumn, example: str, data: DataSpec, findings: Findings) -> Rules | None:
    """Returns the rules of a feature; None if one is for another kind of column, which is a mistake (E0577)."""
    own = data.rule(column.name)
    if column.kind == "category":
        code = own.code or (data.categories,)
        rules = Rules(own.missing or data.missing, own.scale or data.scale.features, code)
    else:
        code = (own.code or _DAYS) if column.kind == "date" else ()
        rules = Rules(own.missing or data.missing, own.scale or data.scale.features, code)
    misfits = list(_misfits(column, own, rules))
    for rule, wanted, hint in misfits:
        findings.add(
            RuleDoesNotFit(
                rule=rule, wanted=wanted, column=column.name, kind=SAID[column.kind], value=example, hint=hint
            )
        )
    return None if misfits else rules


def _misfits(column: TypedColumn, own: ColumnRule, rules: Rules) -> Iterator[tuple[str, str, str]]:
    """Yields rules of a column's own that its kind has no use for, the kinds that have, and what to write."""
    written = literals.column(column.name)
    for code in own.code:
        wanted = _kind_of(code)
        if wanted == column.kind:
            continue
        hint = ""
        if wanted == "category":
            hint = f"if its cells are names, write `{written}: [category, {code.name}]`"
        elif column.kind == "number":
            hint = f"if its cells are dates, write `{written}: [date, {code.name}]`"
        yield code.name, SAID[wanted] if wanted == "date" else "categories", hint
    if own.scale is not None and not rules.is_scaled:
        hint = f"take the rule out; if the levels have an order, write `{written}: ordinal(…)`"
        yield own.scale.name, "numbers", hint


def _kind_of(code: Choice) -> Kind:
    return "date" if code.name in DATES and code.name not in CATEGORIES else "category"

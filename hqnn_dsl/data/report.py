"""What was made of each column, as a table: how it was read, its rules, what was fitted, how many cells are missing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from hqnn_dsl.data import dates
from hqnn_dsl.data.transforms.codes import DateParts, Embedded, OneHot
from hqnn_dsl.data.transforms.fills import REFUSE
from hqnn_dsl.data.transforms.scales import Linear, Log, MinMax, Power, Quantile
from hqnn_dsl.diagnostics.labels import labels_in_words
from hqnn_dsl.diagnostics.quantities import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.data.features import FittedColumn, FittedFeatures
    from hqnn_dsl.data.kinds import TypedColumn
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.data.target import FittedTarget
    from hqnn_dsl.data.transforms.codes import Code
    from hqnn_dsl.data.transforms.fills import Fill
    from hqnn_dsl.data.transforms.scales import Scale

MOST_LEVELS = 6
"""Of more levels only the first are named."""

WEIGHTS = "weights of rows"

_KINDS = {"number": "number", "boolean": "true or false", "category": "category", "date": "date"}


@dataclass(frozen=True)
class ColumnReport:
    """What was made of one column. `missing` counts its cells without a value, `inputs` the inputs that it gives."""

    column: str
    role: Literal["feature", "target", "weight", "left out"]
    kind: str
    rule: str
    fitted: str
    missing: int
    inputs: int

    def to_json(self) -> dict[str, Any]:
        """Returns plain data for `preprocess.json`."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> ColumnReport:
        """Returns the report that `to_json` gave. Raises `TypeError` for anything else."""
        return ColumnReport(**data)


def report_of(  # noqa: PLR0913, PLR0917 - all that was made of a table
    table: Table,
    features: FittedFeatures,
    target: FittedTarget,
    columns: Sequence[TypedColumn],
    targets: Sequence[TypedColumn],
    aside: Mapping[str, tuple[TypedColumn | None, str]],
) -> tuple[ColumnReport, ...]:
    """Returns a line for each column of a table, in its order; `aside` are those that are neither read nor learned."""
    found = [_of_feature(fitted, column) for fitted, column in zip(features.columns, columns, strict=True)]
    found += [_of_target(target, index, column) for index, column in enumerate(targets)]
    found += [_of_other(name, column, why, table) for name, (column, why) in aside.items()]
    place = {name: index for index, name in enumerate(table.columns)}
    return tuple(sorted(found, key=lambda line: place[line.column]))


def _of_target(target: FittedTarget, index: int, column: TypedColumn) -> ColumnReport:
    rule: str
    if target.classes is None:
        rule, fitted = target.scales[index].rule, _scale(target.scales[index])
    else:
        rule, fitted = "classes", _levels(target.classes, "classes")
    return ColumnReport(column.name, "target", _KINDS[column.kind], rule, fitted, int(column.missing.sum()), 0)


def _of_other(name: str, column: TypedColumn | None, why: str, table: Table) -> ColumnReport:
    missing = int(table.frame[name].isna().sum())
    kind = "" if column is None else _KINDS[column.kind]
    return ColumnReport(name, "weight" if why == WEIGHTS else "left out", kind, why, "", missing, 0)


def _of_feature(fitted: FittedColumn, column: TypedColumn) -> ColumnReport:
    fill, code, scale = fitted.missing, fitted.code, fitted.scale
    rules = [] if fill.rule == REFUSE else [f"{fill.rule} + indicator" if fill.indicator else fill.rule]
    if isinstance(code, DateParts):
        rules += code.parts
    elif code is not None:
        rules.append(code.rule)
    if scale is not None:
        rules.append(scale.rule)
    texts = [_fill(fill, column), _code(code), "" if scale is None else _scale(scale)]
    said = "; ".join(text for text in texts if text)
    missing = int(column.missing.sum())
    rule = ", ".join(rules)
    return ColumnReport(fitted.name, "feature", _KINDS[fitted.kind], rule, said, missing, len(fitted.inputs))


def _fill(fill: Fill, column: TypedColumn) -> str:
    if fill.value is None or not column.missing.any():
        return ""
    if isinstance(fill.value, str):
        return f"gaps are `{fill.value}`"
    return f"gaps are {dates.written(fill.value) if column.kind == 'date' else f'{fill.value:.6g}'}"


def _code(code: Code | None) -> str:
    match code:
        case None:
            return ""
        case DateParts():
            return f"from {dates.written(code.first)}" if "days" in code.parts else ""
        case OneHot() if code.rare:
            return f"{_levels(code.levels)}; {count(len(code.rare), 'other')} share one input"
        case Embedded():
            return f"{_levels(code.levels)}; vectors of {code.width}"
    return _levels(code.levels)


def _levels(levels: Sequence[str], noun: str = "level") -> str:
    said = f"{len(levels)} {noun}" if noun == "classes" else count(len(levels), noun)
    return f"{said}: {labels_in_words(levels, MOST_LEVELS)}"


def _scale(scale: Scale) -> str:
    match scale:
        case Linear(rule="standard"):
            return f"mean {scale.mean:.6g}, deviation {scale.scale:.6g}"
        case Linear(rule="robust"):
            return f"median {scale.mean:.6g}, quartiles {scale.scale:.6g} apart"
        case MinMax():
            return f"times {scale.factor:.6g}, plus {scale.offset:.6g}"
        case Log():
            return f"mean {scale.mean:.6g}, deviation {scale.scale:.6g} of the logarithm"
        case Power():
            return f"exponent {scale.exponent:.6g}, mean {scale.mean:.6g}, deviation {scale.scale:.6g}"
        case Quantile():
            return (
                f"{count(len(scale.quantiles), 'quantile')} from {scale.quantiles[0]:.6g} to {scale.quantiles[-1]:.6g}"
            )
    return ""

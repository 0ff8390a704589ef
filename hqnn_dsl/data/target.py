"""The targets of a run: numbers with their scales, or the classes of one column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hqnn_dsl.catalog.objectives import LOSSES
from hqnn_dsl.data.columns import check_there
from hqnn_dsl.data.features import check_range
from hqnn_dsl.data.kinds import Reader
from hqnn_dsl.data.labels import positions
from hqnn_dsl.data.layout import named
from hqnn_dsl.data.transforms.scales import scale_data, scale_from
from hqnn_dsl.diagnostics.codes.classes import UnknownClass
from hqnn_dsl.diagnostics.codes.tables import MissingTarget
from hqnn_dsl.diagnostics.diagnostic import Findings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.data.kinds import TypedColumn
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.data.transforms.scales import Scale
    from hqnn_dsl.semantics.spec import Choice

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

Task = Literal["regression", "classification"]


@dataclass(frozen=True)
class FittedTarget:
    """Columns that a network learns. For regression each has a scale; for classification there is one, with classes.

    `drops` is whether rows without a target were left out.
    """

    names: tuple[str, ...]
    scales: tuple[Scale, ...] = ()
    classes: tuple[str, ...] | None = None
    """The labels in the order of the outputs; None for regression."""
    drops: bool = False

    @property
    def task(self) -> Task:
        return "regression" if self.classes is None else "classification"

    def values(self, table: Table) -> Numbers:
        """Returns targets `[N, T]` of a table, in their own units, or the index of the class of each row.

        Raises `Refusal`: E0523 if a column is missing, else an error for every cell that cannot be read.
        """
        check_there(table, self.names)
        findings = Findings()
        columns = self.read(table, findings)
        findings.raise_errors()
        return self.of(columns)

    def read(self, table: Table, findings: Findings) -> list[TypedColumn]:
        """Returns the columns of a table that has them, and adds what is wrong with their cells.

        A missing cell is no mistake if the run left rows without a target out.
        """
        reader, found = Reader(table, "target", findings, is_run=True), []
        for name in self.names:
            column = reader.category(name) if self.classes is not None else reader.number(name)
            if column is None:
                continue
            found.append(column)
            if not self.drops:
                add_missing(column, table, findings)
            if self.classes is not None:
                self._add_unknown(column, table, findings)
        return found

    def _add_unknown(self, column: TypedColumn, table: Table, findings: Findings) -> None:
        assert self.classes is not None
        for index in np.flatnonzero(positions(column.levels, self.classes) < 0).tolist():
            where, value = table.where(np.flatnonzero(column.numbers == index)), column.levels[index]
            finding = UnknownClass(column=column.name, value=value, where=where, classes=named(self.classes))
            findings.add(finding)

    def of(self, columns: Sequence[TypedColumn]) -> Numbers:
        """Returns targets `[N, T]` for columns as they were read: numbers, or indices of classes; NaN for gaps."""
        if self.classes is None:
            return np.column_stack([column.numbers for column in columns])
        (column,) = columns
        places = np.append(positions(column.levels, self.classes), np.nan)
        codes = np.where(column.missing, len(column.levels), column.numbers).astype(np.int64)
        return np.asarray(places[codes][:, None])

    def apply(self, values: Numbers) -> Numbers:
        """Returns targets `[N, T]` in their own units as the network learns them; indices of classes stay."""
        return _by_column([scale.apply for scale in self.scales], values)

    def invert(self, scaled: Numbers) -> Numbers:
        """Returns scaled targets `[N, T]` in their own units again."""
        return _by_column([scale.invert for scale in self.scales], scaled)

    def outputs_wanted(self, loss: Choice) -> tuple[int, ...]:
        """Returns the numbers of outputs that a network for these targets may have, the usual one first.

        Two classes need two outputs, or one: its logit is that of the second class.
        """
        if self.classes is None:
            return (len(self.names) * getattr(LOSSES.get(loss.name), "outputs", 1),)
        return (len(self.classes), *((1,) if len(self.classes) == 2 else ()))

    def check_range(self, values: Numbers, *, single: bool) -> None:
        """Refuse (E0522) targets `[N, T]` that are infinite once they are scaled and rounded to a precision."""
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = self.apply(values)
        check_range(self.names, scaled, single=single)

    def to_json(self) -> dict[str, Any]:
        """Returns plain data; `from_json` gives the same numbers to the bit."""
        return {
            "names": list(self.names),
            "scales": [scale_data(scale) for scale in self.scales],
            "classes": None if self.classes is None else list(self.classes),
            "drops": self.drops,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> FittedTarget:
        """Returns the targets that `to_json` gave. Raises `KeyError` or `TypeError` for anything else."""
        classes = data["classes"]
        return FittedTarget(
            tuple(data["names"]),
            tuple(scale_from(scale) for scale in data["scales"]),
            None if classes is None else tuple(classes),
            data["drops"],
        )


def add_missing(column: TypedColumn, table: Table, findings: Findings, rows: Flags | None = None) -> None:
    """Refuse (E0512) targets that are missing; with `rows`, in those that a spec does not leave out, as it could."""
    gaps = np.flatnonzero(column.missing if rows is None else column.missing & rows)
    if len(gaps):
        can_drop = rows is not None and not column.missing.all()
        hint = f"{DROPPED}; or fill these cells in" if can_drop else ""
        findings.add(MissingTarget(column=column.name, where=table.where(gaps), table=table.name, hint=hint))


DROPPED = "write `missing drop_rows` in `data` to train without rows that have a missing cell"


def _by_column(functions: list[Any], values: Numbers) -> Numbers:
    """Returns a copy of `[N, T]` values with a function applied to each column; the rest stays as it is."""
    found = np.array(values, dtype=np.float64)
    for index, function in enumerate(functions):
        found[:, index] = function(values[:, index])
    return found

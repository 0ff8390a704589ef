"""What a network answered for a page, as plain arrays: made by `asking`, drawn by `response` and `by_feature`.

Nothing here imports torch, so that another process than the one that was trained in can draw it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hqnn_dsl.data import dates
from hqnn_dsl.diagnostics.quantities import count, number

if TYPE_CHECKING:
    from hqnn_dsl.data.kinds import TypedColumn
    from hqnn_dsl.report.parts import Indices, Numbers


@dataclass(frozen=True, eq=False)
class Cells:
    """A column of the table with its cells `[N]` in the rows of the answers, as they are before any rule."""

    column: TypedColumn = field(repr=False)

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def numbers(self) -> Numbers:
        """The cells as numbers `[N]`, NaN if one is missing; of levels their places."""
        return self.column.numbers

    @property
    def has_levels(self) -> bool:
        """Whether its cells are levels or truth values, which have no order."""
        return self.column.kind in {"category", "boolean"}

    @property
    def is_date(self) -> bool:
        """Whether its cells are days since 1970-01-01."""
        return self.column.kind == "date"

    def label(self, value: float) -> str:
        """A cell as a person reads it."""
        match self.column.kind:
            case "category":
                return self.column.levels[int(value)]
            case "boolean":
                return "true" if value else "false"
            case "date":
                return dates.written(value)
        return number(value)


@dataclass(frozen=True, eq=False)
class Response:
    """The answers to `[G]` values of a column, given to all background rows one after the other.

    `means` are those of the predictions `[G, K]`, in scaled units if there are several targets, `low` and `high` hold
    eight in ten rows, `observables` are the means of the circuit's first outputs `[G, M]`.
    """

    column: int
    values: Numbers = field(repr=False)
    means: Numbers = field(repr=False)
    low: Numbers = field(repr=False)
    high: Numbers = field(repr=False)
    observables: Numbers = field(repr=False)


@dataclass(frozen=True, eq=False)
class Answers:
    """A table with what a network says of it.

    `rows` are the positions of the rows in the table, `columns` the features, `true` and `predicted` numbers or places
    of classes `[N, T]`, and numbers `[N, T]` or probabilities `[N, K]`. `is_test` is whether the rows are the test rows
    of the training. `importance` is `[C, R]`, for each column and permutation; None, as `predicted` is, if the network
    was not asked, for which `notes` have the reason.
    """

    rows: Indices = field(repr=False)
    is_test: bool
    columns: tuple[Cells, ...] = field(repr=False)
    true: Numbers = field(repr=False)
    predicted: Numbers | None = field(repr=False, default=None)
    importance: Numbers | None = field(repr=False, default=None)
    responses: tuple[Response, ...] = field(repr=False, default=())
    observables: tuple[str, ...] = ()
    """The names of the circuit's outputs whose responses there are."""
    num_observables: int = 0
    """How many outputs the circuit has."""
    asked_rows: int = 0
    """How many of the rows the importance is of."""
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """How many rows these are, in words."""
        return count(len(self.rows), "test row" if self.is_test else "row")

    def order(self) -> list[int]:
        """The columns from the most important one on; as the network reads them if nothing is known of that."""
        if self.importance is None:
            return list(range(len(self.columns)))
        means = self.importance.mean(axis=1)
        return sorted(range(len(means)), key=lambda place: -float(means[place]))

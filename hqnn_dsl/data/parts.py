"""The rows of a table as splits see them, and the parts that they come into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.data.tables import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.semantics.spec import Split
    from hqnn_dsl.semantics.used_files import Reach

    Positions = NDArray[np.int64]
    Column = Callable[[str], NDArray[np.generic]]
    """The values of a column of the table by its name; raises `Refusal` E0510 if the table has none of that name."""
    Splitter = Callable[["TableRows", Split, int], "Parts"]
    """A function of rows, a split and a root seed, that puts the rows into parts as `split_rows` does."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Row positions from 0, ascending, each row in at most one part; rows that were dropped are in none.

    `validation` and `test` may be empty.
    """

    train: Positions = field(repr=False)
    validation: Positions = field(repr=False)
    test: Positions = field(repr=False)

    def items(self) -> tuple[tuple[str, Positions], ...]:
        """The parts with their names, in the order of reports."""
        return (("train", self.train), ("validation", self.validation), ("test", self.test))


@dataclass(frozen=True, eq=False)
class TableRows:
    """The rows that are to be split, and all that a rule may ask of them.

    `classes` is the class index of each of the `number` rows of the table, None for regression; `labels` are the names
    of the classes. `kept` are the positions of the rows that belong to a part.
    """

    number: int
    kept: Positions = field(repr=False)
    classes: NDArray[np.integer] | None = field(default=None, repr=False)
    labels: tuple[str, ...] = field(default=(), repr=False)
    column: Column | None = field(default=None, repr=False)
    lines: Lines | None = field(default=None, repr=False)
    reach: Reach | None = field(default=None, repr=False)

    @staticmethod
    def of(number: int, dropped: Positions | None = None, **known: Any) -> TableRows:
        """Returns so many rows without the dropped ones; `known` are the other fields."""
        everything = np.arange(number)
        kept = everything if dropped is None or not len(dropped) else np.setdiff1d(everything, dropped)
        return TableRows(number, kept, **known)

    def values(self, name: str) -> NDArray[np.generic]:
        """The values of a column, for all rows of the table."""
        assert self.column is not None, "a split by a column needs the table's columns"
        return self.column(name)

    def where(self, rows: Sequence[int] | Positions) -> str:
        """`line 4`, `lines 4 and 9` …: where rows stand."""
        if self.lines is not None:
            return self.lines.where(rows)
        return Lines(np.arange(1, self.number + 1), "row").where(rows)

    def class_name(self, index: int) -> str:
        """A class with its label, or by the place of its first rows."""
        if index < len(self.labels):
            return f"class `{self.labels[index]}`"
        assert self.classes is not None
        return f"the class of {self.where(np.flatnonzero(self.classes == index))}"

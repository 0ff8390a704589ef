"""The features of a run: which columns it reads, and how each becomes inputs of the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hqnn_dsl.data.columns import feature_numbers
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.data.transforms.scales import fit_scales, scale_data, scale_from
from hqnn_dsl.diagnostics.codes.tables import TooLarge
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from hqnn_dsl.catalog.columns import Embedding
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.data.transforms.scales import Scale
    from hqnn_dsl.semantics.spec import Choice

    Numbers = NDArray[np.float64]

Kind = Literal["number", "boolean", "category", "date"]
"""The kinds of columns."""


@dataclass(frozen=True)
class FittedColumn:
    """A column of the table with its rules and all that was fitted on training rows."""

    name: str
    kind: Kind
    scale: Scale

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs that the column gives, in order."""
        return (self.name,)

    def to_json(self) -> dict[str, Any]:
        """Returns plain data; `from_json` gives the same numbers to the bit."""
        return {"name": self.name, "kind": self.kind, "scale": scale_data(self.scale)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> FittedColumn:
        """Returns the column that `to_json` gave. Raises `KeyError` or `TypeError` for anything else."""
        return FittedColumn(data["name"], data["kind"], scale_from(data["scale"]))


@dataclass(frozen=True)
class FittedFeatures:
    """The columns that a network reads, in its order."""

    columns: tuple[FittedColumn, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the table that are read, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the network's inputs, in order."""
        return tuple(name for column in self.columns for name in column.inputs)

    @property
    def embeddings(self) -> tuple[Embedding, ...]:
        """The inputs that are indices of levels."""
        return ()

    @property
    def width(self) -> int:
        """The number of values that the encoder reads: the inputs, each embedding with the width of its vectors."""
        return len(self.inputs) + sum(one.width - 1 for one in self.embeddings)

    def transform(self, table: Table | pd.DataFrame) -> Numbers:
        """Returns inputs `[N, F]` for the rows of a table or frame that has the columns, in any order.

        Raises `Refusal`: E0523 with every column that is missing, E0513 to E0516 with every cell that cannot be read.
        """
        return self.scaled(feature_numbers(read_table(table), self.names))

    def scaled(self, values: Numbers) -> Numbers:
        """Returns inputs `[N, F]` for values `[N, C]` of the columns, in their own units."""
        inputs = np.empty((len(values), len(self.inputs)), dtype=np.float64)
        for index, column in enumerate(self.columns):
            inputs[:, index] = column.scale.apply(values[:, index])
        return inputs

    def check_range(self, inputs: Numbers, *, single: bool) -> None:
        """Refuse (E0522) inputs `[N, F]` that are infinite once they are rounded to the network's precision."""
        by_input = (column.name for column in self.columns for _ in column.inputs)
        check_range(by_input, inputs, single=single)

    def to_json(self) -> list[dict[str, Any]]:
        """Returns plain data for `preprocess.json`."""
        return [column.to_json() for column in self.columns]

    @staticmethod
    def from_json(data: Iterable[Mapping[str, Any]]) -> FittedFeatures:
        """Returns the features that `to_json` gave. Raises `KeyError` or `TypeError` for anything else."""
        return FittedFeatures(tuple(FittedColumn.from_json(column) for column in data))


def fit_features(names: tuple[str, ...], kinds: tuple[Kind, ...], scale: Choice, training: Numbers) -> FittedFeatures:
    """Returns the features as fitted on the values `[N, C]` of training rows. Raises `Refusal` E0522."""
    scales = fitted_scales(names, scale, training)
    return FittedFeatures(tuple(FittedColumn(*column) for column in zip(names, kinds, scales, strict=True)))


def fitted_scales(names: tuple[str, ...], scale: Choice, training: Numbers) -> tuple[Scale, ...]:
    """Returns a scale for each column of `[N, C]` values. Raises `Refusal` E0522 if its statistics are not finite."""
    found = []
    for name, fitted in zip(names, fit_scales(scale, training), strict=True):
        if fitted is None:
            raise Refusal(TooLarge(column=name))
        found.append(fitted)
    return tuple(found)


def check_range(names: Iterable[str], scaled: Numbers, *, single: bool) -> None:
    """Refuse (E0522) scaled values `[N, C]` of named columns that a network of this precision has no numbers for."""
    limit = np.finfo(np.float32 if single else np.float64).max
    with np.errstate(over="ignore", invalid="ignore"):
        largest = np.abs(scaled).max(axis=0)
    for name, value in zip(names, largest, strict=True):
        if not value <= limit:
            raise Refusal(TooLarge(column=name))

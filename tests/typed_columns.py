"""Columns of a table as blocks of numbers, for tests of how cells are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.data.kinds import Reader
from hqnn_dsl.data.target import add_missing
from hqnn_dsl.diagnostics.codes.tables import MissingFeature
from hqnn_dsl.diagnostics.diagnostic import Findings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.data.columns import Columns
    from hqnn_dsl.data.kinds import Role
    from hqnn_dsl.data.tables import Table


def numbers(table: Table, columns: Columns) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features `[N, F]` and targets `[N, T]` of columns without gaps. Raises `Refusal` with all that is wrong."""
    findings = Findings()
    targets = _block(table, columns.targets, "target", findings)
    features = _block(table, columns.features, "feature", findings)
    findings.raise_errors()
    return features, targets


def _block(table: Table, names: tuple[str, ...], role: Role, findings: Findings) -> NDArray[np.float64]:
    block = np.full((table.num_rows, len(names)), np.nan)
    for index, name in enumerate(names):
        column = Reader(table, role, findings).guess(name)
        if column is None:
            continue
        block[:, index] = column.numbers
        if role == "target":
            add_missing(column, table, findings)
        elif column.missing.any():
            where = table.where(np.flatnonzero(column.missing))
            findings.add(MissingFeature(column=name, quoted=name, where=where))
    return block

"""The weights of rows: a column of finite numbers from 0 on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.data.kinds import Reader
from hqnn_dsl.diagnostics.codes.columns import BadWeight, NoWeight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.diagnostics.diagnostic import Findings

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Rows = NDArray[np.int64]


def read_weights(table: Table, name: str | None, used: Flags, findings: Findings) -> Numbers | None:
    """Returns the weight of each row `[N]`, NaN for rows that are left out; None if no column is named or read.

    A cell of the other rows that is no weight is a mistake (E0514, E0515, E0575).
    """
    if name is None:
        return None
    column = Reader(table, "weight", findings).number(name)
    if column is None:
        return None
    for what, bad in (("is missing", column.missing & used), ("is below 0", (column.numbers < 0) & used)):
        if bad.any():
            findings.add(BadWeight(column=name, what=what, where=table.where(np.flatnonzero(bad))))
    return np.where(used, column.numbers, np.nan)


def check_weights(name: str | None, weights: Numbers | None, training: Rows, findings: Findings) -> None:
    """Refuse (E0576) weights that are 0 in all rows to train on."""
    if name is not None and weights is not None and (weights[training] == 0).all():
        findings.add(NoWeight(column=name, rows=len(training)))

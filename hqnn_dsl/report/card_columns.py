"""The columns that a network reads, as a model card has them: an example of a cell, and the ranges of the training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.data import dates
from hqnn_dsl.data.preparation import read_again
from hqnn_dsl.data.transforms.codes import DateParts
from hqnn_dsl.data.transforms.scales import Quantile
from hqnn_dsl.diagnostics.codes.reports import NotItsTable
from hqnn_dsl.diagnostics.diagnostic import Findings, Refusal
from hqnn_dsl.diagnostics.labels import labels_in_words
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.report.parts import measured, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.data.features import FittedColumn
    from hqnn_dsl.data.kinds import TypedColumn
    from hqnn_dsl.data.tables import Table as DataTable
    from hqnn_dsl.report.parts import Indices, Table
    from hqnn_dsl.report.reading import RunFiles

MOST_LEVELS = 6


def example(column: FittedColumn) -> object:
    """Returns a cell that a column can have, from what was fitted to it: no cell of any row of the table.

    Of numbers it is the middle of the scale, of categories the first level, of dates the first day of the training.
    """
    if column.code is not None:
        if isinstance(column.code, DateParts):
            return dates.written(column.code.first)
        return column.code.known[0] if column.code.known else "other"
    if column.kind == "boolean":
        return True
    if column.missing.value is not None:
        return _rounded(float(column.missing.value))
    if isinstance(column.scale, Quantile):
        return _rounded(column.scale.quantiles[len(column.scale.quantiles) // 2])
    if column.scale is None:
        return 0.0
    middle = 0.5 if column.scale.rule == "min_max" else 0.0
    return _rounded(float(column.scale.invert(np.array([middle]))[0]))


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def range_table(run: RunFiles, data: DataTable) -> Table:
    """Returns the range of each feature in the training rows, and how many test rows lie outside of it.

    Raises `Refusal`: E0657 if the table is not the one that was trained on, and as `read_again` does.
    """
    preparation = run.preparation
    if not read_again(preparation, data).is_same:
        raise Refusal(NotItsTable(table=data.name, run=str(run.path)))
    columns = preparation.features.read(data, Findings(), gaps=True)
    rows = [(column.name, *_range(column, preparation.parts.train, preparation.parts.test)) for column in columns]
    title = "Columns that the network reads, and their values in the training rows"
    return table(title, ("column", "is", "from", "to", "test rows outside"), rows)


def _range(column: TypedColumn, train: Indices, test: Indices) -> Iterator[str]:
    known = column.numbers[train]
    known, tested = known[~np.isnan(known)], column.numbers[test]
    tested = tested[~np.isnan(tested)]
    yield column.kind
    if not len(known):
        yield from ("no value", "no value", str(len(tested)))
    elif column.kind in {"category", "boolean"}:
        levels = column.levels or ("false", "true")
        used = np.unique(known).astype(int)
        names = [levels[place] for place in used]
        yield from (labels_in_words(names, MOST_LEVELS), count(len(names), "level"))
        yield str(int((~np.isin(tested, used)).sum()))
    else:
        low, high = float(known.min()), float(known.max())
        yield from map(dates.written if column.kind == "date" else measured, (low, high))
        yield str(int(((tested < low) | (tested > high)).sum()))

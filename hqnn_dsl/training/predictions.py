"""Predictions as columns: a frame in Python, text with as many digits as are known, and the names of the columns."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from hqnn_dsl import literals
from hqnn_dsl.data.layout import named
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes.scoring import NameTaken
from hqnn_dsl.diagnostics.codes.tables import UnknownColumn
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.training.evaluate import decoded, predict_table, with_intervals
from hqnn_dsl.training.predicted import Classes, Predicted, Values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hqnn_dsl.data.preprocess import Preparation
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.data.target import FittedTarget
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.training.conformal import Radii

    Cells = list[Any]

SINGLE_DIGITS, DOUBLE_DIGITS = 9, 17
"""Significant digits that tell any two numbers of a precision apart."""

PREDICTED = "_predicted"
"""What the name of a predicted target ends with in CSV."""


def columns_of(predicted: Predicted, names: Sequence[str], suffix: str = "") -> list[dict[str, Cells]]:
    """Returns the columns of each target, by their names: `<target><suffix>`, and what else is predicted of it.

    That is `<target>_deviation`, `<target>_low` and `<target>_high`, or `<target>_p_<label>` for each class. A row
    whose probabilities are not finite has None for its class.
    """
    if isinstance(predicted, Classes):
        name = names[0]
        shares = predicted.probabilities
        finite = np.isfinite(shares).all(axis=1)
        labels = [
            predicted.labels[number] if is_known else None
            for number, is_known in zip(predicted.numbers.tolist(), np.atleast_1d(finite).tolist(), strict=True)
        ]
        each = {f"{name}_p_{label}": shares[:, number].tolist() for number, label in enumerate(predicted.labels)}
        return [{f"{name}{suffix}": labels, **each}]
    parts = [(suffix, predicted.values), *_beside(predicted)]
    return [
        {f"{name}{ending}": values[:, index].tolist() for ending, values in parts} for index, name in enumerate(names)
    ]


def _beside(predicted: Values) -> list[tuple[str, Any]]:
    """What is predicted beside the values, with the endings of its columns."""
    found = (("_deviation", predicted.deviations), ("_low", predicted.low), ("_high", predicted.high))
    return [(ending, values) for ending, values in found if values is not None]


def predict_frame(net: HybridNet, preparation: Preparation, table: Table, radii: Radii | None = None) -> pd.DataFrame:
    """Returns predictions for the rows of a table as a frame with their index. Raises `Refusal` as `predict_table`."""
    predicted = predict_table(net, preparation, table, radii)
    return frame_of(predicted, preparation.target.names, table.frame.index)


def frame_of(predicted: Predicted, names: Sequence[str], index: pd.Index[Any]) -> pd.DataFrame:
    """Returns predictions as a frame, with the index of the rows; labels that are numbers as numbers."""
    columns = [pair for columns in columns_of(predicted, names) for pair in columns.items()]
    if isinstance(predicted, Classes):
        kind = kind_of(predicted.labels)
        (name, labels), *rest = columns
        columns = [(name, [None if label is None else kind(label) for label in labels]), *rest]
    frame = pd.DataFrame({number: values for number, (_, values) in enumerate(columns)}, index=index)
    return frame.set_axis([name for name, _ in columns], axis=1)


def kind_of(labels: Sequence[str]) -> Callable[[str], object]:
    """Returns what makes values of labels: whole numbers, numbers, truth values or texts, as a table has them."""
    if set(labels) == {"False", "True"}:
        return "True".__eq__
    for kind in (int, float):
        try:
            if all(math.isfinite(kind(label)) for label in labels):
                return kind
        except (ValueError, OverflowError):
            continue
    return str


def predictions_text(
    predicted: Predicted, table: Table, target: FittedTarget, *, single: bool, keep: Sequence[str] = ()
) -> str:
    """Returns CSV: `line` (or `row` for a frame), columns to keep, and those of `columns_of`; a line a row."""
    columns: dict[str, Cells] = {}
    for index, found in enumerate(columns_of(predicted, target.names, PREDICTED)):
        for name, cells in found.items():
            columns[name] = _texts(name, cells, target, index, single=single)
    kept = ((name, table.as_written.get(name, table.frame[name])) for name in keep)
    columns = {
        table.lines.unit: table.lines.numbers.tolist(),
        **{name: cells.astype(object).where(cells.notna(), None).tolist() for name, cells in kept},
        **columns,
    }
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def names_of(preparation: Preparation, radii: Radii | None) -> list[str]:
    """Returns the names of the columns that predictions of a run have in CSV."""
    target = preparation.target
    outputs = torch.empty(0, target.outputs_wanted(preparation.loss)[0], dtype=torch.float64)
    predicted = with_intervals(decoded(preparation, outputs), radii)
    return [name for columns in columns_of(predicted, target.names, PREDICTED) for name in columns]


def check_kept(keep: Sequence[str], table: Table, taken: Sequence[str]) -> None:
    """Refuse columns to keep that the table does not have (E0510), or whose names predictions have (E0594)."""
    wrong: list[Diagnostic] = []
    for name in keep:
        if name not in table.columns:
            close = sentences.did_you_mean(sentences.nearest(name, table.columns, ignoring_case=True))
            columns = named(table.columns)
            wrong.append(
                UnknownColumn(role="column to keep", column=name, table=table.name, columns=columns, hint=close)
            )
        elif name in taken or keep.count(name) > 1:
            why = "predictions have a column of that name" if name in taken else "it is named twice"
            wrong.append(NameTaken(column=name, quoted=literals.column(name), why=why))
    if wrong:
        raise Refusal(*dict.fromkeys(wrong))


def _texts(name: str, cells: Cells, target: FittedTarget, index: int, *, single: bool) -> Cells:
    """The cells of a column of predictions, numbers with the digits that they have."""
    if not single or not all(isinstance(cell, float) for cell in cells):
        return [repr(cell) if isinstance(cell, float) else cell for cell in cells]
    if target.classes is not None or name == f"{target.names[index]}_deviation":
        return [format(cell, f".{SINGLE_DIGITS}g") for cell in cells]
    scale = target.scales[index]
    return [digits(cell, scale.center, scale.spread) for cell in cells]


def digits(value: float, mean: float, scale: float) -> str:
    """A value that was computed in single precision as `(value - mean) / scale`, with the digits that this gives it.

    Far from 0 beside its scale a value has more of them than nine.
    """
    moved = abs(value - mean)
    if not math.isfinite(value) or not moved or not scale:
        return repr(value)
    more = max(0, math.floor(math.log10(max(abs(value), scale) / max(moved, scale))))
    return format(value, f".{min(SINGLE_DIGITS + more, DOUBLE_DIGITS)}g")

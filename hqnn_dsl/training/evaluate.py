"""A trained network asked about tables: predictions in the targets' units, and scores.

Nothing here casts to half precision or draws at random.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from hqnn_dsl.catalog.objectives import LOSSES
from hqnn_dsl.data.preparation import Preparation, read_again
from hqnn_dsl.training.loop import build, predict_scaled
from hqnn_dsl.training.metrics import plain, scores
from hqnn_dsl.training.own_loss import is_own
from hqnn_dsl.training.predicted import Values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.training.row_refusals import RowName

    Numbers = NDArray[np.float64]
    Rows = NDArray[np.int64]


def predict(net: HybridNet, preparation: Preparation, table: Table) -> pd.DataFrame:
    """A column a target, in its own units; rows and index as in the table.

    Raises `Refusal`: E0523 if features are missing, E0513 to E0516 for cells that are no finite numbers.
    """
    inputs = preparation.features.transform(table)
    predicted = predict_numbers(net, preparation, inputs, table.line_of)
    return pd.DataFrame(predicted, index=table.frame.index, columns=list(preparation.target.names))


def predict_numbers(
    net: HybridNet, preparation: Preparation, inputs: Numbers, row_name: RowName | None = None
) -> Numbers:
    """Predictions `[N, T]` in the targets' units for inputs `[N, F]`. Raises `Refusal` E0522.

    `row_name` gives the name of a row in messages.
    """
    preparation.features.check_range(inputs, single=net.dtype != torch.float64)
    scaled = predict_scaled(net, _tensor(net, inputs), preparation.batch, row_name)
    return preparation.target.invert(scaled.to("cpu", torch.float64).numpy())


def predict_rows(
    net: HybridNet, preparation: Preparation, inputs: Numbers, rows: Rows, row_name: RowName | None = None
) -> Numbers:
    """Predictions `[N, T]` for some rows of inputs `[N, F]`, by their positions; NaN for all others."""
    if len(rows) == len(inputs):
        return predict_numbers(net, preparation, inputs, row_name)
    name = None if row_name is None else (lambda row: row_name(int(rows[row])))
    predicted = predict_numbers(net, preparation, inputs[rows], name)
    found = np.full((len(inputs), predicted.shape[1]), np.nan)
    found[rows] = predicted
    return found


def evaluate(net: HybridNet, preparation: Preparation, table: Table) -> dict[str, Any]:
    """Scores on a table that has the targets: `{"all": …}`, and `train`, `validation`, `test` on the one trained on.

    Each is what `judge` gives. Raises `Refusal` as `predict` does, and for the targets' cells.
    """
    again = read_again(preparation, table)
    predicted = predict_rows(net, preparation, again.inputs, again.rows, table.line_of)
    found = {"all": judge(preparation, again.targets[again.rows], predicted[again.rows])}
    if again.is_same:
        found |= by_part(preparation, again.targets, predicted)
    return found


def by_part(preparation: Preparation, targets: Numbers, predicted: Numbers) -> dict[str, Any]:
    """`judge` for the training, validation and test rows of `[N, T]` values; None for a part without rows."""
    return {
        name: judge(preparation, targets[rows], predicted[rows]) if len(rows) else None
        for name, rows in preparation.parts.items()
    }


def judge(preparation: Preparation, true: Numbers, predicted: Numbers) -> dict[str, Any]:
    """`{"rmse", "mae", "r2", "loss", "targets"}` of `[N, T]` values: in the targets' units, the loss in scaled ones.

    The loss is None if it is a function of the user's own that is not at hand.
    """
    scaled = [torch.from_numpy(preparation.target.apply(values)) for values in (predicted, true)]
    loss = None if is_own(preparation.loss) else build(LOSSES, preparation.loss)
    loss = preparation.own_loss or loss
    found = scores(true, Values(predicted), preparation.target.names)
    per_target = found.pop("targets")
    return found | {"loss": None if loss is None else plain(float(loss(*scaled))), "targets": per_target}


def _tensor(net: HybridNet, values: Numbers) -> torch.Tensor:
    device = next((weight.device for weight in net.parameters()), torch.device("cpu"))
    return torch.from_numpy(np.ascontiguousarray(values)).to(device, net.dtype)

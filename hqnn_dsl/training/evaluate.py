"""A trained network asked about tables: predictions in the targets' units, and scores.

Nothing here casts to half precision or draws at random.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hqnn_dsl.catalog import losses
from hqnn_dsl.catalog.objectives import LOSSES
from hqnn_dsl.data.preparation import Preparation, read_again
from hqnn_dsl.diagnostics.codes.scoring import PartWithoutWeight
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training.class_metrics import class_scores
from hqnn_dsl.training.forward import predict_scaled
from hqnn_dsl.training.loop import build
from hqnn_dsl.training.metrics import plain, scores
from hqnn_dsl.training.own_loss import is_own
from hqnn_dsl.training.predicted import Classes, Predicted, Values
from hqnn_dsl.training.row_weights import in_part, loss_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.training.conformal import Radii
    from hqnn_dsl.training.row_refusals import RowName

    Numbers = NDArray[np.float64]
    Rows = NDArray[np.int64]


# --------------------------------------------------------------------------------------------------------- predictions


def predict_table(net: HybridNet, preparation: Preparation, table: Table, radii: Radii | None = None) -> Predicted:
    """Predictions for the rows of a table, with intervals if there are radii.

    Raises `Refusal`: E0523 if features are missing, E0513 to E0516 for cells that are no finite numbers.
    """
    inputs = preparation.features.transform(table)
    return with_intervals(predict_inputs(net, preparation, inputs, table.line_of), radii)


def predict_inputs(
    net: HybridNet, preparation: Preparation, inputs: Numbers, row_name: RowName | None = None
) -> Predicted:
    """Predictions for inputs `[N, F]`. Raises `Refusal` E0522. `row_name` gives the name of a row in messages."""
    preparation.features.check_range(inputs, single=net.dtype != torch.float64)
    outputs = predict_scaled(net, _tensor(net, inputs), preparation.batch, row_name)
    return decoded(preparation, outputs.to("cpu", torch.float64))


def predict_rows(
    net: HybridNet, preparation: Preparation, inputs: Numbers, rows: Rows, row_name: RowName | None = None
) -> Predicted:
    """Predictions for some rows of inputs `[N, F]`, by their positions; NaN for all others."""
    if len(rows) == len(inputs):
        return predict_inputs(net, preparation, inputs, row_name)
    name = None if row_name is None else (lambda row: row_name(int(rows[row])))
    return predict_inputs(net, preparation, inputs[rows], name).placed(rows, len(inputs))


def decoded(preparation: Preparation, outputs: torch.Tensor) -> Predicted:
    """The predictions that outputs `[N, O]` of the network stand for, on the CPU in double precision."""
    target = preparation.target
    if target.classes is not None:
        return Classes(losses.probabilities(outputs).numpy(), target.classes, outputs.numpy())
    if not has_deviations(preparation):
        return Values(target.invert(outputs.numpy()))
    means, raw = outputs.chunk(2, dim=1)
    spreads = np.array([scale.spread for scale in target.scales])
    deviations = losses.variance(raw).sqrt().numpy() * spreads
    return Values(target.invert(means.numpy()), deviations, outputs=outputs.numpy())


def has_deviations(preparation: Preparation) -> bool:
    """Whether the network gives a deviation beside each value."""
    return getattr(LOSSES.get(preparation.loss.name), "outputs", 1) == 2


def with_intervals(predicted: Predicted, radii: Radii | None) -> Predicted:
    """Predictions with intervals, if there are radii of them."""
    if radii is None or not isinstance(predicted, Values):
        return predicted
    low, high = radii.around(predicted.values, predicted.deviations)
    return replace(predicted, low=low, high=high)


# -------------------------------------------------------------------------------------------------------------- scores


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows to score: true targets `[N, T]`, in their own units or numbers of classes, and what was predicted.

    `weights[N]` are the rows' own, None if all count alike.
    """

    preparation: Preparation
    true: Numbers = field(repr=False)
    predicted: Predicted
    weights: Numbers | None = field(default=None, repr=False)

    def __getitem__(self, rows: Rows) -> Scored:
        """Returns some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        return Scored(self.preparation, self.true[rows], self.predicted[rows], weights)


def evaluate(net: HybridNet, preparation: Preparation, table: Table, radii: Radii | None = None) -> dict[str, Any]:
    """Scores on a table that has the targets: `{"all": …}`, and `train`, `validation`, `test` on the one trained on.

    Each is what `judge` gives. Raises `Refusal` as `predict_table` does, and for the targets' cells and weights.
    """
    again = read_again(preparation, table)
    if again.weights is not None and not np.sum(again.weights[again.rows]) > 0:
        raise Refusal(PartWithoutWeight(rows=f"the rows of `{table.name}`"))
    predicted = predict_rows(net, preparation, again.inputs, again.rows, table.line_of)
    scored = Scored(preparation, again.targets, with_intervals(predicted, radii), again.weights)
    found = {"all": judge(scored[again.rows])}
    return found | by_part(scored) if again.is_same else found


def by_part(scored: Scored) -> dict[str, Any]:
    """`judge` for the training, validation and test rows of a table; None for a part without rows."""
    return {name: judge(scored[rows]) if len(rows) else None for name, rows in scored.preparation.parts.items()}


def judge(scored: Scored) -> dict[str, Any]:
    """The scores of rows, in the targets' own units, and `loss`, in scaled ones.

    The loss is None if it is a function of the user's own that is not at hand, or one of deviations that were not
    predicted.
    """
    preparation, predicted = scored.preparation, scored.predicted
    if isinstance(predicted, Classes):
        found = class_scores(
            scored.true[:, 0].astype(np.int64), predicted.probabilities, predicted.labels, scored.weights
        )
        last = "classes"
    else:
        found = scores(scored.true, predicted, preparation.target.names, scored.weights)
        last = "targets"
    per_one = found.pop(last)
    return found | {"loss": _loss(scored), last: per_one}


def _loss(scored: Scored) -> float | None:
    preparation, predicted = scored.preparation, scored.predicted
    loss = preparation.own_loss or (None if is_own(preparation.loss) else build(LOSSES, preparation.loss))
    outputs = predicted.outputs
    if outputs is None and isinstance(predicted, Values) and not has_deviations(preparation):
        outputs = preparation.target.apply(predicted.values)
    if loss is None or outputs is None:
        return None
    weights = in_part(loss_weights(preparation, scored.true, scored.weights), np.arange(len(scored.true)))
    parts = [outputs, preparation.target.apply(scored.true), *([] if weights is None else [weights])]
    return plain(float(loss(*(torch.from_numpy(np.ascontiguousarray(part)) for part in parts))))


def _tensor(net: HybridNet, values: Numbers) -> torch.Tensor:
    device = next((weight.device for weight in net.parameters()), torch.device("cpu"))
    return torch.from_numpy(np.ascontiguousarray(values)).to(device, net.dtype)

"""A classical contender on the fold of a hybrid network: fitted on its training rows, scored as its run is.

Tuning sees training and validation rows; the chosen setting is fitted on the training rows alone, as the network is,
and then asked about the test rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.science.classical.contender import Learned
from hqnn_dsl.training.predicted import Classes, Values
from hqnn_dsl.training.row_weights import in_part, loss_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.data.preparation import Prepared
    from hqnn_dsl.science.classical.contender import Fitted
    from hqnn_dsl.training.evaluate import Scored
    from hqnn_dsl.training.predicted import Predicted

    Rows = NDArray[np.int64]


def learned_of(prepared: Prepared) -> Learned:
    """Returns the training rows of a fold: the inputs that the hybrid network gets, everything in them fitted there."""
    preparation = prepared.preparation
    trained, classes = preparation.parts.train, preparation.target.classes
    return Learned(
        prepared.inputs[trained],
        prepared.targets[trained],
        None if classes is None else len(classes),
        in_part(loss_weights(preparation, prepared.targets, prepared.weights), trained),
        in_part(prepared.weights, trained),
        {one.index: one.levels for one in preparation.features.embeddings},
    )


def predicted(prepared: Prepared, fitted: Fitted, rows: Rows) -> Predicted:
    """Returns what a fitted contender predicts for some rows of the table, as a network's predictions are."""
    found, classes = fitted.predict(prepared.inputs[rows]), prepared.preparation.target.classes
    if classes is None:
        return Values(found)
    return Classes(found, classes, np.log(np.maximum(found, np.finfo(np.float64).tiny)))


def scores(prepared: Prepared, fitted: Fitted, part: str) -> dict[str, Any] | None:
    """Returns the scores of a part (`train`, `validation`, `test`) as in `metrics.json`; None if it has no rows."""
    from hqnn_dsl.training.evaluate import Scored, judge

    rows = dict(prepared.preparation.parts.items())[part]
    if not len(rows):
        return None
    weights = None if prepared.weights is None else prepared.weights[rows]
    scored: Scored = Scored(prepared.preparation, prepared.targets[rows], predicted(prepared, fitted, rows), weights)
    return judge(scored)

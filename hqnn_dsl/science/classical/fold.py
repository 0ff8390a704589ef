"""A classical contender on the fold of a hybrid network: fitted on its training rows, scored as its run is.

Tuning sees training and validation rows; the chosen setting is fitted on the training rows alone, as the network is,
and then asked about the test rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.science.classical.contender import Learned
from hqnn_dsl.training.many_scores import LOWER_IS_BETTER
from hqnn_dsl.training.predicted import Classes, Values
from hqnn_dsl.training.row_weights import in_part, loss_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hqnn_dsl.data.preparation import Prepared
    from hqnn_dsl.science.classical.contender import Contender, Fitted
    from hqnn_dsl.science.tuning.space import Setting
    from hqnn_dsl.training.evaluate import Scored
    from hqnn_dsl.training.predicted import Predicted

    Rows = NDArray[np.int64]


def chosen_by(prepared: Prepared) -> str:
    """Returns the score of the validation rows that chooses a setting, unless another one is asked for.

    It is the RMSE, R² for several targets, and the log loss for classes: a share of right guesses of few rows is the
    same for many settings.
    """
    target = prepared.preparation.target
    if target.classes is not None:
        return "log_loss"
    return "rmse" if len(target.names) < 2 else "r2"


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


@dataclass(frozen=True, eq=False)
class Objective:
    """The function of a setting that tuning makes small: a score of the validation rows, by its direction.

    Without validation rows it is that of the training rows, and the first trial, the defaults, should be the only one.
    """

    contender: Contender
    prepared: Prepared
    seed: int
    score: str

    def __call__(self, setting: Setting) -> float | None:
        """Returns the value of a setting, None if the score is not finite."""
        fitted = self.contender.fit(setting, self.seed, learned_of(self.prepared))
        part = "validation" if len(self.prepared.preparation.parts.validation) else "train"
        value = (scores(self.prepared, fitted, part) or {}).get(self.score)
        return None if value is None else float(value if self.score in LOWER_IS_BETTER else -value)


def objective(contender: Contender, prepared: Prepared, seed: int, score: str | None = None) -> Objective:
    """Returns the objective of a contender on a fold; by default with the score of `chosen_by`."""
    return Objective(contender, prepared, seed, score or chosen_by(prepared))

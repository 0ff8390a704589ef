"""The constant, and the linear models: the mean or the majority, ridge or logistic regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.diagnostics.notices import warnings_ignored
from hqnn_dsl.science.classical.contender import Contender, constant_class
from hqnn_dsl.science.classical.scaling import Scaled
from hqnn_dsl.science.tuning.space import Real, Space
from hqnn_dsl.training.baselines import in_all_classes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hqnn_dsl.science.classical.contender import Learned
    from hqnn_dsl.science.tuning.space import Setting

    Numbers = NDArray[np.float64]

MOST_STEPS = 1000


def _mean(_setting: Setting, _seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    row = np.average(learned.targets, axis=0, weights=learned.weights)
    return lambda inputs: np.tile(row, (len(inputs), 1))


def _majority(_setting: Setting, _seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    return constant_class(learned)


def _ridge(setting: Setting, _seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.linear_model import Ridge

    scaled = Scaled.of(learned)
    model = Ridge(alpha=setting["alpha"])
    model.fit(scaled.inputs(learned.inputs), scaled.targets(learned.targets), sample_weight=learned.weights)
    width = learned.targets.shape[1]
    return lambda inputs: scaled.invert(model.predict(scaled.inputs(inputs)).reshape(-1, width))


def _logistic(setting: Setting, _seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.linear_model import LogisticRegression

    assert learned.num_classes is not None
    scaled, number = Scaled.of(learned), learned.num_classes
    model = LogisticRegression(C=1.0 / float(setting["alpha"]), max_iter=MOST_STEPS)
    with warnings_ignored():  # the last step is good enough where it has not come to rest
        model.fit(scaled.inputs(learned.inputs), learned.classes, sample_weight=learned.weights)
    return lambda inputs: in_all_classes(model, scaled.inputs(inputs), number)


def _penalty(_learned: Learned) -> Space:
    return Space({"alpha": Real(low=1e-4, high=1e4, default=1.0, log=True)})


CONTENDERS = (
    Contender(
        name="constant",
        title="the constant",
        doc="The mean of the targets, or the shares of the classes. It has no settings, and one trial.",
        space=lambda _learned: Space(),
        values=_mean,
        probabilities=_majority,
    ),
    Contender(
        name="linear",
        title="the linear model",
        doc="Ridge or logistic regression; `alpha` is the penalty of the squared slopes.",
        space=_penalty,
        values=_ridge,
        probabilities=_logistic,
    ),
)

"""The k nearest neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.science.classical.contender import Contender
from hqnn_dsl.science.classical.scaling import Scaled
from hqnn_dsl.science.tuning.space import OneOf, Space, Whole
from hqnn_dsl.training.baselines import in_all_classes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hqnn_dsl.science.classical.contender import Learned
    from hqnn_dsl.science.tuning.space import Setting

    Numbers = NDArray[np.float64]

MOST = 50
"""The most neighbours that are asked."""


def _space(learned: Learned) -> Space:
    most = max(1, min(MOST, len(learned)))
    return Space({
        "neighbours": Whole(low=1, high=most, default=min(5, most), log=True),
        "weights": OneOf(values=("uniform", "distance"), default="uniform"),
        "norm": Whole(low=1, high=2, default=2),
    })  # fmt: skip


def _options(setting: Setting) -> dict[str, Any]:
    return {"n_neighbors": setting["neighbours"], "weights": setting["weights"], "p": setting["norm"]}


def _values(setting: Setting, _seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.neighbors import KNeighborsRegressor

    scaled = Scaled.of(learned)
    model = KNeighborsRegressor(**_options(setting)).fit(scaled.inputs(learned.inputs), learned.targets)
    return lambda inputs: np.asarray(model.predict(scaled.inputs(inputs)))


def _probabilities(setting: Setting, _seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.neighbors import KNeighborsClassifier

    assert learned.num_classes is not None
    scaled, number = Scaled.of(learned), learned.num_classes
    model = KNeighborsClassifier(**_options(setting)).fit(scaled.inputs(learned.inputs), learned.classes)
    return lambda inputs: in_all_classes(model, scaled.inputs(inputs), number)


CONTENDERS = (
    Contender(
        name="neighbours",
        title="nearest neighbours",
        doc="The mean of the nearest training rows, or the shares of their classes.",
        space=_space,
        values=_values,
        probabilities=_probabilities,
        takes_weights=False,
    ),
)

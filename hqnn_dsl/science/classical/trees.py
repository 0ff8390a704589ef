"""Trees: random forests, and gradient boosting by histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.science.classical.contender import Contender
from hqnn_dsl.science.classical.scaling import Scaled
from hqnn_dsl.science.tuning.space import Real, Space, Whole
from hqnn_dsl.training.baselines import MOST_LEVELS, in_all_classes, spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hqnn_dsl.science.classical.contender import Learned
    from hqnn_dsl.science.tuning.space import Setting

    Numbers = NDArray[np.float64]

TREES = 100
"""The trees of a forest, as scikit-learn has them: more take longer and change little."""


def _forest_space(learned: Learned) -> Space:
    is_regression = learned.num_classes is None
    width = spread(learned.inputs[:1], learned.levels).shape[1]
    usual = 1.0 if is_regression else max(0.1, min(1.0, width**-0.5))
    return Space({
        "share_of_inputs": Real(low=0.1, high=1.0, default=usual),
        "rows_in_leaf": Whole(low=1, high=20, default=1, log=True),
    })  # fmt: skip


def _forest_options(setting: Setting, seed: int) -> dict[str, Any]:
    return {
        "n_estimators": TREES,
        "max_features": float(setting["share_of_inputs"]),
        "min_samples_leaf": int(setting["rows_in_leaf"]),
        "random_state": seed,
        "n_jobs": 1,
    }


def _forest_values(setting: Setting, seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.ensemble import RandomForestRegressor

    model = RandomForestRegressor(**_forest_options(setting, seed))
    scaled, width = Scaled.of(learned), learned.targets.shape[1]
    targets = scaled.targets(learned.targets)  # splits weigh targets by their squares
    model.fit(
        spread(learned.inputs, learned.levels), targets if width > 1 else targets[:, 0], sample_weight=learned.weights
    )
    return lambda asked: scaled.invert(np.asarray(model.predict(spread(asked, learned.levels))).reshape(-1, width))


def _forest_probabilities(setting: Setting, seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.ensemble import RandomForestClassifier

    assert learned.num_classes is not None
    number = learned.num_classes
    model = RandomForestClassifier(**_forest_options(setting, seed))
    model.fit(spread(learned.inputs, learned.levels), learned.classes, sample_weight=learned.weights)
    return lambda asked: in_all_classes(model, spread(asked, learned.levels), number)


def _boosting_space(_learned: Learned) -> Space:
    return Space({
        "rate": Real(low=0.01, high=0.5, default=0.1, log=True),
        "steps": Whole(low=30, high=500, default=100, log=True),
        "leaves": Whole(low=3, high=63, default=31, log=True),
        "rows_in_leaf": Whole(low=1, high=50, default=20, log=True),
        "penalty": Real(low=1e-8, high=10.0, default=1e-8, log=True),
    })  # fmt: skip


def _boosting_options(setting: Setting, seed: int, learned: Learned) -> dict[str, Any]:
    categories = [index for index, levels in learned.levels.items() if levels <= MOST_LEVELS]
    return {
        "learning_rate": float(setting["rate"]),
        "max_iter": int(setting["steps"]),
        "max_leaf_nodes": int(setting["leaves"]),
        "min_samples_leaf": int(setting["rows_in_leaf"]),
        "l2_regularization": float(setting["penalty"]),
        "categorical_features": categories or None,
        "early_stopping": False,
        "random_state": seed,
    }


def _boosting_values(setting: Setting, seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.ensemble import HistGradientBoostingRegressor

    models = [
        HistGradientBoostingRegressor(**_boosting_options(setting, seed, learned)).fit(
            learned.inputs, target, sample_weight=learned.weights
        )
        for target in learned.targets.T
    ]
    return lambda asked: np.stack([model.predict(asked) for model in models], axis=1)


def _boosting_probabilities(setting: Setting, seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.ensemble import HistGradientBoostingClassifier

    assert learned.num_classes is not None
    number = learned.num_classes
    model = HistGradientBoostingClassifier(**_boosting_options(setting, seed, learned))
    model.fit(learned.inputs, learned.classes, sample_weight=learned.weights)
    return lambda asked: in_all_classes(model, asked, number)


CONTENDERS = (
    Contender(
        name="forest",
        title="the random forest",
        doc=f"A random forest of {TREES} trees.",
        space=_forest_space,
        values=_forest_values,
        probabilities=_forest_probabilities,
    ),
    Contender(
        name="boosting",
        title="gradient boosting",
        doc="Gradient boosting of trees by histograms; categories as such, numbers in 255 bins.",
        space=_boosting_space,
        values=_boosting_values,
        probabilities=_boosting_probabilities,
    ),
)

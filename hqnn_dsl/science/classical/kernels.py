"""Kernel methods: support vectors with a Gaussian kernel, and Gaussian processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.diagnostics.notices import warnings_ignored
from hqnn_dsl.science.classical.contender import Contender
from hqnn_dsl.science.classical.scaling import Scaled
from hqnn_dsl.science.tuning.space import OneOf, Real, Space
from hqnn_dsl.training.baselines import in_all_classes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hqnn_dsl.science.classical.contender import Learned
    from hqnn_dsl.science.tuning.space import Setting

    Numbers = NDArray[np.float64]

STEPS = 20
"""The most steps of the search for the largest marginal likelihood, which starts where the setting says."""

MOST_STEPS = 200_000
"""The most steps of support vectors: where few rows contradict each other under a large penalty they never end."""

CALIBRATED = 5
"""Parts of the training rows that the probabilities of support vectors are calibrated on."""


# ------------------------------------------------------------------------------------------------------ support vectors


def _vectors_space(learned: Learned) -> Space:
    common = {
        "penalty": Real(low=1e-2, high=1e4, default=1.0, log=True),
        "gamma": Real(low=1e-2, high=1e2, default=1.0, log=True),
    }
    if learned.num_classes is not None:
        return Space(common)
    return Space({**common, "epsilon": Real(low=1e-3, high=1.0, default=0.1, log=True)})


def _gamma(setting: Setting, inputs: Numbers) -> float:
    """The kernel's gamma: the setting times scikit-learn's default for scaled inputs, one over their number."""
    return float(setting["gamma"]) / float(inputs.shape[1])


def _vectors_values(setting: Setting, _seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.svm import SVR

    scaled = Scaled.of(learned)
    inputs = scaled.inputs(learned.inputs)
    options = {"C": setting["penalty"], "gamma": _gamma(setting, inputs), "epsilon": setting["epsilon"]}
    with warnings_ignored():  # the last step is good enough
        models = [
            SVR(**options, max_iter=MOST_STEPS).fit(inputs, target, sample_weight=learned.weights)
            for target in scaled.targets(learned.targets).T
        ]
    return lambda asked: scaled.invert(np.stack([model.predict(scaled.inputs(asked)) for model in models], axis=1))


def _vectors_probabilities(setting: Setting, seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    """Probabilities by Platt's scaling of decisions on parts that were left out."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import StratifiedKFold
    from sklearn.svm import SVC

    assert learned.num_classes is not None
    scaled, number = Scaled.of(learned), learned.num_classes
    inputs = scaled.inputs(learned.inputs)
    model = SVC(C=setting["penalty"], gamma=_gamma(setting, inputs), max_iter=MOST_STEPS)
    counts = np.bincount(learned.classes)
    parts = min(CALIBRATED, int(counts[counts > 0].min()))
    if parts < 2:
        return _shares_of_decisions(model.fit(inputs, learned.classes, sample_weight=learned.weights), scaled, number)
    folds = StratifiedKFold(parts, shuffle=True, random_state=seed)
    calibrated = CalibratedClassifierCV(model, cv=folds, ensemble=False)
    with warnings_ignored():
        calibrated.fit(inputs, learned.classes, sample_weight=learned.weights)
    return lambda asked: in_all_classes(calibrated, scaled.inputs(asked), number)


def _shares_of_decisions(model: Any, scaled: Scaled, num_classes: int) -> Callable[[Numbers], Numbers]:
    """Without rows to calibrate on: the softmax of the decisions, whose most probable class is the model's own."""

    def predict(asked: Numbers) -> Numbers:
        from scipy.special import softmax

        decisions = model.decision_function(scaled.inputs(asked))
        if decisions.ndim == 1:
            decisions = np.stack([-decisions, decisions], axis=1) / 2
        found = np.zeros((len(asked), num_classes))
        found[:, model.classes_] = softmax(decisions, axis=1)
        return found

    return predict


# --------------------------------------------------------------------------------------------------- Gaussian processes


def _process_space(_learned: Learned) -> Space:
    return Space({
        "kernel": OneOf(values=("rbf", "matern32", "matern52"), default="rbf"),
        "length": Real(low=0.1, high=10.0, default=1.0, log=True),
    })  # fmt: skip


def _kernel(setting: Setting, width: int) -> Any:
    """The kernel with its start: the length is a multiple of the root of the number of inputs."""
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern

    length = float(setting["length"]) * np.sqrt(width)
    bounds = (1e-2, 1e3)
    shape = {
        "rbf": lambda: RBF(length, bounds),
        "matern32": lambda: Matern(length, bounds, nu=1.5),
        "matern52": lambda: Matern(length, bounds, nu=2.5),
    }[str(setting["kernel"])]()
    return ConstantKernel(1.0, (1e-3, 1e3)) * shape


def _short_search(function: Any, start: Numbers, bounds: Numbers) -> tuple[Numbers, float]:
    """The optimizer of a kernel's numbers, as scikit-learn calls it: a bounded number of steps of L-BFGS-B."""
    from scipy.optimize import minimize

    found = minimize(function, start, method="L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": STEPS})
    return found.x, float(found.fun)


def _process_values(setting: Setting, seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import WhiteKernel

    scaled = Scaled.of(learned)
    inputs = scaled.inputs(learned.inputs)
    models = []
    with warnings_ignored():  # a length at its bound, an optimizer that ends early: the last values are good enough
        for target in scaled.targets(learned.targets).T:
            kernel = _kernel(setting, inputs.shape[1]) + WhiteKernel(0.1, (1e-6, 1e1))
            model = GaussianProcessRegressor(kernel, random_state=seed, alpha=1e-8, optimizer=_short_search)
            models.append(model.fit(inputs, target))
    return lambda asked: scaled.invert(np.stack([model.predict(scaled.inputs(asked)) for model in models], axis=1))


def _process_probabilities(setting: Setting, seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.gaussian_process import GaussianProcessClassifier

    assert learned.num_classes is not None
    scaled, number = Scaled.of(learned), learned.num_classes
    inputs = scaled.inputs(learned.inputs)
    model = GaussianProcessClassifier(_kernel(setting, inputs.shape[1]), random_state=seed, optimizer=_short_search)
    with warnings_ignored():
        model.fit(inputs, learned.classes)
    return lambda asked: in_all_classes(model, scaled.inputs(asked), number)


CONTENDERS = (
    Contender(
        name="support_vectors",
        title="support vectors",
        doc="Support vectors with a Gaussian kernel; probabilities are calibrated on parts of the training rows. "
        "`gamma` is a multiple of one over the number of inputs.",
        space=_vectors_space,
        values=_vectors_values,
        probabilities=_vectors_probabilities,
        most_rows=(10_000, 10_000),
    ),
    Contender(
        name="gaussian_process",
        title="the Gaussian process",
        doc="A Gaussian process whose kernel is fitted by its marginal likelihood, from a start that is tuned.",
        space=_process_space,
        values=_process_values,
        probabilities=_process_probabilities,
        takes_weights=False,
        most_rows=(1000, 400),
    ),
)

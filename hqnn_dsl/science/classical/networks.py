"""Networks that are no hybrid: a multilayer perceptron, and a tabular network that is trained already (TabICL)."""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.diagnostics.notices import warnings_ignored
from hqnn_dsl.science.classical.contender import Absent, Contender
from hqnn_dsl.science.classical.scaling import Scaled
from hqnn_dsl.science.tuning.space import OneOf, Real, Space, Whole
from hqnn_dsl.training.baselines import in_all_classes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hqnn_dsl.science.classical.contender import Learned
    from hqnn_dsl.science.tuning.space import Setting

    Numbers = NDArray[np.float64]

EPOCHS = 300
"""The most epochs of a perceptron; it ends earlier if its loss on the training rows stays."""

BATCH = 32


# ----------------------------------------------------------------------------------------------------------- perceptron


def _perceptron_space(_learned: Learned) -> Space:
    return Space({
        "layers": Whole(low=1, high=3, default=1),
        "width": Whole(low=4, high=256, default=100, log=True),
        "activation": OneOf(values=("relu", "tanh"), default="relu"),
        "rate": Real(low=1e-4, high=3e-2, default=1e-3, log=True),
        "penalty": Real(low=1e-6, high=1.0, default=1e-4, log=True),
    })  # fmt: skip


def _perceptron_options(setting: Setting, seed: int, rows: int) -> dict[str, Any]:
    return {
        "hidden_layer_sizes": (int(setting["width"]),) * int(setting["layers"]),
        "activation": str(setting["activation"]),
        "learning_rate_init": float(setting["rate"]),
        "alpha": float(setting["penalty"]),
        "batch_size": min(BATCH, rows),
        "max_iter": EPOCHS,
        "random_state": seed,
    }


def _weights_of(model: Any, learned: Learned) -> dict[str, Any]:
    """The weights of the rows as an option of `fit`; scikit-learn 1.6 and before take none."""
    takes = "sample_weight" in inspect.signature(model.fit).parameters
    return {"sample_weight": learned.weights} if takes and learned.weights is not None else {}


def _perceptron_values(setting: Setting, seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.neural_network import MLPRegressor

    scaled, width = Scaled.of(learned), learned.targets.shape[1]
    targets = scaled.targets(learned.targets)
    model = MLPRegressor(**_perceptron_options(setting, seed, len(learned)))
    with warnings_ignored():  # the last epoch is good enough
        model.fit(scaled.inputs(learned.inputs), targets if width > 1 else targets[:, 0], **_weights_of(model, learned))
    return lambda asked: scaled.invert(np.asarray(model.predict(scaled.inputs(asked))).reshape(-1, width))


def _perceptron_probabilities(setting: Setting, seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from sklearn.neural_network import MLPClassifier

    assert learned.num_classes is not None
    scaled, number = Scaled.of(learned), learned.num_classes
    model = MLPClassifier(**_perceptron_options(setting, seed, len(learned)))
    with warnings_ignored():
        model.fit(scaled.inputs(learned.inputs), learned.classes, **_weights_of(model, learned))
    return lambda asked: in_all_classes(model, scaled.inputs(asked), number)


# --------------------------------------------------------------------------------------------------------------- TabICL


def _no_tabicl() -> str:
    if find_spec("tabicl") is None:
        return "the package `tabicl` is not installed (`pip install tabicl`)"
    return ""


def _tabicl_options(setting: Setting, seed: int) -> dict[str, Any]:
    return {
        "n_estimators": int(setting["members"]),
        "softmax_temperature": float(setting["temperature"]),
        "allow_auto_download": False,
        "device": "cpu",
        "random_state": seed,
        "n_jobs": 1,
    }


def _tabicl_space(learned: Learned) -> Space:
    members = Whole(low=4, high=16, default=8, log=True)
    if learned.num_classes is None:
        return Space({"members": members})
    return Space({"members": members, "temperature": Real(low=0.5, high=1.5, default=0.9)})


def _with_weights(model: Any, inputs: Numbers, target: NDArray[Any]) -> Any:
    """Fit a TabICL model. Raises `Absent` if its weights are not on this machine: nothing is downloaded."""
    try:
        return model.fit(inputs, target)
    except ValueError as error:
        if "allow_auto_download" not in str(error):
            raise
        raise Absent(
            "the weights of TabICL are not on this machine; fit `tabicl` once by itself, it loads them"
        ) from None


def _tabicl_values(setting: Setting, seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from tabicl import TabICLRegressor

    options = _tabicl_options({**setting, "temperature": 0.9}, seed)
    del options["softmax_temperature"]
    models = [_with_weights(TabICLRegressor(**options), learned.inputs, target) for target in learned.targets.T]
    return lambda asked: np.stack([model.predict(asked) for model in models], axis=1)


def _tabicl_probabilities(setting: Setting, seed: int, learned: Learned) -> Callable[[Numbers], Numbers]:
    from tabicl import TabICLClassifier

    assert learned.num_classes is not None
    number = learned.num_classes
    model = _with_weights(TabICLClassifier(**_tabicl_options(setting, seed)), learned.inputs, learned.classes)
    return lambda asked: in_all_classes(model, asked, number)


CONTENDERS = (
    Contender(
        name="perceptron",
        title="the multilayer perceptron",
        doc=f"A network of dense layers, trained by Adam for at most {EPOCHS} epochs.",
        space=_perceptron_space,
        values=_perceptron_values,
        probabilities=_perceptron_probabilities,
    ),
    Contender(
        name="tabicl",
        title="TabICL",
        doc="A transformer that was trained on many tables before and learns in its context; takes part if the package "
        "`tabicl` is installed with its weights.",
        space=_tabicl_space,
        values=_tabicl_values,
        probabilities=_tabicl_probabilities,
        takes_weights=False,
        most_rows=(10_000, 10_000),
        absent=_no_tabicl,
    ),
)

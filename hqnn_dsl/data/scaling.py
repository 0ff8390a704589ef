"""Bringing columns to mean 0 and variance 1, with statistics of the training rows only, and back.

The statistics are plain numbers in `preprocess.json`: a run needs no pickled object to predict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hqnn_dsl.data.digits import is_narrow
from hqnn_dsl.diagnostics.codes.tables import TooLarge
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

Kind = Literal["standard", "none"]


@dataclass(frozen=True)
class Scaling:
    """`(value - mean) / scale` for each of the named columns; means 0 and scales 1 where `kind` is none."""

    kind: Kind
    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]

    def apply(self, values: Numbers) -> Numbers:
        """Values `[N, C]` in the columns' own units, scaled."""
        return np.asarray((values - np.asarray(self.means)) / np.asarray(self.scales))

    def invert(self, values: Numbers) -> Numbers:
        """Scaled values `[N, C]`, in the columns' own units again."""
        return np.asarray(values * np.asarray(self.scales) + np.asarray(self.means))

    def to_json(self) -> dict[str, Any]:
        """Plain data; reading it back with `from_json` gives the same numbers to the bit."""
        return {"scale": self.kind, "names": list(self.names), "means": list(self.means), "scales": list(self.scales)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Scaling:
        """What `to_json` gave. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        names = tuple(str(name) for name in data["names"])
        means, scales = (tuple(float(value) for value in data[key]) for key in ("means", "scales"))
        if not len(names) == len(means) == len(scales):
            raise ValueError("names, means and scales differ in number")
        return Scaling(data["scale"], names, means, scales)


def fit_scaling(kind: str, names: tuple[str, ...], training: Numbers) -> Scaling:
    """Statistics of the training rows `[N, C]`: those of scikit-learn's `StandardScaler`, to the bit.

    A constant column gets scale 1 and so becomes 0; one that only looks constant beside its size is scaled all the
    same. Raises `Refusal` E0522 where the statistics are not finite.
    """
    if kind == "none":
        return Scaling("none", names, (0.0,) * len(names), (1.0,) * len(names))
    with np.errstate(over="ignore", invalid="ignore"):
        means, variances = _moments(training)
        doubt = len(training) * np.finfo(np.float64).eps
        looks_constant = variances <= doubt * variances + (doubt * means) ** 2
    for name, mean, variance in zip(names, means, variances, strict=True):
        if not (np.isfinite(mean) and np.isfinite(variance)):
            raise Refusal(TooLarge(column=name))
    scales = [
        _unlike_constant(training[:, i]) if looks_constant[i] else float(np.sqrt(variance))
        for i, variance in enumerate(variances)
    ]
    return Scaling("standard", names, tuple(map(float, means)), tuple(scales))


def _moments(training: Numbers) -> tuple[Numbers, Numbers]:
    """Means and variances of columns, by two passes; the second corrects the rounding of the first."""
    rows = len(training)
    means = np.sum(training, axis=0) / rows
    deviations = training - means
    correction = np.sum(deviations, axis=0)
    deviations **= 2
    return means, (np.sum(deviations, axis=0) - correction**2 / rows) / rows


def _unlike_constant(column: Numbers) -> float:
    """The scale of a column that its variance cannot tell from a constant one; 1 if it is constant.

    Many rows that lie close together far from 0, such as times of one second counted from 1970, look like that.
    """
    return 1.0 if is_narrow(column) else float(np.std(column - column[0]))

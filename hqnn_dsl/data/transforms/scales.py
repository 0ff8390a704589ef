"""How the numbers of a column are scaled, with statistics of the training rows only, and scaled back.

The statistics are plain numbers in `preprocess.json`: a run needs no pickled object to predict.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hqnn_dsl.data.transforms.narrow import is_narrow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hqnn_dsl.semantics.spec import Choice

    Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Linear:
    """`(value - mean) / scale`; mean 0 and scale 1 if `rule` is none."""

    rule: Literal["standard", "none"]
    mean: float
    scale: float

    @property
    def center(self) -> float:
        """A value that becomes a number close to 0."""
        return self.mean

    @property
    def spread(self) -> float:
        """The distance of values from the center that become 1."""
        return self.scale

    def apply(self, values: Numbers) -> Numbers:
        """Returns values of any shape, in the column's own units, scaled."""
        return np.asarray((values - self.mean) / self.scale)

    def invert(self, scaled: Numbers) -> Numbers:
        """Returns scaled values of any shape, in the column's own units again."""
        return np.asarray(scaled * self.scale + self.mean)


Scale = Linear
"""A fitted scale of one column."""


def scale_from(data: Mapping[str, Any]) -> Scale:
    """Returns the scale of which `scale_data` made plain data, the same to the bit."""
    return Linear(**data)


def scale_data(scale: Scale) -> dict[str, Any]:
    """Returns a scale as plain data for `preprocess.json`."""
    return asdict(scale)


def fit_scales(rule: Choice, training: Numbers) -> tuple[Scale | None, ...]:
    """Returns a scale for each column of the training rows `[N, C]`; None for one whose statistics are not finite.

    Those of `standard` are the statistics of scikit-learn's `StandardScaler`, to the bit.
    """
    if rule.name == "none":
        return tuple(Linear("none", 0.0, 1.0) for _ in range(training.shape[1]))
    return _standard(training)


def _standard(training: Numbers) -> tuple[Linear | None, ...]:
    """Means and standard deviations; a constant column has scale 1, and becomes 0.

    One that only looks constant beside its size is scaled all the same.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        means, variances = _moments(training)
        doubt = len(training) * np.finfo(np.float64).eps
        looks_constant = variances <= doubt * variances + (doubt * means) ** 2
    found: list[Linear | None] = []
    for index, (mean, variance) in enumerate(zip(means.tolist(), variances.tolist(), strict=True)):
        if not (np.isfinite(mean) and np.isfinite(variance)):
            found.append(None)
            continue
        scale = _unlike_constant(training[:, index]) if looks_constant[index] else float(np.sqrt(variance))
        found.append(Linear("standard", mean, scale))
    return tuple(found)


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

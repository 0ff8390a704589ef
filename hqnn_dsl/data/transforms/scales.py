"""How the numbers of a column are scaled, with statistics of the training rows only, and scaled back.

The statistics are plain numbers in `preprocess.json`: a run needs no pickled object to predict.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hqnn_dsl.data.transforms.narrow import is_narrow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from hqnn_dsl.semantics.spec import Choice

    Numbers = NDArray[np.float64]

MOST_QUANTILES = 1000
"""The number of quantiles that are kept of a column with as many training rows, as scikit-learn keeps them."""

_EDGE = 1e-7
"""So close to 0 and 1 shares of rows are cut off, as scikit-learn cuts them: the ends would be infinite."""

_LEAST_BASE = 1e-12
"""What has no Yeo-Johnson inverse is inverted as the last number that has one, whose base is this."""


@dataclass(frozen=True)
class Linear:
    """`(value - mean) / scale`: mean and deviation, median and distance of the quartiles, or 0 and 1."""

    rule: Literal["standard", "robust", "none"]
    mean: float
    scale: float

    @property
    def center(self) -> float:
        """A value in the column's own units that is close to 0 when it is scaled."""
        return self.mean

    @property
    def spread(self) -> float:
        """The distance of two values in the column's own units that differ by 1 when they are scaled."""
        return self.scale

    def apply(self, values: Numbers) -> Numbers:
        """Returns values of any shape, in the column's own units, scaled."""
        return np.asarray((values - self.mean) / self.scale)

    def invert(self, scaled: Numbers) -> Numbers:
        """Returns scaled values of any shape, in the column's own units again."""
        return np.asarray(scaled * self.scale + self.mean)


@dataclass(frozen=True)
class MinMax:
    """`value * factor + offset`: the smallest training value becomes `low`, the largest `high`."""

    rule: Literal["min_max"]
    factor: float
    offset: float

    @property
    def center(self) -> float:
        """See `Linear.center`."""
        return -self.offset / self.factor

    @property
    def spread(self) -> float:
        """See `Linear.spread`."""
        return abs(1 / self.factor)

    def apply(self, values: Numbers) -> Numbers:
        """See `Linear.apply`."""
        return np.asarray(values * self.factor + self.offset)

    def invert(self, scaled: Numbers) -> Numbers:
        """See `Linear.invert`."""
        return np.asarray((scaled - self.offset) / self.factor)


@dataclass(frozen=True)
class Log:
    """`(log(value + shift) - mean) / scale`, for values above `-shift`."""

    rule: Literal["log"]
    shift: float
    mean: float
    scale: float

    center: float = 0.0
    spread: float = 0.0

    def apply(self, values: Numbers) -> Numbers:
        """See `Linear.apply`; NaN or infinite for values that have no logarithm."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((np.log(values + self.shift) - self.mean) / self.scale)

    def invert(self, scaled: Numbers) -> Numbers:
        """See `Linear.invert`."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(scaled * self.scale + self.mean) - self.shift)


@dataclass(frozen=True)
class Quantile:
    """The share of training rows below a value, as the number with that share of a normal distribution below it.

    `quantiles` are values at equal distances of that share, from 0 to 1, ascending.
    """

    rule: Literal["quantile"]
    quantiles: tuple[float, ...]

    center: float = 0.0
    spread: float = 0.0

    def apply(self, values: Numbers) -> Numbers:
        """See `Linear.apply`; values beyond the training rows are at the ends, some 5.2 from 0."""
        from scipy.special import ndtri

        known, shares = self._points
        found = np.asarray(0.5 * (np.interp(values, known, shares) - np.interp(-values, -known[::-1], -shares[::-1])))
        near = _EDGE * min(1.0, float(known[-1] - known[0]))
        found[values + near > known[-1]] = 1.0
        found[values - near < known[0]] = 0.0
        edge = _EDGE - np.spacing(1)
        return np.asarray(np.clip(ndtri(found), ndtri(edge), ndtri(1 - edge)))

    def invert(self, scaled: Numbers) -> Numbers:
        """See `Linear.invert`; never beyond the values of the training rows."""
        from scipy.special import ndtr

        known, shares = self._points
        below = ndtr(scaled)
        found = np.asarray(np.interp(below, shares, known))
        found[below + _EDGE > 1] = known[-1]
        found[below - _EDGE < 0] = known[0]
        return found

    @property
    def _points(self) -> tuple[Numbers, Numbers]:
        return np.asarray(self.quantiles), np.linspace(0, 1, len(self.quantiles))


@dataclass(frozen=True)
class Power:
    """The Yeo-Johnson transform with an exponent, then `(… - mean) / scale`."""

    rule: Literal["power"]
    exponent: float
    mean: float
    scale: float

    center: float = 0.0
    spread: float = 0.0

    def apply(self, values: Numbers) -> Numbers:
        """See `Linear.apply`."""
        with np.errstate(over="ignore"):
            grown = np.log1p(np.abs(values))
            above = _grown(grown, self.exponent)
            below = -_grown(grown, 2 - self.exponent)
        return np.asarray((np.where(values >= 0, above, below) - self.mean) / self.scale)

    def invert(self, scaled: Numbers) -> Numbers:
        """See `Linear.invert`; a number that no value becomes is that of a value which is very large."""
        values = scaled * self.scale + self.mean
        with np.errstate(over="ignore"):
            above = _shrunk(np.abs(values), self.exponent)
            below = -_shrunk(np.abs(values), 2 - self.exponent)
        return np.asarray(np.where(values >= 0, above, below))


def _grown(logarithm: Numbers, exponent: float) -> Numbers:
    """`((1 + x) ** exponent - 1) / exponent` for `log(1 + x)`; the logarithm itself for exponent 0."""
    if abs(exponent) < np.spacing(1.0):
        return logarithm
    return np.asarray(np.expm1(exponent * logarithm) / exponent)


def _shrunk(values: Numbers, exponent: float) -> Numbers:
    """The inverse of `_grown`, as x."""
    if abs(exponent) < np.spacing(1.0):
        return np.asarray(np.expm1(values))
    return np.asarray(np.expm1(np.log1p(np.maximum(exponent * values, _LEAST_BASE - 1)) / exponent))


Scale = Linear | MinMax | Log | Quantile | Power
"""A fitted scale of one column."""

_RECORDS: dict[str, Callable[..., Scale]] = {
    **dict.fromkeys(("standard", "robust", "none"), Linear),
    "min_max": MinMax,
    "log": Log,
    "quantile": Quantile,
    "power": Power,
}


def scale_from(data: Mapping[str, Any]) -> Scale:
    """Returns the scale of which `scale_data` made plain data, the same to the bit."""
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    return _RECORDS[data["rule"]](**fields)


def scale_data(scale: Scale) -> dict[str, Any]:
    """Returns a scale as plain data for `preprocess.json`."""
    fields = {name: value for name, value in asdict(scale).items() if name not in {"center", "spread"}}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def fit_scales(rule: Choice, training: Numbers) -> tuple[Scale | None, ...]:
    """Returns a scale for each column of the training rows `[N, C]`; None for one whose statistics are not finite.

    The statistics are those of scikit-learn: `standard` of its `StandardScaler`, to the bit, `robust`, `min_max`,
    `quantile` and `power` of the transformers of these names, `log` of a `StandardScaler` behind the logarithm.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        match rule.name:
            case "none":
                return tuple(Linear("none", 0.0, 1.0) for _ in range(training.shape[1]))
            case "standard":
                return _standard(training)
            case "log":
                shift = float(rule.options["shift"])
                within = _standard(np.log(training + shift))
                return tuple(None if one is None else Log("log", shift, one.mean, one.scale) for one in within)
        fits = {"robust": _robust, "min_max": _min_max, "quantile": _quantile, "power": _power}
        return tuple(fits[rule.name](column, rule.options) for column in np.ascontiguousarray(training.T))


def _robust(column: Numbers, options: Mapping[str, Any]) -> Linear | None:  # noqa: ARG001 - as all of them are called
    middle = float(np.median(column))
    low, high = np.percentile(column, (25, 75)).tolist()
    distance = high - low
    return Linear("robust", middle, distance or 1.0) if np.isfinite(distance) else None


def _min_max(column: Numbers, options: Mapping[str, Any]) -> MinMax | None:
    least, most = float(column.min()), float(column.max())
    low, high = float(options["low"]), float(options["high"])
    factor = (high - low) / ((most - least) or 1.0)
    offset = low - least * factor
    return MinMax("min_max", factor, offset) if factor and np.isfinite(offset) else None


def _quantile(column: Numbers, options: Mapping[str, Any]) -> Quantile | None:  # noqa: ARG001
    shares = np.linspace(0, 1, max(1, min(MOST_QUANTILES, len(column))))
    found = np.percentile(column, shares * 100)
    return Quantile("quantile", tuple(found.tolist())) if np.isfinite(found).all() else None


def _power(column: Numbers, options: Mapping[str, Any]) -> Power | None:  # noqa: ARG001
    if is_narrow(column):
        return Power("power", 1.0, float(column[0]), 1.0)
    from sklearn.preprocessing import PowerTransformer

    exponent = float(PowerTransformer(standardize=False).fit(column[:, None]).lambdas_[0])
    (within,) = _standard(Power("power", exponent, 0.0, 1.0).apply(column)[:, None])
    return None if within is None else Power("power", exponent, within.mean, within.scale)


def _standard(training: Numbers) -> tuple[Linear | None, ...]:
    """Means and standard deviations; a constant column has scale 1, and becomes 0.

    One that only looks constant beside its size is scaled all the same.
    """
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

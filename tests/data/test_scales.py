"""The scales of numbers: those of scikit-learn, and the same again from plain data."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.preprocessing import (
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from toy_model import choice

from hqnn_dsl.catalog.columns import SCALES
from hqnn_dsl.data.transforms.scales import fit_scales, scale_data, scale_from

STANDARD = choice(SCALES, "standard")


@pytest.mark.parametrize("rows", [2, 3, 17, 1000])
@pytest.mark.parametrize("columns", [1, 5])
@pytest.mark.parametrize(
    ("center", "spread"), [(0, 1), (1e6, 1e-3), (-3e8, 2), (1 / 3, 1e-9), (0, 1e-160), (2e100, 1e99)]
)
def test_standard_is_standard_scaler_to_the_bit(rows, columns, center, spread):
    values = np.random.default_rng(rows).normal(center, spread, (rows, columns))
    values[:, -1] = center if columns > 1 else values[:, -1]
    fitted = StandardScaler().fit(values)
    scales = fit_scales(STANDARD, values)
    assert [scale.mean for scale in scales] == fitted.mean_.tolist()
    assert [scale.scale for scale in scales] == fitted.scale_.tolist()
    scaled = np.stack([scale.apply(values[:, index]) for index, scale in enumerate(scales)], axis=1)
    np.testing.assert_allclose(scaled, fitted.transform(values), rtol=1e-11)
    back = np.stack([scale.invert(scaled[:, index]) for index, scale in enumerate(scales)], axis=1)
    np.testing.assert_allclose(back, values, rtol=1e-11)


DRAWS = {
    "normal": lambda draw, shape: draw.normal(3, 2, shape),
    "lognormal": lambda draw, shape: draw.lognormal(0, 1, shape),
    "whole": lambda draw, shape: np.round(draw.normal(0, 3, shape)),
    "negative": lambda draw, shape: -draw.lognormal(0, 1, shape),
    "half one value": lambda draw, shape: np.where(np.arange(shape[0])[:, None] % 2, 1.0, draw.normal(1, 1, shape)),
}
RULES = {
    "robust": (choice(SCALES, "robust"), lambda rows: RobustScaler()),
    "min_max": (choice(SCALES, "min_max"), lambda rows: MinMaxScaler()),
    "min_max to other ends": (choice(SCALES, "min_max", low=-3.0, high=3.0), lambda rows: MinMaxScaler((-3, 3))),
    "quantile": (
        choice(SCALES, "quantile"),
        lambda rows: QuantileTransformer(n_quantiles=min(rows, 1000), output_distribution="normal", subsample=None),
    ),
    "power": (choice(SCALES, "power"), lambda rows: PowerTransformer()),
}


@pytest.mark.parametrize("rows", [5, 60, 3000])
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
@pytest.mark.parametrize(("rule", "transformer"), RULES.values(), ids=RULES)
def test_every_scale_is_the_transformer_of_scikit_learn(rule, transformer, draw, rows):
    generator = np.random.default_rng(rows)
    values, others = draw(generator, (rows, 3)), generator.normal(0, 4, (40, 3))
    fitted = transformer(rows).fit(values)
    scales = fit_scales(rule, values)
    for given in (values, others):
        scaled = by_column([scale.apply for scale in scales], given)
        expected = fitted.transform(given)
        np.testing.assert_allclose(scaled, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
        back = fitted.inverse_transform(expected)
        known = np.isfinite(back)
        assert known.mean() > 0.5
        found = by_column([scale.invert for scale in scales], expected)
        np.testing.assert_allclose(found[known], back[known], rtol=1e-9, atol=1e-9)


def by_column(functions, values: np.ndarray) -> np.ndarray:
    return np.stack([function(values[:, index]) for index, function in enumerate(functions)], axis=1)


def test_log_is_a_standard_scaler_behind_the_logarithm():
    values = np.random.default_rng(0).lognormal(2, 1, (50, 2))
    fitted = StandardScaler().fit(np.log(values + 0.5))
    scales = fit_scales(choice(SCALES, "log", shift=0.5), values)
    scaled = by_column([scale.apply for scale in scales], values)
    np.testing.assert_array_equal(scaled, fitted.transform(np.log(values + 0.5)))
    np.testing.assert_allclose(by_column([scale.invert for scale in scales], scaled), values, rtol=1e-12)


@pytest.mark.parametrize("name", SCALES)
def test_every_scale_is_undone_and_survives_json_to_the_bit(name):
    values = np.random.default_rng(1).lognormal(0, 0.5, (30, 2))
    for index, scale in enumerate(fit_scales(choice(SCALES, name), values)):
        again = scale_from(json.loads(json.dumps(scale_data(scale))))
        assert again == scale
        scaled = scale.apply(values[:, index])
        np.testing.assert_array_equal(again.apply(values[:, index]), scaled)
        np.testing.assert_allclose(scale.invert(scaled), values[:, index], rtol=1e-9)


@pytest.mark.parametrize("name", SCALES)
def test_constant_columns_have_finite_numbers_in_every_scale(name):
    (scale,) = fit_scales(choice(SCALES, name), np.full((9, 1), 0.1))
    assert np.isfinite(scale.apply(np.array([0.1, 0.2]))).all()
    if name not in {"none", "quantile", "log", "min_max"}:
        np.testing.assert_allclose(scale.apply(np.array([0.1])), 0, atol=1e-12)


def test_a_narrow_column_keeps_its_quantiles():
    """Scikit-learn cuts 1e-7 off at the ends, whatever the values are; all of these would be one end."""
    values = 1e-9 * np.arange(20.0)[:, None]
    (scale,) = fit_scales(choice(SCALES, "quantile"), values)
    assert len(np.unique(scale.apply(values[:, 0]))) == 20


def test_a_prediction_beyond_the_end_of_a_power_is_finite():
    (scale,) = fit_scales(choice(SCALES, "power"), np.random.default_rng(2).lognormal(0, 2, (200, 1)))
    assert scale.exponent < 0
    assert np.isfinite(scale.invert(np.array([-50.0, 50.0]))).all()


def test_none_changes_nothing():
    values = np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 4.0]])
    for scale in fit_scales(choice(SCALES, "none"), values):
        np.testing.assert_array_equal(scale.apply(values), values)


@pytest.mark.parametrize("name", [name for name in SCALES if name != "none"])
def test_statistics_that_overflow_are_none(name):
    values = np.array([[1e308], [-1e308], [1e308], [-1e308]]) if name != "log" else np.array([[1e308], [np.inf]])
    if name != "power":
        fitted = fit_scales(choice(SCALES, name), values)
        assert fitted == (None,) or np.isfinite(fitted[0].apply(values)).all()
    if name == "standard":
        assert fitted == (None,)

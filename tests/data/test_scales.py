"""The scales of numbers: those of scikit-learn, and the same again from plain data."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from hqnn_dsl.data.features import fitted_scales
from hqnn_dsl.data.transforms.scales import fit_scales, scale_data, scale_from
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics.spec import Choice

STANDARD = Choice(name="standard")


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


def test_scales_survive_json_to_the_bit():
    for scale in fit_scales(STANDARD, np.random.default_rng(1).normal(1 / 3, 1e-7, (17, 2))):
        assert scale_from(json.loads(json.dumps(scale_data(scale)))) == scale


def test_constant_columns_become_zero_and_none_changes_nothing():
    values = np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 4.0]])
    constant, _ = fit_scales(STANDARD, values)
    np.testing.assert_allclose(constant.apply(values[:, 0]), 0, atol=1e-12)
    for scale in fit_scales(Choice(name="none"), values):
        np.testing.assert_array_equal(scale.apply(values), values)


def test_statistics_that_overflow_are_refused():
    with pytest.raises(Refusal) as caught:
        fitted_scales(("a",), STANDARD, np.array([[1e300], [-1e300]]))
    assert caught.value.diagnostics[0].code == "E0522"

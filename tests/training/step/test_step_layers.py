"""Each compiled layer against torch: values and slopes at many numbers, the edges of its pieces among them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from networks_random import NOT_COMPILED, OPERATIONS, OPTIONS, RANDOM, Example, native_layer
from torch import nn
from toy_model import choice, circuit, layer_of, make_spec

from hqnn_dsl.catalog.layers import LAYERS
from hqnn_dsl.network.hybrid import HybridNet
from hqnn_dsl.semantics.spec import Layer
from hqnn_dsl.training.step.outputs import Outputs
from hqnn_dsl.training.step.runner import StepRunner

NUMBERS = [0.0, 1e-300, -1e-300, *np.linspace(-3, 3, 61), *np.linspace(-45, 45, 41), 20.0, 20.1, 80.0, -90.0, 5000.0]
CASES = [
    (name, options, ())
    for name in LAYERS
    if name not in {"dense", "fourier", *NOT_COMPILED, *RANDOM}
    for options in ({}, *([OPTIONS[name]] if name in OPTIONS else []))
]
CASES += [("identity", {}, (operation,)) for operation in [*OPERATIONS, ("pow", 0.0), ("pow", -1.0), ("pow", 2.5)]]
ALLOWED = {"double": 1e-12, "single": 2e-6}


def example(case, precision: str, numbers: list[float]) -> Example:
    """A network whose only layer is the case's, at numbers that are the biases of the dense layer in front of it."""
    name, options, operations = case
    width = len(numbers)
    line = Layer(layer=choice(LAYERS, name, **options), in_width=width, out_width=width, operations=operations)
    spec = make_spec(encoder=(layer_of("dense", None, width), line), decoder=(), precision=precision)
    spec = replace(spec, num_inputs=width, num_outputs=width)
    net = HybridNet.build(spec, native_layer(circuit(), precision), 1, width)
    net.circuit = nn.Identity()
    dtype = torch.float64 if precision == "double" else torch.float32
    with torch.no_grad():
        net.encoder[0].bias.copy_(torch.tensor(numbers, dtype=torch.float64))
    features, targets = torch.zeros(1, 1, dtype=dtype), torch.full((1, width), 0.5, dtype=dtype)
    return Example(net.to(dtype), spec, features, targets, None)


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}{case[1] or ''}{case[2] or ''}")
def test_values_and_slopes_are_those_of_torch(case, precision):
    numbers = [abs(number) + 0.1 for number in NUMBERS] if case[2] and case[2][0][1] in {-1.0, 2.5} else NUMBERS
    numbers = numbers[:-3] if case[2] == (("pow", 3.0),) else numbers
    one = example(case, precision, numbers)
    expected = one.net(one.features)
    nn.functional.mse_loss(expected, one.targets).backward()
    slopes = one.net.encoder[0].bias.grad.double()
    plan = one.plan()
    found = Outputs(plan)(one.features)
    runner = StepRunner(plan, one.features, one.targets, seed=1)
    assert runner.train(np.arange(1), [(0, 1)], 1, 0, 1, (0.0, 0.0)).failed is None
    start = plan.weights.start(one.net.encoder[0].bias)
    own = torch.from_numpy(runner.gradients()[start : start + len(numbers)]).double()
    allowed = ALLOWED[precision]
    size = 1 + expected.detach().double().abs()
    assert ((found - expected.detach()).double().abs() / size).max() <= allowed
    assert ((own - slopes).abs() * len(numbers) / (size * (1 + slopes.abs() * len(numbers)))).max() <= 4 * allowed


@pytest.mark.parametrize("exponent", [0.5, -1.0])
@pytest.mark.parametrize("name", ["relu", "leaky_relu", "silu", "tanh", "softsign"])
def test_in_front_of_an_infinite_slope_gradients_are_finite_where_torchs_are(name, exponent):
    one = example((name, {}, (("pow", exponent), ("pow", 2.0 if exponent > 0 else -1.0))), "double", [0.0, 0.7, 2.0])
    nn.functional.mse_loss(one.net(one.features), one.targets).backward()
    slopes = one.net.encoder[0].bias.grad
    runner = StepRunner(one.plan(), one.features, one.targets, seed=1)
    done = runner.train(np.arange(1), [(0, 1)], 1, 0, 1, (0.0, 0.0))
    start = one.plan().weights.start(one.net.encoder[0].bias)
    own = torch.from_numpy(runner.gradients()[start : start + 3])
    assert (done.failed is None) == bool(slopes.isfinite().all()) == (name == "relu")
    assert torch.equal(own.isfinite(), slopes.isfinite())


@pytest.mark.parametrize("name", ["relu", "silu", "gelu", "elu", "tanh", "sigmoid", "softplus", "sin", "leaky_relu"])
def test_what_is_no_number_stays_none(name):
    one = example((name, {}, ()), "single", [math.nan, 1.0, -1.0])
    assert torch.isnan(Outputs(one.plan())(one.features)).tolist() == [[True, False, False]]


def test_dense_layers_of_all_widths_are_those_of_torch():
    """Products are done in blocks of features and of rows, with what is left over apart."""
    for width in (1, 2, 3, 4, 5, 8, 11):
        for rows in (1, 7, 8, 9, 16, 31):
            spec = make_spec(encoder=(layer_of("dense", None, width),), decoder=(), precision="double")
            spec = replace(spec, num_inputs=width, num_outputs=width)
            net = HybridNet.build(spec, native_layer(circuit(), "double"), 5, width)
            net.circuit = nn.Identity()
            features, targets = torch.randn(rows, 5).double(), torch.randn(rows, width).double()
            one = Example(net, spec, features, targets, None)
            nn.functional.mse_loss(net(features), targets).backward()
            runner = StepRunner(one.plan(), features, targets, seed=1)
            runner.train(np.arange(rows), [(0, rows)], 1, 0, 1, (0.0, 0.0))
            expected = torch.cat([weight.grad.reshape(-1) for weight in net.parameters()])
            torch.testing.assert_close(torch.from_numpy(runner.gradients()), expected, rtol=1e-12, atol=1e-12)

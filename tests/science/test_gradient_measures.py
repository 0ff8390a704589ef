"""Gradients, Fourier coefficients, Fisher matrices and landscapes against closed forms, differences and references."""

from __future__ import annotations

import math

import numpy as np
import pytest

import hqnn
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.science.analysis.ensemble import Ensemble, suited_range
from hqnn_dsl.science.analysis.fisher import averaged_fishers, effective_dimension, fisher_matrices
from hqnn_dsl.science.analysis.fourier import Grid, grid_of
from hqnn_dsl.science.analysis.gradients import Variance, exponent, shown_output, weight_names
from hqnn_dsl.science.analysis.landscape import filter_normalised, steps_of


def _spec(lines: str, qubits: int = 1) -> str:
    return f"hqnn 1\nlet n = {qubits}\nmodel m {{ circuit on n qubits {{\n{lines}\n}} }}"


PRODUCT = _spec("weight w[n]\nfor q in 0..n { ry(w[q]) q }\nmeasure parity", 2)


def test_outputs_and_derivatives_are_those_of_the_reference():
    blocks = "feature_map angle()\nansatz strongly_entangling(reps: 1)"
    spec = _spec(f"weight a[2]\n{blocks}\ncrx(a[0] * a[1]) 0, 1\nmeasure z, x[0]*y[1]", 2)
    program = hqnn.compile(spec)
    ensemble = Ensemble(program.logical, seed=5)
    points = ensemble.draw(4, "any")
    values, slopes = ensemble.jacobians(points)
    layer = program.quantum_layer("reference", precision="double")
    import torch

    for row, point in enumerate(points):

        def at(weights: np.ndarray, point: np.ndarray = point) -> np.ndarray:
            start = 0
            with torch.no_grad():
                for tensor in program.logical.weights:
                    layer.take(tensor.path).copy_(
                        torch.from_numpy(weights[start : start + tensor.size].reshape(tensor.shape))
                    )
                    start += tensor.size
                return layer(torch.from_numpy(point[None, :2])).numpy()[0]

        weights = point[2:]
        assert values[row] == pytest.approx(at(weights), abs=1e-12)
        for k in range(len(weights)):
            step = np.zeros(len(weights))
            step[k] = 1e-6
            assert slopes[row, :, k] == pytest.approx((at(weights + step) - at(weights - step)) / 2e-6, abs=1e-7)


def test_the_variance_of_a_cosine_is_a_half():
    found = hqnn.analyze(_spec("weight w[1]\nry(w[0]) 0\nmeasure z"), only="gradients", samples=4000)["gradients"]
    assert found["variance"].value == pytest.approx(0.5, abs=5 * found["variance"].error)
    assert found["variance"].error == pytest.approx(math.sqrt(1 / 8 / 4000), rel=0.1)  # Var[sin²] = 1/8


def test_the_variance_of_a_global_product_halves_with_every_qubit():
    """f = Π cos w_q: Var[∂f/∂w] = 2^-n exactly."""
    found = hqnn.analyze(PRODUCT, only="gradients", samples=3000, widths="1..6")["gradients"]
    scan = found.arrays["widths"]
    assert (scan["path"], scan["values"], scan["qubits"]) == ("n", [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])
    for qubits, variance, error in zip(scan["qubits"], scan["variance"], scan["error"], strict=True):
        assert variance == pytest.approx(2.0**-qubits, abs=5 * error)
    slope = found["log2 per qubit"]
    assert slope.value == pytest.approx(-1, abs=5 * slope.error)


def test_the_depth_is_found_in_a_block_a_repeat_or_a_loop():
    block = "let n = 2\nmodel m { circuit on n qubits { ansatz real_amplitudes(reps: 1)\nmeasure z } }"
    layers = "for l in 0..d { for q in 0..n { ry(w[l, q]) q } }"
    loop = f"let n = 2\nlet d = 1\nmodel m {{ circuit on n qubits {{ weight w[d, n]\n{layers}\nmeasure z }} }}"
    repeat = "let d = 2\nmodel m { circuit on 2 qubits { repeat d { ansatz brickwork(reps: 1) }\nmeasure z } }"
    paths = {"circuit.real_amplitudes.reps": block, "d": loop}
    for path, text in paths.items():
        found = hqnn.analyze(f"hqnn 1\n{text}", only="gradients", samples=20, depths="1..3")["gradients"]
        assert found.arrays["depths"]["path"] == path
        assert len(set(found.arrays["depths"]["weights"])) == 3
    with pytest.raises(Refusal) as refused:  # `d` and the block's `reps` may both be meant
        hqnn.analyze(f"hqnn 1\n{repeat}", only="gradients", depths="1..3")
    assert refused.value.diagnostics[0].code == "E0673"
    assert hqnn.analyze(f"hqnn 1\n{repeat}", only="gradients", samples=20, depths="d=1..3")["gradients"][
        "variance"
    ].value


def test_a_line_through_variances_is_fitted_by_their_errors():
    found = [Variance((0,), ((1.0,),), 2.0 ** (3 - 2 * x), 0.01 * 2.0 ** (3 - 2 * x), 0) for x in range(5)]
    slope, error, reason = exponent(range(5), found)
    assert slope == pytest.approx(-2)
    assert error == pytest.approx(0.01 / math.log(2) / math.sqrt(10))  # equal weights: sd / sqrt(sum of squares of x)
    assert not reason
    assert exponent([1, 2], [found[0], Variance((0,), ((0.0,),), None, 0.0, 1)])[0] is None


def test_weights_that_reach_nothing_are_counted_and_left_out_of_the_mean():
    found = hqnn.analyze(_spec("weight w[2]\nry(w[0]) 0\nrz(w[1]) 0\nmeasure z"), only="gradients", samples=200)[
        "gradients"
    ]
    assert found["constant"].value == 1
    assert found.arrays["table"][0][1] == 0
    assert found["variance"].value == pytest.approx(found.arrays["table"][0][0])


def test_names_of_outputs_and_weights():
    circuit = hqnn.compile(
        _spec("ansatz real_amplitudes(reps: 1)\nmeasure z[0], 0.5*x[0]*y[1] + z[1], probabilities(0, 1)", 2)
    ).logical
    assert [shown_output(circuit, k) for k in range(6)] == [
        "z[0]",
        "0.5·x[0]·y[1] + z[1]",
        "p(00)",
        "p(01)",
        "p(10)",
        "p(11)",
    ]
    assert weight_names(circuit, [0, 3])[1].endswith("w[1, 1]")


def test_weights_as_the_spec_draws_them():
    spec = _spec("weight w[2] = normal(0.1)\nry(w[0]) 0\nry(w[1]) 0\nmeasure z")
    ensemble = Ensemble(hqnn.compile(spec).logical, weights="spec")
    assert ensemble.draw_weights(5000, "any").std() == pytest.approx(0.1, rel=0.05)
    zeros = hqnn.analyze(spec.replace("normal(0.1)", "zeros"), only="gradients", weights="spec")["gradients"]
    assert "not random" in zeros.reason


def test_frozen_weights_stay_at_their_start():
    program = hqnn.compile(_spec("weight a[1], b[1]\nry(a[0]) 0\nrz(b[0]) 0\nfreeze a\nmeasure x"))
    drawn = Ensemble(program.logical, spec_seed=program.spec.train.seed).draw_weights(5, "any")
    start = program.quantum_layer("reference", seed=program.spec.train.seed).take("a").item()
    assert drawn[:, 0] == pytest.approx([start] * 5)
    assert len(set(drawn[:, 1])) == 5


# ------------------------------------------------------------------------------------------------- Fourier series


def test_the_coefficients_of_a_cosine():
    found = hqnn.analyze(_spec("input v[1]\nry(3 * v[0]) 0\nmeasure z"), only="coefficients", samples=2)["coefficients"]
    (one,) = found.arrays["by_input"]
    assert one["frequencies"] == [0, 3]
    assert one["mean_square"][0] == pytest.approx([0, 0.25])
    assert found["varying"].value == pytest.approx(1)
    assert found["outside"].value < 1e-12


def test_coefficients_are_integrals_over_the_period():
    first = "ry(w[0]) 0\nrz(v[0]) 0\nrx(w[1]) 0\ncrx(v[0]) 0, 1"
    spec = _spec(f"input v[2]\nweight w[3]\n{first}\nry(v[1]) 1\ncx 0, 1\nry(w[2]) 1\nmeasure z[1]", 2)
    found = hqnn.analyze(spec, only="coefficients", samples=3, seed=2)["coefficients"].arrays["by_input"][0]
    ensemble = Ensemble(hqnn.compile(spec).logical, seed=2)
    point = ensemble.draw(3, "coefficients")[0]
    x = np.arange(999) * (4 * math.pi / 999)
    rows = np.tile(point, (999, 1))
    rows[:, 0] = x
    outputs = ensemble.outputs(rows)[:, 0]
    for place, frequency in enumerate(found["frequencies"]):
        integral = np.mean(outputs * np.exp(-1j * frequency * x))
        assert found["real"][0][place] == pytest.approx(integral.real, abs=1e-12)
        assert found["imaginary"][0][place] == pytest.approx(integral.imag, abs=1e-12)


def test_grids_have_a_period_and_enough_points():
    assert grid_of([0, 1, 2]) == Grid(1.0, 8)
    assert grid_of([0, 0.5, 1.0]).base == pytest.approx(0.5)
    assert grid_of([0, 2 / 3, 1.0]).base == pytest.approx(1 / 3)
    assert "not multiples" in grid_of([0, 1, math.sqrt(2)])
    assert "no output" in grid_of([0.0])
    assert "more than" in grid_of([0, 1, 5000])


def test_inputs_without_a_series_are_left_out_with_the_reason():
    spec = _spec("input v[2]\nry(v[0]) 0\nry(acos(v[1])) 1\ncx 0, 1\nmeasure z", 2)
    assert suited_range(hqnn.compile(spec).logical) == (-1, 1)
    found = hqnn.analyze(spec, only="coefficients", samples=2)["coefficients"]
    assert [bool(one["reason"]) for one in found.arrays["by_input"]] == [False, True]
    assert any("`acos`" in sentence for sentence in found.settings)


# ----------------------------------------------------------------------------------------------- Fisher information

QISKIT = """weight w[6]
  input v[3]
  for q in 0..3 { h q; p(2 * v[q]) q }
  for q in 0..3 { ry(w[q]) q }
  cx 1, 2
  cx 0, 1
  for q in 0..3 { ry(w[3 + q]) q }
  measure """


@pytest.mark.parametrize(
    ("measured", "likelihood", "inputs", "weights", "expected"),
    [
        ("parity", "parity", 10, 10, 4.51202148),
        ("parity", "parity", 1, 1, 1.39529449),
        ("parity", "parity", 10, 1, 3.97371533),
        ("probabilities", "categorical", 10, 10, 5.90859124),
    ],
)
def test_the_effective_dimensions_of_qiskit_machine_learning(measured, likelihood, inputs, weights, expected):
    """The values of its own tests, for 5000 data."""
    generator = np.random.default_rng(1234)
    drawn = generator.uniform(0, 1, (weights, 6))
    points = generator.normal(0, 1, (inputs, 3))
    ensemble = Ensemble(hqnn.compile(_spec(QISKIT + measured, 3)).logical)
    found = averaged_fishers(ensemble, drawn, points, likelihood)
    assert effective_dimension(found, 5000) == pytest.approx(expected, abs=2e-8)


def test_fisher_matrices_of_two_classes():
    """p = (cos² w/2, sin² w/2): F = 1 whatever w; with unit variance F = sin² w."""
    w = np.array([0.3, 1.1, 2.0])
    p = np.stack([np.cos(w / 2) ** 2, np.sin(w / 2) ** 2], axis=1)
    slopes = np.stack([-np.sin(w) / 2, np.sin(w) / 2], axis=1)[:, :, None]
    assert fisher_matrices(p, slopes, "categorical").ravel() == pytest.approx([1, 1, 1])
    assert fisher_matrices(np.cos(w)[:, None], -np.sin(w)[:, None, None], "parity").ravel() == pytest.approx([1, 1, 1])
    assert fisher_matrices(np.cos(w)[:, None], -np.sin(w)[:, None, None], "gaussian").ravel() == pytest.approx(
        np.sin(w) ** 2
    )
    certain = fisher_matrices(np.array([[1.0, 0.0]]), np.zeros((1, 2, 1)), "categorical")
    assert certain.ravel() == pytest.approx([0])


def test_the_effective_dimension_is_the_formula():
    generator = np.random.default_rng(0)
    roots = generator.normal(size=(7, 4, 3))
    fishers = np.einsum("wpk,wqk->wpq", roots, roots)
    kappa = 900 / (2 * math.pi * math.log(900))
    scaled = 4 * fishers / np.trace(fishers, axis1=1, axis2=2).mean()
    mean = np.mean([math.sqrt(np.linalg.det(np.eye(4) + kappa * one)) for one in scaled])
    assert effective_dimension(fishers, 900) == pytest.approx(2 * math.log(mean) / math.log(kappa))
    assert effective_dimension(fishers, 2) is None
    assert effective_dimension(np.zeros((3, 2, 2)), 900) is None


def test_the_likelihood_is_that_of_the_outputs():
    probabilities = _spec("ansatz real_amplitudes(reps: 1)\nmeasure probabilities", 2)
    found = hqnn.analyze(probabilities, only="fisher", samples=5)["fisher"]
    assert found.arrays["likelihood"] == "categorical"
    assert found["weights"].value == 4
    assert found["rank"].value <= 3
    values = hqnn.analyze(probabilities.replace("measure probabilities", "measure z"), only="fisher", samples=5)
    assert values["fisher"].arrays["likelihood"] == "gaussian"
    for likelihood, measured in (("parity", "z"), ("categorical", "z")):
        with pytest.raises(Refusal) as refused:
            hqnn.analyze(probabilities.replace("probabilities", measured), only="fisher", likelihood=likelihood)
        assert refused.value.diagnostics[0].code == "E0674"


# ------------------------------------------------------------------------------------------------------- landscapes


def test_the_landscape_of_outputs():
    found = hqnn.analyze(PRODUCT, only="landscape", grid=5, seed=4)["landscape"]
    ensemble = Ensemble(hqnn.compile(PRODUCT).logical, seed=4)
    centre = ensemble.draw_weights(1, "landscape")
    (surface,) = found.arrays["surfaces"].values()
    assert surface[2][2] == pytest.approx(np.cos(centre).prod())
    assert found.arrays["steps"] == [-1, -0.5, 0, 0.5, 1]
    assert np.shape(surface) == (5, 5)


def test_directions_have_the_norms_of_the_filters():
    generator = np.random.default_rng(0)
    weights = generator.normal(size=(3, 4))
    found = filter_normalised(generator.normal(size=(3, 4)), weights)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.linalg.norm(weights, axis=1))
    assert filter_normalised(generator.normal(size=(1, 4)), np.zeros((1, 4))) == pytest.approx(np.zeros((1, 4)))
    assert steps_of(3) == [-1, 0, 1]


def test_the_landscape_of_the_loss_on_a_table():
    import pandas as pd
    import torch

    from hqnn_dsl.data.split import split_rows
    from hqnn_dsl.data.tables import read_table
    from hqnn_dsl.training.run import set_up

    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(40, 3)), columns=["a", "b", "y"])
    spec = """hqnn 1
    model small {
      data { target y }
      encoder { dense(2); tanh * pi }
      circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
      decoder { dense(1) }
      train { precision double; device cpu }
      backend native(precision: double)
    }"""
    program = hqnn.compile(spec)
    found = hqnn.analyze(program, frame, only="landscape", grid=3)["landscape"]
    setup = set_up(program, read_table(frame, program.spec.data.read), None, split_rows)
    rows = setup.samples.train
    with torch.no_grad():
        expected = torch.nn.functional.mse_loss(setup.training.net(rows.features), rows.targets).item()
    assert found["loss at the centre"].value == pytest.approx(expected, rel=1e-9)
    assert found["loss range"].value > 0

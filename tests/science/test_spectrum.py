"""The reachable spectrum against Fourier transforms of the outputs, and against sets written by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import hqnn_dsl
from hqnn_dsl.science.affine import affine
from hqnn_dsl.science.spectrum import spectrum


def _circuit(lines: str, qubits: int = 2) -> str:
    return f"hqnn 1\nmodel m {{ circuit on {qubits} qubits {{\n{lines}\n}} }}"


def _spectrum(lines: str, qubits: int = 2, **options):
    return spectrum(hqnn_dsl.compile(_circuit(lines, qubits)).logical, **options)


def test_one_rotation_reaches_frequency_one():
    found = _spectrum("input v[1]\nrx(v[0]) 0\nmeasure z[0]", 1)
    assert found.per_input == {0: (0.0, 1.0)}
    assert found.vectors == ((0.0,), (1.0,))
    assert found.size == 3


def test_repeated_encoding_reaches_as_many_frequencies_as_repeats():
    lines = "input v[1]\nweight w[3, 3]\nfor l in 0..3 { rx(v[0]) 0; u(w[l, 0], w[l, 1], w[l, 2]) 0 }\nmeasure z[0]"
    assert _spectrum(lines, 1).per_input[0] == (0.0, 1.0, 2.0, 3.0)


def test_factors_are_frequencies_and_exponential_encodings_reach_all_sums():
    lines = "input v[1]\nfor q in 0..3 { ry(3 ** q * v[0]) q }\nansatz strongly_entangling(reps: 2)\nmeasure z[0]"
    found = _spectrum(lines, 3)
    assert found.per_input[0] == tuple(float(k) for k in range(14))


def test_thirds_add_up_to_one():
    lines = "input v[1]\nweight w[8]\nry(w[0]) 0\n" + "\n".join(f"rx(v[0] / 3) 0\nry(w[{k}]) 0" for k in range(1, 4))
    found = _spectrum(lines + "\nrx(v[0]) 0\nry(w[4]) 0\nmeasure z".replace("w[8]", "w[5]"), 1)
    assert found.per_input[0] == pytest.approx((0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2), abs=1e-9)


def test_controlled_rotations_add_half_frequencies():
    lines = "input v[1]\nweight a[2]\nrx(a[0]) 0\nrx(a[1]) 1\ncrx(v[0]) 0, 1\nmeasure z[1], x[0]"
    assert _spectrum(lines).per_input[0] == (0.0, 0.5, 1.0)


def test_slots_outside_the_light_cone_add_nothing():
    found = _spectrum("input v[2]\nrx(v[0]) 0\nrx(2 * v[1]) 1\nmeasure z[0]")
    assert [slot.factors for slot in found.slots] == [((0, 1.0),)]
    assert found.vectors == ((0.0, 0.0), (1.0, 0.0))


def test_outputs_are_not_mixed():
    lines = "input v[2]\nrx(v[0]) 0\nrx(2 * v[1]) 1\nmeasure z"
    assert _spectrum(lines).vectors == ((0.0, 0.0), (0.0, 2.0), (1.0, 0.0))
    assert _spectrum(lines, output=1).vectors == ((0.0, 0.0), (0.0, 2.0))


def test_angles_that_are_not_linear_have_no_series_and_say_why():
    found = _spectrum("input v[2]\nry(acos(v[0])) 0\nry(v[1]) 1\ncx 0, 1\nmeasure z")
    assert found.per_input == {0: None, 1: (0.0, 1.0)}
    assert "`acos`" in found.reasons[0]
    assert found.vectors is None
    assert "`acos`" in found.reason


def test_products_of_inputs_are_named():
    found = _spectrum("input v[2]\nh 0\nh 1\nrzz(v[0] * v[1]) 0, 1\nh 0\nmeasure z[0]")
    assert "another input" in found.reasons[0]


def test_a_weight_as_factor_needs_its_value():
    lines = "input v[1]\nweight a[1]\nrx(a[0] * v[0] + 1) 0\nmeasure z[0]"
    assert "weight" in _spectrum(lines, 1).reasons[0]
    assert _spectrum(lines, 1, weights=[2.5]).per_input[0] == (0.0, 2.5)


def test_amplitudes_have_no_series():
    found = spectrum(hqnn_dsl.compile(_circuit("feature_map amplitude()\nansatz real_amplitudes()\nmeasure z")).logical)
    assert set(found.per_input.values()) == {None}
    assert "amplitude" in found.reason


def test_a_set_that_is_too_large_is_counted_no_further():
    lines = "feature_map angle() \nansatz real_amplitudes(reps: 3)\nmeasure z"
    found = _spectrum(lines, 6, most=100)
    assert found.vectors is None
    assert "more than 100" in found.reason
    assert found.per_input[5] == (0.0, 1.0)


@pytest.mark.parametrize("seed", range(6))
def test_no_other_frequency_has_a_coefficient(seed: int):
    """The Fourier transform over a grid of both inputs vanishes outside the set, whatever the weights."""
    generator = np.random.default_rng(seed)
    gates = ["rx({}) {}", "ry({}) {}", "rz({}) {}"]
    pairs = ["crx({}) {}, {}", "rzz({}) {}, {}", "cp({}) {}, {}"]
    lines = ["input v[2]", "weight w[12]"]
    for number in range(12):
        a, b = generator.permutation(3)[:2]
        lines.append(gates[generator.integers(3)].format(f"w[{number}]", a))
        if number < 4:
            angle = f"{generator.integers(1, 3)} * v[{generator.integers(2)}]"
            lines.append(pairs[generator.integers(3)].format(f"2 * {angle}", a, b))
        lines.append(f"cx {a}, {b}")
    program = hqnn_dsl.compile(_circuit("\n".join([*lines, "measure z[0], x[1]*y[2]"]), 3))
    found = spectrum(program.logical)
    layer = program.quantum_layer("reference", precision="double", seed=seed)
    size = 64
    grid = torch.arange(size, dtype=torch.float64) * (2 * math.pi / size)
    points = torch.cartesian_prod(grid, grid)
    outputs = layer(points).detach().numpy().reshape(size, size, 2)
    for number in range(2):
        coefficients = np.fft.fft2(outputs[..., number]) / size**2
        allowed = spectrum(program.logical, output=number).vectors
        reached = {vector for vector in np.ndindex(size, size) if abs(coefficients[vector]) > 1e-9}
        named = {tuple(int(s * x) % size for x in vector) for vector in allowed for s in (1, -1)}
        assert reached <= named
    assert len(found.vectors) > 1


def test_affine_angles_against_differences():
    """The factors of an angle are its differences between unit points."""
    from hqnn_dsl.circuit.angles import Apply, Const, InputRef, WeightRef, evaluate

    x, y, w = InputRef(0), InputRef(1), WeightRef(0)
    angle = Apply(
        "sub",
        (
            Apply("div", (Apply("mul", (Const(3.0), Apply("add", (x, Const(1.0))))), Const(4.0))),
            Apply("mul", (Apply("neg", (y,)), Apply("sin", (w,)))),
        ),
    )
    found = affine(angle, [0.7])
    zero = evaluate(angle, (0.0, 0.0), (0.7,))
    assert found.constant == pytest.approx(zero)
    assert found.factors[0] == pytest.approx(evaluate(angle, (1.0, 0.0), (0.7,)) - zero)
    assert found.factors[1] == pytest.approx(evaluate(angle, (0.0, 1.0), (0.7,)) - zero)
    assert set(affine(angle).reasons) == {1}

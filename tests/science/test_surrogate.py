"""The features of a surrogate span the outputs of its circuit, as Qiskit computes them; and no fewer features do."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch

import hqnn_dsl as hqnn
from hqnn_dsl.circuit.angle_text import angle_of_text, text_of_angle
from hqnn_dsl.science.derived import frequencies
from hqnn_dsl.science.derived.derive import derive
from hqnn_dsl.science.derived.frequencies import phases_of

CIRCUITS = {
    "angle": "feature_map angle(); ansatz real_amplitudes(reps: 1)",
    "read twice": "repeat 2 { feature_map angle(); ansatz strongly_entangling(reps: 1) }",
    "z": "feature_map z(reps: 2); ansatz real_amplitudes(reps: 1)",
    "controlled": "input x[2]; h 0; h 1; crx(x[0]) 0, 1; cry(2*x[1]) 1, 0; ansatz real_amplitudes(reps: 1)",
    "products": "input x[2]; h 0; h 1; rz(2*x[0]) 0; rzz(2*(pi - x[0])*(pi - x[1])) 0, 1; ansatz brickwork()",
    "functions": "input x[2]; ry(acos(x[0]/4)) 0; rx(sin(x[1]) + x[0]) 1; ansatz real_amplitudes(reps: 1)",
    "trained scale": "input x[2]; weight w[2]; ry(w[0]*x[0] + w[1]) 0; ry(w[1]*x[1]) 1; cx 0, 1; rx(0.3) 0",
}
FUNCTIONS = {"x": None, "pi": math.pi, "acos": np.arccos, "sin": np.sin}


def program(body):
    text = f"hqnn 1\nmodel m {{\n  encoder {{ dense(2) }}\n  circuit on 2 qubits {{ {body}; measure z, x[0]*y[1] }}\n"
    return hqnn.compile_text(text + "  decoder { dense(1) }\n  train { precision double }\n}\n")


def features(texts, x):
    """Ones, cosines and sines, by NumPy from the texts of the phases."""
    phases = [eval(text, {"__builtins__": {}}, FUNCTIONS | {"x": x.T}) for text in texts]
    return np.column_stack([np.ones(len(x)), *map(np.cos, phases), *map(np.sin, phases)])


def by_qiskit(made, x):
    """Outputs `[N, M]` at the weights that training starts from, by Qiskit's statevectors."""
    from qiskit.quantum_info import Statevector

    layer = made.network(3, 1).circuit
    values = {}
    for tensor in made.logical.weights:
        numbers = layer.take(tensor.path).detach().double().reshape(-1).tolist()
        for place, index in enumerate(np.ndindex(*tensor.shape)):
            values[f"{tensor.path}[{', '.join(map(str, index))}]" if tensor.shape else tensor.path] = numbers[place]
    found = []
    for row in x:
        bound = values | {f"x[{k}]": value for k, value in enumerate(row)}
        circuit = made.circuit
        circuit = circuit.assign_parameters({p: bound[p.name] for p in circuit.parameters})
        state = Statevector(circuit)
        found.append([state.expectation_value(operator).real for operator in made.observables])
    return np.array(found)


def misfit(matrix, outputs):
    solved = np.linalg.lstsq(matrix, outputs, rcond=None)[0]
    return np.abs(matrix @ solved - outputs).max()


@pytest.mark.parametrize("name", CIRCUITS)
def test_least_squares_on_the_features_are_the_circuit(name):
    made = program(CIRCUITS[name])
    found = phases_of(made.logical, made.spec.train.seed)
    assert not found.are_sampled
    assert found.weights_fixed == (name == "trained scale")
    x = np.random.default_rng(5).uniform(-3, 3, size=(4 * len(found.texts) + 20, 2))
    outputs = by_qiskit(made, x)
    assert misfit(features(found.texts, x), outputs) < (1e-6 if found.weights_fixed else 1e-8)
    assert misfit(features(found.texts[:1], x), outputs) > 1e-3


def test_the_frequencies_of_small_circuits_are_known():
    assert set(phases_of(program(CIRCUITS["angle"]).logical, 0).texts) == {"x[0]", "x[1]", "x[0] + x[1]", "x[0] - x[1]"}
    twice = phases_of(program(CIRCUITS["read twice"]).logical, 0).texts
    assert len(twice) == (5 * 5 - 1) // 2
    half = phases_of(program("input x[2]; h 0; crx(x[0]) 0, 1").logical, 0).texts
    assert "0.5*x[0]" in half
    zero = phases_of(program("input x[2]; ry(x[0]) 0; rz(x[1]) 1").logical, 0).texts
    assert zero == ("x[0]",)  # no output sees the phase of a basis state


def test_the_layer_computes_these_features():
    for name in ("read twice", "products", "functions"):
        made = program(CIRCUITS[name])
        one = next(one for one in derive(made) if one.name == "surrogate")
        net = hqnn.compile_text(one.text).network(3, 1)
        texts = re.findall(r'"([^"]*)"', one.text)
        x = torch.randn(6, 2, dtype=torch.float64)
        np.testing.assert_allclose(net.encoder[1](x).numpy(), features(texts, x.numpy())[:, 1:], atol=1e-12)
        single = net.float().encoder[1](x.float()).numpy()
        np.testing.assert_allclose(single, features(texts, x.numpy())[:, 1:], atol=1e-4)
        again = net.double().encoder[1](x).numpy()  # no digit is lost on the way
        np.testing.assert_allclose(again, features(texts, x.numpy())[:, 1:], atol=1e-12)


def test_of_too_many_frequencies_some_are_drawn(monkeypatch):
    made = program("repeat 3 { feature_map z(reps: 2); ansatz real_amplitudes(reps: 1) }")
    whole = phases_of(made.logical, 0, most=1000)
    some = phases_of(made.logical, 0, most=20)
    assert some.total == whole.total == len(whole.texts) > 20
    assert len(set(some.texts)) == 20
    assert set(some.texts) < set(whole.texts)
    assert phases_of(made.logical, 0, most=20) == some
    assert phases_of(made.logical, 1, most=20) != some
    monkeypatch.setattr(frequencies, "MOST_COUNTED", 10)
    uncounted = phases_of(made.logical, 0, most=20)
    assert uncounted.total is None
    assert set(uncounted.texts) < set(whole.texts)
    assert len(uncounted.texts) == 20


@pytest.mark.parametrize(
    "text", ["x[0]", "2*x[0] - x[1]", "-x[0]", "(pi - x[0])*(pi - x[1])", "x[0]**2", "-(x[0] + 1)", "x[0]/(2*x[1])",
             "x[0] - (x[1] - 1)", "(-x[0])**2", "sin(x[0])*2.5e-09", "acos(x[0]/4)"],
)  # fmt: skip
def test_texts_of_angles_are_read_as_the_same_angle(text):
    angle = angle_of_text(text)
    assert angle_of_text(text_of_angle(angle)) == angle


@pytest.mark.parametrize(
    ("text", "problem"),
    [("y", "not known"), ("x[0", "no expression"), ("x", "not known"), ("x[-1]", "no angle"), ("x[0][1]", "no angle"),
     ("__import__('os')", "no function"), ("x.real", "no angle"), ("1/0 + x[0]", "no value"), ("True", "no angle"),
     ("x[0] if 1 else 2", "no angle"), ("sin(x[0], 2)", "no function"), ("(" * 3000 + "x[0]", "no expression")],
)  # fmt: skip
def test_what_is_no_angle_is_refused(text, problem):
    with pytest.raises(ValueError, match=problem):
        angle_of_text(text)

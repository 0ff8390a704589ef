"""Random specs, from their text, against a dense simulator that shares nothing with the product: values and gradients.

Every spec runs on `native` and `reference`; the long part runs it on every exact backend and through every exported
file besides (a module from the folder and its static form included), the quick part on one more backend in turn.
`make test-slow` goes through 3,000 specs.
"""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
import torch
from spec_states import outputs
from spec_terms import ANGLES_OF
from spec_writer import LIBRARY, spec_of
from written import all_outputs

import hqnn_dsl as hqnn
from hqnn_dsl.diagnostics.diagnostic import Refusal

ALWAYS = ("native", "reference")
OTHERS = (
    "aer",
    "aer(method: estimator_qnn)",
    "aer(simulation: matrix_product_state)",
    'primitive("statevector")',
    "pennylane",
    "pennylane(diff: adjoint)",
)
NO_AMPLITUDE = "E0713"
"""Gradients by shifts of angles have none for the amplitudes of a state."""
QUICK, CHUNKS, CHUNK = 40, 30, 100


def truth(spec, cotangents):
    """Values `[N, M]`, and gradients of the weighted sum of all of them by inputs `[N, I]` and weights `[P]`."""
    found = [outputs(spec.meaning, np.array(row), np.array(spec.weights)) for row in spec.rows]
    values, slopes = (np.array(part) for part in zip(*found, strict=True))
    pulled = np.einsum("nm,nmd->nd", cotangents, slopes)
    width = spec.meaning.num_inputs
    return values, pulled[:, :width], pulled[:, width:].sum(0)


def filled(layer, spec):
    """The layer's weights by their paths, with the spec's numbers in them."""
    assert {name: tuple(weight.shape) for name, weight in layer.named_parameters()} == {
        path: shape for path, shape, _ in spec.meaning.tensors
    }
    found = [layer.take(path) for path, _, _ in spec.meaning.tensors]
    with torch.no_grad():
        for weight, (_, shape, start) in zip(found, spec.meaning.tensors, strict=True):
            numbers = torch.tensor(spec.weights[start : start + weight.numel()], dtype=torch.float64)
            weight.copy_(numbers.reshape(shape))
    return found


def compare(spec, program, backend, expected, cotangents):
    layer = program.quantum_layer(backend, precision="double")
    weights = filled(layer, spec)
    inputs = torch.tensor(spec.rows, dtype=torch.float64).reshape(len(spec.rows), -1).requires_grad_()
    values = layer(inputs)
    np.testing.assert_allclose(values.detach().numpy(), expected[0], atol=1e-9, rtol=1e-9)
    if not values.requires_grad:
        return
    (values * torch.tensor(cotangents)).sum().backward()
    by_input = np.zeros_like(expected[1]) if inputs.grad is None else inputs.grad.numpy()
    by_weight = [np.zeros(w.numel()) if w.grad is None else w.grad.numpy().ravel() for w in weights]
    scale = max(1.0, *(float(np.abs(part).max(initial=0.0)) for part in expected[1:]))
    np.testing.assert_allclose(by_input, expected[1], atol=1e-8 * scale, rtol=1e-8)
    np.testing.assert_allclose(np.concatenate([*by_weight, []]), expected[2], atol=1e-8 * scale, rtol=1e-8)


def compare_files(spec, program, folder, expected):
    """Each file as Qiskit reads it, by the names in it; the module by torch."""
    kinds = ("qasm", "qpy", "text", "observables", "static", "module")
    hqnn.write_compiled(program, folder, kinds if spec.meaning.num_inputs else kinds[:-1])
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    values = {f"x[{k}]": number for k, number in enumerate(spec.rows[0])}
    for path, shape, start in spec.meaning.tensors:
        for place, index in enumerate(np.ndindex(*shape)):
            values[f"{path}[{', '.join(map(str, index))}]" if shape else path] = spec.weights[start + place]
    try:
        read = all_outputs(files, values)
    except RuntimeError as error:
        # In QPY asin and acos are Qiskit's own, which refuses numbers beyond 1.
        if "Binding to NaN" in str(error) and {"angle asin", "angle acos"} & spec.meaning.seen.keys():
            return
        raise
    for name, found in read.items():
        np.testing.assert_allclose(found, expected[0][0], atol=1e-9, err_msg=name)
    assert json.loads(files["static.json"])


def check(seed, backends, folder=None):
    spec = spec_of(seed)
    cotangents = np.random.default_rng(seed).normal(size=(len(spec.rows), num_outputs(spec.meaning)))
    expected = truth(spec, cotangents)
    refused = 0
    program = hqnn.compile_text(spec.text)
    for backend in backends:
        try:
            compare(spec, program, backend, expected, cotangents)
        except Refusal as refusal:
            if spec.meaning.amplitude is None or refusal.diagnostics[0].code != NO_AMPLITUDE:
                raise AssertionError(f"seed {seed}, {backend}\n{refusal}\n{spec.text}") from None
            refused += 1
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {backend}\n{error}\n{spec.text}") from None
    if folder is not None:
        try:
            compare_files(spec, program, folder, expected)
        except (AssertionError, Refusal) as error:
            raise AssertionError(f"seed {seed}, exports\n{error}\n{spec.text}") from None
    return refused


def num_outputs(meaning):
    return sum(2 ** len(what) if kind == "probabilities" else 1 for kind, what in meaning.measured)


@pytest.mark.parametrize("seed", range(QUICK))
def test_a_random_spec_is_what_its_text_says(seed):
    check(seed, (*ALWAYS, OTHERS[seed % len(OTHERS)]))


@pytest.mark.parametrize("seed", range(0, QUICK, 8))
def test_its_files_say_the_same(seed, tmp_path):
    check(seed, (), tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_three_thousand_random_specs(chunk, tmp_path):
    refused = 0
    for seed in range(CHUNK * chunk, CHUNK * (chunk + 1)):
        refused += check(seed, (*ALWAYS, *OTHERS), tmp_path / str(seed))
    assert refused < CHUNK


def test_no_construct_is_lost():
    """In the long part every construct is carried out in at least twenty specs; counted in a fifth of them."""
    seen = Counter()
    for seed in range(0, CHUNKS * CHUNK, 5):
        seen += Counter(dict.fromkeys(spec_of(seed).meaning.seen, 1))
    wanted = {
        *(f"gate {name}" for name in ANGLES_OF if name != "gate"),
        *(f"angle {name}" for name in (*"+-*/", "**", "neg", "sin", "cos", "tan", "asin", "acos", "atan", "tanh")),
        *(f"angle {name}" for name in ("exp", "log", "sqrt", "abs", "x", "w", "number")),
        *(f"block {name}" for name in (*LIBRARY, "amplitude")),
        *("for", "repeat", "if", "else", "let", "input", "weight", "gate by name", "gate pauli_rot"),
        *("slice of inputs", "slice of qubits"),
        *(f"measure {form}" for form in ("letter", "parity", "probabilities", "product", "sum")),
    }
    rare = {name: seen[name] for name in wanted if 5 * seen[name] < 20}
    assert not rare

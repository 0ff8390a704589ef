"""The gate lists of the benchmark are the circuits of our specs, by Qiskit's own methods and states."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from qiskit.quantum_info import Pauli, Statevector

import hqnn_dsl as hqnn
from benchmarks import oracle
from benchmarks.peers import reference
from benchmarks.peers.qnn import circuit_of
from benchmarks.workloads import FAMILIES, WORKLOADS, Workload, numbers_of, workload_of


@pytest.mark.parametrize("family", FAMILIES)
def test_the_spec_and_the_gates_are_the_same_circuit(family):
    workload = Workload(family, 3, 4)
    numbers = numbers_of(workload)
    layer = hqnn.compile_text(workload.spec).quantum_layer(backend="reference", precision="double")
    taken = 0
    for tensor in layer.parameters():
        piece = numbers.weights[taken : taken + tensor.numel()]
        tensor.data = torch.tensor(piece).reshape(tensor.shape)
        taken += tensor.numel()
    assert taken == workload.num_weights
    found = layer(torch.tensor(numbers.inputs)).detach().numpy()
    circuit, inputs, weights = circuit_of(workload)
    for row, outputs in zip(numbers.inputs, found, strict=True):
        state = Statevector(circuit.assign_parameters({inputs: row, weights: numbers.weights}))
        right = [state.expectation_value(Pauli("Z"), [q]).real for q in range(3)]
        np.testing.assert_allclose(outputs, right, atol=1e-12)


def test_names_lead_back_to_workloads():
    assert [workload_of(workload.name) for workload in WORKLOADS] == list(WORKLOADS)


@pytest.mark.parametrize("name", ["ra", "xx:4x64", "ra:4", "ra:ax2", ""])
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match="no workload"):
        workload_of(name)


def test_numbers_are_the_same_each_time():
    first, second = numbers_of(WORKLOADS[0]), numbers_of(WORKLOADS[0])
    assert np.array_equal(first.inputs, second.inputs)
    assert first.inputs.shape == first.upstream.shape == (64, 4)


def test_the_truth_is_the_same_by_rows(monkeypatch):
    workload = Workload("zz", 3, 4)
    whole = reference.truth(workload)
    monkeypatch.setattr(reference, "AMPLITUDES_AT_A_TIME", 8 * 3)
    for by_rows, at_once in zip(reference.truth(workload), whole, strict=True):
        np.testing.assert_allclose(by_rows, at_once, atol=1e-12)
    step = reference.prepare(workload, "double")
    step.step()
    for found, right in zip(step.results(), whole, strict=True):
        np.testing.assert_allclose(found, right, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_oracle_agrees_with_the_reference(family):
    workload = Workload(family, 4, 3)
    for found, right in zip(oracle.truth(workload), reference.truth(workload), strict=True):
        np.testing.assert_allclose(found, right, atol=1e-12)

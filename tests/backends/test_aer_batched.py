"""Aer with all samples and shifts in one run, against Qiskit's Statevector and the reference."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from circuits_random import Case, random_case
from conformance import (
    BATCHES,
    GATES,
    arguments,
    assert_gradients,
    assert_refuses_second_derivatives,
    assert_residuals,
    assert_second_derivatives,
    assert_values,
    every_gate,
)

from hqnn_dsl.backends.aer.backend import BACKEND
from hqnn_dsl.backends.aer.options import SIMULATIONS
from hqnn_dsl.catalog.gradients import GRADIENTS
from hqnn_dsl.catalog.noise import NOISES
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor, verify
from hqnn_dsl.network.quantum import QuantumLayer

if TYPE_CHECKING:
    from hqnn_dsl.backends import Executable

qiskit_aer = pytest.importorskip("qiskit_aer", reason="Qiskit Aer is an optional part")


def load(circuit: Circuit, precision: str) -> Executable:
    return BACKEND.load(circuit, {"precision": precision}, 0)


@pytest.mark.parametrize("gate", GATES)
def test_every_gate(gate: str) -> None:
    assert_values(load, [every_gate(gate)], "double")
    assert_gradients(load, [every_gate(gate)], "double")


def drawn(seed: int) -> Case:
    return random_case(seed, batch=BATCHES[seed % 4], max_qubits=5, max_operations=16, amplitude=False)


@pytest.mark.parametrize("seed", range(16))
def test_random_circuits(seed: int) -> None:
    precision = "single" if seed % 3 == 0 else "double"
    assert_values(load, [drawn(seed)], precision)
    assert_gradients(load, [drawn(seed)], precision)


def small(**changes: Any) -> Circuit:
    fields = {
        "num_qubits": 2,
        "operations": (Operation("rx", (0,), (0,)), Operation("ry", (0,), (1,)), Operation("cx", (0, 1))),
        "slots": (InputRef(0), WeightRef(0)),
        "measurements": (
            Observable((PauliTerm(1.0, ((1, "z"),)),)),
            Observable((PauliTerm(0.5, ((0, "x"),)), PauliTerm(-0.25, ((0, "z"), (1, "z"))), PauliTerm(2.0, ()))),
            Probabilities((1, 0)),
        ),
        "num_inputs": 1,
        "weights": (WeightTensor("w", (1,), 0),),
    }
    return verify(Circuit(**(fields | changes)))


@pytest.mark.parametrize("method", ["batched", "estimator_qnn"])
def test_qubits_that_a_term_does_not_need_do_not_make_it_wrong(method: str) -> None:
    """Aer 0.18 leaves such qubits out and then reads another Pauli (qiskit-aer #2442)."""
    circuit = small(
        num_qubits=3,
        operations=(
            *(Operation("ry", (q,), (q,)) for q in range(3)),
            Operation("rx", (2,), (3,)),
            Operation("cx", (1, 2)),
        ),
        slots=(InputRef(0), InputRef(1), InputRef(2), WeightRef(0)),
        measurements=tuple(Observable((PauliTerm(1.0, ((2, letter),)),)) for letter in "xyz"),
        num_inputs=3,
    )
    case = Case(circuit, np.array([[0.3, 0.4, 0.8]]), np.array([0.7]))
    assert_values(lambda found, precision: BACKEND.load(found, {"method": method}, 0), [case], "double")


def runs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every run of Aer from now on: the options it was made with, `rows`, and the parameters bound."""
    seen: list[dict[str, Any]] = []
    true_run, true_init = qiskit_aer.AerSimulator.run, qiskit_aer.AerSimulator.__init__
    told: dict[int, dict[str, Any]] = {}

    def init(self: Any, *args: Any, **options: Any) -> None:
        told[id(self)] = options
        true_init(self, *args, **options)

    def run(self: Any, circuits: Any, **given: Any) -> Any:
        (binds,) = given.get("parameter_binds") or [{}]
        seen.append(told[id(self)] | given | {"rows": len(next(iter(binds.values()), [0]))})
        return true_run(self, circuits, **given)

    monkeypatch.setattr(qiskit_aer.AerSimulator, "__init__", init)
    monkeypatch.setattr(qiskit_aer.AerSimulator, "run", run)
    return seen


def test_all_samples_and_all_shifts_are_one_run_and_only_those_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    run = BACKEND.load(small(), {}, 0)
    seen = runs(monkeypatch)
    for by_input, by_weight, backward in ((True, True, 4), (True, False, 2), (False, True, 2)):
        inputs = torch.full((5, 1), 0.3, requires_grad=by_input)
        weights = torch.tensor([0.5], requires_grad=by_weight)
        seen.clear()
        run(inputs, weights, None).sum().backward()
        assert [one["rows"] for one in seen] == [5, backward * 5]
        assert all(one["runtime_parameter_bind_enable"] and one["shots"] == 1 for one in seen)
        assert (inputs.grad is not None, weights.grad is not None) == (by_input, by_weight)
    with torch.no_grad():
        seen.clear()
        run(inputs, weights, None)
        assert len(seen) == 1


def test_rows_are_parted_and_the_parts_make_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    from hqnn_dsl.backends.aer import simulation

    whole, parted = [], []
    for found, most in ((whole, 4096), (parted, 3)):
        monkeypatch.setattr(simulation, "MAX_ROWS", most)
        given = arguments(drawn(3), "double", gradients=True)
        outputs = load(drawn(3).circuit, "double")(*given)
        outputs.square().sum().backward()
        found.extend([outputs.detach(), *(one.grad for one in given if one is not None)])
    for one, other in zip(whole, parted, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-13)


def test_a_wide_state_is_run_in_few_rows_at_a_time() -> None:
    wide = BACKEND.load(small(num_qubits=20), {}, 0)
    assert wide._terms.rows_at_a_time == 64
    assert BACKEND.load(small(num_qubits=20), {"precision": "single"}, 0)._terms.rows_at_a_time == 128


def test_a_circuit_without_inputs_runs_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = small(slots=(WeightRef(0), WeightRef(0)), num_inputs=0)
    run = BACKEND.load(circuit, {}, 0)
    seen = runs(monkeypatch)
    weights = torch.tensor([0.5, 0.5], dtype=torch.float64, requires_grad=True)
    outputs = run(torch.zeros(7, 0, dtype=torch.float64), weights, None)
    assert outputs.shape == (7, 6)
    (by_weight,) = torch.autograd.grad(outputs[:, 0].sum(), weights)
    assert [one["rows"] for one in seen] == [1, 4]
    np.testing.assert_allclose(by_weight, 7 * -np.sin(0.5) * np.cos(0.5), atol=1e-12)


def test_executables_pickle_and_say_what_ran() -> None:
    run = BACKEND.load(small(), {}, 0)
    given = (torch.tensor([[0.1], [0.2], [0.3]], dtype=torch.float64), torch.tensor([0.4], dtype=torch.float64), None)
    assert "runtime_parameter_bind" not in run.metadata
    assert torch.equal(pickle.loads(pickle.dumps(run))(*given), run(*given))
    assert run.metadata == {
        "method": "batched",
        "simulation": "statevector",
        "device": "CPU",
        "precision": "double",
        "custatevec": False,
        "shots": None,
        "noise": None,
        "gradient": "parameter_shift",
        "num_qubits": 2,
        "runtime_parameter_bind": True,
        "batched_shots_optimization": False,
    }


@pytest.mark.parametrize("simulation", ["exact", "matrix_product_state"])
def test_second_derivatives_are_those_of_the_reference(simulation: str) -> None:
    def load(circuit: Circuit, precision: str) -> Executable:
        return BACKEND.load(circuit, {"precision": precision, "simulation": SIMULATIONS[simulation].selected()}, 0)

    chosen = [random_case(s, batch=2, max_qubits=3, max_operations=6, amplitude=False) for s in (3, 4, 5)]
    assert_second_derivatives(load, chosen, "double")
    assert_residuals(load, "double")


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ({"shots": 100}, "`shots`"),
        ({"noise": NOISES["depolarizing"].selected(p1=0.01)}, "`noise`"),
        ({"gradient": GRADIENTS["spsa"].selected()}, "`gradient: spsa`"),
        ({"simulation": SIMULATIONS["matrix_product_state"].selected(bond=2)}, "a bounded `simulation`"),
    ],
)
def test_second_derivatives_of_estimates_are_refused(option: dict[str, Any], reason: str) -> None:
    def load(circuit: Circuit, precision: str) -> Executable:
        return BACKEND.load(circuit, option | {"precision": precision}, 0)

    assert_refuses_second_derivatives(load, "E0780")
    assert BACKEND.is_exact(option) is False
    assert load(small(), "double").inexact == reason


def test_a_layer_trains() -> None:
    circuit = small(measurements=small().measurements[:2])
    layer = QuantumLayer(circuit, load(circuit, "single"), seed=1)
    net = torch.nn.Sequential(torch.nn.Linear(3, 1), layer, torch.nn.Linear(2, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    losses = []
    for _ in range(12):
        optimizer.zero_grad()
        loss = (net(x) - 1).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())

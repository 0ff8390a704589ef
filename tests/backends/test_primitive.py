"""Circuits through Qiskit's estimators: exact values, noise of fake devices against Aer's, seeds, order of angles."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from circuits_random import Case, expected, random_case
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
from qiskit.providers.fake_provider import GenericBackendV2

from hqnn_dsl.backends.aer import backend as aer
from hqnn_dsl.backends.primitive.backend import BACKEND, DEFAULT_SHOTS
from hqnn_dsl.backends.primitive.device import LocalDevice, precision_of
from hqnn_dsl.backends.primitive.executable import PrimitiveExecutable
from hqnn_dsl.backends.primitive.placement import Settings, placed
from hqnn_dsl.backends.shifts.circuit import shiftable_on
from hqnn_dsl.catalog.gradients import GRADIENTS
from hqnn_dsl.catalog.noise import NOISES
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor, verify
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from hqnn_dsl.backends import Executable

pytestmark = pytest.mark.filterwarnings("ignore:Qiskit backend .* has no QubitProperties")
pytest.importorskip("qiskit_aer", reason="Qiskit Aer is an optional part")
FAKE = "fake_manila"


def exact(circuit: Circuit, precision: str) -> Executable:
    return BACKEND.load(circuit, {"name": "statevector", "precision": precision}, 0)


def settings(**changes: Any) -> Settings:
    fields: dict[str, Any] = {
        "name": "generic",
        "shots": DEFAULT_SHOTS,
        "gradient": GRADIENTS["parameter_shift"].selected(),
        "precision": "double",
        "optimization": 1,
        "mode": "job",
        "resilience": None,
        "account": None,
    }
    return Settings(**(fields | changes))


def drawn(seed: int, **options: Any) -> Case:
    return random_case(seed, **({"max_qubits": 4, "max_operations": 12, "amplitude": False} | options))


@pytest.mark.parametrize("gate", GATES)
def test_every_gate(gate: str) -> None:
    assert_values(exact, [every_gate(gate)], "double")
    assert_gradients(exact, [every_gate(gate)], "double")


@pytest.mark.parametrize("seed", range(12))
def test_random_circuits(seed: int) -> None:
    case, precision = drawn(seed, batch=BATCHES[seed % 4]), "single" if seed % 3 == 0 else "double"
    assert_values(exact, [case], precision)
    assert_gradients(exact, [case], precision)


def ladder(num_weights: int) -> Circuit:
    """More than ten angles, each with a weight of its own in a place where an exchange shows."""
    turns = tuple(
        operation
        for k in range(num_weights)
        for operation in (
            Operation(("rx", "ry", "rz")[k % 3], (k % 3,), (k + 1,)),
            Operation("cx", (k % 3, (k + 1) % 3)),
        )
    )
    return verify(
        Circuit(
            num_qubits=3,
            operations=(Operation("ry", (0,), (0,)), *turns),
            slots=(InputRef(0), *(WeightRef(k) for k in range(num_weights))),
            measurements=(
                *(Observable((PauliTerm(1.0, ((q, letter),)),)) for q in range(3) for letter in "xyz"),
                Observable((PauliTerm(0.5, ((0, "z"), (2, "x"))), PauliTerm(-2.0, ()))),
                Probabilities((2, 0)),
            ),
            num_inputs=1,
            weights=(WeightTensor("w", (num_weights,), 0),),
        )
    )


def ladder_case(num_weights: int, batch: int = 2) -> Case:
    rng = np.random.default_rng(5)
    return Case(ladder(num_weights), rng.normal(size=(batch, 1)), rng.normal(size=num_weights))


def test_angles_go_by_our_order_and_not_by_their_names() -> None:
    """`angle[10]` is sorted before `angle[2]` in Qiskit."""
    case = ladder_case(14)
    run = exact(case.circuit, "double")
    names = [parameter.name for parameter in run.placed.shiftable.parameters]
    assert names != [parameter.name for parameter in run.placed.circuit.parameters]
    assert_values(exact, [case], "double")
    assert_gradients(exact, [case], "double")


def spread(values: np.ndarray) -> np.ndarray:
    """An upper bound of the standard error of outputs that are sums of Paulis of weight up to one."""
    return np.full_like(values, 1 / np.sqrt(DEFAULT_SHOTS))


@pytest.mark.parametrize("device", ["fake_manila", "fake_torino"])
def test_a_fake_device_has_the_noise_that_aer_gives_it(device: str) -> None:
    """Against exact noisy values from a density matrix, which is made of the same device in another way."""
    pytest.importorskip("qiskit_ibm_runtime", reason="qiskit-ibm-runtime is an optional part")
    case = ladder_case(5, batch=3)
    given = arguments(case, "double")
    run = BACKEND.load(case.circuit, {"name": device}, 0)
    noisy = aer.BACKEND.load(case.circuit, {"noise": NOISES["from"].selected(device=device)}, 0)
    found, truth = run(*given).numpy(), noisy(*given).numpy()
    assert np.abs(truth - expected(case)).max() > 0.02
    assert (np.abs(found - truth) < 5 * spread(truth)).all()
    assert run.metadata["device"] == device
    assert run.metadata["shots"] == DEFAULT_SHOTS
    bases = run.metadata["bases"]
    assert 3 <= bases <= 5
    assert run.metadata["circuits"] == 3 * bases
    assert run.metadata["all_shots"] == 3 * bases * DEFAULT_SHOTS


def test_shots_have_the_spread_of_counting_and_rows_are_drawn_apart() -> None:
    """One qubit on an ideal local device: 400 equal rows, each with a mean of its own."""
    circuit = verify(
        Circuit(
            num_qubits=1,
            operations=(Operation("ry", (0,), (0,)),),
            slots=(InputRef(0),),
            measurements=(Observable((PauliTerm(1.0, ((0, "z"),)),)), Observable((PauliTerm(1.0, ((0, "x"),)),))),
            num_inputs=1,
            weights=(),
        )
    )
    rows, shots, angle = 400, 256, 0.7
    run = on_generic(circuit, shots=shots)
    found = run(torch.full((rows, 1), angle, dtype=torch.float64), torch.zeros(0, dtype=torch.float64), None).numpy()
    truth = np.array([np.cos(angle), np.sin(angle)])
    error = np.sqrt((1 - truth**2) / shots)
    assert (np.abs(found.mean(axis=0) - truth) < 5 * error / np.sqrt(rows)).all()
    assert (np.abs(found.std(axis=0) / error - 1) < 5 / np.sqrt(2 * rows)).all()
    assert abs(np.corrcoef(found[1:, 0], found[:-1, 0])[0, 1]) < 5 / np.sqrt(rows)


def on_generic(circuit: Circuit, *, seed: int = 0, **changes: Any) -> PrimitiveExecutable:
    """On an ideal device of five qubits in a line, whose gates are cx, rz, sx and x."""
    backend = GenericBackendV2(5, coupling_map=[[0, 1], [1, 2], [2, 3], [3, 4]], noise_info=False, seed=1)
    shiftable = shiftable_on(circuit, backend, 1, seed)
    device = LocalDevice("generic", backend)
    return PrimitiveExecutable(circuit, settings(**changes), seed, placed(circuit, shiftable, device))


def test_a_routed_circuit_is_read_where_its_qubits_are() -> None:
    case = ladder_case(4)
    run = on_generic(case.circuit)
    assert run.placed.circuit.num_qubits == 5
    found, truth = run(*arguments(case, "double")).numpy(), expected(case)
    assert (np.abs(found - truth) < 5 * spread(truth)).all()


def test_gradients_with_shots_are_near_the_true_ones() -> None:
    case = ladder_case(3)
    shots = 20000
    run, reference = on_generic(case.circuit, shots=shots), exact(case.circuit, "double")
    truths = [slopes(reference, case, column) for column in range(9)]
    column = int(np.argmax([np.abs(truth).max() for truth in truths]))
    assert np.abs(truths[column]).max() > 0.3
    # Each is half a difference of two means, summed over two rows at most.
    assert (np.abs(slopes(run, case, column) - truths[column]) < 5 / np.sqrt(shots)).all()


def slopes(executable: Executable, case: Case, column: int) -> np.ndarray:
    """Gradients of one output by all angles."""
    given = arguments(case, "double", gradients=True)
    executable(*given)[:, column].sum().backward()
    return np.concatenate([tensor.grad.numpy().ravel() for tensor in given if tensor is not None])


def test_equal_seeds_give_equal_shots_and_each_call_has_its_own() -> None:
    case = ladder_case(3)
    given = arguments(case, "double")
    one, same, other = (on_generic(case.circuit, shots=200, seed=seed) for seed in (3, 3, 4))
    first, second = one(*given), one(*given)
    assert torch.equal(first, same(*given))
    assert not torch.equal(first, second)
    assert not torch.equal(first, other(*given))


def test_spsa_asks_two_rows_a_sample_and_is_the_gradient_on_the_mean() -> None:
    case = ladder_case(3, batch=1)
    chosen = GRADIENTS["spsa"].selected(samples=60, step=0.05)
    run = BACKEND.load(case.circuit, {"name": "statevector", "gradient": chosen}, 0)
    reference = exact(case.circuit, "double")
    column = int(np.argmax([np.abs(slopes(reference, case, k)).max() for k in range(9)]))
    truth, found = slopes(reference, case, column), slopes(run, case, column)
    assert np.abs(truth).max() > 0.1
    # A slope's error is the other slopes with random signs.
    assert (np.abs(found - truth) < 5 * np.linalg.norm(truth) / np.sqrt(60) + 1e-3).all()
    assert (
        run.meter.spent.circuits
        == run.price(1, by_sample=True, by_shared=True).circuits
        == len(run.jobs.bases) * (1 + 120)
    )


@pytest.mark.parametrize(("by_sample", "by_shared"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_is_priced_is_what_is_spent(seed: int, by_sample: bool, by_shared: bool) -> None:
    case = drawn(40 + seed, batch=3)
    run = exact(case.circuit, "double")
    sample, shared, state = arguments(case, "double")
    outputs = run(sample.requires_grad_(by_sample), shared.requires_grad_(by_shared), state)
    if outputs.requires_grad:
        outputs.sum().backward()
    price = run.price(3, by_sample=by_sample, by_shared=by_shared)
    assert run.meter.spent.circuits == price.circuits


def test_rows_without_inputs_are_run_once() -> None:
    case = Case(
        verify(
            Circuit(
                num_qubits=1,
                operations=(Operation("ry", (0,), (0,)),),
                slots=(WeightRef(0),),
                measurements=(Observable((PauliTerm(1.0, ((0, "z"),)),)),),
                num_inputs=1,
                weights=(WeightTensor("w", (1,), 0),),
            )
        ),
        np.zeros((5, 1)),
        np.array([0.4]),
    )
    run = exact(case.circuit, "double")
    assert_values(lambda circuit, precision: run, [case], "double")
    assert run.meter.spent.circuits == 1
    assert_gradients(exact, [case], "double")


@pytest.mark.parametrize("shots", [1, 2, 3, 999, 1000, 4096, 12345, 10_000_000])
def test_qiskit_takes_exactly_the_shots_that_were_asked_for(shots: int) -> None:
    assert int(np.ceil(1 / precision_of(shots) ** 2)) == shots


def test_it_can_be_pickled_and_says_what_it_is() -> None:
    case = ladder_case(2)
    run = exact(case.circuit, "double")
    again = pickle.loads(pickle.dumps(run))
    assert torch.equal(run(*arguments(case, "double")), again(*arguments(case, "double")))
    assert BACKEND.is_exact({"name": "statevector"})
    assert not BACKEND.is_exact({"name": FAKE})
    assert not BACKEND.is_exact({})
    assert not BACKEND.is_exact({"name": "statevector", "gradient": GRADIENTS["spsa"].selected()})
    assert BACKEND.is_metered({"name": FAKE})
    assert not BACKEND.is_metered({"name": "statevector"})
    assert BACKEND.is_paid({"name": "ibm_torino"})
    assert not BACKEND.is_paid({"name": FAKE})
    assert "statevector" in BACKEND.probe()


@pytest.mark.parametrize(("name", "code"), [("fake_nowhere", "E0715"), ("torino", "E0750"), ("fake_armonk", "E0716")])
def test_a_device_that_is_not_there_or_too_small(name: str, code: str) -> None:
    pytest.importorskip("qiskit_ibm_runtime", reason="qiskit-ibm-runtime is an optional part")
    with pytest.raises(Refusal) as refused:
        BACKEND.load(ladder(2), {"name": name}, 0)
    assert [item.code for item in refused.value.diagnostics] == [code]


def test_second_derivatives_of_the_exact_estimator_are_those_of_the_reference() -> None:
    chosen = [drawn(seed, batch=2, max_qubits=3, max_operations=6) for seed in (3, 4, 5)]
    assert_second_derivatives(exact, chosen, "double")
    assert_residuals(exact, "double")


def test_second_derivatives_of_estimates_are_refused() -> None:
    def by_chance(circuit: Circuit, precision: str) -> Executable:
        options = {"name": "statevector", "precision": precision, "gradient": GRADIENTS["spsa"].selected()}
        return BACKEND.load(circuit, options, 0)

    def on_device(circuit: Circuit, precision: str) -> Executable:
        device = GenericBackendV2(2, seed=1)
        shiftable = shiftable_on(circuit, device, 1, 0)
        chosen = settings(precision=precision, shots=16)
        return PrimitiveExecutable(circuit, chosen, 0, placed(circuit, shiftable, LocalDevice("generic", device)))

    for load in (by_chance, on_device):
        assert_refuses_second_derivatives(load, "E0780")

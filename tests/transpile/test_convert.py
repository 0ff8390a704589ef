"""Our circuits as Qiskit circuits: the same values, the spec's names, and files that can be read back."""

from __future__ import annotations

import io

import numpy as np
import pytest
from circuits_random import Case, expected, random_case
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.quantum_info import Statevector

from hqnn_dsl.circuit.angles import FUNCTIONS, Apply, Const, InputRef, WeightRef
from hqnn_dsl.circuit.ir import AmplitudeInput, Circuit, Observable, Operation, PauliTerm, WeightTensor, verify
from hqnn_dsl.circuit.names import weight_names
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.transpile.amplitude import prepare, tree_angles
from hqnn_dsl.transpile.convert import QISKIT, assignment, logical, observables, slotted


def values_of(bound: QuantumCircuit, circuit: Circuit) -> list[float]:
    state = Statevector(bound.decompose("PauliEvolution"))
    return [state.expectation_value(operator).real for operator in observables(circuit)]


def bound_by_name(case: Case, qc: QuantumCircuit, row: int) -> QuantumCircuit:
    """Every parameter by its name; slots that have no Qiskit form by their value."""
    slots = case.slot_values(row)
    named = {f"x[{k}]": v for k, v in enumerate(case.inputs[row])}
    named |= dict(zip(weight_names(case.circuit), case.weights, strict=True))
    named |= {f"slot[{k}]": v for k, v in enumerate(slots)}
    return qc.assign_parameters({parameter: float(named[parameter.name]) for parameter in qc.parameters})


@pytest.mark.parametrize("block", range(6))
def test_both_forms_have_the_values_of_the_random_circuits(block: int) -> None:
    for seed in range(block, 90, 6):
        case = random_case(seed, batch=1, max_qubits=5, amplitude=False)
        truth = expected(case)[0]
        named = bound_by_name(case, logical(case.circuit), 0)
        np.testing.assert_allclose(values_of(named, case.circuit), truth, atol=1e-11)
        form = slotted(case.circuit)
        numbers = [*case.per_sample[0], *case.shared]
        filled = form.circuit.assign_parameters(dict(zip((*form.sample, *form.shared), numbers, strict=True)))
        np.testing.assert_allclose(values_of(filled, case.circuit), truth, atol=1e-11)


def small(*slots: object, **changes: object) -> Circuit:
    fields = {
        "num_qubits": 1,
        "operations": tuple(Operation("rx", (0,), (k,)) for k in range(len(slots))),
        "slots": slots,
        "measurements": (Observable((PauliTerm(1.0, ((0, "z"),)),)),),
        "num_inputs": 2,
        "weights": (WeightTensor("brickwork.w", (2, 3), 0), WeightTensor("s", (), 6)),
    }
    return verify(Circuit(**(fields | changes)))


def names(qc: QuantumCircuit) -> set[str]:
    return {parameter.name for parameter in qc.parameters}


def test_parameters_have_the_names_of_the_spec() -> None:
    circuit = small(Apply("mul", (WeightRef(5), InputRef(1))), WeightRef(6), InputRef(0))
    assert names(logical(circuit)) == {"brickwork.w[1, 2]", "x[1]", "s", "x[0]"}
    own = small(InputRef(0), InputRef(1), input_names=("length", ""))
    assert names(logical(own)) == {"length", "x[1]"}


def test_an_angle_without_a_qiskit_form_is_one_parameter() -> None:
    circuit = small(InputRef(0), Apply("add", (Apply("tanh", (InputRef(1),)), WeightRef(0))))
    assert names(logical(circuit)) == {"x[0]", "slot[1]"}
    assert set(FUNCTIONS) - set(QISKIT) == {"tanh"}


def test_a_weight_called_like_an_input_keeps_apart() -> None:
    circuit = small(InputRef(0), WeightRef(0), weights=(WeightTensor("x", (1,), 0),))
    assert names(logical(circuit)) == {"x[0]", "x[0]'"}


def test_slots_come_in_slot_order_beyond_ten() -> None:
    """Qiskit sorts `slot[10]` before `slot[2]`; the lists do not."""
    circuit = small(*(InputRef(0) if k % 2 else WeightRef(0) for k in range(24)), Const(0.5))
    form = slotted(circuit)
    assert [p.name for p in form.sample] == [f"slot[{k}]" for k in range(1, 24, 2)]
    assert [p.name for p in form.shared] == [f"slot[{k}]" for k in range(0, 24, 2)]
    assert names(form.circuit) == {f"slot[{k}]" for k in range(24)}


def test_amplitudes_are_prepared_by_rotations_of_their_own() -> None:
    for seed in range(200, 215):
        case = random_case(seed, batch=2, max_qubits=5, max_operations=6, amplitude=True)
        qc = logical(case.circuit)
        for row, truth in enumerate(expected(case)):
            values = assignment(case.circuit, tuple(case.inputs[row].tolist()), tuple(case.weights.tolist()))
            filled = qc.assign_parameters(values, strict=False)
            np.testing.assert_allclose(values_of(filled, case.circuit), truth, atol=1e-11)


def test_amplitudes_may_be_zero_negative_and_only_one() -> None:
    for vector in ([0.0, 0.0, -3.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, -1.0], [-1.0, 2.0, 0.0, -0.5]):
        prepared = QuantumCircuit(2)
        prepare(prepared, (0, 1), tree_angles(vector))
        np.testing.assert_allclose(Statevector(prepared).data, np.array(vector) / np.linalg.norm(vector), atol=1e-12)


@pytest.mark.parametrize(("build", "qubits"), [(logical, 9), (slotted, 1)])
def test_amplitudes_are_refused(build: object, qubits: int) -> None:
    """Too many of them for any circuit, and all where a circuit's parameters are its slots."""
    amplitude = AmplitudeInput(tuple(range(qubits)), 1)
    circuit = small(InputRef(0), num_qubits=qubits, num_inputs=1 + 2**qubits, amplitude=amplitude)
    with pytest.raises(Refusal) as refused:
        build(circuit)
    assert refused.value.diagnostics[0].code == "E0714"
    assert refused.value.exit_code == 1


@pytest.mark.parametrize("seed", range(40, 50))
def test_files_read_back_the_same(seed: int) -> None:
    """QPY keeps names and expressions; OpenQASM 3 keeps the circuit once its numbers are in it."""
    case = random_case(seed, batch=1, max_qubits=3, max_operations=10, amplitude=False)
    qc = logical(case.circuit)
    file = io.BytesIO()
    qpy.dump(qc, file)
    file.seek(0)
    (again,) = qpy.load(file)
    assert names(again) == names(qc)
    truth = expected(case)[0]
    np.testing.assert_allclose(values_of(bound_by_name(case, again, 0), case.circuit), truth, atol=1e-11)
    pytest.importorskip("qiskit_qasm3_import", reason="reading OpenQASM 3 needs qiskit-qasm3-import")
    text = qasm3.loads(qasm3.dumps(bound_by_name(case, qc, 0).decompose("PauliEvolution")))
    np.testing.assert_allclose(values_of(text, case.circuit), truth, atol=1e-9)

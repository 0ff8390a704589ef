"""Transpiling to bases, couplings and fake devices, and the comparison that comes after it."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from circuits_random import random_case
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterExpression
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import Operator, SparsePauliOp

from hqnn_dsl import pipeline
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.seeds import stream
from hqnn_dsl.transpile.convert import logical, observables
from hqnn_dsl.transpile.equivalence import MAX_CHECKED_QUBITS, NotEquivalent, assert_equivalent
from hqnn_dsl.transpile.passes import Transpiled, transpile
from hqnn_dsl.transpile.symbols import carried
from hqnn_dsl.transpile.target import Target

TARGETS = [
    Target(),
    Target(coupling="linear", optimization=0),
    Target(coupling="linear", optimization=3),
    Target(coupling="ring", optimization=2),
    Target(coupling="grid", basis=("rx", "rz", "cz")),
    Target(coupling="full", basis=("u", "cx")),
    Target(coupling=((0, 1), (0, 2), (0, 3), (3, 4), (4, 5)), basis=("rz", "sx", "x", "ecr"), optimization=2),
]


@pytest.mark.parametrize("number", range(len(TARGETS)))
def test_transpiled_circuits_are_equivalent_and_keep_to_the_target(number: int) -> None:
    target = TARGETS[number]
    for seed in range(number, number + 10 * len(TARGETS), len(TARGETS)):
        case = random_case(seed, batch=1, max_qubits=6, amplitude=False, probabilities=seed % 2 == 0)
        qc = logical(case.circuit)
        result = transpile(qc, replace(target, seed=seed))
        assert_equivalent(qc, result, observables(case.circuit), seed=seed)
        assert set(result.circuit.count_ops()) <= set(target.basis)
        if isinstance(target.coupling, tuple):
            pairs = {frozenset(pair) for pair in target.coupling}
            touched = [i.qubits for i in result.circuit.data if len(i.qubits) == 2]
            assert all(frozenset(result.circuit.find_bit(q).index for q in two) in pairs for two in touched)


def far() -> tuple[QuantumCircuit, list[SparsePauliOp]]:
    """Neighbours that are not neighbours on a line, so that routing must permute."""
    qc = QuantumCircuit(5)
    for k in range(5):
        qc.ry(Parameter(f"a{k}"), k)
    for a, b in ((0, 4), (1, 3), (0, 2), (4, 1), (3, 0)):
        qc.cx(a, b)
        qc.rx(Parameter(f"b{a}{b}"), b)
    return qc, [SparsePauliOp.from_sparse_list([("Z", [k], 1.0)], num_qubits=5) for k in range(5)]


@pytest.mark.parametrize("seed", range(4))
def test_routing_permutations_are_followed(seed: int) -> None:
    qc, operators = far()
    result = transpile(qc, Target(coupling="linear", optimization=1, seed=seed))
    assert result.layout.routing_permutation() != list(range(5)) or result.layout.initial_index_layout() != list(
        range(5)
    )
    assert_equivalent(qc, result, operators)
    misplaced = Transpiled(result.circuit, None)
    with pytest.raises(NotEquivalent):
        assert_equivalent(qc, misplaced, operators)


def test_a_wrong_circuit_is_found() -> None:
    qc, operators = far()
    result = transpile(qc, Target())
    result.circuit.rx(1e-4, 2)
    with pytest.raises(NotEquivalent, match="output 2"):
        assert_equivalent(qc, result, operators)


def test_many_phases_of_parameters_are_transpiled() -> None:
    """Qiskit's translator takes twice as long for each of them behind an `h`: with 40 of each it would never end."""
    circuit = QuantumCircuit(2)
    for k in range(40):
        circuit.h(k % 2)
        circuit.p(Parameter(f"p{k}"), k % 2)
        if k % 8 == 0:
            circuit.cp(Parameter(f"c{k}"), 0, 1)
            circuit.u(Parameter(f"t{k}"), Parameter(f"f{k}"), Parameter(f"l{k}"), 1)
    operators = [SparsePauliOp("XY"), SparsePauliOp("ZI")]
    done = transpile(circuit, Target())
    assert_equivalent(circuit, done, operators, seed=3)
    assert set(done.circuit.count_ops()) <= {"rz", "sx", "x", "cx"}
    offered = Target(basis=("p", "h", "rz", "cx"))
    assert transpile(circuit.copy(), offered).circuit.count_ops()["p"] >= 40


SYMBOLIC = ("rx", "ry", "rz", "p", "u", "crx", "cry", "crz", "cp", "rxx", "ryy", "rzz", "rzx")
ANGLES = {"u": 3}
BASES = (
    ("rz", "sx", "x", "cx"),
    ("p", "sx", "cx"),
    ("p", "rx", "cz"),
    ("u", "cx"),
    ("u", "rx", "cz"),
    ("rx", "ry", "cx"),
    ("rx", "ry", "rz", "cz"),
    ("ry", "sx", "s", "cx"),
)


def every_symbolic_gate() -> QuantumCircuit:
    """All gates with angles on two of three qubits, by Qiskit's methods, each behind gates of constant phase."""
    circuit = QuantumCircuit(3)
    for k, name in enumerate(SYMBOLIC):
        for qubit in range(3):
            circuit.h(qubit)
            circuit.t(qubit)
        angles = [Parameter(f"{name}{place}") for place in range(ANGLES.get(name, 1))]
        two = name not in {"rx", "ry", "rz", "p", "u"}
        getattr(circuit, name)(*angles, *((k % 3, (k + 1) % 3) if two else (k % 3,)))
    rotation = PauliEvolutionGate(SparsePauliOp("XYZ"), Parameter("t"))
    circuit.append(rotation, [2, 0, 1])
    return circuit


@pytest.mark.filterwarnings("ignore:spsolve is more efficient")
@pytest.mark.parametrize("basis", BASES, ids=" ".join)
def test_angles_of_every_gate_in_every_basis(basis: tuple[str, ...]) -> None:
    """By Qiskit's own unitaries, up to the global phase; and nothing with an angle is left for the translator."""
    circuit = every_symbolic_gate()
    operators = [SparsePauliOp("XYZ"), SparsePauliOp("IZX"), SparsePauliOp("YII")]
    done = transpile(circuit, Target(basis=basis))
    assert set(done.circuit.count_ops()) <= set(basis)
    assert_equivalent(circuit, done, operators, seed=1)
    values = dict(zip(circuit.parameters, np.random.default_rng(3).uniform(-6, 6, circuit.num_parameters), strict=True))
    plain = carried(circuit, basis)
    assert Operator(plain.assign_parameters(values)).equiv(Operator(circuit.assign_parameters(values)))
    if "rz" not in basis:
        gates = [item.operation for item in plain.data]
        # `is_parameterized` says no for all controlled gates.
        with_angles = {gate.name for gate in gates if any(isinstance(a, ParameterExpression) for a in gate.params)}
        assert with_angles <= set(basis)


@pytest.mark.parametrize("basis", BASES, ids=" ".join)
def test_many_angles_of_every_gate_end(basis: tuple[str, ...]) -> None:
    """Seven circuits as above in a row: in `p sx cx` 8 s by Qiskit's translator alone, 8 times that for one more."""
    circuit = QuantumCircuit(3)
    for k in range(7):
        part = every_symbolic_gate()
        fresh = {old: Parameter(f"{old.name}.{k}") for old in part.parameters}
        circuit.compose(part.assign_parameters(fresh), inplace=True)
    begin = time.perf_counter()
    transpile(circuit, Target(basis=basis, optimization=0))
    assert time.perf_counter() - begin < 4


def test_a_basis_that_carries_no_angle_is_left_to_qiskit() -> None:
    circuit = QuantumCircuit(1)
    circuit.p(Parameter("a"), 0)
    assert carried(circuit, ("h", "t", "cx")) is circuit


def test_the_seed_of_a_target_decides() -> None:
    qc, _ = far()
    first, again = (transpile(qc, Target(coupling="linear", seed=3)) for _ in range(2))
    assert first.circuit == again.circuit
    others = [transpile(qc, Target(coupling="linear", seed=seed)) for seed in range(10)]
    assert any(other.circuit != first.circuit for other in others)


def test_a_program_makes_the_target_of_its_spec() -> None:
    spec = (
        "hqnn 1\nmodel m { circuit on 3 qubits { feature_map zz(); measure z }; train { seed 5 }; transpile { # } }\n"
    )

    def target(*settings: str) -> Target:
        text = spec.replace("#", "; ".join(settings))
        return pipeline.program(Source("m.hqnn", text))._target

    assert target() == Target(seed=stream(5, "transpile"))
    asked = Target(basis=("rz", "sx", "cz"), coupling="ring", optimization=3, seed=0)
    assert target("coupling ring", "basis [rz, sx, cz]", "optimization 3", "seed 0") == asked
    assert target('target "fake_torino"', "seed 7") == Target(device="fake_torino", seed=7)


def test_fake_devices_have_idle_qubits_that_cost_nothing() -> None:
    pytest.importorskip("qiskit_ibm_runtime", reason="fake devices come with qiskit-ibm-runtime")
    case = random_case(12, batch=1, max_qubits=4, amplitude=False)
    qc = logical(case.circuit)
    result = transpile(qc, Target(device="fake_torino", optimization=3, seed=11))
    assert result.circuit.num_qubits == 133
    assert set(result.circuit.count_ops()) <= {"rz", "sx", "x", "cz", "rx", "rzz"}
    start = time.perf_counter()
    assert_equivalent(qc, result, observables(case.circuit))
    assert time.perf_counter() - start < 5


def refusal(target: Target, num_qubits: int = 3) -> Refusal:
    qc = QuantumCircuit(num_qubits)
    qc.ry(Parameter("a"), 0)
    qc.cx(0, num_qubits - 1)
    with pytest.raises(Refusal) as refused:
        transpile(qc, target)
    assert all(item.headline and item.help for item in refused.value.diagnostics)
    return refused.value


@pytest.mark.parametrize(
    ("target", "code", "hint"),
    [
        (Target(basis=("rz", "sx", "cxx")), "E0717", "`cx`"),
        (Target(basis=("rz", "sx", "cx", "ccx"), coupling="linear"), "E0718", ""),
        (Target(basis=("h", "s", "cx")), "E0718", ""),
        (Target(basis=("rz", "sx", "x")), "E0718", ""),
        (Target(coupling=((0, 1),)), "E0716", "3"),
        (Target(coupling=((0, 1), (2, 3))), "E0716", "3"),
    ],
)
def test_what_no_target_can_do_is_refused(target: Target, code: str, hint: str) -> None:
    refused = refusal(target)
    assert refused.diagnostics[0].code == code
    assert hint in refused.diagnostics[0].help
    assert refused.exit_code == 1


def test_an_unknown_fake_device_gets_a_suggestion() -> None:
    pytest.importorskip("qiskit_ibm_runtime", reason="fake devices come with qiskit-ibm-runtime")
    refused = refusal(Target(device="fake_torin"))
    assert refused.diagnostics[0].code == "E0715"
    assert "fake_torino" in refused.diagnostics[0].help
    assert refused.exit_code == 1
    assert refusal(Target(device="fake_manila"), 6).diagnostics[0].code == "E0716"


def test_without_the_package_the_command_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "qiskit_ibm_runtime", None)
    refused = refusal(Target(device="fake_torino"))
    assert refused.diagnostics[0].code == "E0707"
    assert "pip install 'hqnn-dsl[ibm]'" in refused.diagnostics[0].help
    assert refused.exit_code == 3


def test_angles_that_are_never_finite_are_refused() -> None:
    qc = QuantumCircuit(1)
    x = Parameter("x")
    qc.rx((x * x + 2).arccos(), 0)
    with pytest.raises(Refusal) as refused:
        assert_equivalent(qc, Transpiled(qc, None), [SparsePauliOp("Z")])
    assert refused.value.diagnostics[0].code == "E0719"


@pytest.mark.parametrize("function", ["arccos", "arcsin", "log"])
def test_angles_with_a_narrow_domain_are_checked(function: str) -> None:
    qc = QuantumCircuit(1)
    x = Parameter("x")
    qc.rx(getattr(x, function)(), 0)
    operators = [SparsePauliOp("Z")]
    assert_equivalent(qc, transpile(qc, Target()), operators)
    turned = QuantumCircuit(1)
    turned.rx(getattr(x, function)() * 1.01, 0)
    with pytest.raises(NotEquivalent):
        assert_equivalent(qc, Transpiled(turned, None), operators)


def test_too_wide_a_circuit_is_refused_before_it_is_simulated() -> None:
    qc = QuantumCircuit(MAX_CHECKED_QUBITS + 1)
    qc.h(range(qc.num_qubits))
    with pytest.raises(Refusal) as refused:
        assert_equivalent(qc, transpile(qc, Target()), [SparsePauliOp("Z" * qc.num_qubits)])
    assert str(MAX_CHECKED_QUBITS) in refused.value.diagnostics[0].headline

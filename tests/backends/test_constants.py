"""Constant angles of all sizes: what is no multiple of a quarter turn is not taken for one, and none loses its digits.

Qiskit's Statevector, with gates named by Qiskit's methods, says what is right.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from custatevec_standin import StandIn
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector

from hqnn_dsl import api
from hqnn_dsl.backends import offered
from hqnn_dsl.backends.custatevec.executable import StateVecExecutable
from hqnn_dsl.circuit.angles import Apply, Const, InputRef, quarter_turns, within_two_turns, without_turns
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm
from hqnn_dsl.circuit.pauli.lowering import lower
from hqnn_dsl.crosscheck.points import find_points

if TYPE_CHECKING:
    from hqnn_dsl.backends import Executable

PI = math.pi
LARGE = [
    1e14, -1e14, 1e8 * PI / 2, 12_345_678 * PI / 2, 1e10 * PI / 2, -1e10 * PI / 2, 1e8 + 1e-3, 3e15, 1e300, 2e5 * PI,
    4096.5, 1e6 * PI + 1e-7, 2 * PI + 1e-9,
]  # fmt: skip
TURNING = ["rx", "ry", "rz", "p", "u", "cp", "crx", "cry", "crz", "rxx", "ryy", "rzz", "rzx"]
TWO = {"cp", "crx", "cry", "crz", "rxx", "ryy", "rzz", "rzx"}
DIGITS_OF_PI = Fraction(
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534"
)


def circuit_of(gate: str, angle: float) -> Circuit:
    """The gate between others that make it seen, on two qubits, all Pauli letters read."""
    slots = (InputRef(0), *[Const(angle)] * (3 if gate == "u" else 1), Const(0.4))
    own = tuple(range(1, len(slots) - 1))
    return Circuit(
        num_qubits=2,
        operations=(
            Operation("ry", (0,), (0,)),
            Operation("h", (1,)),
            Operation(gate, (0, 1) if gate in TWO else (0,), own),
            Operation("rx", (0,), (len(slots) - 1,)),
            Operation("sx", (1,)),
        ),
        slots=slots,
        measurements=tuple(Observable((PauliTerm(1.0, ((q, letter),)),)) for q in range(2) for letter in "xyz"),
        num_inputs=1,
    )


def truth(gate: str, angle: float, v: float) -> list[float]:
    built = QuantumCircuit(2)
    built.ry(v, 0)
    built.h(1)
    getattr(built, gate)(*[angle] * (3 if gate == "u" else 1), *((0, 1) if gate in TWO else (0,)))
    built.rx(0.4, 0)
    built.sx(1)
    state = Statevector(built)
    words = [SparsePauliOp.from_sparse_list([(letter, [q], 1.0)], 2) for q in range(2) for letter in "XYZ"]
    return [float(state.expectation_value(word).real) for word in words]


def loader(backend: str, **options: Any) -> Any:
    def load(circuit: Circuit, precision: str) -> Executable:
        row = offered()[backend]
        return row.load(circuit, {**row.entry.defaults(), **options, "precision": precision}, 0)

    return load


LOADERS = {
    "reference": loader("reference"),
    "native": loader("native"),
    "custatevec": lambda circuit, precision: StateVecExecutable(circuit, precision, module=StandIn(), device="cpu"),
    "aer": loader("aer"),
    "aer estimator_qnn": loader("aer", method="estimator_qnn"),
    "primitive": loader("primitive", name="statevector"),
    "pennylane": loader("pennylane"),
}


def hold(backend: str, gate: str, angle: float, precision: str) -> None:
    if backend.startswith("aer"):
        pytest.importorskip("qiskit_aer", reason="Qiskit Aer is an optional part")
    if backend == "pennylane":
        pytest.importorskip("pennylane", reason="PennyLane is an optional part")
        precision = "double"
    dtype = torch.float64 if precision == "double" else torch.float32
    run = LOADERS[backend](circuit_of(gate, angle), precision)
    found = run(torch.tensor([[0.7]], dtype=dtype), torch.zeros(0, dtype=dtype), None)
    tolerance = 2e-12 if precision == "double" else 2e-6
    np.testing.assert_allclose(found[0].numpy(), truth(gate, angle, 0.7), rtol=0, atol=tolerance)


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("gate", TURNING)
@pytest.mark.parametrize("backend", ["reference", "native"])
def test_large_constants_keep_their_meaning_in_every_gate(backend: str, gate: str, precision: str) -> None:
    for angle in LARGE:
        hold(backend, gate, angle, precision)


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("backend", [name for name in LOADERS if name not in {"reference", "native"}])
def test_large_constants_keep_their_meaning_on_every_backend(backend: str, precision: str) -> None:
    for gate, angle in (("rx", 1e14), ("p", 1e10 * PI / 2), ("crx", 1e8 + 1e-3), ("rzz", -1e14), ("cp", 12345678 * PI)):
        hold(backend, gate, angle, precision)


@pytest.mark.parametrize("gate", TURNING)
def test_quarter_turns_cost_nothing_and_what_is_beside_them_is_kept(gate: str) -> None:
    unit = PI if gate in {"cp", "crx", "cry", "crz"} else PI / 2
    for k in range(-9, 10):
        assert kept_constants(gate, k * unit) == kept_constants(gate, 0.0), k
        hold("native", gate, k * unit, "double")
    for beside in (1e-9, -1e-12, 1e-13):
        assert kept_constants(gate, unit + beside) > kept_constants(gate, 0.0)
        hold("native", gate, unit + beside, "double")


def kept_constants(gate: str, angle: float) -> int:
    """Rotations by a constant that are left: one of them is the `rx(0.4)` behind the gate."""
    (part,) = lower(circuit_of(gate, angle)).parts
    return sum(not rotation.angle.slots for rotation in part.rotations)


def test_whole_turns_are_taken_out_by_all_digits_of_pi() -> None:
    """Held against exact fractions; up to a turn nothing changes, not even a bit."""
    for angle in LARGE:
        turns = (Fraction(angle) - Fraction(within_two_turns(angle))) / (4 * DIGITS_OF_PI)
        if abs(angle) < 1e60:
            assert abs(turns - round(turns)) * 4 * DIGITS_OF_PI < Fraction(1, 10**15)
        assert abs(within_two_turns(angle)) <= 2 * PI
    for angle in (0.0, -0.0, 0.3, PI, -2 * PI, 2 * PI, 5.0):
        assert within_two_turns(angle).hex() == angle.hex()


def test_how_near_a_multiple_must_be_does_not_grow() -> None:
    assert [quarter_turns(k * PI / 2) for k in range(-4, 9)] == [k % 4 for k in range(-4, 9)]
    assert quarter_turns(PI / 3 + PI / 6) == 1
    for k in (10**6, 10**8, 10**12):
        quarters = Fraction(k * PI / 2) / (DIGITS_OF_PI / 2)
        off = abs(quarters - round(quarters)) * DIGITS_OF_PI / 2
        assert (quarter_turns(k * PI / 2) is not None) == (off < Fraction(1, 10**14))
    assert quarter_turns(PI / 4) is None
    assert quarter_turns(PI / 2 + 1e-12) is None


SPEC = """hqnn 1
model m {{
  circuit on 1 qubits {{ input v; weight w = constant(0.25); rx({angle}) 0; measure z, y }}
  decoder {{ dense }}
}}
"""


@pytest.mark.parametrize("backend", ["reference", "native", "aer"])
@pytest.mark.parametrize("angle", ["v + 100000000.0", "3e7 - (v - w)", "-(v + 2e8) + w", "w + 1e8", "1e8 * 3 + v"])
def test_in_single_precision_a_large_constant_in_a_sum_keeps_the_small_part(backend: str, angle: str) -> None:
    layer = api.compile_text(SPEC.format(angle=angle)).quantum_layer(backend, "single")
    value = eval(angle, {"v": 0.625, "w": 0.25})
    found = layer(torch.tensor([[0.625]])).detach().tolist()[0]
    assert found == pytest.approx([math.cos(value), -math.sin(value)], abs=2e-6)


def test_only_what_is_added_loses_its_turns() -> None:
    x = InputRef(0)
    inside = Apply("mul", (Const(100.0), Apply("sin", (Apply("add", (x, Const(50.0))),))))
    assert without_turns(inside) == inside
    assert without_turns(Apply("add", (inside, Const(1.5)))) == Apply("add", (inside, Const(1.5)))
    moved = without_turns(Apply("neg", (Apply("sub", (Const(100.0), x)),)))
    assert moved == Apply("neg", (Apply("sub", (Const(within_two_turns(100.0)), x)),))


LARGE_SPEC = """hqnn 1
model m {
  circuit on 2 qubits {
    input v
    ry(v) 0
    rx(100000000000000.0) 0
    rz(1e10) 0
    crx(1e12 + 0.3) 0, 1
    measure z, y
  }
  decoder { dense }
  transpile { basis [rz, sx, x, cx]; coupling linear; optimization 2; seed 3 }
}
"""


def test_a_transpiled_circuit_with_large_constants_is_still_the_same() -> None:
    """Qiskit's passes take whole turns out by a rounded π, which is a thousandth off here."""
    program = api.compile_text(LARGE_SPEC)
    built = QuantumCircuit(2)
    built.ry(0.7, 0)
    built.rx(1e14, 0)
    built.rz(1e10, 0)
    built.crx(1e12 + 0.3, 0, 1)
    words = [SparsePauliOp.from_sparse_list([(letter, [q], 1.0)], 2) for letter in "ZY" for q in range(2)]
    exact = [float(Statevector(built).expectation_value(word).real) for word in words]
    made = program.transpiled
    state = Statevector(made.assign_parameters(dict.fromkeys(made.parameters, 0.7)))
    found = [float(state.expectation_value(word.apply_layout(made.layout)).real) for word in words]
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-9)
    points = find_points(program.logical, 1, 0)
    assert points[0].turns == 1.0

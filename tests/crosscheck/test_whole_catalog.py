"""`verify` over every spec, every block of the library and every gate: all exact backends that are installed agree.

The oracle is the reference in double precision, itself held against finite differences and Qiskit's `Statevector`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hqnn_dsl as hqnn
from hqnn_dsl.backends import offered
from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.crosscheck.verify import verify
from hqnn_dsl.semantics.definitions import library_block, library_names

pytestmark = pytest.mark.slow

SPECS = Path(__file__).resolve().parents[2] / "specs"
DOUBLE, SINGLE = 1e-6, 1e-5
"""What the issue of this project asks for; `verify` itself is stricter in double precision."""
CANNOT = {
    "custatevec (double)": "GPU",
    "custatevec (single)": "GPU",
    "pennylane (single)": "no single precision",
}
"""Rows that may say `cannot`, and the word with which."""
PRODUCTS = (
    ("XYZ", "x[0]", "2, 0, 1"),
    ("ZY", "a", "1, 0"),
    ("YYY", "a * x[1]", "0, 1, 2"),
    ("X", "0.7", "2"),
    ("ZIX", "x[2]", "0, 1, 2"),
)
"""Letters, angle and qubits of products of Paulis."""
BY_SHIFTS = ("aer", "primitive statevector", "pennylane lightning.qubit")
"""What has no amplitude input."""
WAYS = (
    "aer(method: estimator_qnn)",
    "aer(simulation: matrix_product_state)",
    'pennylane(device: "default.qubit", diff: adjoint)',
    'pennylane(device: "default.mixed")',
    'pennylane(device: "reference.qubit")',
    'pennylane(device: "lightning.qubit", diff: parameter_shift)',
)
"""Other ways of the backends, which `verify` takes where a spec names them."""


def assert_agreement(program: hqnn.Program, *, amplitude: bool = False) -> set[str]:
    """Every row agrees, or may not be there; the titles of those that agree."""
    found = verify(program, 1)
    agreeing = set()
    for row in found.rows:
        if row.verdict == "cannot":
            allowed = amplitude and row.name.startswith(BY_SHIFTS)
            assert allowed or CANNOT.get(row.title, "\0") in row.reason, (row.title, row.reason)
            continue
        assert row.verdict == "agrees", row
        limit = SINGLE if row.precision == "single" else DOUBLE
        assert row.values <= max(limit, row.value_tolerance)
        assert row.gradients is None or row.gradients <= max(limit, row.gradient_tolerance)
        agreeing.add(row.title)
    must = {"reference", "native", "pennylane"} | (set() if amplitude else {"aer", "primitive statevector"})
    assert {f"{name} (double)" for name in must} <= agreeing
    return agreeing


FILES = {path.relative_to(SPECS).as_posix(): path.read_text(encoding="utf-8") for path in SPECS.rglob("*.hqnn")}
PATHS = sorted(name for name, text in FILES.items() if re.search(r"^model ", text, re.MULTILINE))


@pytest.mark.parametrize("name", PATHS)
def test_every_spec(name: str) -> None:
    program = hqnn.compile(SPECS / name)
    assert_agreement(program, amplitude=program.logical.amplitude is not None)


def spec_of(body: str, definitions: str = "", backend: str = "") -> str:
    return f"""hqnn 1
{definitions}
model m {{
  circuit on 3 qubits {{ {body}; measure z[0], x[1] * y[2], 0.5 * y[0] + z[1], probabilities(2, 0) }}
  decoder {{ dense }}
  {backend}
  train {{ device cpu }}
}}
"""


@pytest.mark.parametrize("name", library_names())
def test_every_block_of_the_library(name: str) -> None:
    definition = library_block(name)
    assert definition is not None
    kind = definition.block.kind
    other = "ansatz real_amplitudes(reps: 1)" if kind == "feature_map" else "feature_map angle(axis: x)"
    body = f"{kind} {name}(); {other}" if kind == "feature_map" else f"{other}; {kind} {name}()"
    assert_agreement(hqnn.compile_text(spec_of(body)))


def one_gate(name: str) -> str:
    """A block with the gate in every role: by inputs, by a weight that is used twice, and by constants."""
    row = GATES[name]
    qubits = ("2, 0, 1", "2, 0", "1")[3 - row.num_qubits]
    back = ("1, 0, 2", "0, 2", "0")[3 - row.num_qubits]

    def gate(angles: tuple[str, ...], places: str) -> str:
        return f"{name}({', '.join(angles[: row.num_angles])}) {places}" if row.num_angles else f"{name} {places}"

    prepared = "; ".join(f"ry(x[{q}]) {q}; rz({q + 1}.3) {q}" for q in range(3))
    lines = (
        gate(("x[0]", "x[1] / 2", "x[2]"), qubits),
        gate(("a", "2 * a", "a * x[1]"), back),
        gate(("0.7", "1.1", "-0.4"), qubits),
    )
    return f"feature_map gate() {{ input x[3]; weight a; {prepared}; {'; '.join(lines)} }}"


@pytest.mark.parametrize("name", GATES)
def test_every_gate(name: str) -> None:
    assert_agreement(hqnn.compile_text(spec_of("feature_map gate(); ansatz brickwork(reps: 1)", one_gate(name))))


def test_every_product_of_paulis() -> None:
    rotations = "; ".join(f'pauli_rot("{letters}", {angle}) {places}' for letters, angle, places in PRODUCTS)
    block = f"feature_map gate() {{ input x[3]; weight a; ry(x[0]) 0; ry(x[1]) 1; ry(x[2]) 2; {rotations} }}"
    assert_agreement(hqnn.compile_text(spec_of("feature_map gate(); ansatz brickwork(reps: 1)", block)))


@pytest.mark.parametrize("backend", WAYS)
def test_other_ways_of_the_backends(backend: str) -> None:
    """On a circuit of all gates with angles; `verify` takes the options of the backend that the spec names."""
    body = "feature_map everything(); ansatz real_amplitudes(reps: 1)"
    gates = "rx(x[0]) 0; ry(x[1]) 1; rz(a) 2; p(x[2]) 0; u(a, x[0], 0.3) 1; crx(x[0]) 0, 1; cry(a) 1, 2; crz(x[1]) 2, 0"
    more = (
        "cp(a) 0, 2; rxx(x[2]) 0, 1; ryy(a) 1, 2; rzz(x[0]) 2, 0; rzx(a * x[1]) 0, 1; ch 0, 1; iswap 1, 2; ccx 0, 1, 2"
    )
    definitions = f"feature_map everything() {{ input x[3]; weight a; h 0; h 1; t 2; {gates}; {more}; ccx 0, 1, 2 }}"
    program = hqnn.compile_text(spec_of(body, definitions, f"backend {backend}"))
    name = program.spec.backend.name
    assert f"{name} (double)" in assert_agreement(program)


def test_all_backends_are_held_here() -> None:
    """A new backend is compared the day that it appears: those not named above agree or say why they cannot."""
    assert set(offered()) == {"reference", "native", "pennylane", "aer", "primitive", "custatevec"}

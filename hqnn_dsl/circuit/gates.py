"""The gate table: one row a gate, and no other module repeats the row.

A row has the gate's matrix, its inverse, the frequencies of its angles, the gate as a product of Pauli rotations, its
names in other libraries, and the sentence that documents it. Everything else that depends on a gate is read from the
row, so a new gate is a new row: it runs on every backend, on those that have no such gate as its Pauli rotations.
Rotations are exp(-i·θ/2·P). In a matrix, operand 0 is the least significant bit of the basis index (Qiskit's order).
Matrices are nested tuples over a handful of functions, so one row serves plain complex numbers and batches of torch
numbers, and the table is read without numpy, torch, Qiskit and PennyLane. `pauli_rot` has no row: its letters are
arguments.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Matrix = tuple[tuple[Any, ...], ...]
"""Rows of entries; an entry is a Python number, or a number of the kind that the angles are."""


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of its angles that a matrix needs: `cos`, `sin`, and `exp_i` for e^{i·angle}."""

    cos: Callable[[Any], Any]
    sin: Callable[[Any], Any]
    exp_i: Callable[[Any], Any]


PLAIN = Functions(math.cos, math.sin, lambda angle: cmath.exp(1j * angle))
"""The functions of plain Python floats."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """The Pauli rotation exp(-i·φ/2·P) with φ = `constant` + Σ factor·angle over `factors` (angle number, factor).

    Letter k of `pauli` (I, X, Y or Z) acts on the gate's operand k.
    """

    pauli: str
    factors: tuple[tuple[int, float], ...] = ()
    constant: float = 0.0

    def angle(self, angles: Sequence[Any]) -> Any:
        """Returns φ for the gate's `angles`, which are numbers, tensors or expressions of any library."""
        terms = [angles[number] if factor == 1 else angles[number] * factor for number, factor in self.factors]
        if self.constant or not terms:
            terms.insert(0, self.constant)
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total


@dataclass(frozen=True, slots=True)
class Step:
    """A gate of the table on `operands` of another; entry j of `angles` is (angle number, factor) for its angle j."""

    gate: str
    operands: tuple[int, ...]
    angles: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One gate.

    `doc` is one sentence for `hqnn explain` and docs/catalog.md. `matrix(functions, *angles)` is exact, global phase
    included; `inverse` (in the order applied) too. `rotations`, in the order applied, are the gate up to a global
    phase. `frequencies[j]` are the positive frequencies with which an expectation value may oscillate in angle j: the
    two-term shift rule is exact for the single frequency 1 and wrong for two frequencies.

    `qiskit` is the method of Qiskit's `QuantumCircuit`, which is also the name of Qiskit's gate. `pennylane` is
    PennyLane's class, or `Adjoint(…)` around a class, as PennyLane itself names an inverse. Both take the angles and
    the operands in the order of the row. Empty, the gate is written there as its `rotations`. `aliases` are its names
    in further libraries, apart from case and underscores.
    """

    name: str
    doc: str
    num_qubits: int
    num_angles: int
    matrix: Callable[..., Matrix]
    inverse: tuple[Step, ...]
    rotations: tuple[Rotation, ...]
    frequencies: tuple[tuple[float, ...], ...] = ()
    qiskit: str = ""
    pennylane: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def clifford(self) -> bool:
        """Whether the gate maps Pauli strings to Pauli strings: every rotation is by a multiple of π/2."""
        quarters = (rotation.constant / (math.pi / 2) for rotation in self.rotations)
        return self.num_angles == 0 and all(abs(turns - round(turns)) < 1e-12 for turns in quarters)

    @cached_property
    def pauli(self) -> str:
        """The letters of P if the gate is exp(-i·θ/2·P) by its one angle θ, up to a global phase; empty otherwise."""
        alone = self.rotations[0] if len(self.rotations) == 1 else None
        return alone.pauli if alone and alone == Rotation(alone.pauli, ((0, 1.0),)) else ""

    @cached_property
    def symmetric(self) -> bool:
        """Whether the order of the operands makes no difference."""
        matrix = self.matrix(PLAIN, *(0.7 + 0.4 * number for number in range(self.num_angles)))
        rows = range(len(matrix))
        exchanges = [[_exchanged(row, k) for row in rows] for k in range(self.num_qubits - 1)]
        return all(
            abs(matrix[i][j] - matrix[swapped[i]][swapped[j]]) < 1e-12
            for swapped in exchanges
            for i in rows
            for j in rows
        )


def _exchanged(index: int, bit: int) -> int:
    """An index with the bits `bit` and `bit + 1` exchanged."""
    return index ^ (3 << bit) if (index >> bit ^ index >> bit + 1) & 1 else index


PAULIS: dict[str, Matrix] = {
    "I": ((1, 0), (0, 1)),
    "X": ((0, 1), (1, 0)),
    "Y": ((0, -1j), (1j, 0)),
    "Z": ((1, 0), (0, -1)),
}
"""The Pauli matrices by letter."""


def pauli_string(letters: str) -> Matrix:
    """The product of Paulis as a 2^k × 2^k matrix, letter j acting on bit j of the basis index."""
    matrix: Matrix = ((1,),)
    for letter in letters:
        higher = PAULIS[letter]
        matrix = tuple(tuple(a * b for a in row for b in lower) for row in higher for lower in matrix)
    return matrix


def pauli_rotation(letters: str, functions: Functions, angle: Any) -> Matrix:
    """The matrix of exp(-i·angle/2·P) for the Pauli product `letters`, letter j acting on operand j."""
    cos, sin = functions.cos(angle / 2), functions.sin(angle / 2)
    rows = []
    for i, row in enumerate(pauli_string(letters)):
        diagonal = [cos if i == j else 0 for j in range(len(row))]
        rows.append(tuple(d if entry == 0 else d - 1j * entry * sin for d, entry in zip(diagonal, row, strict=True)))
    return tuple(rows)


def _controlled(matrix: Matrix) -> Matrix:
    """Operand 0 controls the one-qubit `matrix` on operand 1."""
    (a, b), (c, d) = matrix
    return ((1, 0, 0, 0), (0, a, 0, b), (0, 0, 1, 0), (0, c, 0, d))


def _phase(factor: complex) -> Matrix:
    return ((1, 0), (0, factor))


def _u(functions: Functions, theta: Any, phi: Any, lam: Any) -> Matrix:
    cos, sin, exp_i = functions.cos(theta / 2), functions.sin(theta / 2), functions.exp_i
    return ((cos, -exp_i(lam) * sin), (exp_i(phi) * sin, exp_i(phi + lam) * cos))


_HALF = math.sqrt(0.5)
_H: Matrix = ((_HALF, _HALF), (_HALF, -_HALF))
_SX: Matrix = ((0.5 + 0.5j, 0.5 - 0.5j), (0.5 - 0.5j, 0.5 + 0.5j))
_SWAP: Matrix = ((1, 0, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0), (0, 0, 0, 1))
_ISWAP: Matrix = ((1, 0, 0, 0), (0, 0, 1j, 0), (0, 1j, 0, 0), (0, 0, 0, 1))
_CCX: Matrix = tuple(tuple(int(j == (i ^ 4 if i & 3 == 3 else i)) for j in range(8)) for i in range(8))
_PI = math.pi
_ONE = ((1.0,),)
"""One angle with the single frequency 1."""


class _Names(TypedDict, total=False):
    """The names of a gate in other libraries; `aliases` are words in one text."""

    qiskit: str
    pennylane: str
    aliases: str


def _named(names: _Names) -> dict[str, Any]:
    """Returns the fields of a row that are its names in other libraries."""
    return {**names, "aliases": tuple(names.get("aliases", "").split())}


def _fixed(
    name: str, doc: str, matrix: Matrix, *rotations: tuple[str, float], inverse: str = "", **names: Unpack[_Names]
) -> Gate:
    """A gate without angles; `inverse` is a chain of gates on the same operands, empty for the gate itself."""
    num_qubits = len(rotations[0][0])
    operands = tuple(range(num_qubits))
    return Gate(
        name=name,
        doc=doc,
        num_qubits=num_qubits,
        num_angles=0,
        matrix=lambda _functions: matrix,
        inverse=tuple(Step(step, operands) for step in (inverse or name).split()),
        rotations=tuple(Rotation(pauli, constant=angle) for pauli, angle in rotations),
        **_named(names),
    )


def _turning(
    name: str,
    doc: str,
    matrix: Callable[..., Matrix],
    *rotations: tuple[str, float],
    frequencies: tuple[tuple[float, ...], ...] = _ONE,
    **names: Unpack[_Names],
) -> Gate:
    """A gate of one angle that is inverted by its sign; `rotations` are (letters, factor of the angle)."""
    num_qubits = len(rotations[0][0])
    return Gate(
        name=name,
        doc=doc,
        num_qubits=num_qubits,
        num_angles=1,
        matrix=matrix,
        inverse=(Step(name, tuple(range(num_qubits)), ((0, -1.0),)),),
        rotations=tuple(Rotation(pauli, ((0, factor),)) for pauli, factor in rotations),
        frequencies=frequencies,
        **_named(names),
    )


def _pauli(name: str, letters: str, **names: Unpack[_Names]) -> Gate:
    """The rotation exp(-i·θ/2·P) about a fixed Pauli product."""
    product = "·".join(f"{letter}_{k}" for k, letter in enumerate(letters)) if len(letters) > 1 else letters
    return _turning(
        name,
        f"Rotation exp(-i·θ/2·{product}).",
        lambda functions, angle: pauli_rotation(letters, functions, angle),
        (letters, 1.0),
        **names,
    )


def _controlled_rotation(letter: str, **names: Unpack[_Names]) -> Gate:
    """The controlled rotation about `letter`: two frequencies, since the control's two branches differ by θ/2."""
    return _turning(
        f"cr{letter.lower()}",
        f"Rotation exp(-i·θ/2·{letter}) of operand 1 if operand 0 is 1.",
        lambda functions, angle: _controlled(pauli_rotation(letter, functions, angle)),
        (f"I{letter}", 0.5),
        (f"Z{letter}", -0.5),
        frequencies=((0.5, 1.0),),
        **names,
    )


def _controlled_pauli(letter: str, **names: Unpack[_Names]) -> Gate:
    return _fixed(
        f"c{letter.lower()}",
        f"Pauli {letter} of operand 1 if operand 0 is 1.",
        _controlled(PAULIS[letter]),
        ("ZI", _PI / 2),
        (f"I{letter}", _PI / 2),
        (f"Z{letter}", -_PI / 2),
        **names,
    )


def _make_u() -> Gate:
    """Without PennyLane's `U3`: adjoint differentiation (PennyLane 0.45) decomposes it, and if θ is a constant the
    gradients of other gates are lost without an error. As three rotations with one angle each they are right.
    """
    return Gate(
        name="u",
        doc="Any one-qubit gate u(θ, φ, λ), as in OpenQASM 3: rz(φ)·ry(θ)·rz(λ) up to a phase.",
        num_qubits=1,
        num_angles=3,
        matrix=_u,
        inverse=(Step("u", (0,), ((0, -1.0), (2, -1.0), (1, -1.0))),),
        rotations=(Rotation("Z", ((2, 1.0),)), Rotation("Y", ((0, 1.0),)), Rotation("Z", ((1, 1.0),))),
        frequencies=((1.0,), (1.0,), (1.0,)),
        qiskit="u",
        aliases=("u3",),
    )


_ROWS = (
    _fixed("h", "Hadamard gate: swaps X and Z.", _H, ("Z", _PI), ("Y", _PI / 2), qiskit="h", pennylane="Hadamard"),
    _fixed("x", "Pauli X, the bit flip.", PAULIS["X"], ("X", _PI), qiskit="x", pennylane="PauliX"),
    _fixed("y", "Pauli Y.", PAULIS["Y"], ("Y", _PI), qiskit="y", pennylane="PauliY"),
    _fixed("z", "Pauli Z, the phase flip.", PAULIS["Z"], ("Z", _PI), qiskit="z", pennylane="PauliZ"),
    _fixed(
        "s",
        "Phase i on |1>, the square root of z.",
        _phase(1j),
        ("Z", _PI / 2),
        inverse="sdg",
        qiskit="s",
        pennylane="S",
    ),
    _fixed(
        "sdg",
        "Phase -i on |1>, inverse of s.",
        _phase(-1j),
        ("Z", -_PI / 2),
        inverse="s",
        qiskit="sdg",
        pennylane="Adjoint(S)",
        aliases="si sdag",
    ),
    _fixed(
        "t",
        "Phase e^{iπ/4} on |1>.",
        _phase(_HALF + 1j * _HALF),
        ("Z", _PI / 4),
        inverse="tdg",
        qiskit="t",
        pennylane="T",
    ),
    _fixed(
        "tdg",
        "Phase e^{-iπ/4} on |1>, inverse of t.",
        _phase(_HALF - 1j * _HALF),
        ("Z", -_PI / 4),
        inverse="t",
        qiskit="tdg",
        pennylane="Adjoint(T)",
        aliases="ti tdag",
    ),
    _fixed(
        "sx",
        "Square root of x.",
        _SX,
        ("X", _PI / 2),
        inverse="sx x",
        qiskit="sx",
        pennylane="SX",
        aliases="v sqrtx",
    ),
    _pauli("rx", "X", qiskit="rx", pennylane="RX"),
    _pauli("ry", "Y", qiskit="ry", pennylane="RY"),
    _pauli("rz", "Z", qiskit="rz", pennylane="RZ"),
    _turning(
        "p",
        "Phase e^{iθ} on |1>.",
        lambda functions, angle: _phase(functions.exp_i(angle)),
        ("Z", 1.0),
        qiskit="p",
        pennylane="PhaseShift",
        aliases="u1 phase",
    ),
    _make_u(),
    _controlled_pauli("X", qiskit="cx", pennylane="CNOT", aliases="controlledx"),
    _controlled_pauli("Y", qiskit="cy", pennylane="CY"),
    _controlled_pauli("Z", qiskit="cz", pennylane="CZ"),
    _fixed(
        "ch",
        "Hadamard gate of operand 1 if operand 0 is 1.",
        _controlled(_H),
        ("IY", -_PI / 4),
        ("ZI", _PI / 2),
        ("IZ", _PI / 2),
        ("ZZ", -_PI / 2),
        ("IY", _PI / 4),
        qiskit="ch",
        pennylane="CH",
    ),
    _turning(
        "cp",
        "Phase e^{iθ} if both operands are 1.",
        lambda functions, angle: _controlled(_phase(functions.exp_i(angle))),
        ("ZI", 0.5),
        ("IZ", 0.5),
        ("ZZ", -0.5),
        qiskit="cp",
        pennylane="ControlledPhaseShift",
        aliases="cu1 cphase cphaseshift",
    ),
    _controlled_rotation("X", qiskit="crx", pennylane="CRX"),
    _controlled_rotation("Y", qiskit="cry", pennylane="CRY"),
    _controlled_rotation("Z", qiskit="crz", pennylane="CRZ"),
    _fixed(
        "swap",
        "Exchanges two qubits.",
        _SWAP,
        ("XX", _PI / 2),
        ("YY", _PI / 2),
        ("ZZ", _PI / 2),
        qiskit="swap",
        pennylane="SWAP",
    ),
    Gate(
        name="iswap",
        doc="Exchanges two qubits, with a phase i if they differ.",
        num_qubits=2,
        num_angles=0,
        matrix=lambda _functions: _ISWAP,
        inverse=(Step("iswap", (0, 1)), Step("z", (0,)), Step("z", (1,))),
        rotations=(Rotation("XX", constant=-_PI / 2), Rotation("YY", constant=-_PI / 2)),
        qiskit="iswap",
        pennylane="ISWAP",
    ),
    _pauli("rxx", "XX", qiskit="rxx", pennylane="IsingXX"),
    _pauli("ryy", "YY", qiskit="ryy", pennylane="IsingYY"),
    _pauli("rzz", "ZZ", qiskit="rzz", pennylane="IsingZZ"),
    _pauli("rzx", "ZX", qiskit="rzx"),
    _fixed(
        "ccx",
        "Pauli X of operand 2 if operands 0 and 1 are 1 (Toffoli).",
        _CCX,
        ("ZII", _PI / 4),
        ("IZI", _PI / 4),
        ("IIX", _PI / 4),
        ("ZZI", -_PI / 4),
        ("ZIX", -_PI / 4),
        ("IZX", -_PI / 4),
        ("ZZX", _PI / 4),
        qiskit="ccx",
        pennylane="Toffoli",
        aliases="ccnot",
    ),
)

GATES: dict[str, Gate] = {row.name: row for row in _ROWS}
"""All gates by name."""

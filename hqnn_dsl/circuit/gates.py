"""The gate table: one row a gate, and nobody else repeats what the row says.

Owns each gate's matrix, its inverse, the frequencies of its angles, and the gate as a product of Pauli rotations.
Rotations are exp(-i·θ/2·P). In a matrix, operand 0 is the least significant bit of the basis index (Qiskit's order).
Matrices are nested tuples over a handful of functions, so one row serves plain complex numbers and batches of torch
numbers, and reading the table imports neither numpy nor torch. `pauli_rot` has no row: its letters are its meaning.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Matrix = tuple[tuple[Any, ...], ...]
"""Rows of entries; an entry is a Python number, or a number of the kind that the angles are."""


@dataclass(frozen=True, slots=True)
class Functions:
    """What a matrix needs of its angles: `cos`, `sin`, and `exp_i` for e^{i·angle}."""

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


@dataclass(frozen=True, slots=True)
class Step:
    """A gate of the table on `operands` of another; entry j of `angles` is (angle number, factor) for its angle j."""

    gate: str
    operands: tuple[int, ...]
    angles: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One gate.

    `matrix(functions, *angles)` is exact, global phase included; `inverse` (in the order applied) too. `rotations`, in
    the order applied, are the gate up to a global phase. `frequencies[j]` are the positive frequencies with which an
    expectation value may oscillate in angle j: two of them mean that the two-term shift rule does not hold.
    """

    name: str
    doc: str
    num_qubits: int
    num_angles: int
    matrix: Callable[..., Matrix]
    inverse: tuple[Step, ...]
    rotations: tuple[Rotation, ...]
    frequencies: tuple[tuple[float, ...], ...] = ()

    @property
    def clifford(self) -> bool:
        """Whether the gate maps Pauli strings to Pauli strings: every rotation is by a multiple of π/2."""
        quarters = (rotation.constant / (math.pi / 2) for rotation in self.rotations)
        return self.num_angles == 0 and all(abs(turns - round(turns)) < 1e-12 for turns in quarters)


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


def _fixed(name: str, doc: str, matrix: Matrix, *rotations: tuple[str, float], inverse: str = "") -> Gate:
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
    )


def _turning(
    name: str,
    doc: str,
    matrix: Callable[..., Matrix],
    *rotations: tuple[str, float],
    frequencies: tuple[tuple[float, ...], ...] = _ONE,
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
    )


def _pauli(name: str, letters: str) -> Gate:
    """The rotation exp(-i·θ/2·P) about a fixed Pauli product."""
    product = "·".join(f"{letter}_{k}" for k, letter in enumerate(letters)) if len(letters) > 1 else letters
    return _turning(
        name,
        f"Rotation exp(-i·θ/2·{product}).",
        lambda functions, angle: pauli_rotation(letters, functions, angle),
        (letters, 1.0),
    )


def _controlled_rotation(letter: str) -> Gate:
    """The controlled rotation about `letter`: two frequencies, since the control's two branches differ by θ/2."""
    return _turning(
        f"cr{letter.lower()}",
        f"Rotation exp(-i·θ/2·{letter}) of operand 1 where operand 0 is 1.",
        lambda functions, angle: _controlled(pauli_rotation(letter, functions, angle)),
        (f"I{letter}", 0.5),
        (f"Z{letter}", -0.5),
        frequencies=((0.5, 1.0),),
    )


def _controlled_pauli(letter: str) -> Gate:
    return _fixed(
        f"c{letter.lower()}",
        f"Pauli {letter} of operand 1 where operand 0 is 1.",
        _controlled(PAULIS[letter]),
        ("ZI", _PI / 2),
        (f"I{letter}", _PI / 2),
        (f"Z{letter}", -_PI / 2),
    )


def _make_u() -> Gate:
    return Gate(
        name="u",
        doc="Any one-qubit gate u(θ, φ, λ), as in OpenQASM 3: rz(φ)·ry(θ)·rz(λ) up to a phase.",
        num_qubits=1,
        num_angles=3,
        matrix=_u,
        inverse=(Step("u", (0,), ((0, -1.0), (2, -1.0), (1, -1.0))),),
        rotations=(Rotation("Z", ((2, 1.0),)), Rotation("Y", ((0, 1.0),)), Rotation("Z", ((1, 1.0),))),
        frequencies=((1.0,), (1.0,), (1.0,)),
    )


_ROWS = (
    _fixed("h", "Hadamard gate: swaps X and Z.", _H, ("Z", _PI), ("Y", _PI / 2)),
    _fixed("x", "Pauli X, the bit flip.", PAULIS["X"], ("X", _PI)),
    _fixed("y", "Pauli Y.", PAULIS["Y"], ("Y", _PI)),
    _fixed("z", "Pauli Z, the phase flip.", PAULIS["Z"], ("Z", _PI)),
    _fixed("s", "Phase i on |1>, the square root of z.", _phase(1j), ("Z", _PI / 2), inverse="sdg"),
    _fixed("sdg", "Phase -i on |1>, inverse of s.", _phase(-1j), ("Z", -_PI / 2), inverse="s"),
    _fixed("t", "Phase e^{iπ/4} on |1>.", _phase(_HALF + 1j * _HALF), ("Z", _PI / 4), inverse="tdg"),
    _fixed("tdg", "Phase e^{-iπ/4} on |1>, inverse of t.", _phase(_HALF - 1j * _HALF), ("Z", -_PI / 4), inverse="t"),
    _fixed("sx", "Square root of x.", _SX, ("X", _PI / 2), inverse="sx x"),
    _pauli("rx", "X"),
    _pauli("ry", "Y"),
    _pauli("rz", "Z"),
    _turning("p", "Phase e^{iθ} on |1>.", lambda functions, angle: _phase(functions.exp_i(angle)), ("Z", 1.0)),
    _make_u(),
    _controlled_pauli("X"),
    _controlled_pauli("Y"),
    _controlled_pauli("Z"),
    _fixed(
        "ch",
        "Hadamard gate of operand 1 where operand 0 is 1.",
        _controlled(_H),
        ("IY", -_PI / 4),
        ("ZI", _PI / 2),
        ("IZ", _PI / 2),
        ("ZZ", -_PI / 2),
        ("IY", _PI / 4),
    ),
    _turning(
        "cp",
        "Phase e^{iθ} where both operands are 1.",
        lambda functions, angle: _controlled(_phase(functions.exp_i(angle))),
        ("ZI", 0.5),
        ("IZ", 0.5),
        ("ZZ", -0.5),
    ),
    _controlled_rotation("X"),
    _controlled_rotation("Y"),
    _controlled_rotation("Z"),
    _fixed("swap", "Exchanges two qubits.", _SWAP, ("XX", _PI / 2), ("YY", _PI / 2), ("ZZ", _PI / 2)),
    Gate(
        name="iswap",
        doc="Exchanges two qubits, with a phase i where they differ.",
        num_qubits=2,
        num_angles=0,
        matrix=lambda _functions: _ISWAP,
        inverse=(Step("iswap", (0, 1)), Step("z", (0,)), Step("z", (1,))),
        rotations=(Rotation("XX", constant=-_PI / 2), Rotation("YY", constant=-_PI / 2)),
    ),
    _pauli("rxx", "XX"),
    _pauli("ryy", "YY"),
    _pauli("rzz", "ZZ"),
    _pauli("rzx", "ZX"),
    _fixed(
        "ccx",
        "Pauli X of operand 2 where operands 0 and 1 are 1 (Toffoli).",
        _CCX,
        ("ZII", _PI / 4),
        ("IZI", _PI / 4),
        ("IIX", _PI / 4),
        ("ZZI", -_PI / 4),
        ("ZIX", -_PI / 4),
        ("IZX", -_PI / 4),
        ("ZZX", _PI / 4),
    ),
)

GATES: dict[str, Gate] = {row.name: row for row in _ROWS}
"""All gates by name."""

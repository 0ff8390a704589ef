"""The rest of a circuit after lowering: Pauli rotations, and the Pauli sums and marginals that are read at the end.

Owns the frozen types and `verify`. A program keeps the outputs of the circuit, not its state: Clifford gates at the end
have gone into the strings that are read.
"""

from __future__ import annotations

from dataclasses import dataclass

from hqnn_dsl.circuit.ir import AmplitudeInput, MalformedCircuit


@dataclass(frozen=True, slots=True)
class LinearAngle:
    """`constant` + Σ factor·slot, in radians; `slots` are (slot number, factor), ascending, each slot once."""

    constant: float = 0.0
    slots: tuple[tuple[int, float], ...] = ()

    def plus(self, other: LinearAngle) -> LinearAngle:
        """The sum; slots whose factors cancel are gone."""
        factors = dict(self.slots)
        for slot, factor in other.slots:
            factors[slot] = factors.get(slot, 0.0) + factor
        kept = tuple(sorted((slot, factor) for slot, factor in factors.items() if factor != 0.0))
        return LinearAngle(self.constant + other.constant, kept)

    def times(self, sign: int) -> LinearAngle:
        """The angle times ±1."""
        return LinearAngle(sign * self.constant, tuple((slot, sign * factor) for slot, factor in self.slots))


@dataclass(frozen=True, slots=True)
class PauliRotation:
    """exp(-i·angle/2·P) for the string P = (x, z) of `strings`."""

    x: int
    z: int
    angle: LinearAngle


@dataclass(frozen=True, slots=True)
class Term:
    """Adds `coefficient`·<P>, P = (x, z), to output number `output`."""

    x: int
    z: int
    coefficient: float
    output: int


@dataclass(frozen=True, slots=True)
class Marginal:
    """Adds to output `first` + Σ bit_j << j the probability of basis states r with bit_j = |r & mask_j| + flip_j mod 2.

    `bits` are (mask, flip).
    """

    bits: tuple[tuple[int, int], ...]
    first: int

    @property
    def size(self) -> int:
        return 1 << len(self.bits)


@dataclass(frozen=True, slots=True)
class PauliProgram:
    """Rotations on |0…0>, or on an amplitude input, and the strings that are read.

    `real` says that every rotation has an odd number of Y, so all amplitudes stay real. Outputs that neither a term nor
    a marginal adds to stay what they are elsewhere: `PauliPlan` has their constant parts.
    """

    num_qubits: int
    rotations: tuple[PauliRotation, ...]
    terms: tuple[Term, ...]
    marginals: tuple[Marginal, ...] = ()
    start: AmplitudeInput | None = None
    real: bool = False


@dataclass(frozen=True, slots=True)
class PauliPlan:
    """Programs whose outputs add up, on top of `offsets`, one an output.

    `dead_slots` reach no output; their gradient is zero.
    """

    parts: tuple[PauliProgram, ...]
    offsets: tuple[float, ...]
    dead_slots: tuple[int, ...] = ()


def verify(program: PauliProgram) -> PauliProgram:
    """Returns the program itself. Raises `MalformedCircuit` if its invariants do not hold."""
    limit = 1 << program.num_qubits
    strings = [(r.x, r.z) for r in program.rotations] + [(t.x, t.z) for t in program.terms]
    masks = [mask for string in strings for mask in string]
    masks += [mask for marginal in program.marginals for mask, _ in marginal.bits]
    if any(not 0 <= mask < limit for mask in masks):
        raise MalformedCircuit("a Pauli string leaves the program's qubits")
    if program.real and any((r.x & r.z).bit_count() % 2 == 0 for r in program.rotations):
        raise MalformedCircuit("a rotation of a real program has an even number of Y")
    return program

"""Facts that say how easily a circuit is simulated classically: what a claim of an advantage has to be held against.

Light cones bound the qubits that an output needs at all; a circuit of Clifford gates with few other rotations is easy
by the stabilizer formalism (Aaronson, Gottesman, Phys. Rev. A 70, 052328, 2004); a circuit whose rotations generate a
small Lie algebra is easy by simulation in that algebra (Goh et al., arXiv 2308.01432); and any circuit is easy whose
state fits a memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.circuit.ir import Observable
from hqnn_dsl.circuit.pauli.rewrites import plan
from hqnn_dsl.science.lie_algebra import MOST_DIMENSIONS, Algebra, whole_algebra

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hqnn_dsl.circuit.ir import Circuit

COMPLEX = 16
"""Bytes of a complex number in double precision."""


@dataclass(frozen=True)
class Simulability:
    """Facts about the classical simulation of a circuit.

    `cone_qubits` has for each output the qubits in the light cone of the Pauli product of it whose cone is widest, or
    in that of all its qubits for probabilities; gates count with all their qubits. `gates` is the number of operations,
    `rotations` that of the Pauli rotations that they are made of, by whatever angle; `rotations_left` is how many are
    left when Clifford gates are gone and rotations about one string are joined, those that reach no output not counted,
    and `varying` how many of these have an angle that inputs or weights change. `algebra` is the Lie algebra of all
    rotations. `state_bytes` is the size of the state of all qubits, complex in double precision;
    `largest_state_bytes` that of the largest state that the native engine's plan needs for the same outputs, in double
    precision, real where all amplitudes are.
    """

    num_qubits: int
    cone_qubits: tuple[int, ...]
    gates: int
    rotations: int
    rotations_left: int
    varying: int
    algebra: Algebra
    state_bytes: int
    largest_state_bytes: int

    @property
    def widest_cone(self) -> int:
        """The qubits of the widest light cone of an output."""
        return max(self.cone_qubits)


def simulability(circuit: Circuit, *, most_dimensions: int = MOST_DIMENSIONS) -> Simulability:
    """Returns the facts about a circuit; its algebra is unknown above `most_dimensions`."""
    left = plan(circuit, without=("split", "reduce_rank", "find_real")).parts[0].rotations
    smallest = plan(circuit)
    return Simulability(
        num_qubits=circuit.num_qubits,
        cone_qubits=cone_qubits(circuit),
        gates=len(circuit.operations),
        rotations=sum(
            1 if operation.gate == "pauli_rot" else len(GATES[operation.gate].rotations)
            for operation in circuit.operations
        ),
        rotations_left=len(left),
        varying=sum(bool(rotation.angle.slots) for rotation in left),
        algebra=whole_algebra(circuit, most=most_dimensions),
        state_bytes=COMPLEX << circuit.num_qubits,
        largest_state_bytes=max(
            ((COMPLEX // 2 if part.real else COMPLEX) << part.num_qubits for part in smallest.parts), default=0
        ),
    )


def cone_qubits(circuit: Circuit) -> tuple[int, ...]:
    """The qubits in the light cone of each output: how many qubits the gates that reach it act on.

    For a sum of Pauli products, that of the product with the widest cone, since each may be computed alone.
    """
    known: dict[frozenset[int], int] = {}

    def width(read: Iterable[int]) -> int:
        qubits = frozenset(read)
        if qubits not in known:
            known[qubits] = len(_cone(circuit, qubits))
        return known[qubits]

    found: list[int] = []
    for measured in circuit.measurements:
        if isinstance(measured, Observable):
            found.append(max((width(q for q, _ in factors) for factors in measured.products()), default=0))
        else:
            found += [width(measured.qubits)] * (1 << len(measured.qubits))
    return tuple(found)


def _cone(circuit: Circuit, read: frozenset[int]) -> set[int]:
    """The qubits of the gates that reach those that are read, with these."""
    cone = set(read)
    for operation in reversed(circuit.operations):
        if not cone.isdisjoint(operation.qubits):
            cone.update(operation.qubits)
    if circuit.amplitude is not None and not cone.isdisjoint(circuit.amplitude.qubits):
        cone.update(circuit.amplitude.qubits)
    return cone

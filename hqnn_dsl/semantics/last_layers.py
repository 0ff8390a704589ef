"""Weights of library blocks that no output depends on: whether to warn of them, and which measurement avoids it.

The last rotations of several library blocks commute with `measure z`. Nothing of such a block can be dropped, and all
of its other weights train, so the warning is given only if it can be followed: if not every qubit is measured, or if
none of the block's weights reaches an output.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.ir import Observable, PauliTerm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.circuit.ir import Circuit, PauliLetter, WeightTensor
    from hqnn_dsl.semantics.definitions import Definition

_LETTERS: tuple[PauliLetter, ...] = ("z", "x", "y")


def is_of_library(tensor: WeightTensor, used: Sequence[Definition]) -> bool:
    """Whether the tensor belongs to a block of the library, by the first block in its path."""
    words = [word for word in tensor.path.split(".")[:-1] if not (word.startswith("repeat") or word.isdigit())]
    if not words:
        return False
    stem, _, number = words[0].rpartition("_")
    names = {words[0], stem} if number.isdigit() else {words[0]}
    return any(definition.is_library and definition.name in names for definition in used)


def is_its_nature(circuit: Circuit, tensor: WeightTensor, num_dead: int) -> bool:
    """Whether the block's last layer alone is idle, and every qubit is measured: nothing can be dropped."""
    return num_dead < tensor.size and _measured(circuit) == set(range(circuit.num_qubits))


def _measured(circuit: Circuit) -> set[int]:
    """The qubits of all outputs."""
    found: set[int] = set()
    for measurement in circuit.measurements:
        if isinstance(measurement, Observable):
            found |= {qubit for term in measurement.terms for qubit, _ in term.factors}
        else:
            found |= set(measurement.qubits)
    return found


def avoiding(circuit: Circuit) -> str:
    """A help line with a measurement that every weight reaches; empty if there is none of one letter."""
    from hqnn_dsl.circuit.pauli.effects import effects

    for letter in _LETTERS:
        outputs = tuple(Observable((PauliTerm(1.0, ((qubit, letter),)),)) for qubit in range(circuit.num_qubits))
        if not effects(replace(circuit, measurements=outputs)).dead_weights:
            return f"write `measure {letter}`, which all of its weights reach"
    return ""

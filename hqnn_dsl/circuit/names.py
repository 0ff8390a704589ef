"""The names of a circuit's inputs and weights, each number's own, for drawings, files and Qiskit's parameters."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit


def input_names(circuit: Circuit) -> list[str]:
    """Returns the name of each component of the input vector; `x[k]` for those that the spec does not name."""
    given = circuit.input_names
    return [given[k] if k < len(given) and given[k] else f"x[{k}]" for k in range(circuit.num_inputs)]


def weight_names(circuit: Circuit) -> list[str]:
    """Returns the name of each weight, in the order of the circuit: `brickwork.w[0, 2, 1]`; a scalar's is its path."""
    names: list[str] = []
    for tensor in circuit.weights:
        entries = product(*(range(length) for length in tensor.shape))
        names += [f"{tensor.path}[{', '.join(map(str, index))}]" if index else tensor.path for index in entries]
    return names

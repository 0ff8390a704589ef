"""The slot table as a tape of numbers: every distinct subexpression once, arguments before functions.

`slot_table` runs tapes. They exist because at a few qubits a training step is mostly the dozens of small torch
operations that make angles of inputs and weights; running a tape costs less than one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.backends.native.kernels.packed import pack
from hqnn_dsl.backends.native.kernels.slot_table import CODES, CONSTANT, INPUT, WEIGHT
from hqnn_dsl.circuit.angles import Apply, Const, InputRef, WeightRef, leaves

if TYPE_CHECKING:
    from hqnn_dsl.circuit.angles import Angle
    from hqnn_dsl.circuit.ir import Circuit


@dataclass(frozen=True, eq=False)
class Tape:
    """`nodes[N]` are (code, first argument or index, second argument), the `shared` first ones without inputs.

    `numbers[N]` are the constants; `sample_nodes[E]` and `shared_nodes[W]` are the nodes of the slots.
    """

    nodes: np.ndarray[Any, Any]
    numbers: np.ndarray[Any, Any]
    shared: int
    sample_nodes: np.ndarray[Any, Any]
    shared_nodes: np.ndarray[Any, Any]

    @cached_property
    def arguments(self) -> tuple[Any, ...]:
        """In the order of `slot_table.angles`: all tables in one array, the constants, the number of shared nodes."""
        whole, floats = pack((self.nodes, self.sample_nodes, self.shared_nodes), (self.numbers,))
        return whole, floats, self.shared


def tape_of(circuit: Circuit) -> Tape:
    """The tape of a circuit's slots.

    Raises `NotImplementedError` if an angle has a function that the kernels do not know: `circuit.angles.FUNCTIONS` has
    a row more than they have.
    """
    places: dict[Angle, int] = {}
    for angle in circuit.slots:
        _place(angle, places, inputs=False)
    shared = len(places)
    for slot in circuit.sample_slots:
        _place(circuit.slots[slot], places, inputs=True)
    nodes, numbers = [], []
    for angle in places:
        nodes.append(_node(angle, places))
        numbers.append(angle.value if isinstance(angle, Const) else 0.0)
    return Tape(
        nodes=np.array(nodes, dtype=np.int64).reshape(-1, 3),
        numbers=np.array(numbers, dtype=np.float64),
        shared=shared,
        sample_nodes=np.array([places[circuit.slots[s]] for s in circuit.sample_slots], dtype=np.int64),
        shared_nodes=np.array([places[circuit.slots[s]] for s in circuit.shared_slots], dtype=np.int64),
    )


def _place(angle: Angle, places: dict[Angle, int], *, inputs: bool) -> None:
    """Give an expression and all in it a place; without `inputs` only those parts that no input reaches."""
    if angle in places:
        return
    if isinstance(angle, Apply):
        for argument in angle.arguments:
            _place(argument, places, inputs=inputs)
    if inputs or not any(isinstance(leaf, InputRef) for leaf in leaves(angle)):
        places[angle] = len(places)


def _node(angle: Angle, places: dict[Angle, int]) -> tuple[int, int, int]:
    match angle:
        case Const():
            return CONSTANT, 0, 0
        case InputRef(index):
            return INPUT, index, 0
        case WeightRef(index):
            return WEIGHT, index, 0
        case Apply(function, _) if function not in CODES:
            raise NotImplementedError(f"the native kernels do not know the function {function!r}")
        case Apply(function, arguments):
            first = places[arguments[0]]
            return CODES[function], first, places[arguments[-1]] if len(arguments) > 1 else first

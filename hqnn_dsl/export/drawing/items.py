"""The gates of a circuit as a drawing shows them: wires, marks, lines of text; one form for both circuits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hqnn_dsl.circuit.angles import InputRef, WeightRef, distinct_leaves
from hqnn_dsl.circuit.block_spans import Segment, segments_of
from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.export.drawing.angles import Labels, Term, scaled_sum

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.export.exported import Export

Reads = Literal["nothing", "inputs", "weights", "both"]
"""The kinds of numbers that the angles of a gate depend on."""


@dataclass(frozen=True, slots=True)
class Item:
    """A gate: dots on `controls`; on `targets` a box with `lines`, or without lines a `mark` on each.

    Wires are counted from the top. `letters[k]` stands at `targets[k]` at the edge of a box over several wires.
    """

    lines: tuple[str, ...]
    targets: tuple[int, ...]
    controls: tuple[int, ...] = ()
    mark: Literal["", "plus", "cross", "dot"] = ""
    letters: tuple[str, ...] = ()
    reads: Reads = "nothing"

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last wire."""
        wires = (*self.targets, *self.controls)
        return min(wires), max(wires)


@dataclass(frozen=True, slots=True)
class Part:
    """Gates under one title, behind a barrier; an empty title has no barrier."""

    title: str
    items: tuple[Item, ...]


def columns_of(items: Iterable[Item]) -> list[list[Item]]:
    """Gates that stand above each other: each in the first column behind those that it meets."""
    free: dict[int, int] = {}
    columns: list[list[Item]] = []
    for item in items:
        low, high = item.span
        place = max((free.get(wire, 0) for wire in range(low, high + 1)), default=0)
        for wire in range(low, high + 1):
            free[wire] = place + 1
        if place == len(columns):
            columns.append([])
        columns[place].append(item)
    return columns


def gate_item(name: str, wires: Sequence[int], labels: Iterable[str], reads: Reads, letters: str = "") -> Item:
    """Returns a gate by its name here or in Qiskit, with the texts of its angles.

    Letters `c` before a gate are its controls, as in Qiskit's names. Only `x`, `z` and `swap` have a mark of their own.
    """
    wires, texts = tuple(wires), tuple(labels)
    if name == "swap":
        return Item((), wires, mark="cross")
    base, count = name, 0
    while base.startswith("c") and base[1:] in GATES and count < len(wires) - 1:
        base, count = base[1:], count + 1
    controls, targets = wires[:count], wires[count:]
    if count and not texts and base in {"x", "z"}:
        return Item((), targets, controls, "plus" if base == "x" else "dot")
    if count and base == "swap":
        return Item((), targets, controls, "cross")
    if name == "pauli_rot":
        return Item(("rot", *texts), wires, letters=tuple(letters) if len(wires) > 1 else (), reads=reads)
    return Item((base, *texts), targets, controls, letters=_letters(base, targets), reads=reads)


def _letters(name: str, targets: tuple[int, ...]) -> tuple[str, ...]:
    """The numbers of a gate's qubits, if their order means something or its box covers a wire that it leaves alone."""
    is_symmetric = name in GATES and GATES[name].symmetric
    if len(targets) < 2 or (is_symmetric and max(targets) - min(targets) < len(targets)):
        return ()
    return tuple(map(str, range(len(targets))))


def logical_parts(circuit: Circuit, labels: Labels) -> list[Part]:
    """The circuit in its segments, qubit 0 on top."""
    parts = []
    for segment in segments_of(circuit):
        items = [_item(circuit, place, labels) for place in range(segment.start, segment.stop)]
        if circuit.amplitude is not None and segment == Segment("feature_map", "amplitude", 0, 0):
            items.append(_amplitude(circuit))
        parts.append(Part(segment.title, tuple(items)))
    return parts


def _item(circuit: Circuit, place: int, labels: Labels) -> Item:
    operation = circuit.operations[place]
    texts = [labels.slot(slot).text for slot in operation.slots]
    reads = _reads(circuit, operation.slots)
    return gate_item(operation.gate, operation.qubits, texts, reads, operation.pauli)


def _amplitude(circuit: Circuit) -> Item:
    found = circuit.amplitude
    assert found is not None
    lines = ("amplitude", f"x[{found.start}…{found.start + found.size - 1}]")
    letters = tuple(map(str, range(len(found.qubits)))) if len(found.qubits) > 1 else ()
    return Item(lines, found.qubits, letters=letters, reads="inputs")


def _reads(circuit: Circuit, slots: Iterable[int]) -> Reads:
    leaves = list(distinct_leaves([circuit.slots[slot] for slot in slots]))
    inputs = any(isinstance(leaf, InputRef) for leaf in leaves)
    weights = any(isinstance(leaf, WeightRef) for leaf in leaves)
    return "both" if inputs and weights else "inputs" if inputs else "weights" if weights else "nothing"


def transpiled_items(export: Export, wires: dict[int, int], labels: Labels) -> list[Item]:
    """The gates of a transpiled circuit; `wires` has the place from the top of each qubit that is shown."""
    from hqnn_dsl.transpile.convert import as_sum, slot_of

    found = []
    circuit = export.slotted
    for instruction in circuit.data:
        gate = instruction.operation
        at = [wires[circuit.find_bit(qubit).index] for qubit in instruction.qubits]
        sums = [as_sum(angle) for angle in gate.params if _is_angle(angle)]
        texts = [_sum_label(terms, constant, labels) for terms, constant in sums]
        read = {name for terms, _ in sums for name in terms}
        slots = [slot for name in read if (slot := slot_of(name)) is not None]
        reads = _reads(export.source, slots)
        if len(slots) < len(read):  # amplitudes
            reads = "both" if reads in {"weights", "both"} else "inputs"
        found.append(gate_item(gate.name, at, texts, reads))
    return found


def _is_angle(value: Any) -> bool:
    from qiskit.circuit import ParameterExpression

    return isinstance(value, ParameterExpression | float | int)


def _sum_label(terms: dict[str, float], constant: float, labels: Labels) -> str:
    from hqnn_dsl.transpile.convert import slot_of

    known = []
    for name, factor in terms.items():
        slot = slot_of(name)
        known.append((factor, Term(name) if slot is None else labels.slot(slot)))
    return labels.short(scaled_sum(known, constant)).text

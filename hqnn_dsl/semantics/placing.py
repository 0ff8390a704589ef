"""The qubits and inputs that gates and blocks are placed on: targets of gates, and `on …` of blocks.

Functions of a node and its scope without state of their own; `elaborate` calls them and keeps the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.angles import Angle, InputRef
from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics.codes import meaning
from hqnn_dsl.diagnostics.codes import shapes as codes
from hqnn_dsl.diagnostics.codes.expressions import NotConstant, WrongCall
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.semantics.evaluate import evaluate, listed
from hqnn_dsl.semantics.functions import unknown_gate_name
from hqnn_dsl.semantics.values import Member, Poison, Scope, Silent, Symbolic, Tensor, describe
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.definitions import Definition


def article(kind: str) -> str:
    """A kind of block with its article."""
    return "an ansatz" if kind == "ansatz" else "a feature map"


def reader_of(chain: tuple[tuple[Definition, Span], ...], span: Span) -> tuple[str, Span]:
    """The name and the text of the reader of an input: the outermost block, or the circuit's own `input`."""
    return (f"`{chain[0][0].name}`", chain[0][1]) if chain else ("the circuit", span)


# ------------------------------------------------------------------- gates


@dataclass(frozen=True)
class GateCall:
    """A gate's name with its angles as written."""

    name: str
    angles: tuple[nodes.Expression, ...]
    span: Span
    letters: str = ""


def gate_call(node: nodes.Gate, scope: Scope) -> GateCall:
    """The gate that a line applies: `name(angle, …)`, `pauli_rot("XYZ", angle)`, or `gate("name", angle, …)`."""
    name, arguments = (
        (node.call, ()) if isinstance(node.call, nodes.Name) else (node.call.function, node.call.arguments)
    )
    for argument in arguments:
        if argument.name is not None:
            problem = f"write the angle without `{argument.name.name}:`"
            raise Refusal(WrongCall(span=argument.span, name=name.name, expected="angles without names", found=problem))
    values = tuple(argument.value for argument in arguments)
    if name.name == "gate":
        return _indirect(node, name, values, scope)
    if name.name == "pauli_rot":
        if len(values) != 2:
            raise Refusal(_wrong_angles("pauli_rot", "letters and one angle", str(len(values)), node.call.span))
        letters = evaluate(values[0], scope)
        if not isinstance(letters, str) or not letters or set(letters) - set("IXYZ") or set(letters) == {"I"}:
            problem = "the letters are a text of I, X, Y, Z, at least one not I"
            raise Refusal(codes.WrongLetters(span=values[0].span, problem=problem))
        return GateCall("pauli_rot", values[1:], name.span, letters)
    if name.name not in GATES:
        raise Refusal(_unknown_gate(name, values, node.targets))
    return GateCall(name.name, values, name.span)


def _unknown_gate(
    name: nodes.Name, angles: tuple[nodes.Expression, ...], targets: tuple[nodes.Expression, ...]
) -> Diagnostic:
    from hqnn_dsl.circuit.foreign_gates import advice

    angle_texts, target_texts = (tuple(item.span.text for item in items) for items in (angles, targets))
    return meaning.UnknownGate(span=name.span, name=name.name, hint=advice(name.name, angle_texts, target_texts))


def _indirect(node: nodes.Gate, name: nodes.Name, values: tuple[nodes.Expression, ...], scope: Scope) -> GateCall:
    if not values:
        raise Refusal(_wrong_angles("gate", "the name of a gate, then its angles", "0", node.call.span))
    chosen = evaluate(values[0], scope)
    word = chosen.name if isinstance(chosen, Member) else chosen
    if not isinstance(word, str) or word not in GATES:
        raise Refusal(unknown_gate_name(word, values[0].span))
    return GateCall(word, values[1:], name.span)


def _wrong_angles(gate: str, wanted: str, given: str, span: Span) -> Diagnostic:
    return codes.WrongAngles(span=span, gate=gate, wanted=wanted, given=given)


def targets(node: nodes.Gate, qubits: tuple[int, ...], scope: Scope) -> tuple[int, ...]:
    """The circuit's qubits that a line's targets are; a list gives several."""
    found: dict[int, None] = {}
    for target in node.targets:
        for qubit in _local_qubits(target, len(qubits), scope):
            if qubits[qubit] in found:
                raise Refusal(codes.QubitTwice(span=target.span, qubit=qubit, what="gate"))
            found[qubits[qubit]] = None
    return tuple(found)


_NAMED = 4
"""Qubits, inputs or arguments that are checked in about the time of a statement."""


def _local_qubits(node: nodes.Expression, available: int, scope: Scope) -> tuple[int, ...]:
    value = evaluate(node, scope)
    values = value if isinstance(value, tuple) else (value,)
    scope.meter.charge(len(values) // _NAMED, node.span)
    found = []
    for item in values:
        if isinstance(item, Poison):
            raise Silent
        if isinstance(item, (Symbolic, Tensor)):
            raise Refusal(NotConstant(span=node.span, what="a qubit", cause="an input or a weight"))
        if isinstance(item, bool) or not isinstance(item, int):
            raise Refusal(
                meaning.WrongType(span=node.span, what="a qubit", expected="a whole number", found=describe(item))
            )
        if not 0 <= item < available:
            hint = "the only qubit is 0" if available == 1 else f"qubits are 0 to {available - 1}"
            raise Refusal(codes.QubitOutOfRange(span=node.span, qubit=str(item), count=str(available), hint=hint))
        found.append(item)
    return tuple(found)


def letters(call: GateCall, num_targets: int, node: nodes.Gate) -> str:
    """The letters of `pauli_rot`, one a target."""
    if len(call.letters) != num_targets:
        problem = f"{count(len(call.letters), 'letter')} for {count(num_targets, 'target')}"
        raise Refusal(codes.WrongLetters(span=node.span, problem=problem))
    return call.letters


def fits(call: GateCall, qubits: tuple[int, ...], node: nodes.Gate) -> None:
    """Refuse a gate with the wrong number of angles or targets."""
    row = GATES[call.name]
    if len(call.angles) != row.num_angles:
        wanted = count(row.num_angles, "angle") if row.num_angles else "no angle"
        raise Refusal(_wrong_angles(call.name, wanted, str(len(call.angles)), node.call.span))
    if len(qubits) != row.num_qubits:
        wanted = count(row.num_qubits, "qubit")
        hint = ""
        if row.num_qubits == 1:
            hint = f"for several qubits write `for q in 0..qubits {{ {node.call.span.text} q }}`"
        raise Refusal(
            codes.WrongTargets(span=node.span, gate=call.name, wanted=wanted, given=str(len(qubits)), hint=hint)
        )


# ------------------------------------------------------------------ blocks


def placement(
    use: nodes.BlockUse, qubits: tuple[int, ...], view: tuple[int, ...] | None, kind: str, scope: Scope
) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """The qubits and the components of the input that `on …` gives a block, else those of the frame around it."""
    chosen: dict[int, None] = {}
    seen_qubits = False
    for item in use.on:
        components = _slice(item, kind, scope)
        if components is not None:
            if use.kind == "ansatz":
                raise Refusal(codes.WrongPlacement(span=item.span, problem="an ansatz reads no inputs"))
            view = components
            continue
        seen_qubits = True
        for qubit in _local_qubits(item, len(qubits), scope):
            if qubit in chosen:
                raise Refusal(codes.QubitTwice(span=item.span, qubit=qubit, what="placement"))
            chosen[qubit] = None
    if not seen_qubits:
        return qubits, view
    if not chosen:
        raise Refusal(codes.WrongPlacement(span=use.on[-1].span, problem="no qubit is left for the block"))
    return tuple(qubits[qubit] for qubit in chosen), view


def _slice(node: nodes.Expression, kind: str, scope: Scope) -> tuple[int, ...] | None:
    """The components that `x[4..8]` or `x` names; None if the item names qubits."""
    name = node.base if isinstance(node, nodes.Index) else node
    if not isinstance(name, nodes.Name):
        return None
    binding = scope.find(name.name)
    tensor = binding.value if binding is not None else None
    entries: tuple[Angle, ...] | None = None
    if isinstance(tensor, Tensor) and tensor.kind == "input":
        entries = tensor.entries
    elif binding is not None or name.name != "x" or kind != "circuit":
        return None
    if not isinstance(node, nodes.Index):
        if entries is None:
            return None
        scope.meter.charge(len(entries) // _NAMED, node.span)
        return tuple(entry.index for entry in entries if isinstance(entry, InputRef))
    if len(node.indices) != 1 or not isinstance(node.indices[0], nodes.Range):
        raise Refusal(codes.WrongPlacement(span=node.span, problem="a slice of the inputs is a range: `x[0..4]`"))
    picked = listed(node.indices[0], scope)
    if not picked:
        raise Refusal(codes.WrongPlacement(span=node.span, problem="the slice is empty"))
    if any(place < 0 or (entries is not None and place >= len(entries)) for place in picked):
        raise Refusal(codes.WrongPlacement(span=node.span, problem="the slice leaves the inputs"))
    if entries is None:
        return picked
    return tuple(entry.index for place in picked if isinstance(entry := entries[place], InputRef))

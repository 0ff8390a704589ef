"""A circuit as OpenQASM 3, with a head of comments about its qubits and parameters.

Qiskit's exporter writes gates and their definitions; angles are written here, since it rounds numbers to fractions of π
by replacing parts of text. The head is read by `head_of`:

    // layout: 0 -> $1, 1 -> $0             logical qubit 0 ends on $1
    // parameter x_0 = x[0]                 the identifier, and the name in the spec
    // angle slot_3 = acos(x[0])            a parameter that stands for an angle, and its formula
    // unread: x[2], real_amplitudes.w[5]   inputs and weights that no angle reads

If Qiskit's reader knows no form for one of the angles, every angle that is no constant is a parameter of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.export.formulas import formula, sum_text
from hqnn_dsl.transpile.convert import as_sum, slot_of
from hqnn_dsl.transpile.gates import written_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qiskit import QuantumCircuit

    from hqnn_dsl.export.exported import Export

_PLACE = "hqnn_angle_"
_OPERAND = re.compile(r"\b_gate_q_(\d+)\b")
"""The names of the qubits in a gate's definition by Qiskit's exporter; here they are `q0`, `q1`."""


@dataclass(frozen=True)
class Head:
    """The contents of a file's comments: see the module. `layout[k]` is None if the file has none."""

    layout: Mapping[int, int]
    parameters: Mapping[str, str]
    angles: Mapping[str, str]
    unread: tuple[str, ...]


def qasm_text(export: Export) -> str:
    """The file for a circuit, its global phase left out."""
    from qiskit import qasm3

    open_circuit, angles = _with_places(export.slotted)
    texts, used = _texts(export, angles)
    version, include, *lines = [
        line for line in qasm3.dumps(open_circuit).splitlines() if not line.startswith(f"input float[64] {_PLACE}")
    ]
    body = [re.sub(rf"\b{_PLACE}(\d+)\b", lambda match: texts[int(match[1])], line) for line in lines]
    body = [_OPERAND.sub(r"q\1", line) for line in body]
    declared = [f"input float[64] {identifier};" for identifier in used]
    return "\n".join([*_head(export, used), version, include, *declared, *body]) + "\n"


def _with_places(circuit: QuantumCircuit) -> tuple[QuantumCircuit, list[Any]]:
    """The circuit with a plain parameter for every angle, constants too, and the angles in their order."""
    from qiskit.circuit import Gate, Parameter, ParameterExpression

    circuit = written_out(circuit)
    opened = circuit.copy_empty_like()
    opened.global_phase = 0
    angles: list[Any] = []
    for instruction in circuit.data:
        gate = instruction.operation
        if (
            gate.params
            and isinstance(gate, Gate)
            and all(isinstance(a, ParameterExpression | float | int) for a in gate.params)
        ):
            places = [Parameter(f"{_PLACE}{len(angles) + k}") for k in range(len(gate.params))]
            angles += gate.params
            gate = gate.to_mutable()
            gate.params = places
        opened.append(instruction.replace(operation=gate), copy=False)
    return opened, angles


def _texts(export: Export, angles: list[Any]) -> tuple[list[str], list[str]]:
    """The text of each angle, and the identifiers that stand in them, in the order of the spec's parameters."""
    names, source = export.names, export.source
    inputs, weights = ([names.identifiers[name] for name in own] for own in (names.inputs, names.weights))
    known: dict[str, str] = {}
    texts = []
    for angle in angles:
        terms, constant = as_sum(angle)
        for name in terms:
            if name not in known:
                slot = slot_of(name) if names.readable else None
                known[name] = names.open[name] if slot is None else formula(source.slots[slot], inputs, weights)
        texts.append(sum_text([(factor, known[name]) for name, factor in terms.items()], constant))
    words = {word for text in known.values() for word in re.findall(r"[A-Za-z_]\w*", text)}
    return texts, [identifier for identifier in names.of if identifier in words]


def _head(export: Export, used: list[str]) -> list[str]:
    names = export.names
    lines = [f"// the {export.name} circuit of model {export.model}, without its global phase"]
    if export.layout is not None:
        prefix = "$" if export.slotted.layout is not None else "q"
        pairs = ", ".join(f"{k} -> {_qubit(prefix, place)}" for k, place in enumerate(export.layout))
        lines.append("// logical qubit -> the qubit that it ends on")
        lines.append(f"// layout: {pairs}")
    lines += [f"// parameter {identifier} = {names.of[identifier]}" for identifier in used]
    told = [(identifier, names.formulas.get(names.of[identifier])) for identifier in used]
    lines += [f"// angle {identifier} = {text}" for identifier, text in told if text is not None]
    if any("acos(" in (text or "") or "asin(" in (text or "") for _, text in told):
        lines.append("// acos and asin take what is above 1 or below -1 for 1 or -1")
    if names.unread:
        lines.append(f"// unread: {'; '.join(names.unread)}")
    return lines


def _qubit(prefix: str, place: int) -> str:
    return f"${place}" if prefix == "$" else f"{prefix}[{place}]"


def head_of(text: str) -> Head:
    """Returns the contents of the comments at the head of such a file."""
    comments = [line.removeprefix("// ") for line in text.splitlines() if line.startswith("// ")]
    layout = next((line for line in comments if line.startswith("layout: ")), "")
    unread = next((line.removeprefix("unread: ") for line in comments if line.startswith("unread: ")), "")
    return Head(
        layout={int(k): int(place) for k, place in re.findall(r"(\d+) -> (?:\$|q\[)(\d+)", layout)},
        parameters=_pairs(comments, "parameter "),
        angles=_pairs(comments, "angle "),
        unread=tuple(unread.split("; ")) if unread else (),
    )


def _pairs(comments: list[str], word: str) -> dict[str, str]:
    rows = (line.removeprefix(word).partition(" = ") for line in comments if line.startswith(word))
    return {identifier: said for identifier, _, said in rows}

"""What the arguments of library blocks take beyond their types: said of the user's own text, before a block is placed.

A block is written in the language, and what is wrong inside it would be told in its words. So a value that a block
cannot do anything with is refused here, where it stands. A test holds that every list of the library has a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.report.codes import meaning, shapes
from hqnn_dsl.report.quantities import count
from hqnn_dsl.semantics.evaluate import unknown_gate_name
from hqnn_dsl.semantics.values import Member, Poison, Value, choices
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hqnn_dsl.report.diagnostic import Diagnostic
    from hqnn_dsl.report.source import Span

_Values = dict[str, Value]
MOST_LETTERS = 4
"""The longest string that the block `pauli` can place."""


def _gates_on(num_qubits: int) -> Callable[[str, Span, str, _Values], Diagnostic | None]:
    """A check of one name in a list of gates on so many qubits."""

    def check(word: str, span: Span, owner: str, values: _Values) -> Diagnostic | None:  # noqa: ARG001 - one signature
        fitting = choices([row.name for row in GATES.values() if row.num_qubits == num_qubits])
        if word == "pauli_rot":
            hint = f"it takes letters too; {owner} takes {fitting}"
            return meaning.WrongGate(span=span, owner=owner, wanted=count(num_qubits, "qubit"), gate=word, hint=hint)
        if word not in GATES:
            return unknown_gate_name(word, span)
        if GATES[word].num_qubits != num_qubits:
            wanted, hint = count(num_qubits, "qubit"), f"it takes {fitting}"
            return meaning.WrongGate(span=span, owner=owner, wanted=wanted, gate=word, hint=hint)
        return None

    return check


def _pauli_string(word: str, span: Span, owner: str, values: _Values) -> Diagnostic | None:
    """A check of one string of the block `pauli`."""
    if not word or set(word) - set("IXYZ") or set(word) == {"I"}:
        problem = f"{owner} takes texts of I, X, Y, Z, at least one not I"
        return shapes.WrongLetters(span=span, problem=problem)
    if len(word) > MOST_LETTERS:
        problem = f"{owner} takes texts of one to {MOST_LETTERS} letters, this has {len(word)}"
        return shapes.WrongLetters(span=span, problem=problem)
    pattern = values.get("entanglement")
    if isinstance(pattern, Member) and pattern.name == "pairwise" and len(word) > 2:
        problem = f"`pairwise` joins two qubits at a time, this has {len(word)} letters"
        return shapes.WrongLetters(span=span, problem=problem)
    return None


ITEMS: Mapping[tuple[str, str], Callable[[str, Span, str, _Values], Diagnostic | None]] = {
    ("two_local", "rotation"): _gates_on(1),
    ("two_local", "entangler"): _gates_on(2),
    ("pauli", "paulis"): _pauli_string,
}
"""What each text in a list takes, by block and argument."""


def wrong_arguments(block: str, given: Mapping[str, nodes.Argument], values: _Values) -> Iterator[Diagnostic]:
    """What is wrong with the arguments that a library block is given; `values` are those of all its parameters."""
    for name, argument in given.items():
        value, owner = values.get(name, Poison()), f"`{block}.{name}`"
        if name == "reps" and isinstance(value, int) and value < 0:
            span = argument.value.span
            yield meaning.OutOfBounds(span=span, what=owner, bound="at least 0", value=str(value))
        check = ITEMS.get((block, name))
        if check is not None and isinstance(value, tuple):
            for word, span in zip(value, _item_spans(argument.value, len(value)), strict=True):
                found = check(str(word), span, owner, values)
                if found is not None:
                    yield found


def _item_spans(node: nodes.Expression, length: int) -> list[Span]:
    """Where the items of a list stand; all at the whole text where it is not a list as written."""
    if isinstance(node, nodes.ListLiteral) and len(node.items) == length:
        return [item.span for item in node.items]
    return [node.span] * length

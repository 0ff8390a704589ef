"""What the arguments of library blocks take beyond their types: said of the user's own text, before a block is placed.

A block is written in the language, and what is wrong inside it would be told in its words. So a value that a block
cannot do anything with is refused here, where it stands. A test holds that every list of the library has a row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics.codes import meaning, shapes
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Note, Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.semantics.evaluate import unknown_gate_name
from hqnn_dsl.semantics.options import option_of, value_of
from hqnn_dsl.semantics.values import Member, Poison, Scope, Silent, Value, choices, suggest_or_list
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hqnn_dsl.catalog.entry import Option
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.definitions import Definition

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


Reporter = Callable[[Diagnostic, str], None]
"""`report(diagnostic, inside)`: `inside` names the block whose text the finding is about, empty for the placement."""

_NAMED = 4
"""Arguments that are looked at in about the time of a statement."""
_MOST_LISTED = 40
"""Arguments that are listed where none is near."""


def bind_arguments(use: nodes.BlockUse, definition: Definition, outer: Scope, inner: Scope, report: Reporter) -> bool:
    """Bind a block's parameters in `inner` from the arguments and defaults; False when something was wrong."""
    parameters = definition.block.parameters
    members = sum(len(parameter.type) for parameter in parameters)
    outer.meter.charge(2 * len(parameters) + members // _NAMED, use.span)
    given = _given(use, definition, outer, report)
    if given is None:
        return False
    sound = True
    values: dict[str, Value] = {}
    for parameter in parameters:
        name = parameter.name.name
        argument = given.get(name)
        value: Value = Poison()
        try:
            option = option_of(parameter)
            if argument is not None:
                value = _as_value(value_of(option, argument.value, outer, definition.name), option)
            elif parameter.default is not None:
                value = _as_value(value_of(option, parameter.default, inner, definition.name), option)
            else:
                hint = f"write `{definition.name}({name}: …)`"
                raise Refusal(meaning.MissingArgument(span=use.call.span, owner=definition.name, name=name, hint=hint))
        except Refusal as refusal:
            sound = False
            inside = definition.name if argument is None and parameter.default is not None else ""
            for diagnostic in refusal.diagnostics:
                report(diagnostic, inside)
        except Silent:
            sound = False
        values[name] = value
        inner.bind(name, value, parameter.name.span)
    if definition.is_library:
        for diagnostic in wrong_arguments(definition.name, given, values):
            sound = False
            report(diagnostic, "")
    return sound


def _as_value(value: object, option: Option) -> Value:
    """What `value_of` gives, as a value of a scope."""
    if option.type == "choice":
        return Member(str(value), option.choices)
    if isinstance(value, list):
        return tuple(value)
    assert isinstance(value, (int, float, str, bool))
    return value


def _given(
    use: nodes.BlockUse, definition: Definition, scope: Scope, report: Reporter
) -> dict[str, nodes.Argument] | None:
    """The arguments of a placement by parameter; None when one is unknown, given twice, or has no name."""
    arguments = use.call.arguments if isinstance(use.call, nodes.Call) else ()
    names = list({parameter.name.name: None for parameter in definition.block.parameters})
    known = set(names)
    scope.meter.charge(len(arguments) // _NAMED, use.span)
    found: dict[str, nodes.Argument] = {}
    sound = True
    for argument in arguments:
        problem: Diagnostic | None = None
        if argument.name is None:
            hint = f"write `{names[0]}: {argument.span.text}`" if names else ""
            problem = meaning.TooManyArguments(
                span=argument.span, owner=definition.name, count="no value without a name", hint=hint
            )
        elif argument.name.name not in known:
            hint = _argument_hint(argument.name, names, scope) or f"`{definition.name}` takes no arguments"
            problem = meaning.UnknownArgument(
                span=argument.name.span, owner=definition.name, name=argument.name.name, hint=hint
            )
        elif argument.name.name in found:
            note = Note("first given here", found[argument.name.name].span)
            problem = meaning.GivenTwice(span=argument.span, name=argument.name.name, notes=(note,))
        else:
            found[argument.name.name] = argument
        if problem is not None:
            report(problem, "")
            sound = False
    return found if sound else None


def _argument_hint(name: nodes.Name, names: list[str], scope: Scope) -> str:
    near = scope.meter.advice(name.name, name.span, lambda: names)
    return near or (suggest_or_list("", names) if len(names) <= _MOST_LISTED else "")

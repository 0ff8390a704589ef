"""Arguments of blocks: bound to parameters, and those of library blocks checked beyond their types.

A library block is written in the language, so a mistake inside it would be reported in its words. Values that a block
cannot use are refused here instead, at the user's own text. A test holds that every list of the library has a row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes import meaning, shapes
from hqnn_dsl.diagnostics.diagnostic import Note, Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.semantics.collector import Collector
from hqnn_dsl.semantics.functions import unknown_gate_name
from hqnn_dsl.semantics.options import option_of, value_of
from hqnn_dsl.semantics.values import Member, Poison, Scope, Silent, Value, suggest_or_list
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.catalog.entry import Option
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.definitions import Definition
    from hqnn_dsl.semantics.frames import Frame

_Values = dict[str, Value]
_Check = Callable[[str, "Span", str, _Values], None]
MOST_LETTERS = 4
"""The longest string that the block `pauli` can place."""


def _gates_on(num_qubits: int) -> _Check:
    """A check of one name in a list of gates on so many qubits."""

    def check(word: str, span: Span, owner: str, values: _Values) -> None:  # noqa: ARG001 - one signature
        fitting = sentences.names((row.name for row in GATES.values() if row.num_qubits == num_qubits), "or")
        if word == "pauli_rot":
            hint = f"it takes letters too; {owner} takes {fitting}"
            wanted = count(num_qubits, "qubit")
            raise Refusal(meaning.WrongGate(span=span, owner=owner, wanted=wanted, gate=word, hint=hint))
        if word not in GATES:
            raise Refusal(unknown_gate_name(word, span))
        if GATES[word].num_qubits != num_qubits:
            wanted, hint = count(num_qubits, "qubit"), f"it takes {fitting}"
            raise Refusal(meaning.WrongGate(span=span, owner=owner, wanted=wanted, gate=word, hint=hint))

    return check


def _pauli_string(word: str, span: Span, owner: str, values: _Values) -> None:
    """A check of one string of the block `pauli`."""
    if not word or set(word) - set("IXYZ") or set(word) == {"I"}:
        problem = f"{owner} takes texts of I, X, Y, Z, at least one not I"
        raise Refusal(shapes.WrongLetters(span=span, problem=problem))
    if len(word) > MOST_LETTERS:
        problem = f"{owner} takes texts of one to {MOST_LETTERS} letters, this has {len(word)}"
        raise Refusal(shapes.WrongLetters(span=span, problem=problem))
    pattern = values.get("entanglement")
    if isinstance(pattern, Member) and pattern.name == "pairwise" and len(word) > 2:
        problem = f"`pairwise` joins two qubits at a time, this has {len(word)} letters"
        raise Refusal(shapes.WrongLetters(span=span, problem=problem))


ITEMS: Mapping[tuple[str, str], _Check] = {
    ("two_local", "rotation"): _gates_on(1),
    ("two_local", "entangler"): _gates_on(2),
    ("pauli", "paulis"): _pauli_string,
}
"""The checks of texts in lists, by block and argument; `values` are those of all the block's arguments."""


def refuse_misfits(block: str, given: Mapping[str, nodes.Argument], values: _Values) -> None:
    """Refuse arguments that a library block cannot use; `values` are those of all its parameters."""
    collector = Collector()
    for name, argument in given.items():
        value, owner = values.get(name, Poison()), f"`{block}.{name}`"
        if name == "reps" and isinstance(value, int) and value < 0:
            span = argument.value.span
            collector.add(meaning.OutOfBounds(span=span, what=owner, bound="at least 0", value=str(value)))
        check = ITEMS.get((block, name))
        if check is not None and isinstance(value, tuple):
            for word, span in zip(value, _item_spans(argument.value, len(value)), strict=True):
                with collector.gathering():
                    check(str(word), span, owner, values)
    collector.raise_errors()


def _item_spans(node: nodes.Expression, length: int) -> list[Span]:
    """The spans of the items of a list; all are the whole text if it is not a list as written."""
    if isinstance(node, nodes.ListLiteral) and len(node.items) == length:
        return [item.span for item in node.items]
    return [node.span] * length


_NAMED = 4
"""Arguments that are checked in about the time of a statement."""
_MOST_LISTED = 40
"""The most arguments that a message lists if none is similar."""


def bind_arguments(
    use: nodes.BlockUse, definition: Definition, outer: Frame, inner: Frame, collector: Collector
) -> None:
    """Bind a block's parameters in the frame `inner` from defaults and from arguments, which stand in `outer`.

    Raises `Refusal`, or `Silent` if mistakes were gathered; every parameter then has a value or is poisoned.
    """
    parameters = definition.block.parameters
    members = sum(len(parameter.type) for parameter in parameters)
    outer.scope.meter.charge(2 * len(parameters) + members // _NAMED, use.span)
    given = _given(use, definition, outer.scope)
    values: dict[str, Value] = {}
    with collector.gathering() as binding:
        for parameter in parameters:
            name = parameter.name.name
            value: Value = Poison()
            is_default = name not in given and parameter.default is not None
            with collector.gathering(inner if is_default else outer):
                value = _value_for(parameter, use, definition, given.get(name), (outer.scope, inner.scope))
            values[name] = value
            inner.scope.bind(name, value, parameter.name.span)
        if definition.is_library:
            with collector.gathering(outer):
                refuse_misfits(definition.name, given, values)
    if binding.failed:
        raise Silent


def _value_for(
    parameter: nodes.Parameter,
    use: nodes.BlockUse,
    definition: Definition,
    argument: nodes.Argument | None,
    scopes: tuple[Scope, Scope],
) -> Value:
    """The value of a parameter; arguments see the names outside of the block, defaults those inside, of `scopes`."""
    option, owner = option_of(parameter), definition.name
    outer, inner = scopes
    if argument is not None:
        return _as_value(value_of(option, argument.value, outer, owner), option)
    if parameter.default is not None:
        return _as_value(value_of(option, parameter.default, inner, owner), option)
    name = parameter.name.name
    hint = f"write `{owner}({name}: …)`"
    raise Refusal(meaning.MissingArgument(span=use.call.span, owner=owner, name=name, hint=hint))


def _as_value(value: object, option: Option) -> Value:
    """The result of `value_of` as a value of a scope."""
    if option.type == "choice":
        return Member(str(value), option.choices)
    if isinstance(value, list):
        return tuple(value)
    assert isinstance(value, (int, float, str, bool))
    return value


def _given(use: nodes.BlockUse, definition: Definition, scope: Scope) -> dict[str, nodes.Argument]:
    """The arguments of a placement by parameter. Raises `Refusal` if one is unknown, given twice, or has no name."""
    arguments = use.call.arguments if isinstance(use.call, nodes.Call) else ()
    names = list({parameter.name.name: None for parameter in definition.block.parameters})
    known = set(names)
    scope.meter.charge(len(arguments) // _NAMED, use.span)
    given: dict[str, nodes.Argument] = {}
    collector = Collector()
    for argument in arguments:
        with collector.gathering():
            name = _name_of(argument, definition, names, known, scope)
            if name in given:
                note = Note("first given here", given[name].span)
                raise Refusal(meaning.GivenTwice(span=argument.span, name=name, notes=(note,)))
            given[name] = argument
    collector.raise_errors()
    return given


def _name_of(argument: nodes.Argument, definition: Definition, names: list[str], known: set[str], scope: Scope) -> str:
    """The parameter that an argument names. Raises `Refusal` if it names none."""
    owner = definition.name
    if argument.name is None:
        hint = f"write `{names[0]}: {argument.span.text}`" if names else ""
        kind = "no value without a name"
        raise Refusal(meaning.TooManyArguments(span=argument.span, owner=owner, count=kind, hint=hint))
    name = argument.name
    if name.name not in known:
        hint = _argument_hint(name, names, scope) or f"`{owner}` takes no arguments"
        raise Refusal(meaning.UnknownArgument(span=name.span, owner=owner, name=name.name, hint=hint))
    return name.name


def _argument_hint(name: nodes.Name, names: list[str], scope: Scope) -> str:
    near = scope.meter.advice(name.name, name.span, lambda: names)
    return near or (suggest_or_list("", names) if len(names) <= _MOST_LISTED else "")

"""Arguments and settings against catalog rows: one mechanism fills every option of the language.

`bind` takes the arguments of a call (`adamw(lr: 0.01)`) and the `Entry` that describes them, and returns a `Choice`
with every option filled in. If a member of an enumeration is expected, its name wins over others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.catalog.entry import REQUIRED, Option, OptionType, Selection
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes import meaning
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.codes.expressions import NotConstant
from hqnn_dsl.diagnostics.diagnostic import Note, Refusal
from hqnn_dsl.literals import written
from hqnn_dsl.semantics import value_advice
from hqnn_dsl.semantics.collector import Collector
from hqnn_dsl.semantics.evaluate import evaluate
from hqnn_dsl.semantics.foreign_words import meant_elsewhere
from hqnn_dsl.semantics.spec import Choice
from hqnn_dsl.semantics.values import (
    Member,
    Poison,
    Scope,
    Silent,
    Symbolic,
    Tensor,
    Value,
    describe,
    suggest_or_list,
)
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hqnn_dsl.catalog.entry import Entry
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.diagnostics.source import Span

_EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "a text or a name",
    "column": "the name of a column",
    "choice": "one of its names",
    "width": "a whole number or `auto`",
    "strings": "a list of texts",
    "ints": "a list of whole numbers",
    "entry": "one of its names, with options in brackets",
}


def value_of(option: Option, node: nodes.Expression, scope: Scope, owner: str = "") -> Any:
    """The value that `node` gives `option`: checked for kind, choices and bounds. Raises `Refusal` or `Silent`."""
    if _is_none(option, node, scope):
        return None
    if option.type == "choice":
        return _choice(option, node, scope)
    if option.type == "width" and isinstance(node, nodes.Name) and node.name == "auto":
        return "auto"
    if option.type == "string" and isinstance(node, nodes.Name) and not scope.has(node.name):
        return node.name
    if option.type == "column":
        return column_of(node, option.name)
    if option.type == "entry":
        return _selection(option, node, scope)
    if option.type == "strings":
        return _strings(option, node, scope)
    value = evaluate(node, scope)
    converted = _converted(option, value)
    if converted is None:
        raise _wrong_type(option, node.span, value)
    _bounded(option, converted, node.span, owner)
    return converted


def _is_none(option: Option, node: nodes.Expression, scope: Scope) -> bool:
    """Whether the value is `none`. Raises `Refusal` if it is, or another language's word for it, and not permitted."""
    if (
        not isinstance(node, nodes.Name)
        or scope.has(node.name)
        or node.name in (*option.choices, *(option.table or ()))
    ):
        return False
    if node.name == "none" and option.allows_none:
        return True
    if node.name == "none":
        what, expected = f"`{option.name}`", _EXPECTED[option.type]
        raise Refusal(codes.WrongType(span=node.span, what=what, expected=expected, found="`none`"))
    is_number = option.type in {"int", "float", "bool", "width"} and not option.allows_none
    hint = value_advice.for_nothing(node.name, option.name, takes_text(option)) if is_number else ""
    if hint:
        raise Refusal(codes.UnknownName(span=node.span, name=node.name, hint=hint))
    return False


def column_of(node: nodes.Expression, what: str) -> str:
    """The name of a column, bare or as a text; messages call its place `what`. Raises `Refusal`."""
    match node:
        case nodes.Name(_, name):
            return name
        case nodes.String(_, value):
            return value
    raise Refusal(
        codes.WrongType(
            span=node.span, what=f"`{what}`", expected="names of columns", found="an expression",
            hint=value_advice.for_column(what, node),
        )
    )  # fmt: skip


def _selection(option: Option, node: nodes.Expression, scope: Scope) -> Selection:
    """An entry of the option's table, its own options filled in the same way."""
    assert option.table is not None, f"`{option.name}` has no table"
    entry, arguments = entry_of(dict(option.table), option.name, node)
    choice = bind(entry, arguments, scope, node.span)
    return Selection(choice.name, tuple(choice.options.items()))


def _wrong_type(option: Option, span: Span, value: Value) -> Exception:
    if isinstance(value, Poison):
        return Silent()
    if isinstance(value, (Symbolic, Tensor)):
        return Refusal(NotConstant(span=span, what=f"`{option.name}`", cause="an input or a weight"))
    expected = _EXPECTED[option.type]
    hint = value_advice.for_whole(value) if option.type in {"int", "width"} else ""
    what = f"`{option.name}`"
    return Refusal(codes.WrongType(span=span, what=what, expected=expected, found=describe(value), hint=hint))


def _converted(option: Option, value: Value) -> Any:
    """The value in the option's type, None if it is of another kind."""
    match option.type, value:
        case ("bool", bool()):
            return value
        case (_, bool()):
            return None
        case (("int" | "width"), int()):
            return value
        case ("float", int() | float()):
            return float(value)
        case ("string", str()):
            return value
        case ("string", Member(name)):
            return name
        case ("ints", tuple()) if all(isinstance(item, int) and not isinstance(item, bool) for item in value):
            return list(value)
    return None


def _choice(option: Option, node: nodes.Expression, scope: Scope) -> str:
    word: str | None = None
    if isinstance(node, nodes.Name):
        word = node.name
        if word not in option.choices and scope.has(word):
            value = evaluate(node, scope)
            word = value.name if isinstance(value, Member) else value if isinstance(value, str) else word
    elif isinstance(node, nodes.String):
        word = node.value
    elif isinstance(node, nodes.Boolean):
        word = str(node.value).lower()
    if word is None:
        value = evaluate(node, scope)
        raise Refusal(
            codes.WrongType(
                span=node.span,
                what=f"`{option.name}`",
                expected=_EXPECTED["choice"],
                found=describe(value),
                hint=suggest_or_list("", option.choices),
            )
        )
    if word not in option.choices:
        hint = suggest_or_list(word, option.choices)
        raise Refusal(codes.UnknownChoice(span=node.span, what=f"`{option.name}`", value=word, hint=hint))
    return word


def _strings(option: Option, node: nodes.Expression, scope: Scope) -> list[str]:
    takes_one = option.each_number or (option.variadic and option.least == 1)
    if takes_one and not isinstance(node, nodes.ListLiteral):
        node = nodes.ListLiteral(node.span, (node,))
    if not isinstance(node, nodes.ListLiteral):
        value = evaluate(node, scope)
        if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
            return [str(item) for item in value]
        raise _wrong_type(option, node.span, value)
    words = [_word(option, item, scope) for item in node.items]
    if option.least:
        _refuse_few(option, words, node)
    if option.choices:
        for word, item in zip(words, node.items, strict=True):
            if word not in option.choices:
                hint = suggest_or_list(word, option.choices)
                raise Refusal(codes.UnknownChoice(span=item.span, what=f"`{option.name}`", value=word, hint=hint))
    return words


def _refuse_few(option: Option, words: list[str], node: nodes.ListLiteral) -> None:
    """Refuse a list that is too short, or that has an item twice."""
    for place, word in enumerate(words):
        if word in words[:place]:
            note = Note("first given here", node.items[words.index(word)].span)
            raise Refusal(codes.GivenTwice(span=node.items[place].span, name=word, notes=(note,)))
    if len(words) < option.least:
        what, bound = f"the number of `{option.name}`", f"at least {option.least}"
        raise Refusal(codes.OutOfBounds(span=node.span, what=what, bound=bound, value=str(len(words))))


def _word(option: Option, item: nodes.Expression, scope: Scope) -> str:
    """One text of a list, or a number as a text if these may stand there."""
    if isinstance(item, nodes.Name) and (item.name in option.choices or not scope.has(item.name)):
        return item.name
    value = evaluate(item, scope)
    if option.each_number and isinstance(value, (bool, int, float)):
        return item.span.text if _is_literal(item) else written(value)
    if not isinstance(value, str):
        raise _wrong_type(option, item.span, value)
    return value


def _is_literal(node: nodes.Expression) -> bool:
    """Whether a value is a number, true or false as the text has it: `-999`, `1.0`."""
    held = node.operand if isinstance(node, nodes.Unary) else node
    return isinstance(held, (nodes.Number, nodes.Boolean))


def bound_text(option: Option) -> str:
    """The option's range in words, empty if it has none."""
    parts = []
    if option.minimum is not None:
        parts.append(f"at least {option.minimum:g}")
    if option.above is not None:
        parts.append(f"above {option.above:g}")
    if option.maximum is not None:
        parts.append(f"at most {option.maximum:g}")
    if option.below is not None:
        parts.append(f"below {option.below:g}")
    return sentences.listed(parts, "and")


def _bounded(option: Option, value: Any, span: Span, owner: str) -> None:
    if isinstance(value, (str, bool, list)):
        return
    minimum = 1 if option.type == "width" and option.minimum is None else option.minimum
    fits = (
        (minimum is None or value >= minimum)
        and (option.maximum is None or value <= option.maximum)
        and (option.above is None or value > option.above)
        and (option.below is None or value < option.below)
    )
    if not fits:
        what = f"`{owner}.{option.name}`" if owner else f"`{option.name}`"
        bound = bound_text(option) or f"at least {minimum}"
        raise Refusal(codes.OutOfBounds(span=span, what=what, bound=bound, value=f"{value:g}"))


def entry_of(table: dict[str, Entry], what: str, node: nodes.Expression) -> tuple[Entry, tuple[nodes.Argument, ...]]:
    """The catalog entry that `name` or `name(…)` means, with its arguments; messages call it `what`."""
    match node:
        case nodes.Name() as name:
            arguments: tuple[nodes.Argument, ...] = ()
        case nodes.Call(_, name, arguments):
            pass
        case nodes.String(span, value):
            name, arguments = nodes.Name(span, value), ()
        case _:
            raise Refusal(
                codes.WrongType(
                    span=node.span,
                    what=f"`{what}`",
                    expected="a name",
                    found="a value",
                    hint=value_advice.for_entry(what, node) or suggest_or_list("", list(table)),
                )
            )
    if name.name not in table:
        hint = _entry_hint(name.name, what, table)
        raise Refusal(codes.UnknownChoice(span=name.span, what=f"`{what}`", value=name.name, hint=hint))
    return table[name.name], arguments


def _entry_hint(name: str, what: str, table: dict[str, Entry]) -> str:
    if what == "split by" and value_advice.is_folds(name):
        return value_advice.for_folds()
    known = value_advice.for_backend(name) if what == "backend" else ""
    return known or suggest_or_list(name, list(table))


def bind(entry: Entry, arguments: tuple[nodes.Argument, ...], scope: Scope, span: Span) -> Choice:
    """All options of `entry`, filled from the arguments of a call at `span` and from defaults.

    Raises `Refusal` with every mistake in the arguments, or `Silent`.
    """
    values: dict[str, Any] = {}
    given: dict[str, Span] = {}
    collector = Collector()
    for position, argument in enumerate(collector.until_full(_gathered(entry, arguments))):
        with collector.gathering():
            option = _option_for(entry, argument, position)
            if option.name in given:
                note = Note("first given here", given[option.name])
                raise Refusal(codes.GivenTwice(span=argument.span, name=option.name, notes=(note,)))
            given[option.name] = argument.span
            values[option.name] = value_of(option, argument.value, scope, entry.name)
    collector.extend(_missing(entry, given, span))
    collector.raise_errors()
    filled = {option.name: values.get(option.name, option.default) for option in entry.options}
    if entry.ascending is not None and not filled[entry.ascending[0]] < filled[entry.ascending[1]]:
        low, high = entry.ascending
        what, bound = f"`{entry.name}.{low}`", f"below `{high}`, which is {filled[high]:g}"
        raise Refusal(
            codes.OutOfBounds(
                span=given[low if low in given else high], what=what, bound=bound, value=f"{filled[low]:g}"
            )
        )
    return Choice(name=entry.name, options=filled)


def _gathered(entry: Entry, arguments: tuple[nodes.Argument, ...]) -> tuple[nodes.Argument, ...]:
    """The arguments, several values without names made the list of an option that permits it."""
    plain = [argument for argument in arguments if argument.name is None]
    if len(plain) < 2 or not any(option.variadic for option in entry.options):
        return arguments
    span = plain[0].span.to(plain[-1].span)
    values = nodes.ListLiteral(span, tuple(argument.value for argument in plain))
    return (nodes.Argument(span, None, values), *(one for one in arguments if one.name is not None))


def _missing(entry: Entry, given: Collection[str], span: Span) -> Iterator[Diagnostic]:
    """A mistake for every option that has no default and is not given."""
    for option in entry.options:
        if option.is_required and option.name not in given:
            hint = f"write `{entry.name}({option.name}: …)`. {option.doc}"
            yield codes.MissingArgument(span=span, owner=entry.name, name=option.name, hint=hint)


def places_in(entry: Entry, node: nodes.Expression) -> Iterator[tuple[str, Span]]:
    """The spans of the options that a call gives, by path: `noise`, and in it `noise.t2_us`."""
    for place, argument in enumerate(node.arguments if isinstance(node, nodes.Call) else ()):
        named = entry.option(argument.name.name) if argument.name is not None else None
        option = entry.options[place] if argument.name is None and place < entry.positional else named
        if option is None:
            continue
        yield option.name, argument.span
        match argument.value:
            case nodes.Call(_, nodes.Name(_, name)) if option.table is not None and name in option.table:
                for path, span in places_in(option.table[name], argument.value):
                    yield f"{option.name}.{path}", span


def _option_for(entry: Entry, argument: nodes.Argument, position: int) -> Option:
    """The option that an argument gives, by its name or its position. Raises `Refusal` if there is none."""
    names = [option.name for option in entry.options]
    if argument.name is None:
        if position < entry.positional:
            return entry.options[position]
        count = f"{entry.positional or 'no'} value{'' if entry.positional == 1 else 's'} without a name"
        hint = (
            f"write `{names[position]}: {_as_meant(entry.options[position], argument)}`"
            if position < len(names)
            else ""
        )
        raise Refusal(codes.TooManyArguments(span=argument.span, owner=entry.name, count=count, hint=hint))
    option = entry.option(argument.name.name)
    if option is None:
        hint = value_advice.for_argument(entry.name, argument) or suggest_or_list(argument.name.name, names)
        hint = hint or f"`{entry.name}` takes no arguments"
        name = argument.name
        raise Refusal(codes.UnknownArgument(span=name.span, owner=entry.name, name=name.name, hint=hint))
    return option


def _as_meant(option: Option, argument: nodes.Argument) -> str:
    """The text of a value, another library's word for an entry as the one here."""
    text = argument.span.text
    return meant_elsewhere(text, list(option.table)) or text if option.table is not None else text


def takes_text(option: Option | None) -> str:
    """The values that an option or a setting takes, for pages: `a whole number, at least 1`, or its choices."""
    if option is None:
        return ""
    if option.choices:
        return ", ".join(f"`{choice}`" for choice in option.choices)
    if option.table is not None:
        return ", ".join(f"`{name}`" for name in option.table)
    words = {
        "int": "a whole number",
        "float": "a number",
        "bool": "`true`, `false`",
        "string": "a name or a text",
        "column": "a column",
    }
    text = words.get(option.type, {"width": "a number or `auto`"}.get(option.type, "a list"))
    bound = bound_text(option)
    return f"{text}, {bound}" if bound else text


PARAMETER_TYPES = ("int", "float", "bool", "string", "list")


def option_of(parameter: nodes.Parameter) -> Option:
    """A block's parameter as a row that values are checked against. Raises `Refusal` for an unknown type."""
    default = REQUIRED if parameter.default is None else parameter.default
    if len(parameter.type) > 1:
        members = tuple(member.name for member in parameter.type)
        return Option(name=parameter.name.name, type="choice", doc=parameter.doc, default=default, choices=members)
    word = parameter.type[0]
    match word.name:
        case "int" | "float" | "bool" | "string":
            kind: OptionType = word.name
        case "list":
            kind = "strings"
        case _:
            hint = suggest_or_list(word.name, PARAMETER_TYPES) + "; an enumeration has several members: `a | b`"
            raise Refusal(meaning.UnknownChoice(span=word.span, what="a type", value=word.name, hint=hint))
    return Option(name=parameter.name.name, type=kind, doc=parameter.doc, default=default)

"""Nodes to text: the canonical layout, two blanks a level, with no more brackets than the meaning needs.

What is printed parses to the same tree again, up to spans and comments (`##` documentation is part of the tree and is
kept). Nodes print themselves by the table `_PRINTERS`, one function a node class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hqnn_dsl.literals import column, quoted
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_STEP: Final = "  "
_COMPARISON, _UNARY, _POWER, _ATOM = 4, 7, 8, 9
_PRECEDENCE: Final = {
    "or": 1, "and": 2, "not": 3, "==": _COMPARISON, "!=": _COMPARISON, "<": _COMPARISON,
    "<=": _COMPARISON, ">": _COMPARISON, ">=": _COMPARISON, "+": 5, "-": 5,
    "*": 6, "/": 6, "//": 6, "%": 6, "**": _POWER,
}  # fmt: skip
Printable = (
    nodes.Expression | nodes.Argument | nodes.Path | nodes.Setting | nodes.Statement | nodes.Part | nodes.SweepAxis
    | nodes.Use | nodes.Parameter | nodes.Block | nodes.Model | nodes.Comment | nodes.File
)  # fmt: skip
"""Every node has a text."""


def text_of(node: Printable, indent: int = 0) -> str:
    """Returns the source text of any node of `nodes`, every line `indent` levels (of two blanks) to the right.

    A file ends with a line end, other nodes do not.
    """
    text = _PRINTERS[type(node)](node)
    if not indent:
        return text
    return "\n".join(_STEP * indent + line if line else "" for line in text.split("\n"))


# ---------------------------------------------------------------- expressions


def _number(node: nodes.Number) -> str:
    return repr(node.value)


def _string(node: nodes.String) -> str:
    return quoted(node.value)


def _boolean(node: nodes.Boolean) -> str:
    return "true" if node.value else "false"


def _name(node: nodes.Name) -> str:
    return node.name


def _star(node: nodes.Star) -> str:
    return "* except " + _commas(node.excluded) if node.excluded else "*"


def _list(node: nodes.ListLiteral) -> str:
    return f"[{_commas(node.items)}]"


def _range(node: nodes.Range) -> str:
    start, stop = text_of(node.start), text_of(node.stop)
    simple = isinstance(node.start, _SIMPLE) and isinstance(node.stop, _SIMPLE)
    text = f"{start}..{stop}" if simple else f"{start} .. {stop}"
    return text if node.step is None else f"{text} step {text_of(node.step)}"


def _index(node: nodes.Index) -> str:
    return f"{node.base.name}[{_commas(node.indices)}]"


def _argument(node: nodes.Argument) -> str:
    value = text_of(node.value)
    return value if node.name is None else f"{column(node.name.name)}: {value}"


def _call(node: nodes.Call) -> str:
    return f"{node.function.name}({_commas(node.arguments)})"


def _precedence(node: object) -> int:
    if isinstance(node, nodes.Binary):
        return _PRECEDENCE[node.operator]
    if isinstance(node, nodes.Unary):
        return _PRECEDENCE["not"] if node.operator == "not" else _UNARY
    if isinstance(node, nodes.Range):
        return 0
    return _ATOM


def _at_least(node: nodes.Expression, precedence: int) -> str:
    """Returns an operand, in brackets if it binds less than its place needs."""
    text = text_of(node)
    return text if _precedence(node) >= precedence else f"({text})"


def _unary(node: nodes.Unary) -> str:
    if node.operator == "not":
        return "not " + _at_least(node.operand, _PRECEDENCE["not"])
    return node.operator + _at_least(node.operand, _UNARY)


def _binary(node: nodes.Binary) -> str:
    """A chain `a + b + c` is printed in a loop: it may be long."""
    if node.operator == "**":
        return f"{_at_least(node.left, _POWER + 1)} ** {_at_least(node.right, _UNARY)}"
    ends: list[str] = []
    left: nodes.Expression = node
    needs = 0
    while isinstance(left, nodes.Binary) and left.operator != "**" and _precedence(left) >= needs:
        own = _PRECEDENCE[left.operator]
        ends.append(f" {left.operator} {_at_least(left.right, own + 1)}")
        needs = own + 1 if own == _COMPARISON else own
        left = left.left
    return _at_least(left, needs) + "".join(reversed(ends))


def _commas(items: Sequence[Any]) -> str:
    return ", ".join(text_of(item) for item in items)


# ----------------------------------------------------------------- statements


def _documented(doc: str, text: str) -> str:
    """Returns the text below its `##` lines."""
    lines = [f"## {line}".rstrip() for line in doc.split("\n")] if doc else []
    return "\n".join([*lines, text])


def _braced(head: str, held: Sequence[Any]) -> str:
    """`head { … }` with a line for each thing held."""
    if not held:
        return f"{head} {{}}"
    lines = "\n".join(text_of(item, 1) for item in held)
    return f"{head} {{\n{lines}\n}}"


def _path(node: nodes.Path) -> str:
    return node.text


def _setting(node: nodes.Setting) -> str:
    if node.name.name == "columns" and all(value.name is not None for value in node.values):
        return _braced("columns", node.values)
    return f"{node.name.name} {_commas(node.values)}"


def _let(node: nodes.Let) -> str:
    return _documented(node.doc, f"let {node.name.name} = {text_of(node.value)}")


def _use(node: nodes.Use) -> str:
    return f"use {text_of(node.path)}"


def _tensor(node: nodes.Input | nodes.Weight) -> str:
    return node.name.name + (f"[{_commas(node.shape)}]" if node.shape else "")


def _input(node: nodes.Input) -> str:
    return f"input {_tensor(node)}"


def _weight(node: nodes.Weight) -> str:
    initial = "" if node.initial is None else f" = {text_of(node.initial)}"
    return f"weight {_tensor(node)}{initial}"


def _gate(node: nodes.Gate) -> str:
    return f"{text_of(node.call)} {_commas(node.targets)}"


def _block_use(node: nodes.BlockUse) -> str:
    text = f"{node.kind} {text_of(node.call)}"
    return f"{text} on {_commas(node.on)}" if node.on else text


def _for(node: nodes.For) -> str:
    return _braced(f"for {node.variable.name} in {text_of(node.values)}", node.body)


def _if(node: nodes.If) -> str:
    text = _braced(f"if {text_of(node.condition)}", node.then)
    if not node.otherwise:
        return text
    if len(node.otherwise) == 1 and isinstance(node.otherwise[0], nodes.If):
        return f"{text} else {_if(node.otherwise[0])}"
    return f"{text} {_braced('else', node.otherwise)}"


def _repeat(node: nodes.Repeat) -> str:
    return _braced(f"repeat {text_of(node.count)}", node.body)


def _measure(node: nodes.Measure) -> str:
    return f"measure {_commas(node.outputs)}"


def _initial(node: nodes.Initial) -> str:
    how = node.how
    if isinstance(how, nodes.Call) and how.function.name == "from":
        return f"initial {node.path.text} from {_commas(how.arguments)}"
    return f"initial {node.path.text} {text_of(how)}"


def _freeze(node: nodes.Freeze) -> str:
    return f"freeze {node.path.text}"


def _without(node: nodes.Without) -> str:
    return f"without {node.what.name}"


def _shuffle(node: nodes.Shuffle) -> str:
    return f"shuffle {node.what.name}"


def _allow(node: nodes.Allow) -> str:
    return f"allow {node.code.name} {text_of(node.reason)}"


# ------------------------------------------------------------ models and files


def _settings(node: nodes.Settings) -> str:
    return _braced(node.keyword.name, (*node.settings, *node.allows))


def _layers(node: nodes.Layers) -> str:
    return _braced(node.keyword.name, (*node.lines, *node.allows))


def _circuit(node: nodes.Circuit) -> str:
    name = "" if node.name is None else f"{node.name.name} "
    return _braced(f"circuit {name}on {text_of(node.width)} qubits", node.body)


def _foreign_circuit(node: nodes.ForeignCircuit) -> str:
    name = "" if node.name is None else f"{node.name.name} "
    inputs = f" {{ input {_commas(node.inputs)} }}" if node.inputs else ""
    return f"circuit {name}from {text_of(node.path)}{inputs}"


def _parts(node: nodes.Parts) -> str:
    return _braced(node.keyword.name, node.parts)


def _sweep(node: nodes.Sweep) -> str:
    return _braced("sweep", node.axes)


def _axis(node: nodes.SweepAxis) -> str:
    return f"{node.path.text} in {text_of(node.values)}"


def _model(node: nodes.Model) -> str:
    return _documented(node.doc, _braced(f"model {node.name.name}", node.parts))


def _parameter(node: nodes.Parameter) -> str:
    default = "" if node.default is None else f" = {text_of(node.default)}"
    members = " | ".join(member.name for member in node.type)
    return _documented(node.doc, f"{node.name.name}: {members}{default}")


def _block(node: nodes.Block) -> str:
    head = f"{node.kind} {node.name.name}"
    if any(parameter.doc for parameter in node.parameters):
        lines = "".join(text_of(parameter, 1) + ",\n" for parameter in node.parameters)
        head += f"(\n{lines})"
    elif node.parameters:
        head += f"({_commas(node.parameters)})"
    return _documented(node.doc, _braced(head, node.body))


def _comment(node: nodes.Comment) -> str:
    return node.span.text


def _file(node: nodes.File) -> str:
    """Returns statements with an empty line between them, except between `let`s and `use`s that follow each other."""
    text = "" if node.version is None else f"hqnn {text_of(node.version)}\n"
    before: type | None = None
    for statement in node.statements:
        apart = type(statement) is not before or isinstance(statement, (nodes.Block, nodes.Model))
        text += ("\n" if apart and text else "") + text_of(statement) + "\n"
        before = type(statement)
    return text


_PRINTERS: Final[dict[type, Callable[[Any], str]]] = {
    nodes.Number: _number,
    nodes.String: _string,
    nodes.Boolean: _boolean,
    nodes.Name: _name,
    nodes.Star: _star,
    nodes.ListLiteral: _list,
    nodes.Range: _range,
    nodes.Index: _index,
    nodes.Argument: _argument,
    nodes.Call: _call,
    nodes.Unary: _unary,
    nodes.Binary: _binary,
    nodes.Path: _path,
    nodes.Setting: _setting,
    nodes.Let: _let,
    nodes.Use: _use,
    nodes.Input: _input,
    nodes.Weight: _weight,
    nodes.Gate: _gate,
    nodes.BlockUse: _block_use,
    nodes.For: _for,
    nodes.If: _if,
    nodes.Repeat: _repeat,
    nodes.Measure: _measure,
    nodes.Initial: _initial,
    nodes.Freeze: _freeze,
    nodes.Without: _without,
    nodes.Shuffle: _shuffle,
    nodes.Allow: _allow,
    nodes.Settings: _settings,
    nodes.Layers: _layers,
    nodes.Circuit: _circuit,
    nodes.ForeignCircuit: _foreign_circuit,
    nodes.Parts: _parts,
    nodes.Sweep: _sweep,
    nodes.SweepAxis: _axis,
    nodes.Model: _model,
    nodes.Parameter: _parameter,
    nodes.Block: _block,
    nodes.Comment: _comment,
    nodes.File: _file,
}
_SIMPLE: Final = (nodes.Number, nodes.Name, nodes.Index, nodes.Call, nodes.Unary)

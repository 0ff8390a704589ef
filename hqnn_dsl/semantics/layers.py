"""Encoder and decoder: lines of layers, and the widths that flow through them.

Widths are inferred from table to target: `dense(auto)` takes what its right neighbour needs, which is the circuit's
inputs or the number of targets. Widths that do not fit are an error that shows both lines.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hqnn_dsl.catalog.layers import LAYERS, LayerEntry
from hqnn_dsl.circuit.angle_text import angle_of_text
from hqnn_dsl.circuit.angles import FUNCTIONS, InputRef, leaves
from hqnn_dsl.diagnostics.codes import shapes as codes
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.semantics import value_advice
from hqnn_dsl.semantics.collector import refuse_all
from hqnn_dsl.semantics.evaluate import number
from hqnn_dsl.semantics.options import bind
from hqnn_dsl.semantics.spec import Choice, Layer
from hqnn_dsl.semantics.values import Scope, suggest_or_list
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.collector import Collector

_OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow"}


@dataclass(frozen=True)
class Line:
    """A line as read: its layer, its operations, and its width if it sets one ("auto" if it is inferred)."""

    span: Span
    layer: Choice
    entry: LayerEntry
    operations: tuple[tuple[str, float], ...]

    @property
    def width(self) -> int | str | None:
        """The width that the line sets; None if it keeps that of its input."""
        return self.entry.width(self.layer.options)

    @property
    def has_weights(self) -> bool:
        """Whether the line has weights that training changes."""
        return self.entry.is_trained or bool(self.layer.options.get("affine"))


def read_lines(section: nodes.Layers | None, scope: Scope, collector: Collector) -> list[Line] | None:
    """The lines of an encoder or decoder; None if one is wrong."""
    lines: list[Line] = []
    with collector.gathering() as reading:
        for node in collector.until_full(section.lines if section is not None else ()):
            with collector.gathering():
                lines.append(_line(node, scope))
    return None if reading.failed or collector.is_full else lines


def _line(node: nodes.Expression, scope: Scope) -> Line:
    """One line: a layer, then operations with constants. Raises `Refusal` or `Silent`."""
    operations: list[tuple[str, float]] = []
    head = node
    while isinstance(head, nodes.Binary):
        if head.operator not in _OPERATORS:
            problem = f"`{head.operator}` is no operation on a layer"
            hint = "a comment begins with `#`" if head.operator == "//" else ""
            raise Refusal(codes.LayerLine(span=head.span, problem=problem, hint=hint))
        if not _leads_with_layer(head.left):
            raise Refusal(codes.LayerLine(span=node.span, problem="a layer comes first on its line"))
        if isinstance(head.right, (nodes.Name, nodes.Call)) and (second := _layer_in(head.right, scope)):
            problem = f"`{second}` is a second layer; each stands on a line of its own"
            raise Refusal(codes.LayerLine(span=head.right.span, problem=problem))
        value = number(head.right, scope, "what follows a layer")
        if (head.operator, value) == ("/", 0):
            raise Refusal(codes.LayerLine(span=head.right.span, problem="division by zero"))
        operations.append((_OPERATORS[head.operator], float(value)))
        head = head.left
    name, arguments = _layer_name(head)
    entry = LAYERS.get(name.name)
    if not isinstance(entry, LayerEntry):
        hint = value_advice.for_layer(name.name, head.span.text) or suggest_or_list(name.name, list(LAYERS))
        raise Refusal(codes.UnknownLayer(span=name.span, name=name.name, hint=hint))
    choice = bind(entry, arguments, scope, head.span)
    if "phases" in choice.options:
        refuse_all(_wrong_phases(choice, head.span))
    return Line(node.span, choice, entry, tuple(reversed(operations)))


def _wrong_phases(layer: Choice, span: Span) -> Iterator[Diagnostic]:
    """A mistake for each phase of a `fourier` that is no angle of its inputs."""
    inputs = layer.options["inputs"]
    for text in layer.options["phases"]:
        try:
            read = [leaf.index for leaf in leaves(angle_of_text(text)) if isinstance(leaf, InputRef)]
        except ValueError as error:
            yield codes.WrongPhase(span=span, phase=text, problem=str(error))
            continue
        if not read:
            yield codes.WrongPhase(span=span, phase=text, problem="it reads no input, so its features are constant")
        elif max(read) >= inputs:
            problem = f"`x[{max(read)}]` is beyond the {count(inputs, 'input')}, which are counted from 0"
            yield codes.WrongPhase(span=span, phase=text, problem=problem)


def _layer_in(node: nodes.Name | nodes.Call, scope: Scope) -> str:
    """The layer that a value names although a number is expected, empty if it names none."""
    if isinstance(node, nodes.Name):
        return node.name if node.name in LAYERS and not scope.has(node.name) else ""
    return node.function.name if node.function.name in LAYERS and node.function.name not in FUNCTIONS else ""


def _leads_with_layer(node: nodes.Expression) -> bool:
    while isinstance(node, nodes.Binary):
        node = node.left
    return isinstance(node, (nodes.Name, nodes.Call)) and not (isinstance(node, nodes.Name) and node.name == "pi")


def _layer_name(node: nodes.Expression) -> tuple[nodes.Name, tuple[nodes.Argument, ...]]:
    match node:
        case nodes.Name() if node.name not in ("pi", "auto", "qubits"):
            return node, ()
        case nodes.Call(_, function, arguments):
            return function, arguments
        case nodes.Unary(_, "-", operand) if _leads_with_layer(operand):
            problem = "a layer comes first on its line"
            hint = f"write `{operand.span.text} * -1`"
            raise Refusal(codes.LayerLine(span=node.span, problem=problem, hint=hint))
    raise Refusal(codes.LayerLine(span=node.span, problem="no layer stands here"))


def end_width(lines: list[Line]) -> int | str | None:
    """The width that the lines end with: that of the last line that sets one. None if none does."""
    return next((line.width for line in reversed(lines) if line.width is not None), None)


def end_span(lines: list[Line]) -> Span | None:
    """The line that sets the width with which the lines end."""
    return next((line.span for line in reversed(lines) if line.width is not None), None)


def resolved(lines: list[Line], in_width: int | None, needed: int | None) -> tuple[tuple[Layer, ...], int | None]:
    """The layers with all widths, and the width that they end with.

    `in_width` is the width in front of them, None if only the table knows it; `needed` is the width that their right
    neighbour takes. Raises `Refusal` for every `auto` in front of a layer that takes any width.
    """
    refuse_all(_undecided(lines))
    layers: list[Layer] = []
    width = in_width
    for line in lines:
        reads = line.entry.reads(line.layer.options)
        if reads is not None and width is None:  # all before it keep the width that they get
            layers = [replace(layer, in_width=reads, out_width=reads) for layer in layers]
            width = reads
        elif reads is not None and reads != width:
            given = count(width or 0, "value")
            raise Refusal(codes.FourierInputs(span=line.span, inputs=count(reads, "input"), given=given))
        out = width
        if line.width is not None:
            out = line.width if isinstance(line.width, int) else needed
        options: dict[str, Any] = dict(line.layer.options)
        if "width" in options and line.width is not None and out is not None:
            options["width"] = out
        layer = Choice(name=line.layer.name, options=options)
        layers.append(Layer(layer=layer, in_width=width, out_width=out, operations=line.operations))
        width = out
    return tuple(layers), width


def _undecided(lines: list[Line]) -> Iterator[Diagnostic]:
    """A mistake for every `auto` with another line after it that sets a width."""
    setting = [line for line in lines if line.width is not None]
    for line, neighbour in pairwise(setting):
        if line.width == "auto":
            reason = f"`{neighbour.span.text}` after it takes any width"
            hint = f"write `{line.layer.name}(16)`, or another number"
            yield codes.AutoWidth(span=line.span, what=f"`{line.span.text}`", reason=reason, hint=hint)


def ends_bounded(lines: list[Line]) -> bool:
    """Whether the outputs of the lines lie in a fixed interval for all inputs."""
    for line in reversed(lines):
        if any(operation == "pow" and constant < 0 for operation, constant in line.operations):
            return False
        if line.entry.bounded:
            return True
        if not line.entry.keeps_bounds:
            return False
    return False

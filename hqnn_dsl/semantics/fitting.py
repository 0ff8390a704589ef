"""Widths from the table's features through encoder, circuit and decoder to the targets.

Widths flow in both directions: `dense(auto)` takes what the circuit reads, `circuit on auto qubits` the width that the
encoder ends with. So the parts are read first and fitted to each other here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hqnn_dsl import limits
from hqnn_dsl.diagnostics.codes import meaning, shapes
from hqnn_dsl.diagnostics.diagnostic import Note, Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.semantics.collector import refuse_all
from hqnn_dsl.semantics.evaluate import whole
from hqnn_dsl.semantics.layers import Line, end_span, end_width, resolved
from hqnn_dsl.semantics.values import Scope, Silent
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.circuit_builder import Reader
    from hqnn_dsl.semantics.spec import Layer


def qubits_of(circuit: nodes.Circuit, encoder: list[Line] | None, scope: Scope) -> int:
    """The circuit's number of qubits: as written, or for `auto` the width that the encoder ends with.

    `encoder` is None if it is wrong. Raises `Refusal` or `Silent`.
    """
    node = circuit.width
    if isinstance(node, nodes.Name) and node.name == "auto":
        width = _end_of(encoder, node.span)
    else:
        width = whole(node, scope, "the number of qubits")
    if not 1 <= width <= limits.MAX_QUBITS:
        bound = f"1 to {limits.MAX_QUBITS}"
        raise Refusal(shapes.NoWidth(span=node.span, what="the number of qubits", bound=bound, value=str(width)))
    return width


def _end_of(encoder: list[Line] | None, span: Span) -> int:
    """The width that the encoder ends with, for the `auto` at `span`."""
    if encoder is None:
        raise Silent
    width = end_width(encoder)
    if isinstance(width, int):
        return width
    reason = "the encoder ends with `auto` too" if width == "auto" else "no line of the encoder sets one"
    where = end_span(encoder)
    notes = (Note("this takes what the circuit reads", where),) if where is not None else ()
    hint = "write `circuit on 4 qubits`, or give the encoder's last `dense` a width"
    raise Refusal(shapes.AutoWidth(span=span, what="the circuit", reason=reason, notes=notes, hint=hint))


class Middle(NamedTuple):
    """The circuit that encoder and decoder are fitted to: its text for messages, and the block that reads inputs."""

    circuit: Circuit
    reader: Reader | None
    head: Span


def encoder_layers(
    encoder: list[Line], features: int | None, features_span: Span | None, middle: Middle
) -> tuple[Layer, ...]:
    """The encoder's layers, fitted between the features and the circuit's inputs.

    `features` is the number of features, None if only the table knows it. Raises `Refusal` if they do not fit.
    """
    needed = middle.circuit.num_inputs
    if needed == 0:
        hint = "add a feature map: `feature_map angle()`"
        what = "the circuit reads no inputs, so its outputs cannot depend on the data"
        raise Refusal(meaning.NothingToDo(span=middle.head, what=what, hint=hint))
    in_width = needed if features is None and end_width(encoder) is None else features
    layers, ends = resolved(encoder, in_width, needed)
    if ends == needed:
        return layers
    assert middle.reader is not None
    set_at = end_span(encoder)
    note = Note("the encoder ends here", set_at) if set_at else Note("the features", features_span)
    raise Refusal(
        shapes.InputWidth(
            span=middle.reader.span,
            reader=f"{middle.reader.name} reads",
            wanted=count(needed, "input"),
            giver="the encoder ends with" if set_at else "`features` names",
            given=str(ends),
            notes=(note,),
            hint=_width_hint(ends, encoder, middle.circuit),
        )
    )


def _width_hint(ends: int | None, encoder: list[Line], circuit: Circuit) -> str:
    needed = circuit.num_inputs
    several = f", or `circuit on {ends} qubits`" if needed == circuit.num_qubits else ""
    if end_width(encoder) is None:
        return f"add an encoder that ends with `dense({needed})`{several}"
    return f"write `dense({needed})`{several}"


class Ends(NamedTuple):
    """The numbers that a network ends with: targets, outputs of each, and their task as far as it is settled."""

    targets: int
    outputs: int = 1
    task: str | None = None
    is_known: bool = True
    """Whether a mistake in the task or in the loss leaves open how many outputs are needed."""
    loss: str = ""

    @property
    def fixed(self) -> int | None:
        """The number of outputs if it does not depend on the table."""
        return self.targets * self.outputs if self.task == "regression" else None


def decoder_layers(decoder: list[Line], ends: Ends, target_span: Span | None, middle: Middle) -> tuple[Layer, ...]:
    """The decoder's layers, fitted between the circuit's outputs and the targets. Raises `Refusal`.

    The width of a last `dense(auto)` stays open if it takes the table to know the classes.
    """
    layers, width = resolved(decoder, middle.circuit.num_outputs, ends.fixed)
    refuse_all(
        _output_width(width, end_span(decoder), ends, target_span, middle.head, "the circuit, without a decoder,")
    )
    return layers


def layers_alone(  # noqa: PLR0913, PLR0917 - both ends of two parts
    encoder: list[Line],
    decoder: list[Line],
    features: int | None,
    ends: Ends,
    target_span: Span | None,
    head: Span,
) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    """The layers of encoder and decoder if no circuit stands between them. Raises `Refusal` if they do not fit."""
    layers, width = resolved([*encoder, *decoder], features, ends.fixed)
    set_at = end_span([*encoder, *decoder])
    refuse_all(_output_width(width, set_at, ends, target_span, head, "the network"))
    return layers[: len(encoder)], layers[len(encoder) :]


def _output_width(  # noqa: PLR0913, PLR0917 - the two ends, and how they are called
    width: int | None, set_at: Span | None, ends: Ends, target_span: Span | None, head: Span, giver: str
) -> Iterator[Diagnostic]:
    """A mistake if the network's width does not fit the targets. `giver` sets the width if no line does."""
    needed = ends.targets * ends.outputs
    if width in {None, needed} or ends.task == "classification" or not ends.is_known:
        return
    note = Note(f"{count(ends.targets, 'target')} named here", target_span)
    if target_span is None:
        note = Note("without `data { target … }` there is one target, the table's last column")
    hint = f"write `dense({needed})`" if set_at else f"add `decoder {{ dense({needed}) }}`"
    if ends.task is None:
        hint += ", or `task classification` in `data` if the target has classes"
    each = f", {count(ends.outputs, 'output')} each with `loss {ends.loss}`" if ends.outputs > 1 else ""
    yield shapes.OutputWidth(
        span=set_at or head,
        giver="the decoder ends with" if set_at else f"{giver} gives",
        given=count(width or 0, "output"),
        wanted=count(ends.targets, "target") + each,
        notes=(note,),
        hint=hint,
    )

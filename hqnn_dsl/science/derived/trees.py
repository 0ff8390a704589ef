"""Rewriting of resolved specs: parts of their one model, statements of its circuit, lines of its layers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.sweep import without_sweep
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse
from hqnn_dsl.syntax.walk import names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Keep = Callable[[nodes.Statement], bool]

OF_CIRCUITS = ("transpile", "budget")
"""The sections that a model without a circuit does not have, beside its backend."""


def tree_of(text: str) -> nodes.File:
    """The tree of a text without mistakes, and without its sweep, whose settings a rewritten spec may not have."""
    tree, mistakes = parse(Source("derived spec", text, folder="."))
    assert not mistakes, mistakes
    return without_sweep(tree)


def model_in(tree: nodes.File) -> nodes.Model:
    """The model of a file."""
    return next(item for item in tree.statements if isinstance(item, nodes.Model))


def with_model(tree: nodes.File, model: nodes.Model) -> nodes.File:
    """The file with another model in the place of its own."""
    items = tuple(model if isinstance(item, nodes.Model) else item for item in tree.statements)
    return replace(tree, statements=items)


def circuit_in(tree: nodes.File) -> nodes.Circuit:
    """The circuit of a file's model."""
    return next(part for part in model_in(tree).parts if isinstance(part, nodes.Circuit))


def with_body(tree: nodes.File, body: Iterable[nodes.Statement]) -> nodes.File:
    """The file with other statements in its circuit."""
    model = model_in(tree)
    circuit = replace(circuit_in(tree), body=tuple(body))
    parts = tuple(circuit if isinstance(part, nodes.Circuit) else part for part in model.parts)
    return with_model(tree, replace(model, parts=parts))


def statement_of(text: str) -> nodes.Statement:
    """A statement of a circuit, from its text."""
    return circuit_in(tree_of(f"hqnn 1\nmodel m {{\n  circuit on 1 qubits {{\n    {text}\n  }}\n}}\n")).body[0]


def lines_of(word: str, *lines: str) -> nodes.Layers:
    """An encoder or decoder, from the texts of its lines."""
    inside = "\n".join(f"    {line}" for line in lines)
    (part,) = model_in(tree_of(f"hqnn 1\nmodel m {{\n  {word} {{\n{inside}\n  }}\n}}\n")).parts
    assert isinstance(part, nodes.Layers)
    return part


def layers_in(tree: nodes.File, word: str) -> nodes.Layers | None:
    """The encoder or decoder of a file's model, None if it has none."""
    parts = (part for part in model_in(tree).parts if isinstance(part, nodes.Layers))
    return next((part for part in parts if part.keyword.name == word), None)


def with_layers(tree: nodes.File, layers: nodes.Layers) -> nodes.File:
    """The file with another encoder or decoder: in the place of its own, or in front of or behind the circuit."""
    model, word = model_in(tree), layers.keyword.name
    own = layers_in(tree, word)
    if own is not None:
        return with_model(tree, replace(model, parts=tuple(layers if part is own else part for part in model.parts)))
    before = {"encoder": ("data",), "decoder": ("data", "encoder")}[word]
    place = 1 + max((k for k, part in enumerate(model.parts) if _word(part) in before), default=-1)
    if word == "decoder" and any(isinstance(part, nodes.Circuit) for part in model.parts):
        place = 1 + next(k for k, part in enumerate(model.parts) if isinstance(part, nodes.Circuit))
    return with_model(tree, replace(model, parts=(*model.parts[:place], layers, *model.parts[place:])))


def _word(part: nodes.Part) -> str:
    return part.keyword.name if isinstance(part, nodes.Layers | nodes.Settings) else ""


def appended(tree: nodes.File, word: str, *lines: str) -> nodes.File:
    """The file with lines more at the end of its encoder or decoder."""
    own, more = layers_in(tree, word), lines_of(word, *lines)
    return with_layers(tree, more if own is None else replace(own, lines=(*own.lines, *more.lines)))


def without_circuit(tree: nodes.File) -> nodes.File:
    """The file without its circuit, and without what only a circuit has: `backend`, `transpile`, `budget`."""
    model = model_in(tree)
    kept = (part for part in model.parts if not isinstance(part, nodes.Circuit | nodes.Setting))
    return with_model(tree, replace(model, parts=tuple(part for part in kept if _word(part) not in OF_CIRCUITS)))


def without_quantum_rate(tree: nodes.File) -> nodes.File:
    """The file with `quantum_lr: none`, as it has to be if no weight of a circuit is trained."""
    model = model_in(tree)
    parts = tuple(
        replace(part, settings=tuple(map(_plain_optimizer, part.settings)))
        if isinstance(part, nodes.Settings)
        else part
        for part in model.parts
    )
    return with_model(tree, replace(model, parts=parts))


def _plain_optimizer(setting: nodes.Setting) -> nodes.Setting:
    value = setting.values[0].value
    if setting.name.name != "optimizer" or not isinstance(value, nodes.Call):
        return setting
    none = nodes.Name(value.span, "none")
    arguments = tuple(
        replace(one, value=none) if one.name is not None and one.name.name == "quantum_lr" else one
        for one in value.arguments
    )
    changed = replace(setting.values[0], value=replace(value, arguments=arguments))
    return replace(setting, values=(changed, *setting.values[1:]))


def kept_in(body: Iterable[nodes.Statement], keep: Keep) -> tuple[nodes.Statement, ...]:
    """The statements that are to be kept, at any depth; braces that are left with nothing in them are gone."""
    found: list[nodes.Statement] = []
    for item in body:
        match item:
            case nodes.For() | nodes.Repeat():
                inner = kept_in(item.body, keep)
                found.extend([replace(item, body=inner)] if inner else [])
            case nodes.If():
                then, otherwise = kept_in(item.then, keep), kept_in(item.otherwise, keep)
                found.extend([replace(item, then=then, otherwise=otherwise)] if then or otherwise else [])
            case _ if keep(item):
                found.append(item)
    return tuple(found)


def without_unread(body: tuple[nodes.Statement, ...]) -> tuple[nodes.Statement, ...]:
    """The statements without weights and constants whose names no other of them reads."""
    while True:
        kept = kept_in(body, partial(_is_read, set(names_in(body))))
        if kept == body:
            return body
        body = kept


def _is_read(read: set[str], item: nodes.Statement) -> bool:
    return not isinstance(item, nodes.Weight | nodes.Let) or item.name.name in read

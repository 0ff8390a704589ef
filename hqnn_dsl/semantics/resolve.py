"""A checked model back to text, with everything filled in: what `hqnn check --resolved` prints and runs keep.

The text stands alone: constants have their values (also those given by `--set`), defaults are written out, blocks of
used files stand in it. Checking it again gives the same spec and the same circuit; a test holds that for every spec.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from hqnn_dsl.report.source import Span
from hqnn_dsl.semantics.spec import Choice, Layer, Spec
from hqnn_dsl.semantics.values import Binding, quoted, written
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.printer import text_of

if TYPE_CHECKING:
    from hqnn_dsl.semantics.check import Checked
    from hqnn_dsl.semantics.definitions import Definition

_RESERVED = {"and", "or", "not", "true", "false", "pi", "auto", "qubits"}
_SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}


def resolved_text(checked: Checked) -> str:
    """The spec as a whole file of the language, every setting and default written out."""
    spec = checked.spec
    pieces = ["hqnn 1"]
    constants = [f"let {name} = {written(value)}" for name, value in spec.constants.items()]
    if constants:
        pieces.append("\n".join(constants))
    pieces.extend(_block_text(definition, checked) for definition in checked.used if not definition.is_library)
    pieces.append(_model_text(checked))
    return "\n\n".join(pieces) + "\n"


def _block_text(definition: Definition, checked: Checked) -> str:
    """A block as text; one of another file has that file's constants written in."""
    block: Any = definition.block
    if definition.file is not checked.file:
        scope = definition.file.scope
        known = {name: scope.find(name) for name in definition.file.constants}
        block = _inlined(block, {name: binding for name, binding in known.items() if binding is not None})
    return text_of(block)


def _inlined(node: Any, constants: dict[str, Binding]) -> Any:
    """A tree with the names of constants replaced by their values."""
    if isinstance(node, nodes.Name) and node.name in constants:
        return _literal(constants[node.name].value, node.span)
    if isinstance(node, tuple):
        return tuple(_inlined(item, constants) for item in node)
    if is_dataclass(node) and not isinstance(node, (Span, type)):
        changed = {}
        for item in fields(node):
            value = getattr(node, item.name)
            if item.name in ("name", "variable", "function", "base", "type"):
                continue  # what a construct is called is no use of a constant
            changed[item.name] = _inlined(value, constants)
        return replace(node, **changed)
    return node


def _literal(value: Any, span: Span) -> nodes.Expression:
    if isinstance(value, bool):
        return nodes.Boolean(span, value)
    if isinstance(value, str):
        return nodes.String(span, value)
    if isinstance(value, tuple):
        return nodes.ListLiteral(span, tuple(_literal(item, span) for item in value))
    assert isinstance(value, (int, float))
    return nodes.Unary(span, "-", nodes.Number(span, -value)) if value < 0 else nodes.Number(span, value)


def _model_text(checked: Checked) -> str:
    spec = checked.spec
    doc = "".join(f"## {line}\n" for line in spec.doc.splitlines())
    sections = [_data_text(spec)]
    if spec.encoder:
        sections.append(_layers_text("encoder", spec.encoder))
    sections.append(_circuit_text(checked))
    if spec.decoder:
        sections.append(_layers_text("decoder", spec.decoder))
    sections.extend([_train_text(spec), _transpile_text(spec), f"  backend {choice_text(spec.backend)}"])
    return f"{doc}model {spec.name} {{\n" + "\n\n".join(sections) + "\n}"


def _section(name: str, rows: list[tuple[str, str]]) -> str:
    width = max(len(key) for key, _ in rows)
    return f"  {name} {{\n" + "\n".join(f"    {key:<{width}} {value}" for key, value in rows) + "\n  }"


def column_text(name: str) -> str:
    """A column as the language writes it: bare where it is a name, else in quotes."""
    return name if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and name not in _RESERVED else quoted(name)


def choice_text(choice: Choice) -> str:
    """`adamw(lr: 0.01, …)` with all options."""
    given = ", ".join(f"{name}: {_option_text(value)}" for name, value in choice.options.items())
    return f"{choice.name}({given})" if given else choice.name


def _option_text(value: Any) -> str:
    if isinstance(value, str):
        return column_text(value) if value != "auto" else "auto"
    return written(value)


def _data_text(spec: Spec) -> str:
    data = spec.data
    rows = []
    if data.target is not None:
        rows.append(("target", ", ".join(column_text(name) for name in data.target)))
    features = "*"
    if data.features.names is not None:
        features = ", ".join(column_text(name) for name in data.features.names)
    elif data.features.excluded:
        features = "* except " + ", ".join(column_text(name) for name in data.features.excluded)
    rows.append(("features", features))
    split = data.split
    rows.append(
        ("split", f"validation: {written(split.validation)}, test: {written(split.test)}, seed: {written(split.seed)}")
    )
    rows.append(("scale", f"features: {data.scale.features}, target: {data.scale.target}"))
    return _section("data", rows)


def _layers_text(name: str, layers: tuple[Layer, ...]) -> str:
    lines = []
    for layer in layers:
        text = choice_text(layer.layer)
        for place, (operation, constant) in enumerate(layer.operations):
            head = f"({text})" if place else text
            text = f"{head} {_SYMBOLS[operation]} {constant!r}"
        lines.append(f"    {text}")
    return f"  {name} {{\n" + "\n".join(lines) + "\n  }"


def _circuit_text(checked: Checked) -> str:
    model = next(statement for statement in checked.tree.statements if isinstance(statement, nodes.Model))
    circuit = next(part for part in model.parts if isinstance(part, nodes.Circuit))
    width = nodes.Number(circuit.width.span, checked.spec.num_qubits)
    body = tuple(statement for statement in circuit.body if not isinstance(statement, nodes.Allow))
    if not any(isinstance(statement, nodes.Measure) for statement in _statements(body)):
        body = (*body, nodes.Measure(circuit.span, (nodes.Name(circuit.span, "z"),)))
    return text_of(replace(circuit, width=width, body=body), indent=1)


def _statements(body: tuple[nodes.Statement, ...]) -> list[nodes.Statement]:
    found: list[nodes.Statement] = []
    for statement in body:
        found.append(statement)
        match statement:
            case nodes.For() | nodes.Repeat():
                found.extend(_statements(statement.body))
            case nodes.If():
                found.extend(_statements((*statement.then, *statement.otherwise)))
    return found


def _train_text(spec: Spec) -> str:
    train = spec.train
    rows = []
    for name, value in vars(train).items():
        rows.append((name, choice_text(value) if isinstance(value, Choice) else _option_text(value)))
    return _section("train", rows)


def _transpile_text(spec: Spec) -> str:
    transpile = spec.transpile
    rows = []
    if transpile.target is not None:
        rows.append(("target", quoted(transpile.target)))
    if transpile.basis is not None:
        rows.append(("basis", "[" + ", ".join(transpile.basis) + "]"))
    if isinstance(transpile.coupling, str):
        rows.append(("coupling", transpile.coupling))
    elif transpile.coupling is not None:
        rows.append(("coupling", written([list(pair) for pair in transpile.coupling])))
    rows.append(("optimization", written(transpile.optimization)))
    rows.append(("seed", written(transpile.seed)))
    return _section("transpile", rows)

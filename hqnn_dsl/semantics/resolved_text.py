"""A checked model back to text, with everything filled in, as `hqnn check --resolved` prints it and runs keep it.

The text stands alone: constants have their values (also those given by `--set`), defaults are written out, blocks of
used files stand in it. Checking it again gives the same spec and the same circuit; a test holds that for every spec.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hqnn_dsl.literals import call, column, quoted, written
from hqnn_dsl.semantics.renaming import names_for, renamed
from hqnn_dsl.semantics.spec import Choice, ColumnRule, DataSpec, Features, Layer, Read, Spec, Split
from hqnn_dsl.semantics.splitting import IDLE
from hqnn_dsl.semantics.unused import CIRCUIT_READS
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.printer import text_of
from hqnn_dsl.syntax.walk import statements_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hqnn_dsl.semantics.check import Checked
    from hqnn_dsl.semantics.definitions import FileScope

_NAMES = re.compile(r"[A-Za-z_]\w*")
_SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}


def resolved_text(checked: Checked) -> str:
    """The spec as a whole file of the language, every setting and default written out."""
    if checked.circuit.is_absent:
        return f"hqnn 1\n\n{_model_text(checked, None)}\n"
    circuit = _circuit(checked)
    files: dict[int, tuple[FileScope, list[Any]]] = {id(checked.file): (checked.file, [circuit])}
    for definition in checked.used:
        if not definition.is_library:
            files.setdefault(id(definition.file), (definition.file, []))[1].append(definition.block)
    trees = tuple((file, tuple(printed)) for file, printed in files.values())
    pieces = ["hqnn 1"]
    constants: list[str] = []
    printed: list[str] = []
    for place, ((file, nodes_of), names) in enumerate(zip(trees, names_for(trees), strict=True)):
        constants.extend(_constant_text(file, old, new) for old, new in names.items())
        changed = [renamed(node, names, file) for node in nodes_of]
        if place == 0:
            circuit = changed.pop(0)
        printed.extend(text_of(block) for block in changed)
    if constants:
        pieces.append("\n".join(constants))
    return "\n\n".join([*pieces, *printed, _model_text(checked, circuit)]) + "\n"


def _constant_text(file: FileScope, name: str, new_name: str) -> str:
    binding = file.scope.find(name)
    assert binding is not None
    return f"let {new_name} = {written(binding.value)}"


def _model_text(checked: Checked, circuit: nodes.Circuit | None) -> str:
    spec, is_alone = checked.spec, bool(checked.untrainable)
    doc = "".join(f"## {line}\n" for line in spec.doc.splitlines())
    sections = [] if is_alone else [_data_text(spec)]
    if spec.encoder:
        sections.append(_layers_text("encoder", spec.encoder))
    if circuit is not None:
        sections.append(text_of(circuit, indent=1))
    if spec.decoder:
        sections.append(_layers_text("decoder", spec.decoder))
    asked = CIRCUIT_READS if is_alone and not _says_how_to_train(checked) else tuple(vars(spec.train))
    sections.append(_train_text(spec, asked))
    if circuit is not None:
        sections.extend(_circuit_settings(spec))
    if checked.sweep:
        sections.append(_sweep_text(checked))
    return f"{doc}model {spec.name} {{\n" + "\n\n".join(sections) + "\n}"


def _circuit_settings(spec: Spec) -> Iterator[str]:
    """The sections that a model without a circuit does not have."""
    yield _transpile_text(spec)
    if spec.budget is not None:
        yield _section("budget", [(name, written(value)) for name, value in vars(spec.budget).items()])
    yield f"  backend {choice_text(spec.backend)}"


def _sweep_text(checked: Checked) -> str:
    """The sweep, by whole paths; a comment tells what is swept over constants, which have their values here."""
    constants = set(checked.spec.constants)
    of_constants = [axis for axis in checked.sweep if constants & {axis.path, *_NAMES.findall(axis.text)}]
    kept = [f"    {axis.path} in {axis.text}" for axis in checked.sweep if axis not in of_constants]
    gone = [f"  # swept: {axis.path} in {axis.text}" for axis in of_constants]
    return "\n".join([*gone, *(["  sweep {", *kept, "  }"] if kept else [])])


def _says_how_to_train(checked: Checked) -> bool:
    model = next(statement for statement in checked.tree.statements if isinstance(statement, nodes.Model))
    sections = [part for part in model.parts if isinstance(part, nodes.Settings) and part.keyword.name == "train"]
    return any(setting.name.name not in CIRCUIT_READS for part in sections for setting in part.settings)


def _section(name: str, rows: list[tuple[str, str]]) -> str:
    width = max(len(key) for key, _ in rows)
    lines = [f"    {key if value.startswith('{') else key.ljust(width)} {value}" for key, value in rows]
    return f"  {name} {{\n" + "\n".join(lines) + "\n  }"


def choice_text(choice: Choice) -> str:
    """`adamw(lr: 0.01, …)` with all options."""
    return call(choice.name, {name: _option_text(value) for name, value in choice.options.items()})


def _option_text(value: Any) -> str:
    if isinstance(value, str):
        return column(value) if value != "auto" else "auto"
    return written(value)


def _data_text(spec: Spec) -> str:
    data = spec.data
    rows = [("read", text)] if (text := _named(_read_options(data.read))) else []
    if data.target is not None:
        rows.append(("target", ", ".join(column(name) for name in data.target)))
    if data.task is not None:
        rows.append(("task", data.task))
    rows.append(("features", _features_text(data.features)))
    if not _counts_names(spec):
        rows.append(("categories", choice_text(data.categories)))
    rows.append(("missing", choice_text(data.missing)))
    scales = {"features": choice_text(data.scale.features)}
    if data.task == "regression":
        scales["target"] = choice_text(data.scale.target)
    rows.append(("scale", _named(scales)))
    if data.columns:
        rules = [f"      {column(rule.column)}: {_rule_text(rule)}" for rule in data.columns]
        rows.append(("columns", "\n".join(["{", *rules, "    }"])))
    if data.weights is not None:
        rows.append(("weights", column(data.weights)))
    rows.append(("split", _named(_split_options(data.split))))
    return _section("data", rows)


def _named(options: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in options.items())


def _read_options(read: Read) -> dict[str, str]:
    """The options of `read` that are given."""
    texts = {name: quoted(value) for name, value in vars(read).items() if isinstance(value, str)}
    return {**texts, "missing": written(read.missing)} if read.missing else texts


def _features_text(features: Features) -> str:
    if features.names is not None:
        return ", ".join(column(name) for name in features.names)
    if features.excluded:
        return "* except " + ", ".join(column(name) for name in features.excluded)
    return "*"


def _counts_names(spec: Spec) -> bool:
    """Whether every named feature is one input, which `categories` would leave to the table to say."""
    data = spec.data
    is_open = data.columns or data.missing.options.get("indicator") or data.categories != DataSpec().categories
    return data.features.names is not None and not is_open and spec.in_width == len(data.features.names)


def _rule_text(rule: ColumnRule) -> str:
    parts = [part for part in (rule.kind, rule.missing, *rule.code, rule.scale) if part is not None]
    texts = [choice_text(part) for part in parts]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _split_options(split: Split) -> dict[str, str]:
    """The parts of `split` that this way to split reads."""
    by = {} if split.by is None else {"by": choice_text(split.by)}
    idle = () if split.by is None else IDLE.get(split.by.name, ())
    parts = {name: written(getattr(split, name)) for name in ("validation", "test", "seed") if name not in idle}
    return {**parts, **by}


def _layers_text(name: str, layers: tuple[Layer, ...]) -> str:
    lines = []
    for layer in layers:
        text = choice_text(layer.layer)
        for place, (operation, constant) in enumerate(layer.operations):
            head = f"({text})" if place else text
            text = f"{head} {_SYMBOLS[operation]} {constant!r}"
        lines.append(f"    {text}")
    return f"  {name} {{\n" + "\n".join(lines) + "\n  }"


def _circuit(checked: Checked) -> nodes.Circuit:
    """The circuit as it is printed: with a number as its width, and with a measurement."""
    model = next(statement for statement in checked.tree.statements if isinstance(statement, nodes.Model))
    circuit = next(part for part in model.parts if isinstance(part, nodes.Circuit))
    width = nodes.Number(circuit.width.span, checked.spec.num_qubits)
    body = tuple(statement for statement in circuit.body if not isinstance(statement, nodes.Allow))
    if not any(isinstance(statement, nodes.Measure) for statement, _ in statements_in(circuit)):
        body = (*body, nodes.Measure(circuit.span, (nodes.Name(circuit.span, "z"),)))
    return replace(circuit, width=width, body=body)


def _train_text(spec: Spec, names: tuple[str, ...]) -> str:
    rows = [(name, _setting_text(getattr(spec.train, name))) for name in names]
    return _section("train", [row for row in rows if row != ("class_weights", "none")])


def _setting_text(value: Any) -> str:
    """The value of a setting of `train`; classes have names of their own."""
    if isinstance(value, Choice):
        return choice_text(value)
    if isinstance(value, tuple):
        return _named({column(name): written(weight) for name, weight in value})
    return _option_text(value)


def _transpile_text(spec: Spec) -> str:
    transpile = spec.transpile
    rows = []
    if transpile.target is not None:
        rows.append(("target", quoted(transpile.target)))
    if transpile.basis is not None:
        rows.append(("basis", "[" + ", ".join(quoted(gate) for gate in transpile.basis) + "]"))
    if isinstance(transpile.coupling, str):
        rows.append(("coupling", transpile.coupling))
    elif transpile.coupling is not None:
        rows.append(("coupling", written([list(pair) for pair in transpile.coupling])))
    rows.append(("optimization", written(transpile.optimization)))
    rows.append(("seed", written(transpile.seed)))
    return _section("transpile", rows)

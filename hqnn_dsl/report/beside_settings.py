"""What differs between the specs of runs: their resolved settings by path, in meaning, not in text.

Resolved specs have every default and every expression evaluated, and what was left to the table (`auto`) is settled
here, so settings that mean the same are the same text. Circuits are compared as they are built: two that are written
otherwise and have the same gates do not differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.literals import written
from hqnn_dsl.report.parts import Sentence, table
from hqnn_dsl.semantics.outline import circuit_counts
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse
from hqnn_dsl.syntax.printer import text_of
from hqnn_dsl.training.resuming import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hqnn_dsl.report.parts import Block
    from hqnn_dsl.report.reading import RunFiles

NOT_THERE = "not there"
MOST_LETTERS = 400
"""The letters of a setting that are shown."""


def setting_blocks(labels: Sequence[str], runs: Sequence[RunFiles]) -> Iterator[Block]:
    """Yields a table of the settings in which any two runs differ, a column a run."""
    found = [settled(run) for run in runs]
    circuits = [run.program.logical for run in runs]
    is_one_circuit = all(circuit == circuits[0] for circuit in circuits)
    every = {path: "" for settings in found for path in settings}
    paths = list(_in_order(every, list(every)))
    if is_one_circuit:
        paths = [path for path in paths if not _is_of_circuit(path)]
    rows = [(path, [settings.get(path, NOT_THERE) for settings in found]) for path in paths]
    rows = [(path, [_cut(value) for value in values]) for path, values in rows if len(set(values)) > 1]
    if not is_one_circuit:
        rows.append(("the circuit as built", [circuit_counts(circuit) for circuit in circuits]))
    same = len(paths) - len([path for path, _ in rows if path in paths])
    if not rows:
        yield Sentence(f"The specs say the same: all {same} settings, and the circuit.")
        return
    header = ("setting", *labels)
    note = f"The other {count(same, 'setting')} say the same, with all defaults filled in."
    yield table("Settings in which the specs differ", header, [(path, *values) for path, values in rows], note)
    if is_one_circuit:
        yield Sentence(f"All have the same circuit: {circuit_counts(circuits[0])}.")


def _is_of_circuit(path: str) -> bool:
    """Whether a setting says how the circuit is written; constants have gone into the settings that use them."""
    return _head(path, 1).partition(" ")[0] in {"circuit", "let", "blocks"}


def _cut(value: str) -> str:
    return value if len(value) <= MOST_LETTERS else f"{value[: MOST_LETTERS - 1]}…"


def settled(run: RunFiles) -> dict[str, str]:
    """Returns the settings of a run by path, with what its table has settled in place of `auto`."""
    found, preparation = settings_by_path(run.text), run.preparation
    loss, target = preparation.loss, preparation.target
    more: dict[str, str] = {"data.task": preparation.task}
    more["data.scale.target"] = target.scales[0].rule if target.scales else "none"
    if found.get("train.loss") == "auto":
        more["train.loss"] = loss.name
        more |= {f"train.loss.{name}": written(value) for name, value in loss.options.items()}
    if "decoder" in found:
        width = str(preparation.out_width(run.program.targets))
        more["decoder"] = found["decoder"].replace("width: auto", f"width: {width}")
    return _in_order(found | more, list(found))


def _in_order(found: Mapping[str, str], order: Sequence[str]) -> dict[str, str]:
    """The settings with those of one part together, parts in their order."""
    parts = list(dict.fromkeys(_head(path, 1) for path in order))
    settings = list(dict.fromkeys(_head(path, 2) for path in found))

    def place(item: tuple[str, str]) -> tuple[int, int]:
        return parts.index(_head(item[0], 1)), settings.index(_head(item[0], 2))

    return dict(sorted(found.items(), key=place))


def _head(path: str, length: int) -> str:
    """The beginning of a path: `train.optimizer` of `train.optimizer.lr`."""
    return ".".join(path.split(".")[:length])


def settings_by_path(text: str) -> dict[str, str]:
    """Returns the settings of a resolved spec by path: `train.epochs`, `train.optimizer`, `train.optimizer.lr`.

    Layers, and statements of the circuit of one kind, are one setting each.
    """
    found = {name: value.removeprefix(f"{name} = ") for name, value in settings_of(text).items()}
    order = list(found)
    tree, mistakes = parse(Source("spec", text))
    if mistakes:
        return found
    for statement in tree.statements:
        for part in statement.parts if isinstance(statement, nodes.Model) else ():
            for path, settings in _by_path(part):
                found.pop(path, None)
                found |= settings
    return _in_order(found, order)


def _by_path(part: nodes.Part) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yields the path of each setting of a part that is said in more detail, and the settings in place of it."""
    match part:
        case nodes.Settings(_, keyword, settings):
            for setting in settings:
                path = f"{keyword.name}.{setting.name.name}"
                yield path, dict(_of_setting(path, setting.values))
        case nodes.Setting(_, name, values):
            yield name.name, dict(_of_setting(name.name, values))
        case nodes.Circuit():
            yield "circuit", dict(_of_circuit(part))


def _of_setting(path: str, values: Iterable[nodes.Argument]) -> Iterator[tuple[str, str]]:
    """Yields the plain values of a setting at its path, and those with a name below it, calls the same way."""
    plain: list[str] = []
    below: list[tuple[str, str]] = []
    for argument in values:
        if argument.name is not None:
            unnamed = nodes.Argument(argument.span, None, argument.value)
            below += _of_setting(f"{path}.{argument.name.name}", [unnamed])
        elif isinstance(argument.value, nodes.Call):
            call = argument.value
            plain.append(call.function.name)
            below += _of_call(path, call)
        else:
            plain.append(text_of(argument.value))
    if plain:
        yield path, ", ".join(plain)
    yield from below


def _of_call(path: str, call: nodes.Call) -> Iterator[tuple[str, str]]:
    unnamed = [text_of(argument.value) for argument in call.arguments if argument.name is None]
    named = [argument for argument in call.arguments if argument.name is not None]
    if unnamed:
        yield f"{path}.{call.function.name}", ", ".join(unnamed)
    yield from _of_setting(path, named)


def _of_circuit(circuit: nodes.Circuit) -> Iterator[tuple[str, str]]:
    yield "circuit.qubits", text_of(circuit.width)
    found: dict[str, list[str]] = {}
    for statement in circuit.body:
        kind = statement.kind if isinstance(statement, nodes.BlockUse) else type(statement).__name__.lower()
        found.setdefault(kind, []).append(" ".join(text_of(statement).split()))
    for kind, texts in found.items():
        yield f"circuit.{kind}", "; ".join(text.removeprefix(f"{kind} ") for text in texts)

"""The same spec at other widths and depths: which setting is changed, and the circuits that it then has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.analyses import NothingToScale
from hqnn_dsl.diagnostics.codes.command import BadOption
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.walk import statements_in

if TYPE_CHECKING:
    from hqnn_dsl.program import Program

MOST_VALUES = 64


@dataclass(frozen=True)
class Asked:
    """Values of one setting; `path` is empty if it is to be found in the spec. `option` is how it was asked for."""

    option: str
    values: tuple[int, ...]
    path: str = ""


def asked(option: str, text: str) -> Asked:
    """Reads `2..6` (both ends), `2,4,8`, or either after `PATH=`. Raises `Refusal` E0605."""
    path, sign, listed = text.rpartition("=")
    expected = "whole numbers from 1 on, such as `2..6` (both ends), `2,4,8` or `width=2..6`"
    values: list[int] = []
    try:
        for part in listed.split(","):
            first, dots, last = part.partition("..")
            values += range(int(first), int(last) + 1) if dots else [int(first)]
    except ValueError:
        values = []
    if not values or min(values) < 1 or len(values) > MOST_VALUES or (sign and not path.strip()):
        raise Refusal(BadOption(option=option, expected=expected, value=text))
    return Asked(option, tuple(sorted(set(values))), path.strip())


def width_path(program: Program) -> str:
    """The constant that is the number of qubits. Raises `Refusal` E0673."""
    circuit = _circuit(program, "--widths")
    if isinstance(circuit.width, nodes.Name) and circuit.width.name in _constants(program):
        return circuit.width.name
    reason = "the number of qubits of the spec is not a constant"
    hint = "write `let width = 4` and `circuit on width qubits`, or name the setting: `--widths PATH=2..6`"
    raise Refusal(NothingToScale(option="--widths", reason=reason, hint=hint))


def depth_path(program: Program) -> str:
    """The constant or the block's argument that says how often layers repeat. Raises `Refusal` E0673."""
    circuit, constants = _circuit(program, "--depths"), _constants(program)
    counts = [item.count for item, _ in statements_in(circuit) if isinstance(item, nodes.Repeat)]
    loops = [item.values for item, _ in statements_in(circuit) if isinstance(item, nodes.For)]
    counts += [values.stop for values in loops if isinstance(values, nodes.Range)]
    names = [count.name for count in counts if isinstance(count, nodes.Name)]
    found = [name for name in names if name in constants and not _is_width(circuit, name)]
    for use in (item for item, _ in statements_in(circuit) if isinstance(item, nodes.BlockUse)):
        if use.kind == "ansatz":
            found += _of_block(program, use, constants)
    distinct = list(dict.fromkeys(found))
    if len(distinct) == 1:
        return distinct[0]
    several = " and ".join(f"`{path}`" for path in distinct)
    reason = f"{several} may be meant" if distinct else "no `repeat` and no `reps` of the spec says how deep it is"
    example = distinct[0] if distinct else "PATH"
    raise Refusal(NothingToScale(option="--depths", reason=reason, hint=f"name it: `--depths {example}=1..6`"))


def _of_block(program: Program, use: nodes.BlockUse, constants: set[str]) -> list[str]:
    """The setting that is the number of repetitions of a block; none if it has no `reps`."""
    name = use.call.name if isinstance(use.call, nodes.Name) else use.call.function.name
    definition = program.checked.file.find(name)
    if definition is None or "reps" not in {one.name.name for one in definition.block.parameters}:
        return []
    arguments = () if isinstance(use.call, nodes.Name) else use.call.arguments
    given = next((one.value for one in arguments if one.name is not None and one.name.name == "reps"), None)
    if isinstance(given, nodes.Name) and given.name in constants:
        return [given.name]
    return [f"circuit.{name}.reps"]


def _is_width(circuit: nodes.Circuit, name: str) -> bool:
    return isinstance(circuit.width, nodes.Name) and circuit.width.name == name


def _circuit(program: Program, option: str) -> nodes.Circuit:
    model = next(item for item in program.checked.tree.statements if isinstance(item, nodes.Model))
    found = next((part for part in model.parts if isinstance(part, nodes.Circuit)), None)
    if found is None:
        hint = f"write the circuit into the spec, or leave {option} out"
        raise Refusal(NothingToScale(option=option, reason="the circuit is that of another file", hint=hint))
    return found


def _constants(program: Program) -> set[str]:
    return {item.name.name for item in program.checked.tree.statements if isinstance(item, nodes.Let)}

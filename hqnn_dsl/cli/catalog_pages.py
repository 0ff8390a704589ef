"""Pages of `hqnn explain` for all that the language offers by name, and its codes by topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.catalog.entry import Entry, Option

TOPICS: Final = {
    "grammar": ("E01", "how a spec is written"),
    "meaning": ("E02", "names, values and settings of a spec"),
    "shapes": ("E03", "widths from table to target"),
    "tables": ("E05", "tables, training and runs"),
    "commands": ("E06", "commands, files and the Python interface"),
    "backends": ("E07", "backends, devices and this environment"),
    "planned": ("E08", "parts of the language that are not built yet"),
    "warnings": ("W", "legal, and perhaps not meant"),
}
"""Topics of codes: the beginning of their codes, and their subject."""


def pages_of(name: str) -> list[str]:
    """Returns a page for each meaning of a name: gate, block, layer, loss, optimizer, backend, setting …"""
    return [
        *_gate(name),
        *([_all_gates()] if name == "gates" else []),
        *_block(name),
        *_entries(name),
        *_settings(name),
    ]


def names() -> list[str]:
    """Returns everything that has a page."""
    from hqnn_dsl.circuit.gates import GATES
    from hqnn_dsl.semantics.definitions import library_names
    from hqnn_dsl.semantics.sections import SECTIONS

    found = {"gates", "pauli_rot", *GATES, *library_names(), *(name for _, table in _tables() for name in table)}
    return sorted({*found, *(row.name for rows in SECTIONS.values() for row in rows)})


def _gate(name: str) -> Iterator[str]:
    from hqnn_dsl.circuit.gates import GATES
    from hqnn_dsl.diagnostics.quantities import count

    if name == "pauli_rot":
        yield (
            "gate `pauli_rot`: exp(-i angle/2 P) for a product P of Paulis, letter k on target k\n\n"
            '  pauli_rot("XYZ", 0.3) 0, 1, 2'
        )
    gate = GATES.get(name)
    if gate is None:
        return
    angles = ", ".join(f"0.{max(3, gate.num_angles) - number}" for number in range(gate.num_angles))
    targets = ", ".join(str(qubit) for qubit in range(gate.num_qubits))
    call = f"{name}({angles}) {targets}" if angles else f"{name} {targets}"
    size = f"{count(gate.num_qubits, 'qubit')}, {count(gate.num_angles, 'angle')}"
    yield f"gate `{name}`, {size}: {gate.doc}\n\n  {call}"


def _all_gates() -> str:
    from hqnn_dsl.circuit.gates import GATES
    from hqnn_dsl.diagnostics.quantities import count

    rows = [
        f"  {row.name:5}  {count(row.num_qubits, 'qubit')}, {count(row.num_angles, 'angle')}: {row.doc}"
        for row in GATES.values()
    ]
    return "\n".join(["the `gates` of the language, and `pauli_rot` with a product of Paulis", "", *rows])


def _block(name: str) -> Iterator[str]:
    from hqnn_dsl.semantics.definitions import library_block, library_names
    from hqnn_dsl.syntax.printer import text_of

    if name not in library_names():
        return
    definition = library_block(name)
    assert definition is not None
    block = definition.block
    lines = [f"{block.kind} `{name}`: {block.doc}", ""]
    given = []
    for parameter in block.parameters:
        default = "" if parameter.default is None else text_of(parameter.default)
        kinds = " | ".join(member.name for member in parameter.type)
        lines.append(f"  {parameter.name.name}: {kinds}{f' = {default}' if default else ''}   {parameter.doc}".rstrip())
        if default:
            given.append(f"{parameter.name.name}: {default}")
    yield "\n".join([*lines, "", f"  {block.kind} {name}({', '.join(given)})"])


def _tables() -> list[tuple[str, dict[str, Entry]]]:
    from hqnn_dsl.catalog.columns import CATEGORIES, DATES, INTERVALS, KINDS, MISSING, SCALES, SPLITS
    from hqnn_dsl.catalog.initial import INITIALS
    from hqnn_dsl.catalog.layers import LAYERS
    from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS, SCHEDULERS, STOPS
    from hqnn_dsl.pipeline import backends

    return [
        *(("layer", dict(LAYERS)), ("loss", dict(LOSSES)), ("optimizer", dict(OPTIMIZERS))),
        *(("scheduler", dict(SCHEDULERS)), ("stop", dict(STOPS)), ("starting weights", dict(INITIALS))),
        *(("missing", MISSING), ("categories", CATEGORIES), ("scale", SCALES), ("dates", DATES), ("kind", KINDS)),
        *(("split by", SPLITS), ("intervals", INTERVALS), ("backend", dict(backends()))),
    ]


def _entries(name: str) -> Iterator[str]:
    for kind, table in _tables():
        entry = table.get(name)
        if entry is None:
            continue
        lines = [f"{kind} `{name}`: {entry.doc}"]
        if entry.options:
            lines += ["", *(f"  {_option(option)}" for option in entry.options)]
        given = ", ".join(_shown(entry))
        call = f"{name}({given})" if given else name
        yield "\n".join([*lines, "", f"  {_LINES.get(kind, kind + ' {}').format(call)}"])


_EXAMPLES = {"int": "8", "width": "8", "float": "0.1", "column": "site", "strings": '"low", "high"'}
"""Values of options without defaults, by type."""
_LINES = {
    "layer": "{}", "starting weights": "weight w = {}", "scale": "scale features: {}",
    "dates": "columns {{ date: {} }}", "kind": "columns {{ column: {} }}", "split by": "split by: {}",
}  # fmt: skip
"""The line in which an entry stands, by the kind of its table, if that is not its first word."""


def _shown(entry: Entry) -> Iterator[str]:
    """The first options as one may write them."""
    for place, option in enumerate(entry.options[:2]):
        if option.is_required:
            example = option.example or _EXAMPLES.get(option.type, '"name"')
            yield example if place < entry.positional else f"{option.name}: {example}"
        elif isinstance(option.default, int | float) and not isinstance(option.default, bool):
            yield f"{option.name}: {option.default}"


def _option(option: Option) -> str:
    from hqnn_dsl.literals import written
    from hqnn_dsl.semantics.options import takes_text

    default: Any = option.default
    shown = "" if option.is_required else f" = {default if isinstance(default, str) else written(default)}"
    return f"{option.name}: {takes_text(option)}{shown}   {option.doc}"


def _settings(name: str) -> Iterator[str]:
    from hqnn_dsl.semantics.sections import SECTIONS

    for section, rows in SECTIONS.items():
        for row in rows:
            if row.name == name:
                yield f"setting `{name}` in `{section} {{ … }}`: {row.doc}"

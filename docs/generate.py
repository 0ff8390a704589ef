"""Writes docs/catalog.md from the tables of the code, docs/command-line.md from the help of the commands, and
docs/contenders.md from the table of classical contenders, and docs/spec.schema.json, the JSON schema of a resolved
spec.

    python docs/generate.py

A test holds these files fresh.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hqnn_dsl.catalog.columns import CATEGORIES, DATES, INTERVALS, KINDS, MISSING, SCALES, SPLITS
from hqnn_dsl.catalog.entry import REQUIRED, Entry
from hqnn_dsl.catalog.initial import INITIALS
from hqnn_dsl.catalog.layers import LAYERS
from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS, SCHEDULERS, STOPS
from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.diagnostics.codes import every_code
from hqnn_dsl.export.spec_document import json_schema
from hqnn_dsl.literals import written
from hqnn_dsl.pipeline import backends
from hqnn_dsl.semantics.definitions import library_block, library_names
from hqnn_dsl.semantics.options import takes_text
from hqnn_dsl.semantics.reading import ENTRY as READ
from hqnn_dsl.semantics.sections import SECTIONS
from hqnn_dsl.semantics.spec import BudgetSpec, DataSpec, TrainSpec, TranspileSpec
from hqnn_dsl.syntax.printer import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COLUMN_TABLES = {
    "Missing cells": MISSING,
    "Categories": CATEGORIES,
    "Scaling": SCALES,
    "Dates": DATES,
    "Kinds of columns": KINDS,
    "Ways to split": SPLITS,
    "Intervals": INTERVALS,
}
RECORDS = {"data": DataSpec, "train": TrainSpec, "transpile": TranspileSpec, "budget": BudgetSpec}


def page() -> str:
    """The whole page."""
    parts = [
        "# Catalog",
        "Made by `python docs/generate.py` from the tables of the code; do not edit it by hand.",
        *_settings(),
        *_blocks(),
        *_gates(),
    ]
    for title, table in (
        ("Layers", LAYERS),
        ("Losses", LOSSES),
        ("Optimizers", OPTIMIZERS),
        ("Schedulers", SCHEDULERS),
        ("Stops", STOPS),
        *COLUMN_TABLES.items(),
        ("Starting weights", INITIALS),
        ("Backends", backends()),
    ):
        parts.extend(_entries(title, table))
    parts.extend(_entries("`read` in `data`", {READ.name: READ}))
    parts.extend(_nested(backends()))
    parts.extend(_codes())
    return "\n\n".join(parts) + "\n"


def schema() -> str:
    """The JSON schema, as `hqnn explain spec-schema` prints it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def contenders() -> str:
    """The page of the classical contenders, with the spaces for a table of 500 rows, 10 inputs and two classes."""
    import numpy as np

    from hqnn_dsl.science.classical.contender import Learned
    from hqnn_dsl.science.classical.table import CONTENDERS

    inputs, target = np.zeros((500, 10)), np.zeros((500, 1))
    made = "Made by `python docs/generate.py` from the table of the code; do not edit it by hand."
    parts = [
        "# Classical contenders",
        f"{made} [statistics.md](statistics.md#classical-contenders) says what all of them get.",
        "The ranges are those for 500 rows and 10 inputs. Every contender's first trial is its defaults.",
    ]
    for one in CONTENDERS.values():
        spaces = {num: one.space(Learned(inputs, target, num)) for num in (None, 2)}
        parts += [f"## `{one.name}`", one.doc]
        notes = [] if one.takes_weights else ["Weights of rows and classes are not taken into account, which is said."]
        if one.most_rows is not None:
            values, classes = one.most_rows
            most = f"{values:,}" if values == classes else f"{values:,}, of classes {classes:,},"
            notes.append(f"Fitted on at most {most} training rows: of more so many are drawn by chance, which is said.")
        parts += [" ".join(notes)] if notes else []
        rows = []
        for name in dict.fromkeys([*spaces[None].dimensions, *spaces[2].dimensions]):
            in_both = [space.dimensions.get(name) for space in spaces.values()]
            for where, dimension in zip(("numbers", "classes"), in_both, strict=True):
                if dimension is not None and (where == "numbers" or dimension != in_both[0]):
                    only = "" if in_both[0] == in_both[1] else f"{where} only" if None in in_both else where
                    rows.append((f"`{name}`", _range(dimension), f"`{_rounded(dimension.default)}`", only))
        parts += [_table("setting", "tried", "default", "of", rows=rows)] if rows else []
    return "\n\n".join(parts) + "\n"


def _rounded(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _range(dimension: Any) -> str:
    if hasattr(dimension, "values"):
        return ", ".join(f"`{value}`" for value in dimension.values)
    kind = "whole numbers" if isinstance(dimension.low, int) else "numbers"
    return f"{kind} from {dimension.low:g} to {dimension.high:g}{', by the logarithm' if dimension.log else ''}"


def _table(*header: str, rows: Iterator[tuple[str, ...]] | list[tuple[str, ...]]) -> str:
    lines = [" | ".join(header), " | ".join("---" for _ in header)]
    lines += [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _default(value: Any) -> str:
    return "" if value is REQUIRED else f"`{value}`" if isinstance(value, str) else f"`{written(value)}`"


def _settings() -> Iterator[str]:
    yield "## Settings"
    for section, rows in SECTIONS.items():
        yield f"### `{section}`"
        found = []
        for row in rows:
            default = getattr(RECORDS[section], row.name, "")
            if row.table is not None:
                default = row.default
            shown = _default(default) if isinstance(default, str | int | float | None) else "see below"
            takes = f"an entry of {row.name}" if row.table is not None else takes_text(row.option)
            takes = takes or ", ".join(f"`{part}`" for part in row.parts)
            found.append((f"`{row.name}`", takes, "" if row.name == "task" else shown, row.doc))
        yield _table("setting", "takes", "default", "what it is", rows=found)


def _blocks() -> Iterator[str]:
    yield "## Feature maps and ansätze"
    yield "Written in the language, in `hqnn_dsl/catalog/blocks/`. `amplitude` is built in: 2^k inputs are the state."
    for name in library_names():
        definition = library_block(name)
        assert definition is not None
        block = definition.block
        yield f"### `{block.kind} {name}`\n\n{block.doc}"
        rows = [
            (
                f"`{parameter.name.name}`",
                ", ".join(f"`{member.name}`" for member in parameter.type),
                "" if parameter.default is None else f"`{text_of(parameter.default)}`",
                parameter.doc,
            )
            for parameter in block.parameters
        ]
        if rows:
            yield _table("argument", "takes", "default", "what it is", rows=rows)


def _gates() -> Iterator[str]:
    yield "## Gates"
    yield 'And `pauli_rot("XYZ", angle) a, b, c`, whose k-th letter acts on the k-th target, and `gate("name", …)`.'
    yield "A library without a name here runs the gate as Pauli rotations."
    rows = [
        (
            f"`{gate.name}`",
            str(gate.num_qubits),
            str(gate.num_angles),
            gate.doc,
            _code(gate.qiskit),
            _code(gate.pennylane),
        )
        for gate in GATES.values()
    ]
    yield _table("gate", "qubits", "angles", "what it is", "Qiskit", "PennyLane", rows=rows)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _entries(title: str, table: Mapping[str, Entry]) -> Iterator[str]:
    yield f"## {title}"
    rows = []
    for entry in table.values():
        rows.append((f"**`{entry.name}`**", "", "", entry.doc))
        rows += [(f"`{o.name}`", takes_text(o), _default(o.default), o.doc) for o in entry.options]
    yield _table("name", "takes", "default", "what it is", rows=rows)


def _nested(tables: Mapping[str, Entry]) -> Iterator[str]:
    """The entries that an option may be, with options of their own."""
    for entry in tables.values():
        for option in entry.options:
            if option.table is not None:
                yield from _entries(f"`{option.name}` of the backend `{entry.name}`", option.table)


def _codes() -> Iterator[str]:
    yield "## Diagnostics"
    yield "`hqnn explain CODE` says more about each, with an example of wrong and right."
    rows = [
        (f"`{code}`", row.severity, (row.__doc__ or "").strip().splitlines()[0]) for code, row in every_code().items()
    ]
    yield _table("code", "kind", "what it means", rows=rows)


if __name__ == "__main__":
    import command_line

    (Path(__file__).parent / "catalog.md").write_text(page(), encoding="utf-8")
    (Path(__file__).parent / "command-line.md").write_text(command_line.page(), encoding="utf-8")
    (Path(__file__).parent / "contenders.md").write_text(contenders(), encoding="utf-8")
    (Path(__file__).parent / "spec.schema.json").write_text(schema(), encoding="utf-8")

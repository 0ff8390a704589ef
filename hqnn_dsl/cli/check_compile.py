"""`hqnn check` and `hqnn compile`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hqnn_dsl.cli.column_tables import column_table
from hqnn_dsl.cli.options import AllowPath, MaybeData, Set, Spec
from hqnn_dsl.cli.output import (
    changes_of,
    found_data,
    show,
    speak_json,
    table,
    tell,
    write,
    write_exact,
    write_json,
    write_lines,
)
from hqnn_dsl.cli.plan_tables import plan_text
from hqnn_dsl.cli.reading import read_for, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hqnn_dsl.data.preprocess import Prepared
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.pipeline import Program


class Format(StrEnum):
    """How diagnostics are printed."""

    text = "text"
    json = "json"


def check(  # noqa: PLR0913 - options of a command
    spec: Spec,
    data: MaybeData = None,
    *,
    resolved: Annotated[
        bool,
        typer.Option(
            "--resolved",
            help="Print the spec with every setting and default filled in: as text of the language or, with "
            "`--format json`, in a JSON document that, if the spec is accepted, is as `hqnn explain spec-schema` says.",
        ),
    ] = False,
    form: Annotated[
        Format, typer.Option("--format", help="The form of the diagnostics and of the resolved spec.")
    ] = Format.text,
    set: Set = [],  # noqa: B006 - typer's way to say "repeatable"
    allow_path: AllowPath = [],  # noqa: B006
) -> None:
    """Report every mistake in a spec, without running it.

    With DATA, also check that the table fits the spec: columns, missing values, widths.
    """
    from hqnn_dsl import pipeline
    from hqnn_dsl.semantics.check import Checked
    from hqnn_dsl.semantics.outline import circuit_counts
    from hqnn_dsl.semantics.used_files import read_spec

    if form is Format.json:
        speak_json()
    source = read_spec(spec)
    found = pipeline.check(source, changes_of(set), allow_path)
    warnings = found.warnings if isinstance(found, Checked) else found
    program = pipeline.Program(source, found) if isinstance(found, Checked) else None
    if program is None and (data is not None or resolved):
        program = pipeline.program(source, changes_of(set), allow_path)  # refuses a file without a model
    prepared = None if program is None or data is None else _check_table(program, data)
    if prepared is not None and program is not None:
        from hqnn_dsl.semantics.suppressions import allowed_codes
        from hqnn_dsl.training.bounds import beyond_outputs

        far = beyond_outputs(program.spec, program.logical, prepared)
        allowed = allowed_codes(program.checked.tree)
        warnings = (*warnings, *(item for item in (*prepared.notes, *far) if item.code not in allowed))
    text = program.resolved.rstrip() if program is not None and resolved else None
    if form is Format.json:
        document = _document(warnings, program if resolved else None)
        if prepared is not None and not resolved:
            document["columns"] = [line.to_json() for line in prepared.report]
        write_json(document)
        return
    show(warnings)
    if not isinstance(found, Checked):
        write(f"{spec}: fine, blocks and constants only")
    elif text is not None:
        write_exact(text)
    else:
        alone = "; a circuit alone, which `hqnn train` does not take" if found.untrainable else ""
        counts = "no circuit" if found.circuit.is_absent else circuit_counts(found.circuit)
        write(f"{spec}: fine, {counts}{alone}")
    if prepared is not None and data is not None and text is None:
        write_lines(_table_in_short(shown(data), prepared))


def _document(warnings: Iterable[Diagnostic], program: Program | None) -> dict[str, Any]:
    """Returns an accepted spec as the data of a JSON document: its warnings and, with a program, the resolved spec."""
    findings = found_data(warnings)
    if program is None:
        return {"ok": True, **findings}
    from hqnn_dsl.export.spec_document import document_of

    return document_of(program.spec, program.resolved.rstrip(), findings)


def _table_in_short(name: str, prepared: Prepared) -> str:
    """Returns the parts of a table's rows, and what is made of each column."""
    from hqnn_dsl.diagnostics.quantities import count
    from hqnn_dsl.diagnostics.terminal import printable

    sizes = ", ".join(f"{len(rows)} {part}" for part, rows in prepared.preparation.parts.items())
    dropped = len(prepared.preparation.dropped)
    sizes += f", {dropped} dropped" if dropped else ""
    title = f"{printable(name)}: fits, {count(len(prepared.targets), 'row')}: {sizes}"
    return f"{title}\n\n{column_table(prepared.report)}"


def _check_table(program: Program, data: Path) -> Prepared:
    """Returns the table as the spec reads it. Raises `Refusal` if it does not fit, or if the spec is only a circuit."""
    program.refuse_training()
    from hqnn_dsl.data.preprocess import prepare
    from hqnn_dsl.diagnostics.placed import PlacedByCode
    from hqnn_dsl.training.row_weights import with_class_weights

    with PlacedByCode(program.checked.spans):
        table = read_for(program.spec, data)
        return with_class_weights(prepare(program.spec, table, reach=program.checked.reach), program.spec.train)


def compile(  # noqa: PLR0913 - options of a command
    spec: Spec,
    data: MaybeData = None,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write to; `compiled/<model>` by default.")
    ] = None,
    emit: Annotated[
        list[str],
        typer.Option(
            "--emit",
            metavar="KIND",
            help="Kind of file: qasm, qpy, text, png, svg, pdf, observables, module, static. Repeatable; default all.",
            show_default=False,
        ),
    ] = [],  # noqa: B006 - typer's way to say "repeatable"
    set: Set = [],  # noqa: B006
    allow_path: AllowPath = [],  # noqa: B006
) -> None:
    """Turn a spec into a transpiled Qiskit circuit and a Torch module.

    Writes the logical and the transpiled circuit as OpenQASM 3 (read back and compared), QPY, text and pictures (PNG,
    SVG, PDF), a picture of the whole network, the observables of the outputs, the module's starting weights with the
    resolved spec, and static.json. Older files of the folder are removed. DATA is needed only if the spec leaves the
    features to the table.
    """
    from hqnn_dsl.export.emitters import DRAWN, KINDS

    kinds = tuple(dict.fromkeys(emit)) or KINDS
    _known(kinds, KINDS)
    from hqnn_dsl import api
    from hqnn_dsl.compiled_folder import compiled_files

    program = api.compile(spec, changes_of(set), allow_path=allow_path)
    show(program.warnings)
    widths: dict[str, Any] = {}
    if data is not None:
        prepared = _check_table(program, data)
        show(prepared.notes)
        widths = _widths_of(program, prepared)
    folder = out if out is not None else Path("compiled") / program.spec.name
    before = compiled_files(folder)
    written = api.write_compiled(program, folder, kinds, **widths)
    write_lines(f"{_counts(program)}\n\n{plan_text(program.static['native'])}")
    if "module" in kinds and not any(path.name == "module.pt" for path in written):
        missing = "features" if program.features is None else "classes"
        tell(f"no module.pt: the number of {missing} comes from the table: `hqnn compile SPEC DATA`")
    undrawn = [name for name in ("logical", "transpiled") if not _has_drawing(name, written)]
    if undrawn and any(kind in kinds for kind in DRAWN):
        tell(f"no drawing of the {' and the '.join(undrawn)} circuit: too many gates for one")
    names = [path.name for path in written]
    tell(f"wrote {', '.join(names)} to {folder}")
    if before - {*names}:
        tell(f"removed files of an earlier compile: {', '.join(sorted(before - {*names}))}")


def _widths_of(program: Program, prepared: Prepared) -> dict[str, Any]:
    """What the table says of the network's inputs and outputs."""
    from hqnn_dsl.semantics.required_widths import required_widths

    features, required = prepared.preparation.features, required_widths(program.spec)[1]
    return {
        "in_width": len(features.inputs),
        "out_width": prepared.preparation.out_width(required),
        "embeddings": features.embeddings,
    }


def _has_drawing(name: str, written: list[Path]) -> bool:
    from hqnn_dsl.export.emitters import DRAWN, EMITTERS

    return any(path.stem == name and path.suffix in {EMITTERS[kind].suffix for kind in DRAWN} for path in written)


def _known(kinds: tuple[str, ...], known: tuple[str, ...]) -> None:
    from hqnn_dsl.diagnostics.codes.command import BadOption
    from hqnn_dsl.diagnostics.diagnostic import Refusal

    for kind in kinds:
        if kind not in known:
            raise Refusal(BadOption(option="--emit", expected=", ".join(known), value=kind))


def _counts(program: Program) -> str:
    """Returns the table of `hqnn compile`: counts of the circuit before and after transpiling."""
    report = program.static
    before, after = report["logical"], report["transpiled"]
    rows: list[list[object]] = [["qubits", before["qubits"], _qubits(after)]]
    rows += [
        [f"gate {name}", before["gates"].get(name, "-"), after["gates"].get(name, "-")]
        for name in sorted({*before["gates"], *after["gates"]})
    ]
    for key, title in (("num_gates", "gates"), ("two_qubit_gates", "on two qubits"), ("depth", "depth")):
        rows.append([title, before[key], after[key]])
    for key in ("weights", "inputs", "outputs"):
        rows.append([key, report[key], report[key]])
    return table([program.spec.name, "logical", "transpiled"], rows)


def _qubits(counts: dict[str, Any]) -> str:
    used, all_of = counts["qubits_used"], counts["qubits"]
    return str(all_of) if used == all_of else f"{used} of {all_of}"

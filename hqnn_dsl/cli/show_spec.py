"""`hqnn show`: a spec at a glance, in the terminal."""

from __future__ import annotations

import shutil
import sys

from hqnn_dsl.cli.options import AllowPath, Set, Spec
from hqnn_dsl.cli.output import changes_of, write_lines


def show(
    spec: Spec,
    *,
    set: Set = [],  # noqa: B006 - typer's way to say "repeatable"
    allow_path: AllowPath = [],  # noqa: B006
) -> None:
    """Show the network from table to target, with its widths, and the circuit with its blocks and measurements."""
    from hqnn_dsl import pipeline
    from hqnn_dsl.diagnostics.terminal import printable, width_of
    from hqnn_dsl.export.drawing.text import circuit_lines
    from hqnn_dsl.semantics.outline import circuit_counts, widths
    from hqnn_dsl.semantics.used_files import read_spec

    program = pipeline.program(read_spec(spec), changes_of(set), allow_path)
    checked = program.checked
    lines = [f"model {checked.spec.name}", ""]
    steps = list(widths(checked))
    room = max(len(printable(name)) for name, _ in steps)
    lines += [f"  {printable(name).ljust(room)}  {size}".rstrip() for name, size in steps]
    lines += ["", f"circuit: {circuit_counts(checked.circuit)}"]
    if checked.circuit.is_absent:
        write_lines("\n".join(lines))
        return
    lines.append("")
    width = width_of(sys.stdout) or shutil.get_terminal_size((100, 24)).columns
    lines += [printable(line) for line in circuit_lines(checked.circuit, width)]
    write_lines("\n".join(lines))

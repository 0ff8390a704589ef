"""The native plan in `hqnn compile`: the savings of each rewrite, and the remaining parts, as two small tables."""

from __future__ import annotations

from typing import Any

from hqnn_dsl.cli.output import table
from hqnn_dsl.diagnostics.quantities import size


def plan_text(native: dict[str, Any]) -> str:
    """Returns the tables of `Program.static["native"]`, and the batch and precision that they hold for."""
    parts = native["parts"]
    lines = [_rewrites(native["rewrites"]), "", _parts(parts)] if parts else [_rewrites(native["rewrites"])]
    lines.append(f"One sample, forward, {native['precision']} precision; layout for batches of {native['batch']}.")
    lines.append("Angles of rotations: constant, shared by a batch, or one a sample.")
    return "\n".join(lines)


def _rewrites(steps: list[dict[str, Any]]) -> str:
    """Returns a row for the plan as written and after each rewrite that changed it; the others are named below."""
    rows: list[list[object]] = []
    idle: list[str] = []
    for before, step in zip([None, *steps], steps, strict=False):
        if before is not None and _counts(before) == _counts(step):
            idle.append(step["name"])
            continue
        rows.append([step["name"], step["rotations"], step["parts"], _work(step), size(step["state_bytes"])])
    text = table(["native plan", "rotations", "parts", "multiply-adds", "largest state"], rows)
    return f"{text}\nwithout effect: {', '.join(idle)}" if idle else text


def _counts(step: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in step.items() if key != "name"}


def _work(step: dict[str, Any]) -> str:
    return f"{step['multiply_adds']:,}"


def _parts(parts: list[dict[str, Any]]) -> str:
    """Returns a row for each kind of part, with the number of equal ones."""
    rows: dict[tuple[object, ...], int] = {}
    for part in parts:
        angles = part["rotations"]
        key = (
            *(part["qubits"], part["numbers"]),
            *(sum(angles.values()), angles["constant"], angles["shared"], angles["per_sample"]),
            *(_work(part), f"{part['passes']} ({part['memory_passes']})", size(part["bytes_moved"])),
            *(size(part["state_bytes"]), part["layout"]),
        )
        rows[key] = rows.get(key, 0) + 1
    header = ["parts", "qubits", "numbers", "rotations", "constant", "shared", "per sample"]
    header += ["multiply-adds", "passes (memory)", "bytes moved", "state", "layout"]
    return table(header, [[f"{number} ×", *key] for key, number in rows.items()])

"""The native engine's plan of a circuit before it runs: the savings of each rewrite, and the remaining parts.

`hqnn compile` prints it and `static.json` keeps it. Counts are of one sample and values only; a gradient costs about
three times as much again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.circuit.pauli.cost import cost, cost_of_program
from hqnn_dsl.circuit.pauli.rewrites import stages

if TYPE_CHECKING:
    from hqnn_dsl.backends.native.layouts import Layouts
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.circuit.pauli.program import PauliPlan, PauliProgram

NUMBERS = {"single": ("float32", 1), "double": ("float64", 2)}
"""The dtype of a precision, and its real numbers as multiples of 4 bytes."""


def native_plan(circuit: Circuit, batch: int, precision: str) -> dict[str, Any]:
    """The plan of a circuit for batches of `batch` rows in `single` or `double` precision, as plain data.

    `rewrites` has the plan as written and after each rewrite: rotations, parts, multiply-adds, and the bytes of its
    largest state. `parts` has each program that is run: qubits, `real` or `complex` numbers, rotations by what their
    angles depend on, what is read, multiply-adds, passes over the state, how often memory is read for them (once for
    all passes that run on one block after the other), the bytes that rotations so read and write, bytes of the state,
    and the layout. `dead_slots` are the angles that reach no output.
    """
    done = list(stages(circuit))
    dtype, words = NUMBERS[precision]
    found = done[-1][1]
    layouts = _layouts(circuit, found, dtype, batch)
    return {
        "batch": batch,
        "precision": precision,
        "rewrites": [{"name": name, **_counts(after, words)} for name, after in done],
        "parts": [{**_part(circuit, part, words), **layout} for part, layout in zip(found.parts, layouts, strict=True)],
        "dead_slots": list(found.dead_slots),
    }


def _counts(found: PauliPlan, words: int) -> dict[str, int]:
    total = cost(found)
    return {
        "rotations": total.rotations,
        "parts": len(found.parts),
        "multiply_adds": total.multiply_adds,
        "state_bytes": words * total.state_bytes,
    }


def _part(circuit: Circuit, part: PauliProgram, words: int) -> dict[str, Any]:
    total = cost_of_program(part)
    return {
        "qubits": part.num_qubits,
        "numbers": "real" if part.real else "complex",
        "rotations": _by_angle(circuit, part),
        "observables": len({(term.x, term.z) for term in part.terms}),
        "marginals": len(part.marginals),
        "multiply_adds": total.multiply_adds,
        "state_bytes": words * total.state_bytes,
    }


def _by_angle(circuit: Circuit, part: PauliProgram) -> dict[str, int]:
    """How many rotations have an angle that is known, one for the whole batch, or one a sample."""
    by_sample = set(circuit.sample_slots)
    counts = {"constant": 0, "shared": 0, "per_sample": 0}
    for rotation in part.rotations:
        slots = {slot for slot, _ in rotation.angle.slots}
        counts["per_sample" if slots & by_sample else "shared" if slots else "constant"] += 1
    return counts


def _layouts(circuit: Circuit, found: PauliPlan, dtype: str, batch: int) -> list[dict[str, Any]]:
    """How each part's states lie in memory for that many rows and how they are passed over: the cost model's choice."""
    from hqnn_dsl.backends.native.layouts import Layouts

    layouts = Layouts(circuit, found, dtype)
    return [_layout(layouts, number, layouts.by_amplitude(number, batch)) for number in range(len(found.parts))]


def _layout(layouts: Layouts, number: int, by_amplitude: bool) -> dict[str, Any]:  # noqa: FBT001 - the layout that is chosen
    row = layouts.row_bytes(number, by_amplitude=by_amplitude)
    passes = reads = rows = 0
    for group in layouts.groups(number, by_amplitude=by_amplitude):
        whole = group.coordinates is None
        passes += len(group.passes)
        reads += len(group.passes) if whole else 1
        rows += sum(group.heights) if whole else max(group.heights)
    return {
        "passes": passes,
        "memory_passes": reads,
        "bytes_moved": 2 * row * rows,
        "layout": "by amplitude" if by_amplitude else "by sample",
    }

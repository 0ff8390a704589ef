"""What a comparison says of the circuit's classical simulation, and what it has cost."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.quantities import count, size
from hqnn_dsl.science.simulability import simulability

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.program import Program
    from hqnn_dsl.science.comparison.files import ResultFile

SIMULATED = "all quantum models were simulated classically"


def simulated(program: Program) -> dict[str, Any]:
    """Returns the facts of `simulability` about the circuit of the model as written, and the statement."""
    found = simulability(program.logical)
    plain: dict[str, Any] = json.loads(json.dumps(asdict(found)))
    return {"statement": SIMULATED, "widest_cone": found.widest_cone, **plain}


def simulation_words(found: Any) -> str:
    """Returns the statement with its numbers, from what `simulated` has found."""
    cones = f"the widest light cone of an output has {found['widest_cone']} of {count(found['num_qubits'], 'qubit')}"
    left = f"{found['rotations_left']} of {count(found['rotations'], 'rotation')} are left without Clifford gates"
    algebra = found["algebra"]
    dimension = f"unknown ({algebra['reason']})" if algebra["dimension"] is None else str(algebra["dimension"])
    lie = f"the dimension of the Lie algebra is {dimension}"
    return f"{found['statement']}: {cones}, {left}, {lie}, the largest state takes {size(found['largest_state_bytes'])}"


def cost(results: Mapping[tuple[str, int], ResultFile], wall: float) -> dict[str, Any]:
    """Returns the numbers of trainings and epochs, and seconds: of the wall, and of all trials of each contender."""
    seconds: dict[str, float] = {}
    trials = 0
    for (name, _), found in results.items():
        seconds[name] = seconds.get(name, 0.0) + found.seconds
        trials += 0 if found.tuning is None else len(found.tuning.trials)
    return {"wall_seconds": wall, "trials": trials, "trial_seconds": seconds}

"""`Program.observables` belong to `circuit`, `transpiled_observables` to `transpiled`: both give the outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from qiskit.quantum_info import Statevector

import hqnn

SPEC = Path(__file__).resolve().parents[2] / "specs" / "model.hqnn"


def test_expectation_values_of_both_circuits_are_equal():
    program = hqnn.compile(SPEC, set={"width": 3, "reps": 2, "transpile.coupling": "linear", "transpile.seed": 3})
    draw = np.random.default_rng(1)
    values = {parameter.name: draw.uniform(-2, 2) for parameter in program.circuit.parameters}
    found = []
    for circuit, observables in (
        (program.circuit, program.observables),
        (program.transpiled, program.transpiled_observables),
    ):
        state = Statevector(circuit.assign_parameters({p: values[p.name] for p in circuit.parameters}))
        found.append([state.expectation_value(observable).real for observable in observables])
    assert len(found[0]) == 3
    assert np.ptp(found[0]) > 1e-3
    np.testing.assert_allclose(*found, atol=1e-12)

"""A transpiled circuit that is another one is found out, at whatever size its angles have."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from hqnn_dsl.transpile.equivalence import NotEquivalent, assert_equivalent
from hqnn_dsl.transpile.passes import Transpiled


@pytest.mark.parametrize("factor", [1.0, 1e6, 1e9, 1e15])
@pytest.mark.parametrize("wrong", [False, True])
def test_a_large_factor_hides_no_mistake(factor: float, wrong: bool) -> None:
    """Such an angle has few digits left, so the comparison is made with small parameters too."""
    x = Parameter("x")
    circuit, other = QuantumCircuit(1), QuantumCircuit(1)
    circuit.ry(factor * x + 0.4, 0)
    other.ry(factor * x + (0.7 if wrong else 0.4), 0)
    if not wrong:
        assert_equivalent(circuit, Transpiled(other, None), [SparsePauliOp("Z")])
        return
    with pytest.raises(NotEquivalent):
        assert_equivalent(circuit, Transpiled(other, None), [SparsePauliOp("Z")])

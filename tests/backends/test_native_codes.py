"""Codes of functions: one that the kernels do not know is refused when the tape is made, and no number in a kernel."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hqnn_dsl.backends import offered
from hqnn_dsl.backends.native import compiled
from hqnn_dsl.backends.native.kernels import slot_table
from hqnn_dsl.backends.native.slot_tape import tape_of
from hqnn_dsl.circuit import angles
from hqnn_dsl.circuit.angles import FUNCTIONS, Apply, Const, InputRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm


def circuit_of(angle):
    return Circuit(
        num_qubits=1,
        operations=(Operation("ry", (0,), (0,)),),
        slots=(angle,),
        measurements=(Observable((PauliTerm(1.0, ((0, "z"),)),)),),
        num_inputs=1,
    )


def evaluated(tape, x):
    """The value of a tape's only slot for the input `x`, and its derivative, by the kernels."""
    given = (*tape.arguments, np.array([[x]]), np.empty(0), np.float64(1))
    samples, shared = np.empty((1, 1)), np.empty(0)
    compiled.call(("angles", "float64"), compiled.angles, *given, samples, shared)
    slopes, weight_slopes = np.zeros((1, 1)), np.empty(0)
    found = np.ones((1, 1)), np.empty((0, 0)), slopes, weight_slopes
    compiled.call(("gradients of angles", "float64"), compiled.angles_back, *given, *found)
    return samples[0, 0], slopes[0, 0]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_of_the_table_is_known(name):
    value, step = 0.4, 1e-6
    more = (Const(1.7),) if name in slot_table.BINARY else ()
    found, slope = evaluated(tape_of(circuit_of(Apply(name, (InputRef(0), *more)))), value)
    rest = [argument.value for argument in more]
    assert found == pytest.approx(FUNCTIONS[name](value, *rest), rel=1e-14)
    change = FUNCTIONS[name](value + step, *rest) - FUNCTIONS[name](value - step, *rest)
    assert slope == pytest.approx(change / (2 * step), rel=1e-6)


@pytest.mark.parametrize("more", [(), (Const(2.0),)])
@pytest.mark.parametrize("inside", [False, True])
def test_a_function_that_the_kernels_do_not_know_is_refused_with_its_name(monkeypatch, more, inside):
    monkeypatch.setitem(angles.FUNCTIONS, "sinh", math.sinh)
    angle = Apply("sinh", (InputRef(0), *more))
    circuit = circuit_of(Apply("sin", (angle,)) if inside else angle)
    with pytest.raises(NotImplementedError, match="the native kernels do not know the function 'sinh'"):
        tape_of(circuit)
    with pytest.raises(NotImplementedError, match="sinh"):
        offered()["native"].load(circuit, {}, 0)


@pytest.mark.parametrize("code", [-1, 3 + len(FUNCTIONS), 1000])
def test_an_unknown_code_gives_no_number(code):
    tape = tape_of(circuit_of(Apply("abs", (InputRef(0),))))
    tape.nodes[tape.sample_nodes[0], 0] = code
    assert np.isnan(evaluated(tape, 0.4)).all()

"""Passes hold every rotation once, and none overtakes what it does not commute with."""

from __future__ import annotations

import pytest
from circuits_random import random_case

from hqnn_dsl.circuit.pauli.cost import cost_of_program
from hqnn_dsl.circuit.pauli.passes import Pass, passes
from hqnn_dsl.circuit.pauli.program import LinearAngle, PauliProgram, PauliRotation
from hqnn_dsl.circuit.pauli.rewrites import REWRITES, plan
from hqnn_dsl.circuit.pauli.strings import anticommute


def program_of(*strings: tuple[int, int], real: bool = False) -> PauliProgram:
    rotations = tuple(PauliRotation(x, z, LinearAngle(0.0, ((k, 1.0),))) for k, (x, z) in enumerate(strings))
    return PauliProgram(num_qubits=4, rotations=rotations, terms=(), real=real)


def shape(found: tuple[Pass, ...]) -> list[tuple[str, list[int]]]:
    return [(group.form, [rotation.angle.slots[0][0] for rotation in group.rotations]) for group in found]


@pytest.mark.parametrize("seed", range(60))
def test_order_among_those_that_do_not_commute_is_kept(seed: int) -> None:
    case = random_case(seed, max_operations=40)
    for part in plan(case.circuit, tuple(REWRITES)).parts:
        ordered = [rotation for group in passes(part, seed % 4) for rotation in group.rotations]
        places = {id(rotation): place for place, rotation in enumerate(ordered)}
        assert sorted(places) == sorted(id(rotation) for rotation in part.rotations)
        for later, one in enumerate(part.rotations):
            for other in part.rotations[:later]:
                if anticommute(one.x, one.z, other.x, other.z):
                    assert places[id(other)] < places[id(one)]


def test_phases_gather_over_what_commutes_with_them() -> None:
    x_on_the_last = (8, 0)
    found = passes(program_of((0, 1), x_on_the_last, (0, 2), (0, 3), (0, 8)))
    assert shape(found) == [("phases", [0, 2, 3]), ("one", [1]), ("one", [4])]


def test_two_that_act_like_on_two_qubits_pair() -> None:
    assert shape(passes(program_of((1, 1), (2, 2), (4, 4), real=True))) == [("two", [0, 1]), ("one", [2])]
    assert shape(passes(program_of((1, 1), (2, 2), real=True), lane_bits=1)) == [("one", [0]), ("one", [1])]
    assert shape(passes(program_of((1, 0), (2, 0)))) == [("one", [0]), ("one", [1])]
    assert shape(passes(program_of((1, 1), (3, 2), real=True))) == [("one", [0]), ("one", [1])]


def test_the_cost_counts_passes() -> None:
    """Four qubits complex: phases below the first two basis states, then a pair that reaches eight."""
    found = cost_of_program(program_of((1, 1), (0, 1), (0, 2), (0, 3), (2, 2), (4, 4)))
    assert (found.rotations, found.passes) == (6, 3)

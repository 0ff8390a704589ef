"""Groups of passes: blocks are cosets, every row lies in one, and rotations stay what they are within a block."""

from __future__ import annotations

import random

import pytest
from circuits_random import random_case

from hqnn_dsl.circuit.pauli.groups import FEWEST_PASSES, Group, groups
from hqnn_dsl.circuit.pauli.passes import Pass, passes
from hqnn_dsl.circuit.pauli.program import LinearAngle, PauliRotation
from hqnn_dsl.circuit.pauli.rewrites import plan
from hqnn_dsl.circuit.pauli.strings import parity


def passes_of(*strings: tuple[int, int]) -> list[Pass]:
    return [Pass("one", (PauliRotation(x, z, LinearAngle()),)) for x, z in strings]


def places_of(group: Group) -> list[int]:
    """The first rows of all blocks."""
    return [place for place in range(max(group.heights)) if place & ~group.free == 0]


def rows_of(group: Group, place: int) -> list[int]:
    """The rows of a block in the order in which they lie in it."""
    return [place ^ move ^ low for move in group.moves for low in range(1 << group.run_bits)]


def assert_blocks(group: Group) -> None:
    """Each row in one block, and each rotation within a block what it is on the whole, but for the block's sign."""
    found = [row for place in places_of(group) for row in rows_of(group, place)]
    assert sorted(found) == list(range(max(group.heights)))
    assert group.coordinates is not None
    rotations = [rotation for own in group.passes for rotation in own.rotations]
    for place in places_of(group):
        rows = rows_of(group, place)
        for rotation in rotations:
            x, z = group.coordinates.of(rotation.x), group.coordinates.dual(rotation.z)
            assert x is not None
            for number, row in enumerate(rows):
                assert rows[number ^ x] == row ^ rotation.x
                assert parity(row & rotation.z) == parity(number & z) ^ parity(place & rotation.z)


def test_masks_of_few_dimensions_share_a_block() -> None:
    chain = passes_of(*((3 << k, 1 << k) for k in range(9)))
    found = groups(chain, [1 << 10] * 9, 0, 5)
    assert [len(group.passes) for group in found] == [4, 3, 2]
    assert [group.coordinates is None for group in found] == [False, False, True]
    assert [group.rows for group in found] == [(32,) * 4, (32,) * 3, (1 << 10,) * 2]
    assert_blocks(found[0])
    assert_blocks(found[1])


def test_passes_below_a_block_of_rows_run_where_they_are() -> None:
    found = groups(passes_of((1, 1), (2, 2), (4, 4), (8, 8), (1, 0), (2, 0)), [2, 4, 8, 16, 16, 16], 0, 3)
    assert [(len(group.passes), group.coordinates is None) for group in found] == [(3, True), (3, False)]
    assert_blocks(found[1])


def test_without_blocks_all_is_one_group() -> None:
    found = groups(passes_of((1, 1), (2, 2), (4, 4)), [2, 4, 8], 0, None)
    assert [(len(group.passes), group.rows, group.coordinates) for group in found] == [(3, (2, 4, 8), None)]
    assert groups([], [], 0, None) == ()


def test_bits_inside_registers_are_left_out() -> None:
    (found,) = groups(passes_of((5, 1), (0b1000001, 0), (2, 2)), [16] * 3, 2, 3)
    assert found.coordinates is not None
    assert found.coordinates.of(0b10000) is not None
    assert len(found.coordinates.basis) <= 3


@pytest.mark.parametrize("seed", range(30))
def test_random_programs(seed: int) -> None:
    """All passes are there in their order, and no group has more dimensions than a block."""
    rng = random.Random(seed)
    for part in plan(random_case(seed, max_qubits=8, max_operations=60).circuit).parts:
        whole, bits = passes(part), rng.randint(4, 6)
        height = 1 << part.num_qubits
        found = groups(whole, [height] * len(whole), 0, bits)
        assert [own for group in found for own in group.passes] == list(whole)
        for group in found:
            if group.coordinates is not None:
                assert len(group.passes) >= FEWEST_PASSES
                assert len(group.coordinates.basis) <= bits < part.num_qubits
                assert_blocks(group)

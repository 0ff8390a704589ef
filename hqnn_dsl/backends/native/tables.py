"""A Pauli program as the arrays that the kernels read, for one layout.

The sign and the power of i of -iP are worked out here: the kernels know only whether K = -iP is real or i times a real
matrix, and signs go into the angle's factors. The columns are those of `rotation_angles` and `apply`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.backends.native.kernels.apply import GROUP_WIDTH, ONE, RUN, TWO
from hqnn_dsl.backends.native.kernels.diagonal_runs import BLOCK_BITS
from hqnn_dsl.backends.native.kernels.packed import pack
from hqnn_dsl.backends.native.kernels.registers import LANES
from hqnn_dsl.backends.native.kernels.rotation_angles import (
    BASE,
    BY_SAMPLE,
    FLIP,
    LINKS,
    LINKS_END,
    LONGEST_TABLE,
    OP_WIDTH,
    PASS_WIDTH,
    ROWS,
    TERM_WIDTH,
    X,
    Z,
)
from hqnn_dsl.circuit.pauli.cost import cost_of_program, reached
from hqnn_dsl.circuit.pauli.groups import Group, groups
from hqnn_dsl.circuit.pauli.passes import Pass, imaginary, passes
from hqnn_dsl.circuit.pauli.strings import parity

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.circuit.pauli.program import PauliProgram, PauliRotation
    from hqnn_dsl.circuit.pauli.strings import Coordinates

Array = np.ndarray[Any, Any]

FORMS = {"one": ONE, "two": TWO, "phases": RUN}
"""The numbers of the forms of passes."""
MOST_STORED = 1 << 15
"""The most numbers of phases that are stored for a whole call: they share the cache with the states."""
LANE_BITS = {dtype: count.bit_length() - 1 for dtype, count in LANES.items()}
"""The lowest bits of a basis state that lie inside a register, by dtype, in the layout by amplitude."""


@dataclass(frozen=True, eq=False)
class Tables:
    """The arrays of one program; `arguments` are in the order of `adjoint.forward`, from `dual` to `patterns`."""

    dual: int | None
    lane: int | None
    rows: int
    diagonal: int
    ops: Array
    constants: Array
    links: Array
    factors: Array
    terms: Array
    uses: Array
    coefficients: Array
    marginals: Array
    bits: Array
    patterns: Array
    places: Array
    passes: Array
    groups: Array
    offsets: Array
    room: int
    """Numbers of the phases that are stored for a whole call."""
    work: int
    """Multiply-adds for one sample."""

    @cached_property
    def arguments(self) -> tuple[Any, ...]:
        whole, floats = pack(
            (
                *(self.ops, self.links, self.terms, self.uses, self.marginals, self.bits),
                *(self.passes, self.groups, self.places, self.offsets),
            ),
            (self.constants, self.factors, self.coefficients),
        )
        return self.dual, self.lane, self.rows, self.diagonal, self.room, whole, floats, self.patterns

    @property
    def numbers_a_row(self) -> int:
        """Registers a row."""
        return 1 if self.dual is None else 2

    @cached_property
    def kind(self) -> tuple[str, str, str]:
        """The kind of arguments that the kernels are compiled for."""
        numbers = "real" if self.dual is None else "complex"
        return str(self.patterns.dtype), numbers, "by sample" if self.lane is None else "by amplitude"

    def wanted(self, *, samples: bool, shared: bool) -> tuple[Array, int]:
        """Which rotations have a gradient to give, and the first that has, for angles by sample, shared, or both."""
        return self._wanted[2 * samples + shared]

    @cached_property
    def _wanted(self) -> list[tuple[Array, int]]:
        found = []
        kinds = [set(self.links[op[LINKS] : op[LINKS_END], 0]) for op in self.ops]
        for asked in (set(), {0}, {1}, {0, 1}):
            wanted = np.array([bool(kind & asked) for kind in kinds], dtype=np.int8)
            found.append((wanted, int(np.argmax(wanted)) if wanted.any() else len(wanted)))
        return found


def _masks(x: int, z: int, lane_bits: int) -> list[int]:
    """The columns X, Z, BY, LANE_Z, FLIP, BASE, IMAGINARY but for the last."""
    low = (1 << lane_bits) - 1
    return [x >> lane_bits, z >> lane_bits, x & low, z & low, parity(x & z), parity(x & z & low)]


def _real_masks(rotation: PauliRotation, program: PauliProgram, lane_bits: int) -> list[int]:
    """The same columns for a rotation in real form, whose extra bit is the lowest of a row."""
    masks = _masks(rotation.x, rotation.z, lane_bits)
    if program.real:
        return masks
    mixed = int(imaginary(rotation))
    return [masks[0] << 1 | mixed, masks[1] << 1 | mixed, *masks[2:4], masks[4] ^ mixed, masks[5]]


def _quarter(x: int, z: int, power: int) -> tuple[int, int]:
    """i^(Y count + power) as (1 if it is imaginary, its sign)."""
    turns = ((x & z).bit_count() + power) % 4
    return turns & 1, 1 if turns < 2 else -1


def tables_of(
    program: PauliProgram, circuit: Circuit, dtype: str, *, by_amplitude: bool, block_bits: int | None = None
) -> Tables:
    """The arrays of a program whose angles are those of `circuit`'s slots. `by_amplitude` is the layout.

    With `block_bits`, passes run on blocks of 2^`block_bits` rows if that pays.
    """
    lane_bits = LANE_BITS[dtype] if by_amplitude else 0
    lanes = 1 << LANE_BITS[dtype]
    patterns = [[1 - 2 * parity(lane & mask) for lane in range(lanes)] for mask in range(1 << lane_bits)]
    return Tables(
        dual=None if program.real else 1,
        lane=0 if by_amplitude else None,
        rows=1 << (program.num_qubits - lane_bits),
        patterns=np.array(patterns, dtype=dtype).reshape(-1),
        places=np.array(_places(program), dtype=np.int64),
        work=cost_of_program(program).multiply_adds,
        **_rotating(program, circuit, dtype, lane_bits, block_bits),
        **_reading(program, lane_bits),
    )


def _rotating(
    program: PauliProgram, circuit: Circuit, dtype: str, lane_bits: int, block_bits: int | None
) -> dict[str, Any]:
    """Rotations in the order of their passes, and the slots that their angles are made of."""
    columns = {slot: (1, column) for column, slot in enumerate(circuit.sample_slots)}
    columns |= {slot: (0, column) for column, slot in enumerate(circuit.shared_slots)}
    links: list[tuple[int, int]] = []
    factors: list[float] = []
    constants: list[float] = []
    ops: list[list[int]] = []
    steps: list[list[int]] = []
    sets: list[list[int]] = []
    offsets: list[int] = []
    room = 0
    width = 1 if program.real else 2
    lanes = 1 << LANE_BITS[dtype]
    for group in groups_of(program, lane_bits, block_bits):
        sets.append([len(steps), len(steps) + len(group.passes), *_blocks(group, len(offsets))])
        offsets += group.moves if group.coordinates is not None else []
        for number, own in enumerate(group.passes):
            rows = group.rows[number]
            bits = min(BLOCK_BITS, rows.bit_length() - 1)
            begin, phase = len(ops), int(own.form == "phases")
            numbers = 2 * rows if lane_bits == 0 else 2 * rows << lane_bits
            kept = phase and group.coordinates is None and _same_for_all(own, columns) and room + numbers <= MOST_STORED
            for rotation, local in _by_level(own, group.coordinates, bits, lane_bits):
                _, sign = _quarter(rotation.x, rotation.z, -1)
                first = len(links)
                links += [columns[slot] for slot, _ in rotation.angle.slots]
                factors += [sign * factor for _, factor in rotation.angle.slots]
                constants.append(sign * rotation.angle.constant)
                kind = max((BY_SAMPLE - 1 + columns[slot][0] for slot, _ in rotation.angle.slots), default=0)
                masks = _real_masks(local, program, lane_bits)
                ops.append([*masks, 0, kind, width * rows, first, len(links), phase, rotation.z >> lane_bits])
            if phase:
                steps.append([RUN, begin, len(ops), bits, room if kept else -1])
                room += numbers if kept else 0
            else:
                table = _offsets(ops[begin:], lanes, width) if ops[begin][FLIP] != ops[begin][BASE] else [0]
                steps.append([FORMS[own.form], begin, len(ops), len(table).bit_length() - 1, len(offsets)])
                offsets += table
    return {
        "ops": _whole(ops, OP_WIDTH),
        "constants": np.array(constants, dtype=np.float64),
        "links": _whole(links, 2),
        "factors": np.array(factors, dtype=np.float64),
        "passes": _whole(steps, PASS_WIDTH),
        "groups": _whole(sets, GROUP_WIDTH),
        "offsets": np.array(offsets, dtype=np.int64),
        "room": 0 if program.real else room,
    }


def _offsets(ops: list[list[int]], lanes: int, width: int) -> list[int]:
    """Where the first row of each pair that a rotation mixes is, or of each four that two rotations mix.

    As many as a table has; the others follow from the rows' numbers (`rotate`). Of two rotations of complex amplitudes
    the real rows alone are told.
    """
    unit = width if len(ops) == 2 else 1
    count = min(LONGEST_TABLE, max(op[ROWS] for op in ops) // (unit << len(ops)))
    rows = np.arange(max(1, count)) * unit
    tops = [ops[0][X].bit_length() - 1]
    if len(ops) == 2:
        x, other = ops[0][X], ops[1][X]
        tops.append((other ^ x if other >> tops[0] & 1 else other).bit_length() - 1)
    for top in sorted(tops):
        rows += rows & -(1 << top)
    first = rows.copy()
    for op in ops:
        first ^= op[X] * (np.bitwise_count(rows & op[Z]).astype(np.int64) % 2 ^ op[FLIP])
    found: list[int] = (first * lanes).tolist()
    return found


def _same_for_all(own: Pass, columns: dict[int, tuple[int, int]]) -> bool:
    """Whether no input reaches an angle of the pass."""
    return not any(columns[slot][0] for rotation in own.rotations for slot, _ in rotation.angle.slots)


def groups_of(program: PauliProgram, lane_bits: int, block_bits: int | None) -> tuple[Group, ...]:
    """The passes of a program in groups."""
    found = passes(program, lane_bits)
    entries = iter(reached(replace(program, rotations=tuple(r for own in found for r in own.rotations))))
    heights = [max(max(1, next(entries) >> lane_bits) for _ in own.rotations) for own in found]
    return groups(found, heights, lane_bits, block_bits)


def _blocks(group: Group, moves: int) -> list[int]:
    """The columns of a group from BLOCK on; its moves begin at number `moves`."""
    if group.coordinates is None:
        return [-1, 0, moves, 0]
    return [len(group.coordinates.basis), group.run_bits, moves, group.free]


def _within(rotation: PauliRotation, coordinates: Coordinates | None, lane_bits: int) -> PauliRotation:
    """The rotation with the masks that it has within a block; its sign and its angle are not changed with them."""
    if coordinates is None:
        return rotation
    low = (1 << lane_bits) - 1
    x = coordinates.of(rotation.x >> lane_bits)
    assert x is not None
    z = coordinates.dual(rotation.z >> lane_bits)
    return replace(rotation, x=x << lane_bits | rotation.x & low, z=z << lane_bits | rotation.z & low)


def _by_level(
    own: Pass, coordinates: Coordinates | None, bits: int, lane_bits: int
) -> list[tuple[PauliRotation, PauliRotation]]:
    """A pass's rotations as they are and within a block, those of a run by the highest bit they have among `bits`."""
    found = [(rotation, _within(rotation, coordinates, lane_bits)) for rotation in own.rotations]
    if own.form != "phases":
        return found
    low = ((1 << bits) - 1) << lane_bits
    return sorted(found, key=lambda both: (both[1].z & low).bit_length())


def _whole(rows: list[Any], width: int) -> Array:
    return np.array(rows, dtype=np.int64).reshape(-1, width)


def _places(program: PauliProgram) -> list[int]:
    """Where the amplitudes of the input lie."""
    if program.start is None:
        return []
    qubits = program.start.qubits
    return [sum(((j >> k) & 1) << q for k, q in enumerate(qubits)) for j in range(program.start.size)]


def _reading(program: PauliProgram, lane_bits: int) -> dict[str, Any]:
    """Terms (diagonal ones first), which outputs use them, and marginals."""
    strings = dict.fromkeys((term.x, term.z) for term in program.terms)
    diagonal = [string for string in strings if string[0] == 0]
    others = [string for string in strings if string[0] != 0]
    number = {string: k for k, string in enumerate([*diagonal, *others])}
    rows = [[*_masks(x, z, lane_bits), _quarter(x, z, 0)[0]] for x, z in [*diagonal, *others]]
    uses = [(number[term.x, term.z], term.output) for term in program.terms]
    coefficients = [_quarter(term.x, term.z, 0)[1] * term.coefficient for term in program.terms]
    marginals: list[list[int]] = []
    bits: list[list[int]] = []
    for marginal in program.marginals:
        marginals.append([marginal.first, len(bits), len(bits) + len(marginal.bits)])
        low = (1 << lane_bits) - 1
        bits += [[mask >> lane_bits, mask & low, flip] for mask, flip in marginal.bits]
    return {
        "diagonal": len(diagonal),
        "terms": _whole(rows, TERM_WIDTH),
        "uses": _whole(uses, 2),
        "coefficients": np.array(coefficients, dtype=np.float64),
        "marginals": _whole(marginals, 3),
        "bits": _whole(bits, 3),
    }

"""A Pauli program as the arrays that the CUDA kernels read.

Masks are whole: no part of a basis state lies in lanes. The sign and the power of i of -iP are worked out here, and go
into the factors. Four sparse matrices share one set of arrays, row under row: slots → angles of rotations, slopes of
rotations → slots, readings → outputs, outputs → weights of readings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hqnn_dsl.circuit.pauli.cost import reached
from hqnn_dsl.circuit.pauli.strings import parity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.circuit.pauli.program import Marginal, PauliProgram

Array = np.ndarray[Any, Any]
Row = list[tuple[int, float]]
"""Column and factor of each entry of a sparse row."""

SHARED_KIND, SAMPLE_KIND, STATE_KIND = 1, 2, 4
"""The bits of the kinds of gradients that are asked for; the first two are also those of the angles of a rotation."""
DIAGONAL, MIXING, MIXING_IMAGINARY, OUTCOME = range(4)
"""Kinds of readings, as in `kernels`, which is not imported here: it brings Numba's CUDA."""


class Shape(NamedTuple):
    """Counts. `samples` and `shared` are slots, `size` rows of the state, `places` amplitudes at the start."""

    rotations: int
    readings: int
    outputs: int
    samples: int
    shared: int
    size: int
    places: int


class Program(NamedTuple):
    """Rotations and their constants, the sparse matrices, readings, nulls of outcomes, places, outputs' offsets."""

    ops: Any
    constants: Any
    first: Any
    columns: Any
    factors: Any
    readings: Any
    nulls: Any
    places: Any
    offsets: Any


@dataclass(frozen=True, eq=False)
class Tables:
    """One program laid out; `real` says that its amplitudes are."""

    real: bool
    shape: Shape
    program: Program

    @property
    def numbers(self) -> int:
        """Real numbers in a state."""
        return self.shape.size if self.real else 2 * self.shape.size

    def stop(self, asked: int) -> int:
        """The first rotation that the sweep back has to reach for the gradients that are `asked` for."""
        if asked & STATE_KIND:
            return 0
        wanted = np.flatnonzero(self.program.ops[: self.shape.rotations, 5] & asked)
        return int(wanted[0]) if len(wanted) else self.shape.rotations


def tables_of(part: PauliProgram, circuit: Circuit, offsets: Sequence[float]) -> Tables:
    """The arrays of a program whose angles are those of `circuit`'s slots; `offsets[M]` are added to its outputs."""
    columns = {slot: k for k, slot in enumerate((*circuit.sample_slots, *circuit.shared_slots))}
    samples = len(circuit.sample_slots)
    ops, constants, angles = [], [], []
    for rotation, rows in zip(part.rotations, reached(part), strict=True):
        imaginary, sign = _quarter(rotation.x, rotation.z, -1)
        row = [(columns[slot], sign * factor) for slot, factor in rotation.angle.slots]
        kinds = {SAMPLE_KIND if column < samples else SHARED_KIND for column, _ in row}
        top = max(0, rotation.x.bit_length() - 1)
        ops.append([rotation.x, rotation.z, imaginary, max(2, rows), top, sum(kinds)])
        constants.append(sign * rotation.angle.constant)
        angles.append(row)
    slopes: list[Row] = [[] for _ in columns]
    for j, row in enumerate(angles):
        for column, factor in row:
            slopes[column].append((j, factor))
    readings, nulls, uses = _readings(part)
    outputs: list[Row] = [[] for _ in offsets]
    weights: list[Row] = [[] for _ in readings]
    for reading, output, factor in uses:
        outputs[output].append((reading, factor))
        weights[reading].append((output, factor))
    first, entries, factors = _sparse([*angles, *slopes, *outputs, *weights])
    places = _places(part)
    shape = Shape(
        len(ops),
        len(readings),
        len(offsets),
        samples,
        len(columns) - samples,
        max(2, 1 << part.num_qubits),
        len(places),
    )
    program = Program(
        ops=_whole(ops, 6),
        constants=_numbers(constants),
        first=first,
        columns=entries,
        factors=factors,
        readings=_whole(readings, 4),
        nulls=_whole(nulls, 1).reshape(-1),
        places=_whole(places, 1).reshape(-1),
        offsets=_numbers(offsets),
    )
    return Tables(part.real, shape, program)


def _quarter(x: int, z: int, power: int) -> tuple[int, int]:
    """i^(Y count + power) as (1 if it is imaginary, its sign)."""
    turns = ((x & z).bit_count() + power) % 4
    return turns & 1, 1 if turns < 2 else -1


def _whole(rows: Sequence[Any], width: int) -> Array:
    """Whole numbers `[rows, width]`, with one row of zeros if there are none: no array on the GPU is empty."""
    return np.array(rows or [[0] * width], dtype=np.int32).reshape(-1, width)


def _numbers(values: Iterable[float]) -> Array:
    return np.array([*values] or [0.0], dtype=np.float64)


def _sparse(rows: list[Row]) -> tuple[Array, Array, Array]:
    """First entries `[rows + 1]`, columns and factors."""
    first = np.cumsum([0, *(len(row) for row in rows)]).astype(np.int32)
    entries = [entry for row in rows for entry in row]
    columns = np.array([column for column, _ in entries] or [0], dtype=np.int32)
    return first, columns, _numbers(factor for _, factor in entries)


def _places(part: PauliProgram) -> list[int]:
    """Where the amplitudes of the input lie."""
    if part.start is None:
        return []
    return [sum(((j >> k) & 1) << q for k, q in enumerate(part.start.qubits)) for j in range(part.start.size)]


def _readings(part: PauliProgram) -> tuple[list[list[int]], list[int], list[tuple[int, int, float]]]:
    """Readings, terms before outcomes; null vectors; and the uses of readings: (reading, output, factor)."""
    readings: list[list[int]] = []
    uses: list[tuple[int, int, float]] = []
    number: dict[tuple[int, int], int] = {}
    for term in part.terms:
        imaginary, sign = _quarter(term.x, term.z, 0)
        if imaginary and part.real:
            continue  # an odd number of Y on a real state: zero
        string = (term.x, term.z)
        if string not in number:
            number[string] = len(readings)
            kind = DIAGONAL if not term.x else MIXING_IMAGINARY if imaginary else MIXING
            readings.append([term.x, term.z, 0, kind])
        uses.append((number[string], term.output, sign * term.coefficient))
    nulls: list[int] = []
    for marginal in part.marginals:
        starts, own = outcomes(marginal, max(1, part.num_qubits))
        for outcome, start in starts.items():
            uses.append((len(readings), marginal.first + outcome, 1.0))
            readings.append([start, len(nulls), len(own), OUTCOME])
        nulls += own
    return readings, nulls, uses


def outcomes(marginal: Marginal, num_qubits: int) -> tuple[dict[int, int], list[int]]:
    """For each outcome that can happen one of its rows, and vectors that span the differences between its rows.

    Row r has the outcome Σ bit_j(r) << j; `bits` as in `Marginal`.
    """
    value = {
        1 << q: sum(parity(mask >> q & 1) << j for j, (mask, _) in enumerate(marginal.bits)) for q in range(num_qubits)
    }
    pivots: dict[int, tuple[int, int]] = {}
    nulls: list[int] = []
    for vector, given in value.items():
        row, image = vector, given
        while image:
            known = pivots.get(image.bit_length() - 1)
            if known is None:
                pivots[image.bit_length() - 1] = (row, image)
                break
            row, image = row ^ known[0], image ^ known[1]
        if not image:
            nulls.append(row)
    starts = {sum(flip << j for j, (_, flip) in enumerate(marginal.bits)): 0}
    for row, image in pivots.values():
        starts |= {outcome ^ image: start ^ row for outcome, start in starts.items()}
    return starts, nulls

"""The circuits that are measured, as gate lists that know no library, with their numbers and their spec.

Every peer builds its circuit from these gates with its own methods; what is ours comes from `spec`. A worker imports
this module in the environment of its peer, so it needs NumPy alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ANSATZ_REPS = 3
MAP_REPS = 2


@dataclass(frozen=True)
class Input:
    """The angle `factor * x[index]`."""

    index: int
    factor: float = 1.0


@dataclass(frozen=True)
class Pair:
    """The angle `2 (pi - x[first]) (pi - x[second])`."""

    first: int
    second: int


@dataclass(frozen=True)
class Weight:
    """The angle `w[index]`."""

    index: int


Angle = Input | Pair | Weight


@dataclass(frozen=True)
class Gate:
    """`h`, `cx` (control first), `ry`, `rz`, or `p`, the phase gate diag(1, e^{i angle})."""

    name: str
    qubits: tuple[int, ...]
    angle: Angle | None = None


def angle_of(gate: Gate, inputs: Sequence[Any], weights: Sequence[Any]) -> Any:
    """The value of a gate's angle for one array an input and one number a weight, whatever library they are of."""
    match gate.angle:
        case Input(index, factor):
            return inputs[index] if factor == 1.0 else factor * inputs[index]
        case Pair(first, second):
            return 2 * (math.pi - inputs[first]) * (math.pi - inputs[second])
        case Weight(index):
            return weights[index]
        case None:
            raise ValueError(f"the gate {gate.name} has no angle")


def _chain(num_qubits: int) -> Iterator[Gate]:
    yield from (Gate("cx", (q, q + 1)) for q in range(num_qubits - 1))


def _ry_encoding(num_qubits: int) -> Iterator[Gate]:
    yield from (Gate("ry", (q,), Input(q)) for q in range(num_qubits))


def _zz_map(num_qubits: int) -> Iterator[Gate]:
    for _ in range(MAP_REPS):
        yield from (Gate("h", (q,)) for q in range(num_qubits))
        yield from (Gate("p", (q,), Input(q, 2.0)) for q in range(num_qubits))
        for q in range(num_qubits - 1):
            yield Gate("cx", (q, q + 1))
            yield Gate("p", (q + 1,), Pair(q, q + 1))
            yield Gate("cx", (q, q + 1))


def _real_amplitudes(num_qubits: int) -> Iterator[Gate]:
    for layer in range(ANSATZ_REPS + 1):
        yield from (Gate("ry", (q,), Weight(layer * num_qubits + q)) for q in range(num_qubits))
        if layer < ANSATZ_REPS:
            yield from _chain(num_qubits)


def _efficient_su2(num_qubits: int) -> Iterator[Gate]:
    for layer in range(ANSATZ_REPS + 1):
        first = 2 * layer * num_qubits
        yield from (Gate("ry", (q,), Weight(first + q)) for q in range(num_qubits))
        yield from (Gate("rz", (q,), Weight(first + num_qubits + q)) for q in range(num_qubits))
        if layer < ANSATZ_REPS:
            yield from _chain(num_qubits)


@dataclass(frozen=True)
class Family:
    """A kind of circuit: its gates by width, the same in our language, and how many weights a qubit has."""

    title: str
    parts: tuple[Callable[[int], Iterator[Gate]], ...]
    blocks: str
    weights_a_qubit: int


FAMILIES = {
    "ra": Family(
        "RY + real_amplitudes",
        (_ry_encoding, _real_amplitudes),
        f"feature_map angle(axis: y)\n    ansatz real_amplitudes(reps: {ANSATZ_REPS}, entanglement: linear)",
        ANSATZ_REPS + 1,
    ),
    "zz": Family(
        "ZZ + efficient_su2",
        (_zz_map, _efficient_su2),
        f"feature_map zz(reps: {MAP_REPS}, entanglement: linear)\n"
        f"    ansatz efficient_su2(reps: {ANSATZ_REPS}, entanglement: linear)",
        2 * (ANSATZ_REPS + 1),
    ),
}

SIZES = ((4, 64), (8, 64), (8, 256), (12, 64), (16, 16), (20, 2))
"""Qubits and batch."""


@dataclass(frozen=True)
class Workload:
    """A circuit of a family at a width, for a batch; every <Z_i> is an output."""

    family: str
    num_qubits: int
    batch: int

    @property
    def name(self) -> str:
        """As `--only` takes it: `ra:8x256`."""
        return f"{self.family}:{self.num_qubits}x{self.batch}"

    @property
    def num_weights(self) -> int:
        return FAMILIES[self.family].weights_a_qubit * self.num_qubits

    @property
    def gates(self) -> tuple[Gate, ...]:
        return tuple(gate for part in FAMILIES[self.family].parts for gate in part(self.num_qubits))

    @property
    def spec(self) -> str:
        """The same circuit in our language."""
        circuit = f"circuit on {self.num_qubits} qubits {{\n    {FAMILIES[self.family].blocks}\n    measure z\n  }}"
        return f"hqnn 1\nmodel bench {{\n  {circuit}\n  decoder {{ dense(1) }}\n}}\n"


def workload_of(name: str) -> Workload:
    """The workload of a name such as `ra:8x256`. Raises `ValueError` where it is none."""
    family, _, size = name.partition(":")
    qubits, _, batch = size.partition("x")
    if family not in FAMILIES or not qubits.isdigit() or not batch.isdigit():
        raise ValueError(f"{name!r} is no workload; one is FAMILY:QUBITSxBATCH, for example ra:8x256")
    return Workload(family, int(qubits), int(batch))


WORKLOADS = tuple(Workload(family, *size) for size in SIZES for family in FAMILIES)


@dataclass(frozen=True, eq=False)
class Numbers:
    """What a step is given, all float64: inputs `[B, I]`, weights `[P]`, and the gradient `[B, M]` from above."""

    inputs: np.ndarray
    weights: np.ndarray
    upstream: np.ndarray


def numbers_of(workload: Workload) -> Numbers:
    """The same numbers in every process; inputs lie in (-1.5, 1.5), weights in (-pi, pi)."""
    draw = np.random.default_rng(20260711)
    width, batch = workload.num_qubits, workload.batch
    # Rounded to float32 first, so that single precision is not blamed for the rounding of what it was given.
    arrays = (
        draw.uniform(-1.5, 1.5, (batch, width)),
        draw.uniform(-math.pi, math.pi, workload.num_weights),
        draw.normal(size=(batch, width)),
    )
    return Numbers(*(array.astype(np.float32).astype(np.float64) for array in arrays))

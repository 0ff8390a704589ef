"""A circuit's tables for the sizes of a run's batches: the engine's own, one after the other in flat arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.circuit.angles import WeightRef, leaves
from hqnn_dsl.training.step import compiled
from hqnn_dsl.training.step.kernels.arrays import NUM_CIRCUIT_SIZES, PART_WIDTH, THREADS, THREADS_BACK, Circuit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.backends.native.call import Part
    from hqnn_dsl.backends.native.executable import NativeExecutable
    from hqnn_dsl.network.quantum import QuantumLayer
    from hqnn_dsl.training.step.weights import FlatWeights

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class CircuitPlan:
    """The circuit of a network. `index[P]` is where each of its weights lies in the flat vector.

    `shared` and `per_sample` say which angles have gradients to give, `state` whether amplitudes have.
    """

    executable: NativeExecutable
    index: Array = field(repr=False)
    shared: bool
    per_sample: bool
    state: bool

    @staticmethod
    def of(layer: QuantumLayer, executable: NativeExecutable, weights: FlatWeights, *, behind: bool) -> CircuitPlan:
        """Returns the plan of a layer; `behind` says whether anything in front of it is trained."""
        own = [layer.take(tensor.path) for tensor in layer.circuit.weights]
        index = [np.arange(tensor.numel()) + weights.start(tensor) for tensor in own]  # type: ignore[arg-type]
        flat = np.concatenate([np.empty(0, np.int64), *index]).astype(np.int64)
        circuit = executable.circuit

        def moves(slots: Sequence[int]) -> bool:
            found = [leaf for slot in slots for leaf in leaves(circuit.slots[slot])]
            return any(isinstance(leaf, WeightRef) and flat[leaf.index] < weights.trained for leaf in found)

        per_sample = behind or moves(circuit.sample_slots)
        return CircuitPlan(executable, flat, moves(circuit.shared_slots), per_sample, behind)

    @property
    def dtype(self) -> str:
        return self.executable.layouts.dtype

    @property
    def amplitudes(self) -> int:
        """The number of inputs that are amplitudes."""
        amplitude = self.executable.circuit.amplitude
        return 0 if amplitude is None else amplitude.size

    def tables(self, batches: Sequence[int], workers: int, *, gradients: bool) -> tuple[Circuit, int]:
        """Returns the arrays for batches of those sizes, and how many numbers of final states are kept for the largest.

        Raises `Refusal` if the states take more than the memory limit.
        """
        joined = _Joined(self)
        kept = tiles = 0
        counts = []
        for batch in batches:
            kept_now = tiles = 0
            for part in self.executable.schedules.made(batch, workers, gradients):
                joined.add(part, kept_now, tiles, gradients=gradients)
                kept_now, tiles = kept_now + part.kept, tiles + part.tiles
            counts.append(tiles)
            kept = max(kept, kept_now)
        return joined.circuit(self._sizes(), counts), kept

    def _sizes(self) -> list[int]:
        circuit, tape, amplitude = self.executable.circuit, self.executable.tape, self.executable.circuit.amplitude
        return [
            *(circuit.num_inputs, len(tape.sample_nodes), len(tape.shared_nodes), circuit.num_outputs, tape.shared),
            *(0 if amplitude is None else amplitude.start, self.amplitudes, int(self.state and amplitude is not None)),
            len(self.executable.plan.parts),
        ]


class _Joined:
    """Rows of `parts`, and the tables of all parts one after the other."""

    def __init__(self, plan: CircuitPlan) -> None:
        self.plan = plan
        self.rows: list[list[int]] = []
        self.tables: list[list[Array]] = [[], [], [], []]
        self.ends = [0, 0, 0, 0]

    def add(self, part: Part, kept: int, tile: int, *, gradients: bool) -> None:
        """Add a part whose states are kept from number `kept` on, and whose first tile is `tile`."""
        tables, plan = part.tables, self.plan
        dual, lane, rows, diagonal, room, whole, floats, patterns = tables.arguments
        wanted, first = tables.wanted(samples=plan.per_sample, shared=plan.shared)
        if plan.state and plan.amplitudes:
            first = 0
        places: list[int] = []
        for number, table in enumerate((whole, floats, patterns, wanted)):
            self.tables[number].append(table)
            places += [self.ends[number], self.ends[number] + len(table)]
            self.ends[number] += len(table)
        addresses = compiled.part_addresses(
            plan.dtype, is_complex=dual is not None, by_amplitude=lane is not None, back=gradients
        )
        threads = part.values_threads, part.gradients_threads if gradients else 1
        keeps = int(part.keep), kept, kept + part.kept
        form = int(dual is not None), int(lane is not None)
        self.rows.append([*addresses, *form, part.tiles, *threads, rows, diagonal, room, *keeps, *places, first, tile])

    def circuit(self, sizes: list[int], tiles: list[int]) -> Circuit:
        """All of it as arrays."""
        layouts, tape = self.plan.executable.layouts, self.plan.executable.tape
        dtypes = "int64", "float64", layouts.dtype, "int8"
        whole, floats, patterns, wanted = (
            np.concatenate([np.empty(0, dtype), *tables]) for dtype, tables in zip(dtypes, self.tables, strict=True)
        )
        return Circuit(
            sizes=np.array(sizes, dtype=np.int64),
            one=layouts.offsets.dtype.type(1),
            tape=tape.arguments[0],
            numbers=tape.arguments[1],
            offsets=layouts.offsets,
            index=self.plan.index,
            parts=np.array(self.rows, dtype=np.int64).reshape(-1, PART_WIDTH),
            tiles=np.array(tiles, dtype=np.int64),
            whole=whole,
            floats=floats,
            patterns=patterns,
            wanted=wanted,
        )


def no_circuit(dtype: str) -> Circuit:
    """The arrays of a network without a circuit."""
    none, number = np.zeros(0, np.int64), np.dtype(dtype).type
    return Circuit(
        sizes=np.zeros(NUM_CIRCUIT_SIZES, np.int64),
        one=number(1),
        tape=none,
        numbers=np.zeros(0),
        offsets=np.zeros(0, dtype),
        index=none,
        parts=np.zeros((0, PART_WIDTH), np.int64),
        tiles=none,
        whole=none,
        floats=np.zeros(0),
        patterns=np.zeros(0, dtype),
        wanted=np.zeros(0, np.int8),
    )


def most_threads(circuit: Circuit) -> int:
    """The most threads that share a part."""
    parts = circuit.parts
    return int(max(parts[:, [THREADS, THREADS_BACK]].max(), 1)) if len(parts) else 1

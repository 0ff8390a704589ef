"""A circuit at many random points: its weights and inputs drawn, its states and outputs computed in batches.

All of it is in double precision. Weights become inputs of the circuit, so that a batch has other weights in each row:
outputs and gradients are those of the native engine. States are dense ones, of the circuit as it is written, since the
engine's rewrites keep outputs and not states.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

from hqnn_dsl.circuit.angles import Apply, InputRef, WeightRef, distinct_leaves
from hqnn_dsl.diagnostics.codes.analyses import NotFinite
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.seeds import stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from hqnn_dsl.circuit.angles import Angle
    from hqnn_dsl.circuit.ir import Circuit, WeightTensor
    from hqnn_dsl.network.quantum import QuantumLayer

    Numbers = NDArray[np.float64]

Weights = Literal["uniform", "spec"]
WEIGHTS: tuple[str, ...] = get_args(Weights)
STATE_BYTES = 1 << 26
"""Bytes of the states that are at work at once, about."""
MOST_DENSE, MOST_NATIVE = 10**10, 5 * 10**10
"""Amplitudes times gates that are worked out without being asked for, by dense states and by the native engine: a
minute or two."""
ONE = {"asin", "acos"}
POSITIVE = {"log", "sqrt"}


@dataclass(frozen=True, eq=False)
class Ensemble:
    """A circuit with rules to draw its weights and inputs.

    With `weights` "uniform" every trained weight is uniform in [0, 2π); with "spec" it is drawn by the rule of the spec
    for its tensor. Frozen weights keep the values that they have in a training from the seed `spec_seed`. Inputs are
    uniform in `input_range`; the inputs of an amplitude input are normal, so that the state is uniform on the sphere.
    """

    circuit: Circuit
    seed: int = 0
    weights: Weights = "uniform"
    input_range: tuple[float, float] = (-math.pi, math.pi)
    spec_seed: int = 0

    @cached_property
    def opened(self) -> Circuit:
        """The circuit with its weights as inputs, after its own inputs."""
        return weights_as_inputs(self.circuit)

    @property
    def num_inputs(self) -> int:
        """The circuit's own inputs."""
        return self.circuit.num_inputs

    @cached_property
    def trained(self) -> tuple[int, ...]:
        """The numbers of the weights that a training changes."""
        return tuple(i for t in self.circuit.weights if not t.frozen for i in range(t.offset, t.offset + t.size))

    @property
    def is_random(self) -> bool:
        """Whether the weights differ between draws."""
        drawn = [t for t in self.circuit.weights if not t.frozen]
        return bool(drawn) and (self.weights == "uniform" or any(is_drawn(t) for t in drawn))

    def draw(self, count: int, name: str) -> Numbers:
        """Random points `[count, inputs + weights]` of the stream `name`: inputs first, every row of its own."""
        import numpy as np

        return np.hstack([self.draw_inputs(count, name), self.draw_weights(count, name)])

    def draw_inputs(self, count: int, name: str) -> Numbers:
        """Random inputs `[count, inputs]`."""
        import numpy as np

        generator = np.random.default_rng(stream(self.seed, f"{name}.inputs"))
        found = generator.uniform(*self.input_range, (count, self.num_inputs))
        if (amplitude := self.circuit.amplitude) is not None:
            found[:, amplitude.start : amplitude.start + amplitude.size] = generator.normal(
                size=(count, amplitude.size)
            )
        return found

    def draw_weights(self, count: int, name: str) -> Numbers:
        """Random weights `[count, weights]`."""
        import numpy as np

        generator = np.random.default_rng(stream(self.seed, f"{name}.weights"))
        found = np.empty((count, self.circuit.num_weights))
        for tensor in self.circuit.weights:
            columns = slice(tensor.offset, tensor.offset + tensor.size)
            if tensor.frozen:
                found[:, columns] = self._frozen(tensor)
            elif self.weights == "uniform":
                found[:, columns] = generator.uniform(0, 2 * math.pi, (count, tensor.size))
            else:
                found[:, columns] = drawn_by_rule(tensor, count, generator)
        return found

    def _frozen(self, tensor: WeightTensor) -> Numbers:
        from hqnn_dsl.network.quantum import initial_values

        values: Numbers = initial_values(tensor, stream(self.spec_seed, "init")).reshape(-1).numpy()
        return values

    def too_long(self, rows: int, *, dense: bool = False) -> str:
        """Why so many states, which nobody asked for, are not made by default; empty if they are few enough."""
        work = rows * len(self.circuit.operations) << self.circuit.num_qubits
        if work <= (MOST_DENSE if dense else MOST_NATIVE):
            return ""
        what = f"{rows:,} states of {self.circuit.num_qubits} qubits"
        return f"{what} take too long to be made by default: ask for fewer draws with `--samples`"

    @cached_property
    def layer(self) -> QuantumLayer:
        """The opened circuit as a torch layer, run by the native engine in double precision."""
        return native_layer(self.opened)

    def outputs(self, points: Numbers) -> Numbers:
        """Outputs `[rows, outputs]` at points `[rows, inputs + weights]`. Raises `Refusal` E0670."""
        return outputs_of(self.layer, points, self.input_range)

    def jacobians(self, points: Numbers, outputs: tuple[int, ...] | None = None) -> tuple[Numbers, Numbers]:
        """Outputs `[rows, M]` and their derivatives by the trained weights `[rows, M, trained]`. Raises `Refusal`."""
        import numpy as np
        import torch

        asked = tuple(range(self.circuit.num_outputs)) if outputs is None else outputs
        x = torch.from_numpy(points).requires_grad_()
        found = self.layer(x)
        slopes = np.empty((len(points), len(asked), len(self.trained)))
        columns = [self.num_inputs + index for index in self.trained]
        for place, number in enumerate(asked):
            (gradient,) = torch.autograd.grad(found[:, number].sum(), x, retain_graph=place + 1 < len(asked))
            slopes[:, place] = gradient[:, columns].numpy()
        values = found.detach().numpy()[:, list(asked)]
        insist_finite(values, self.input_range)
        insist_finite(slopes, self.input_range)
        return values, slopes

    def states(self, points: Numbers, cut: int | None = None) -> Iterator[tuple[slice, Numbers]]:
        """States `[rows, 2^n]`, complex, in blocks with the rows that they are of; after `cut` operations if given."""
        return states_of(self.opened, points, self.input_range, cut)


def weights_as_inputs(circuit: Circuit) -> Circuit:
    """The circuit with weight w as input number `num_inputs + w`, and no weights."""
    width = circuit.num_inputs
    slots = tuple(_opened(angle, width) for angle in circuit.slots)
    return replace(circuit, slots=slots, weights=(), num_inputs=width + circuit.num_weights, input_names=())


def _opened(angle: Angle, width: int) -> Angle:
    if isinstance(angle, WeightRef):
        return InputRef(width + angle.index)
    if isinstance(angle, Apply):
        return Apply(angle.function, tuple(_opened(one, width) for one in angle.arguments))
    return angle


def is_drawn(tensor: WeightTensor) -> bool:
    """Whether the rule of a tensor is a random one."""
    return tensor.initial[0] in {"uniform", "normal", "small"}


def drawn_by_rule(tensor: WeightTensor, count: int, generator: np.random.Generator) -> Numbers:
    """Values `[count, size]` of a tensor by the rule of the spec: uniform, normal, or what is no draw, in each row."""
    import numpy as np

    name, numbers = tensor.initial
    if name == "uniform":
        low, high = numbers
        return generator.uniform(low, high, (count, tensor.size))
    if name in {"normal", "small"}:
        return generator.normal(0.0, numbers[0], (count, tensor.size))
    from hqnn_dsl.network.quantum import initial_values

    values: Numbers = np.tile(initial_values(tensor, 0).reshape(-1).numpy(), (count, 1))
    return values


def suited_range(circuit: Circuit) -> tuple[float, float]:
    """The range of inputs if none is given: [-π, π), or where functions of angles end, [-1, 1) or [0.01, 1)."""
    functions = {part.function for angle in circuit.slots for part in _applied(angle) if _reads_inputs(part)}
    if functions & POSITIVE:
        return 0.01, 1.0
    return (-1.0, 1.0) if functions & ONE else (-math.pi, math.pi)


def _applied(angle: Angle) -> Iterator[Apply]:
    if isinstance(angle, Apply):
        yield angle
        for one in angle.arguments:
            yield from _applied(one)


def _reads_inputs(angle: Angle) -> bool:
    return any(isinstance(leaf, InputRef) for leaf in distinct_leaves([angle]))


def native_layer(circuit: Circuit) -> QuantumLayer:
    """A circuit as a torch layer of the native engine, in double precision."""
    from hqnn_dsl.backends.native.executable import NativeExecutable
    from hqnn_dsl.network.quantum import QuantumLayer

    return QuantumLayer(circuit, NativeExecutable(circuit, "double", device="cpu"), precision="double")


def outputs_of(layer: QuantumLayer, points: Numbers, input_range: tuple[float, float]) -> Numbers:
    """Outputs `[rows, outputs]` of a layer. Raises `Refusal` E0670."""
    import torch

    with torch.no_grad():
        found: Numbers = layer(torch.from_numpy(points)).numpy()
    insist_finite(found, input_range)
    return found


def states_of(
    circuit: Circuit, points: Numbers, input_range: tuple[float, float], cut: int | None = None
) -> Iterator[tuple[slice, Numbers]]:
    """States of a circuit without weights at inputs `[rows, inputs]`; see `Ensemble.states`."""
    import numpy as np
    import torch

    from hqnn_dsl.backends import offered
    from hqnn_dsl.backends.reference.executable import DenseExecutable
    from hqnn_dsl.network.slots import SlotTable

    refusals = offered()["reference"].objections(circuit, {"precision": "double"})
    if refusals:
        raise Refusal(*refusals)
    shown = circuit if cut is None else replace(circuit, operations=circuit.operations[:cut])
    executable, table = DenseExecutable(shown, "double"), SlotTable(shown)
    rows = max(1, STATE_BYTES // (16 << circuit.num_qubits))
    for start in range(0, len(points), rows):
        part = slice(start, min(start + rows, len(points)))
        with torch.no_grad():
            inputs = torch.from_numpy(points[part])
            per_sample, shared = table.evaluate(inputs, inputs.new_zeros(0))
            found = executable.final_state(per_sample, shared, _amplitudes(shown, inputs)).numpy()
        insist_finite(found.real, input_range)
        yield part, np.broadcast_to(found, (part.stop - part.start, found.shape[1]))


def _amplitudes(circuit: Circuit, inputs: Tensor) -> Tensor | None:
    from hqnn_dsl.backends.amplitude_input import unit_rows

    if (amplitude := circuit.amplitude) is None:
        return None
    return unit_rows(inputs[:, amplitude.start : amplitude.start + amplitude.size])


def insist_finite(values: Numbers, input_range: tuple[float, float]) -> None:
    """Raise `Refusal` E0670 if a value is no finite number: then an angle was none."""
    import numpy as np

    if not np.isfinite(values).all():
        raise Refusal(NotFinite(low=f"{input_range[0]:g}", high=f"{input_range[1]:g}"))

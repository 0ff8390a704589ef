"""The circuit as a torch layer: named weights, the slot table in front, an executable behind.

Weights are called as the spec calls them and start from a random stream of their own, so a new tensor moves no other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from hqnn_dsl.backends import LayerExecutable
from hqnn_dsl.network.slots import SlotTable
from hqnn_dsl.report.seeds import stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hqnn_dsl.backends import Executable
    from hqnn_dsl.circuit.ir import Circuit, WeightTensor
    from hqnn_dsl.semantics.records import Choice


def _uniform(shape: tuple[int, ...], values: tuple[float, ...], generator: torch.Generator) -> Tensor:
    low, high = values
    return torch.rand(shape, generator=generator, dtype=torch.float64) * (high - low) + low


def _normal(shape: tuple[int, ...], values: tuple[float, ...], generator: torch.Generator) -> Tensor:
    (std,) = values
    return torch.randn(shape, generator=generator, dtype=torch.float64) * std


def _zeros(shape: tuple[int, ...], _values: tuple[float, ...], _generator: torch.Generator) -> Tensor:
    return torch.zeros(shape, dtype=torch.float64)


def _constant(shape: tuple[int, ...], values: tuple[float, ...], _generator: torch.Generator) -> Tensor:
    (value,) = values
    return torch.full(shape, value, dtype=torch.float64)


def _values(shape: tuple[int, ...], values: tuple[float, ...], _generator: torch.Generator) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


DRAWS: dict[str, Callable[[tuple[int, ...], tuple[float, ...], torch.Generator], Tensor]] = {
    "uniform": _uniform,
    "normal": _normal,
    "small": _normal,
    "zeros": _zeros,
    "constant": _constant,
    "values": _values,
}
"""How a tensor may start, by the name in `WeightTensor.initial`: shape, the name's numbers and a generator in."""


def initial_values(tensor: WeightTensor, seed: int) -> Tensor:
    """The starting values of a tensor in float64, `tensor.shape`, from the stream of its path under `seed`."""
    name, numbers = tensor.initial
    generator = torch.Generator().manual_seed(stream(seed, tensor.path))
    return DRAWS[name](tensor.shape, numbers, generator)


class WeightFolder(nn.Module):
    """Weights by dotted path, a module for each part of it: torch allows no dots in a parameter's own name.

    Parts go straight into torch's tables, since a block may be called `half` or `train` like a method of a module.
    """

    def put(self, path: str, weights: nn.Parameter) -> None:
        """Keep `weights` so that `named_parameters` calls them `path`."""
        first, _, rest = path.partition(".")
        if not rest:
            self._parameters[first] = weights
            return
        inner = self._modules.setdefault(first, WeightFolder())
        assert isinstance(inner, WeightFolder)
        inner.put(rest, weights)

    def take(self, path: str) -> Tensor:
        """The weights that `named_parameters` calls `path`."""
        first, _, rest = path.partition(".")
        inner = self._modules.get(first) if rest else None
        if isinstance(inner, WeightFolder):
            return inner.take(rest)
        found = self._parameters[first]
        assert found is not None
        return found


class QuantumLayer(WeightFolder):
    """A circuit as a layer: `x[..., inputs]` to `[..., outputs]`, differentiable by `x` and by the weights.

    `precision` is that of angles, weights and state, whatever autocast says; the answer comes in the dtype of `x`
    (float32 for half precision). Weights start from `seed`; frozen ones have `requires_grad` False. Raises
    `ValueError` where the last axis of `x` is not as wide as the circuit's inputs.
    """

    def __init__(
        self,
        circuit: Circuit,
        executable: Executable,
        *,
        precision: Literal["single", "double"] = "single",
        seed: int = 0,
        backend: Choice | None = None,
    ) -> None:
        super().__init__()
        self.circuit = circuit
        self.backend = backend
        """What runs the circuit, by name and options, where the maker of the layer said so."""
        self.executable = executable
        self.precision = precision
        self.dtype = torch.float64 if precision == "double" else torch.float32
        self._table = SlotTable(circuit)
        self._whole = executable if isinstance(executable, LayerExecutable) else None
        for tensor in circuit.weights:
            weights = nn.Parameter(initial_values(tensor, seed).to(self.dtype), requires_grad=not tensor.frozen)
            self.put(tensor.path, weights)

    def named_parameters(
        self,
        prefix: str = "",
        recurse: bool = True,  # noqa: FBT001, FBT002 - torch's signature
        remove_duplicate: bool = True,  # noqa: FBT001, FBT002 - torch's signature
    ) -> Iterator[tuple[str, nn.Parameter]]:
        """Torch's, but in the order of the circuit: torch would name the tensors of outer folders first."""
        found = dict(super().named_parameters(prefix, recurse, remove_duplicate))
        start = f"{prefix}." if prefix else ""
        for path in (start + tensor.path for tensor in self.circuit.weights):
            if path in found:
                yield path, found[path]

    def weights(self) -> Tensor:
        """All weights flattened, `[P]`, in the order of the circuit, which has at least one tensor."""
        return torch.cat([self.take(tensor.path).reshape(-1) for tensor in self.circuit.weights])

    def angles(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """What the executable is given for `inputs[B, I]`: `(per_sample[B, E], shared[W], state[B, 2^k] or None)`."""
        inputs = inputs.to(self.dtype)
        weights = self.weights().to(self.dtype) if self.circuit.weights else inputs.new_zeros(0)
        per_sample, shared = self._table.evaluate(inputs, weights)
        amplitude = self.circuit.amplitude
        if amplitude is None:
            return per_sample, shared, None
        return per_sample, shared, inputs[:, amplitude.start : amplitude.start + amplitude.size]

    def forward(self, x: Tensor) -> Tensor:
        """Outputs `[..., M]` for `x[..., I]`."""
        width = self.circuit.num_inputs
        if x.ndim == 0 or x.shape[-1] != width:
            raise ValueError(f"this circuit reads {width} inputs a row, the tensor has shape {tuple(x.shape)}")
        leading = x.shape[:-1]
        if self._whole is not None:
            rows = x if x.ndim == 2 else x.reshape(math.prod(leading), width)
            weights = tuple([self.take(tensor.path) for tensor in self.circuit.weights])
            return self._answer(self._whole.layer(rows, weights, self._table.evaluate), x)
        with torch.autocast(device_type=x.device.type, enabled=False):
            rows = x.reshape(math.prod(leading), width)
            outputs = self.executable(*self.angles(rows))
        return self._answer(outputs, x)

    def _answer(self, outputs: Tensor, x: Tensor) -> Tensor:
        """Outputs `[rows, M]` in the leading shape of `x` and its dtype."""
        answer = x.dtype if x.dtype in {torch.float32, torch.float64} else torch.float32
        if outputs.dtype != answer:
            outputs = outputs.to(answer)
        return outputs if x.ndim == 2 else outputs.reshape(*x.shape[:-1], self.circuit.num_outputs)

    def extra_repr(self) -> str:
        circuit = self.circuit
        return (
            f"inputs={circuit.num_inputs}, outputs={circuit.num_outputs}, qubits={circuit.num_qubits}, "
            f"weights={circuit.num_weights}, precision={self.precision}"
        )

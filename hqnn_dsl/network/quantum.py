"""The circuit as a torch layer: named weights, the slot table in front, an executable behind.

Weights are called as the spec calls them and start from a random stream of their own, so a new tensor moves no other.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from hqnn_dsl.backends import LayerExecutable, MeteredExecutable, SamplingExecutable, offered
from hqnn_dsl.backends.torch_transforms import is_transformed, transformed
from hqnn_dsl.diagnostics.codes.transforms import NoNumbers
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.shuffled_rows import other_rows, read_from
from hqnn_dsl.network.slots import SlotTable
from hqnn_dsl.seeds import stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

    from hqnn_dsl.backends import Executable
    from hqnn_dsl.catalog.entry import Choice
    from hqnn_dsl.circuit.ir import Circuit, WeightTensor


def _uniform(shape: tuple[int, ...], values: tuple[float, ...], generator: torch.Generator) -> Tensor:
    low, high = values
    return torch.rand(shape, generator=generator, dtype=torch.float64, device="cpu") * (high - low) + low


def _normal(shape: tuple[int, ...], values: tuple[float, ...], generator: torch.Generator) -> Tensor:
    (std,) = values
    return torch.randn(shape, generator=generator, dtype=torch.float64, device="cpu") * std


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
    generator = torch.Generator("cpu").manual_seed(stream(seed, tensor.path))
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
        found = self._parameters.get(first)
        if found is None:  # a parametrization or pruning puts an attribute in its place
            found = getattr(self, first)
            assert isinstance(found, Tensor)
        return found


PRECISIONS: dict[object, Literal["single", "double"]] = {
    **dict.fromkeys(("single", "float32", "float", torch.float32), "single"),
    **dict.fromkeys(("double", "float64", torch.float64), "double"),
}
"""Names of a precision: the language's words and torch's."""
DTYPES = {"single": torch.float32, "double": torch.float64}


def precision_named(given: object) -> Literal["single", "double"]:
    """The precision that is meant by its name or by a torch dtype. Raises `ValueError` if it is none."""
    try:
        return PRECISIONS[given]
    except (KeyError, TypeError):
        raise ValueError(
            f'precision {given!r} is not known; write "single" (or torch.float32), or "double" (or torch.float64)'
        ) from None


class QuantumLayer(WeightFolder):
    """A circuit as a layer: `x[..., inputs]` to `[..., outputs]`, differentiable by `x` and by the weights.

    `precision` is that of angles, weights and state. It follows `.double()` and `.float()`: if `backend` is given, it
    is loaded anew with that precision (`.double()` raises `Refusal` if the backend has none; after `.float()` a backend
    that has double precision only keeps it). With half-precision weights the state stays in single precision.

    Outputs have the dtype of `x`, as for `torch.nn.Linear`; under autocast half-precision inputs give float32, since
    angles and expectation values do not bear eight bits. Integers give the layer's own dtype.

    If the circuit shuffles its inputs, a call answers each of its rows for the inputs of another row of the call, which
    `rows_seed` decides: see `shuffled_rows`.

    Weights start from `seed`, or from torch's global generator if it is None; frozen ones have `requires_grad` False.
    Raises `ValueError` if the last axis of `x` is not as wide as the circuit's inputs, `TypeError` if `x` is no tensor
    of real numbers.
    """

    _unit: Tensor

    def __init__(  # noqa: PLR0913 - a circuit, its backend, and its starting numbers
        self,
        circuit: Circuit,
        executable: Executable,
        *,
        precision: Literal["single", "double"] = "single",
        seed: int | None = 0,
        backend: Choice | None = None,
        shots_seed: int = 0,
        rows_seed: int = 0,
    ) -> None:
        super().__init__()
        self.circuit = circuit
        self.rows_seed = rows_seed if circuit.shuffles else None
        """The seed of `other_rows` if the circuit's inputs are shuffled over the rows of a call, else None."""
        self._is_in_order = False
        self.backend = backend
        """The backend of the circuit, by name and options, if the maker of the layer gave it."""
        self.executable = executable
        self.precision = precision
        self._shots_seed = shots_seed
        self._table = SlotTable(circuit)
        self._whole = executable if isinstance(executable, LayerExecutable) else None
        self.register_buffer("_unit", torch.empty(0, dtype=self.dtype), persistent=False)  # follows `.to(dtype)`
        self._is_meta = self._unit.is_meta
        seed = drawn_seed() if seed is None else seed
        place = torch.get_default_device()
        for tensor in circuit.weights:
            weights = nn.Parameter(initial_values(tensor, seed).to(place, self.dtype), requires_grad=not tensor.frozen)
            self.put(tensor.path, weights)

    @property
    def in_features(self) -> int:
        """Inputs of a row, as `torch.nn.Linear` calls them."""
        return self.circuit.num_inputs

    @property
    def out_features(self) -> int:
        """Outputs of a row."""
        return self.circuit.num_outputs

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the angles and of the state."""
        return DTYPES[self.precision]

    def reset_parameters(self, seed: int | None = None) -> None:
        """Draw all weights anew, from `seed` or else from torch's global generator."""
        seed = drawn_seed() if seed is None else seed
        with torch.no_grad():
            for tensor in self.circuit.weights:
                self.take(tensor.path).copy_(initial_values(tensor, seed))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:  # noqa: FBT001, FBT002 - torch's
        """Torch's way to `.to(…)`, `.double()` and the like: the state's precision follows the weights'."""
        unit = fn(self._unit)
        if unit.is_complex():
            raise TypeError(_COMPLEX)
        before, after = self._unit.dtype, unit.dtype
        wanted: Literal["single", "double"] = "double" if after == torch.float64 else "single"
        executable = self._at_precision(wanted) if after != before else None
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._is_meta = unit.is_meta
        if executable is not None:
            self._run_by(executable, wanted)
        return self

    def _at_precision(self, precision: Literal["single", "double"]) -> Executable | None:
        """Returns an executable in that precision; None if it has it already, or keeps its own. Raises `Refusal`."""
        if precision == self.precision or self.backend is None or "precision" not in self.backend.options:
            return None
        row, options = offered()[self.backend.name], {**self.backend.options, "precision": precision}
        try:
            executable = row.load(self.circuit, options, self._shots_seed)
        except Refusal:
            if precision == "single":
                return None
            raise
        if isinstance(executable, SamplingExecutable) and isinstance(self.executable, SamplingExecutable):
            executable.draws = self.executable.draws
        if isinstance(executable, MeteredExecutable) and isinstance(self.executable, MeteredExecutable):
            executable.meter.limits = self.executable.meter.limits
        return executable

    def _run_by(self, executable: Executable, precision: Literal["single", "double"]) -> None:
        assert self.backend is not None
        self.executable, self.precision = executable, precision
        self.backend = replace(self.backend, options={**self.backend.options, "precision": precision})
        self._whole = executable if isinstance(executable, LayerExecutable) else None

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
                yield path, found.pop(path)
        yield from found.items()  # the tensors of a parametrization

    def weights(self) -> Tensor:
        """All weights flattened, `[P]`, in the order of the circuit, which has at least one tensor."""
        return torch.cat([self.take(tensor.path).reshape(-1) for tensor in self.circuit.weights])

    def angles(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """The executable's arguments for `inputs[B, I]`: `(per_sample[B, E], shared[W], state[B, 2^k] or None)`."""
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
        if not isinstance(x, Tensor) or x.is_complex():
            raise TypeError(_no_tensor(x))
        if x.ndim == 0 or x.shape[-1] != width:
            raise ValueError(_wrong_width(x.shape, width))
        if self._is_meta or x.is_meta:
            raise Refusal(NoNumbers())
        if self.rows_seed is None or self._is_in_order:
            return self._answered(x)
        rows = x.reshape(math.prod(x.shape[:-1]), width)
        others = other_rows(len(rows), self.rows_seed)
        with read_from(others):
            return self._answered(rows[others.to(x.device)]).reshape(*x.shape[:-1], self.circuit.num_outputs)

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """In the block, inputs are not shuffled: the caller has done so."""
        before, self._is_in_order = self._is_in_order, True
        try:
            yield
        finally:
            self._is_in_order = before

    def _answered(self, x: Tensor) -> Tensor:
        """Outputs `[..., M]` for inputs `[..., I]`, each row from its own."""
        width = self.circuit.num_inputs
        leading = x.shape[:-1]
        if is_transformed():
            with torch.autocast(device_type=x.device.type, enabled=False):
                rows = x.reshape(math.prod(leading), width)
                outputs = transformed(self.executable, *self.angles(rows))
            return self._answer(outputs, x)
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
        answer = x.dtype
        if answer not in WIDE and (not x.is_floating_point() or torch.is_autocast_enabled(x.device.type)):
            answer = torch.float32 if x.is_floating_point() else self.dtype
        if outputs.dtype != answer:
            outputs = outputs.to(answer)
        return outputs if x.ndim == 2 else outputs.reshape(*x.shape[:-1], self.circuit.num_outputs)

    def extra_repr(self) -> str:
        circuit = self.circuit
        ran_by = "" if self.backend is None else f", backend={self.backend.name}"
        return (
            f"in_features={circuit.num_inputs}, out_features={circuit.num_outputs}, qubits={circuit.num_qubits}, "
            f"weights={circuit.num_weights}{ran_by}, precision={self.precision}"
        )


WIDE = {torch.float32, torch.float64}


def drawn_seed() -> int:
    """A seed from torch's global generator, so that `torch.manual_seed` decides it."""
    return int(torch.randint(2**62, (), dtype=torch.int64, device="cpu"))


_COMPLEX = "the weights of a circuit are real numbers: write `.to(torch.float64)` or `.to(torch.float32)`"


def _no_tensor(x: object) -> str:
    if isinstance(x, Tensor):
        return f"a circuit reads real numbers, the tensor is {x.dtype}"
    return f"a layer takes a torch tensor, this is {type(x).__name__}: write `layer(torch.as_tensor(x))`"


def _wrong_width(shape: torch.Size, width: int) -> str:
    reads = f"this circuit reads {width} input{'' if width == 1 else 's'} a row"
    if len(shape) == 0:
        return f"{reads}, the tensor is a single number: give it the shape [rows, {width}]"
    return f"{reads}, the tensor has shape {list(shape)}: its last axis must be {width}"

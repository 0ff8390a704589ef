"""The whole network: classical encoder, circuit, classical decoder, as one torch module.

Owns the precision of each half. Under autocast only the encoder and the inner decoder layers run in half precision;
the circuit and the decoder from its last layer with weights on keep the network's own precision, since angles and
targets do not bear eight bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from hqnn_dsl.catalog.layers import LAYERS, LayerEntry
from hqnn_dsl.network.fourier import fourier
from hqnn_dsl.network.torch_seeds import seeds_of_torch
from hqnn_dsl.seeds import stream
from hqnn_dsl.semantics.required_widths import required_widths as required_widths  # noqa: PLC0414 - belongs to the network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from hqnn_dsl.catalog.columns import Embedding
    from hqnn_dsl.network.quantum import QuantumLayer
    from hqnn_dsl.semantics.spec import Layer, Spec

OPERATIONS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "add": lambda x, c: x + c,
    "sub": lambda x, c: x - c,
    "mul": lambda x, c: x * c,
    "div": lambda x, c: x / c,
    "pow": lambda x, c: x**c,
}
"""Operations that may follow a layer on its line, by the names of `Layer.operations`."""


class Operation(nn.Module):
    """An operation with a constant, elementwise: `x * 3.14`."""

    def __init__(self, name: str, constant: float) -> None:
        super().__init__()
        self.name = name
        self.constant = constant
        self._apply_to = OPERATIONS[name]

    def forward(self, values: Tensor) -> Tensor:
        return self._apply_to(values, self.constant)

    def extra_repr(self) -> str:
        return f"{self.name}, {self.constant}"


class Columns(nn.Module):
    """Inputs `[B, F]` with the levels of some columns, to `[B, E]` with their trained vectors in their places.

    The vector of level 0 is zeros and is not trained.
    """

    _unit: Tensor

    def __init__(self, in_width: int, embeddings: Iterable[Embedding]) -> None:
        super().__init__()
        self.in_width = in_width
        self.embeddings = tuple(sorted(embeddings, key=lambda embedding: embedding.index))
        self.vectors = nn.ModuleDict(
            {str(one.index): nn.Embedding(one.levels, one.width, padding_idx=0) for one in self.embeddings}
        )
        self.register_buffer("_unit", torch.empty(0), persistent=False)  # follows `.to(dtype)`

    @property
    def out_width(self) -> int:
        """The width after the vectors have taken the places of levels."""
        return self.in_width + sum(embedding.width - 1 for embedding in self.embeddings)

    def forward(self, inputs: Tensor) -> Tensor:
        parts, start = [], 0
        for one in self.embeddings:
            parts.append(inputs[..., start : one.index].to(self._unit.dtype))
            parts.append(self.vectors[str(one.index)](inputs[..., one.index].long()))
            start = one.index + 1
        return torch.cat([*parts, inputs[..., start:].to(self._unit.dtype)], dim=-1)

    def extra_repr(self) -> str:
        return f"{self.in_width} to {self.out_width}"


class HybridNet(nn.Module):
    """Features `[B, F]` to outputs `[B, T]`, both scaled. Its children are `encoder`, `circuit` and `decoder`.

    A child `columns` stands in front of them if columns of categories have trained vectors: then these features are
    levels, whole numbers from 0.

    `dtype` is that of the classical half, of the features and of the outputs; the circuit's is its own. `.double()` and
    `.to(dtype)` change both, `.half()` and `.bfloat16()` the classical half and the circuit's weights. Lines of a
    spec are counted from 0 in the weights' names: `encoder.2.weight`.
    """

    _unit: Tensor

    def __init__(
        self,
        encoder: nn.Sequential,
        circuit: QuantumLayer,
        decoder: nn.Sequential,
        dtype: torch.dtype = torch.float32,
        columns: Columns | None = None,
    ) -> None:
        super().__init__()
        self.columns = None if columns is None else columns.to(dtype)
        self.encoder = encoder.to(dtype)
        self.circuit = circuit
        self.decoder = decoder.to(dtype)
        self.register_buffer("_unit", torch.empty(0, dtype=dtype), persistent=False)  # follows `.to(dtype)`
        self._exact_from = _last_with_weights(decoder)

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the classical half and of the features."""
        return self._unit.dtype

    @staticmethod
    def build(
        spec: Spec, circuit: QuantumLayer, in_width: int, out_width: int, embeddings: Sequence[Embedding] = ()
    ) -> HybridNet:
        """The network of a spec for `in_width` inputs of the table and `out_width` outputs, around its circuit.

        Each of `embeddings` is an input with the levels of a column. Weights of classical layers and of levels start
        from streams of their own under the stream "init" of the spec's seed, so a further line moves no other.
        """
        seed = stream(spec.train.seed, "init")
        columns = _columns(in_width, embeddings, seed) if embeddings else None
        width = in_width if columns is None else columns.out_width
        reads, gives = spec.num_inputs, spec.num_outputs
        if not spec.has_circuit:
            reads, gives = out_width, _end_of(spec.encoder, width, out_width)
        encoder = _lines(spec.encoder, width, reads, seed=seed, name="encoder")
        decoder = _lines(spec.decoder, gives, out_width, seed=seed, name="decoder")
        dtype = torch.float64 if spec.train.precision == "double" else torch.float32
        return HybridNet(encoder, circuit, decoder, dtype, columns)

    def forward(self, features: Tensor) -> Tensor:
        """Outputs `[B, T]` for features `[B, F]`."""
        values: Tensor = self.circuit(self.encode(features)).to(self.dtype)
        if torch.is_autocast_enabled(features.device.type):
            return self._decode_by_halves(values)
        decoded: Tensor = self.decoder(values)
        return decoded

    @property
    def has_half(self) -> bool:
        """Whether a layer of it is computed in half precision under autocast."""
        inner = (*self.encoder, *list(self.decoder)[: self._exact_from])
        return any(isinstance(module, nn.Linear) for line in inner for module in line.modules())

    def encode(self, features: Tensor) -> Tensor:
        """The circuit's inputs `[B, I]` for features `[B, F]`."""
        values = features.to(self.dtype) if self.columns is None else self.columns(features)
        encoded: Tensor = self.encoder(values)
        return encoded

    def _decode_by_halves(self, values: Tensor) -> Tensor:
        """The decoder under autocast, which is switched off for its last line with weights and those after it."""
        lines = list(self.decoder)
        for line in lines[: self._exact_from]:
            values = line(values)
        with torch.autocast(device_type=values.device.type, enabled=False):
            values = values.to(self.dtype)
            for line in lines[self._exact_from :]:
                values = line(values)
        return values

    def classical_weights(self) -> list[nn.Parameter]:
        """The trainable weights of encoder and decoder, and of the levels of columns."""
        return [*self.front_weights(), *(weight for weight in self.decoder.parameters() if weight.requires_grad)]

    def front_weights(self) -> list[nn.Parameter]:
        """The trainable weights in front of the circuit."""
        parts = (self.encoder,) if self.columns is None else (self.columns, self.encoder)
        return [weight for part in parts for weight in part.parameters() if weight.requires_grad]

    def quantum_weights(self) -> list[nn.Parameter]:
        """The trainable weights of the circuit; frozen ones are not among them."""
        return [weight for weight in self.circuit.parameters() if weight.requires_grad]


def _entry(layer: Layer) -> LayerEntry:
    entry = LAYERS[layer.layer.name]
    assert isinstance(entry, LayerEntry)
    return entry


def _columns(in_width: int, embeddings: Sequence[Embedding], seed: int) -> Columns:
    """Returns the vectors of levels, each column's started from a stream of its own."""
    columns = Columns(in_width, embeddings)
    for one in embeddings:
        vectors = columns.vectors[str(one.index)]
        assert isinstance(vectors, nn.Embedding)
        with seeds_of_torch():
            torch.default_generator.manual_seed(stream(seed, f"columns.{one.index}"))
            vectors.reset_parameters()
    return columns


def _end_of(layers: Iterable[Layer], in_width: int, follows: int) -> int:
    """The width behind the encoder of a model without a circuit; an open one is that of the network's end."""
    width = in_width
    for layer in layers:
        if _entry(layer).sets_width:
            width = layer.out_width or follows
    return width


def _lines(layers: Iterable[Layer], in_width: int, out_width: int, *, seed: int, name: str) -> nn.Sequential:
    """Returns one module a line. `out_width` is the width of the next stage: an open width of a layer becomes that."""
    modules: list[nn.Module] = []
    width = in_width
    for index, layer in enumerate(layers):
        entry = _entry(layer)
        follows = out_width if layer.out_width is None else layer.out_width
        next_width = follows if entry.sets_width else width
        build = entry.build or _BUILDERS[entry.name]
        with seeds_of_torch():
            torch.default_generator.manual_seed(stream(seed, f"{name}.{index}"))
            module: nn.Module = build(width, next_width, layer.layer.options)
        operations = [Operation(operation, constant) for operation, constant in layer.operations]
        modules.append(nn.Sequential(module, *operations) if operations else module)
        width = next_width
    return nn.Sequential(*modules)


_BUILDERS: dict[str, Callable[[int, int, Mapping[str, Any]], nn.Module]] = {"fourier": fourier}
"""The builders of layers that the catalog, which lies below this room, cannot have."""


def _last_with_weights(lines: nn.Sequential) -> int:
    """Returns the index of the last line with weights; of the last line if none has any; 0 if there are no lines."""
    weighted = [index for index, line in enumerate(lines) if next(line.parameters(), None) is not None]
    return weighted[-1] if weighted else max(len(lines) - 1, 0)

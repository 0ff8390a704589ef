"""The plan of a compiled step: a network, a loss and an optimizer as tables, or the reason why torch trains it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from hqnn_dsl.backends.native.executable import NativeExecutable
from hqnn_dsl.network.hybrid import Columns, HybridNet
from hqnn_dsl.network.no_circuit import NoCircuit
from hqnn_dsl.network.quantum import QuantumLayer
from hqnn_dsl.training.step.circuit_tables import CircuitPlan
from hqnn_dsl.training.step.kernels.arrays import NUM_SIZES
from hqnn_dsl.training.step.kernels.layers import CODE, DENSE, INS, OUTS
from hqnn_dsl.training.step.kernels.losses import LOSS_KINDS, loss_options
from hqnn_dsl.training.step.kernels.optimizers import OPTIMIZER_KINDS, optimizer_options
from hqnn_dsl.training.step.tape import NotCompiled, Tape, refuse_hooks
from hqnn_dsl.training.step.weights import FlatWeights

if TYPE_CHECKING:
    from hqnn_dsl.semantics.spec import Choice, TrainSpec

DTYPES = {torch.float32: "float32", torch.float64: "float64"}
MOST_DENSE_WEIGHTS = 700_000
"""Weights of all dense layers beyond which torch's steps are faster.

Measured on one core with AVX2 and rows of 32 to 256, compiled against torch: 0.72 and 0.86 at 270,000 weights, 1.04 at
1,060,000, 1.3 at 4,200,000.
"""
OF_CLASSES = ("cross_entropy", "focal")
"""Losses whose target is the number of a class, whatever the number of outputs."""


@dataclass(frozen=True)
class Reason:
    """Why a network's steps are not compiled: a plain sentence."""

    text: str


@dataclass(frozen=True, eq=False)
class StepPlan:
    """All that steps need but rows: tables over the flat vector of weights; see `kernels.arrays` for the arrays.

    `columns` is the number of columns that the network reads, `targets` and `outputs` are widths, `features` counts the
    features of all layers. Of a network without a circuit `circuit` is None.
    """

    net: HybridNet = field(repr=False)
    weights: FlatWeights = field(repr=False)
    dtype: str
    optimizer: str
    decay: float
    clip: float
    batch: int
    columns: int
    targets: int
    outputs: int
    features: int
    rows_seed: int | None
    """The seed of `shuffled_rows.other_rows` if the circuit's inputs are shuffled over the rows of a batch."""
    circuit: CircuitPlan | None = field(repr=False)
    sizes: np.ndarray[Any, Any] = field(repr=False)
    tape: np.ndarray[Any, Any] = field(repr=False)
    constants: np.ndarray[Any, Any] = field(repr=False)
    gather: np.ndarray[Any, Any] = field(repr=False)
    loss_options: np.ndarray[Any, Any] = field(repr=False)
    optimizer_options: np.ndarray[Any, Any] = field(repr=False)

    @staticmethod
    def of(net: HybridNet, loss: Choice, optimizer: Choice, settings: TrainSpec) -> StepPlan | Reason:
        """Returns the plan of a network's steps, or the reason why they are not compiled."""
        try:
            return _planned(net, loss, optimizer, settings)
        except NotCompiled as refused:
            return Reason(str(refused))

    def better_by_torch(self) -> bool:
        """Whether dense layers are so large that torch's matrix products make up for all else that its steps cost."""
        dense = self.tape[self.tape[:, CODE] == DENSE]
        return int((dense[:, INS] * dense[:, OUTS]).sum()) > MOST_DENSE_WEIGHTS


def _planned(net: HybridNet, loss: Choice, optimizer: Choice, settings: TrainSpec) -> StepPlan:
    executable = _executable_of(net)
    _refuse_settings(net, loss, optimizer, settings, executable)
    weights = FlatWeights(net)
    gather, columns, levels = _gather_of(net, weights)
    tape = Tape(weights, len(gather), behind=levels > 0)
    try:
        encoded, width = tape.extend(net.encoder, 0, len(gather))
        front, behind, circuit, decoded = len(tape.rows), tape.behind, None, encoded
        if executable is not None:
            circuit = CircuitPlan.of(net.circuit, executable, weights, behind=behind)
            width = executable.circuit.num_outputs
            decoded = tape.own(width)
            tape.behind |= circuit.shared or circuit.per_sample
        predicted, outputs = tape.extend(net.decoder, decoded, width)
    except KeyError:
        raise NotCompiled("a layer shares a weight, or has one that is computed from others") from None
    targets = 1 if loss.name in OF_CLASSES else outputs // 2 if loss.name == "gaussian" else outputs
    trains_circuit = weights.trained > weights.classical
    sizes = [
        *(targets, outputs, predicted, front, encoded, decoded, int(circuit is not None), int(trains_circuit)),
        *(int(behind), weights.classical, weights.trained, LOSS_KINDS[loss.name], OPTIMIZER_KINDS[optimizer.name]),
        levels,
    ]
    assert len(sizes) == NUM_SIZES
    rows, constants = tape.arrays()
    return StepPlan(
        net=net,
        weights=weights,
        dtype=DTYPES[net.dtype],
        optimizer=optimizer.name,
        decay=float(optimizer.options["weight_decay"]),
        clip=settings.clip or 0.0,
        batch=settings.batch,
        columns=columns,
        targets=targets,
        outputs=outputs,
        features=tape.features,
        rows_seed=None if circuit is None else net.circuit.rows_seed,
        circuit=circuit,
        sizes=np.array(sizes, dtype=np.int64),
        tape=rows,
        constants=constants,
        gather=gather,
        loss_options=loss_options(loss.name, loss.options),
        optimizer_options=optimizer_options(optimizer.name, optimizer.options),
    )


def _executable_of(net: HybridNet) -> NativeExecutable | None:
    """The engine of the circuit, None if the network has no circuit. Raises `NotCompiled`."""
    layer: object = net.circuit
    if layer is None or type(layer) in {nn.Identity, NoCircuit}:
        return None
    if type(net) is not HybridNet or type(layer) is not QuantumLayer:
        raise NotCompiled("the network is not one that a spec describes")
    if type(layer.executable) is not NativeExecutable:
        name = type(layer.executable).__name__ if layer.backend is None else layer.backend.name
        raise NotCompiled(f"the circuit is run by the backend {name}, and only those of native are compiled")
    if layer.executable.device == "cuda":
        raise NotCompiled("the circuit runs on a GPU")
    if {"float32": "single", "float64": "double"}.get(DTYPES.get(net.dtype, "")) != layer.executable.precision:
        own = "double" if net.dtype == torch.float64 else "single"
        raise NotCompiled(
            f"the circuit is in {layer.executable.precision} precision and the layers are not: "
            f"`backend native(precision: {own})` is that of the layers"
        )
    return layer.executable


def _refuse_settings(
    net: HybridNet, loss: Choice, optimizer: Choice, settings: TrainSpec, executable: NativeExecutable | None
) -> None:
    """Raises `NotCompiled` for all that is not a matter of a layer."""
    parameters = list(net.parameters())
    if any(not weight.is_cpu for weight in parameters):
        raise NotCompiled("the weights are on a GPU")
    if net.dtype not in DTYPES or any(weight.dtype != net.dtype for weight in parameters):
        raise NotCompiled("the weights have different precisions" if net.dtype in DTYPES else "half precision")
    if settings.precision == "mixed":
        raise NotCompiled("mixed precision is not compiled")
    if loss.name not in LOSS_KINDS:
        raise NotCompiled(f"the loss {loss.name} is not compiled")
    if optimizer.name not in OPTIMIZER_KINDS:
        raise NotCompiled(f"the optimizer {optimizer.name} is not compiled")
    if not any(weight.requires_grad for weight in parameters):
        raise NotCompiled("the network has no weights to train")
    for module in (net, net.columns, net.circuit if executable is not None else None):
        if module is not None:
            refuse_hooks(module)
    if executable is not None and len(list(net.circuit.parameters())) != len(executable.circuit.weights):
        raise NotCompiled("a weight of the circuit is computed from others")


def _gather_of(net: HybridNet, weights: FlatWeights) -> tuple[np.ndarray[Any, Any], int, int]:
    """Returns `gather[F, 4]`, the number of columns read, and how many numbers the trained vectors of levels have."""
    columns = net.columns
    if columns is None:
        width = _width_of(net)
        return np.array([[column, -1, 0, 0] for column in range(width)], dtype=np.int64), width, 0
    if type(columns) is not Columns:
        raise NotCompiled("the network is not one that a spec describes")
    rows, column, levels = [], 0, 0
    for one in columns.embeddings:
        vectors = columns.vectors[str(one.index)].weight
        assert isinstance(vectors, nn.Parameter)
        rows += [[number, -1, 0, 0] for number in range(column, one.index)]
        start = weights.start(vectors)
        rows += [[one.index, start, one.width, entry] for entry in range(one.width)]
        levels += vectors.numel() if weights.is_trained(vectors) else 0
        column = one.index + 1
    rows += [[number, -1, 0, 0] for number in range(column, columns.in_width)]
    return np.array(rows, dtype=np.int64), columns.in_width, levels


def _width_of(net: HybridNet) -> int:
    """The number of columns that a network without vectors of levels reads: that of its first dense layer."""
    for module in net.encoder.modules():
        if isinstance(module, nn.Linear):
            return module.in_features
        if isinstance(module, nn.LayerNorm):
            return int(module.normalized_shape[0])
    layer: object = net.circuit
    if isinstance(layer, QuantumLayer) and not isinstance(layer, NoCircuit):
        return layer.circuit.num_inputs
    for module in net.decoder.modules():
        if isinstance(module, nn.Linear):
            return module.in_features
    raise NotCompiled("the network has no layer with a width")

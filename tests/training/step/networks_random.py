"""Random networks around random circuits, with all layers that steps compile, and rows to train them on."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from circuits_random import random_case
from torch import nn
from toy_model import choice, make_spec

from hqnn_dsl.backends import offered
from hqnn_dsl.catalog.columns import Embedding
from hqnn_dsl.catalog.layers import LAYERS
from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS
from hqnn_dsl.network.hybrid import HybridNet
from hqnn_dsl.network.quantum import QuantumLayer
from hqnn_dsl.semantics.spec import Layer
from hqnn_dsl.training.step.plan import StepPlan

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.semantics.spec import Spec

DTYPES = {"double": torch.float64, "single": torch.float32}
NOT_COMPILED = {"batch_norm"}
RANDOM = {"dropout"}
"""Layers that draw: torch draws other numbers."""
KEEPING = [name for name in LAYERS if name not in {"dense", "fourier", *NOT_COMPILED, *RANDOM}]
"""Layers that keep the width they get."""
OPTIONS = {
    "leaky_relu": {"slope": 0.2},
    "elu": {"alpha": 1.3},
    "softplus": {"beta": 1.7},
    "gelu": {"approximate": True},
    "layer_norm": {"affine": False},
}
"""Options unlike the defaults, for every second layer of these names."""
OPERATIONS = [("add", 0.3), ("sub", 0.7), ("mul", -1.4), ("div", 2.3), ("pow", 2.0), ("pow", 3.0), ("pow", 1.0)]


@dataclass
class Example:
    """A network, and rows for it: `features[B, F]`, `targets[B, T]`, and `weights[B]` in the loss or None."""

    net: HybridNet
    spec: Spec
    features: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor | None

    def plan(self) -> StepPlan:
        train = self.spec.train
        found = StepPlan.of(self.net, train.loss, train.optimizer, train)
        assert isinstance(found, StepPlan), found
        return found

    def twin(self) -> Example:
        """The same with a network of its own, whose parameters share no memory."""
        return replace(self, net=copy.deepcopy(self.net))

    def given(self, rows: torch.Tensor | slice = slice(None)) -> tuple[torch.Tensor, ...]:
        """The arguments of a loss but for what is predicted."""
        parts = (self.targets,) if self.weights is None else (self.targets, self.weights)
        return tuple(part[rows] for part in parts)


def line(rng: random.Random, name: str) -> Layer:
    options = OPTIONS.get(name, {}) if rng.random() < 0.5 else {}
    operations = tuple(rng.sample(OPERATIONS, rng.choice([0, 0, 1, 2])))
    return Layer(layer=choice(LAYERS, name, **options), in_width=None, out_width=None, operations=operations)


def dense(width: int, rng: random.Random) -> Layer:
    layer = choice(LAYERS, "dense", width=width, bias=rng.random() < 0.8)
    operations = tuple(rng.sample(OPERATIONS[:4], rng.choice([0, 0, 1])))
    return Layer(layer=layer, in_width=None, out_width=width, operations=operations)


def lines(rng: random.Random, last: int) -> tuple[Layer, ...]:
    """Some layers, of which the last dense one has `last` outputs."""
    hidden = [[dense(rng.randint(1, 19), rng), line(rng, rng.choice(KEEPING))] for _ in range(rng.randint(0, 2))]
    after = [line(rng, rng.choice(["tanh", "sin", "sigmoid", "softmax", "identity"]))] if rng.random() < 0.7 else []
    return (*[one for both in hidden for one in both], dense(last, rng), *after)


def native_layer(circuit: Circuit, precision: str) -> QuantumLayer:
    executable = offered()["native"].load(circuit, {"precision": precision, "device": "auto"}, 0)
    return QuantumLayer(circuit, executable, precision=precision, seed=5)


def frozen_some(circuit: Circuit, rng: random.Random) -> Circuit:
    """The circuit with some of its tensors frozen."""
    return replace(circuit, weights=tuple(replace(one, frozen=rng.random() < 0.25) for one in circuit.weights))


def random_circuit(seed: int, **options: Any) -> Circuit:
    """The next circuit with inputs, some tensors frozen."""
    while True:
        case = random_case(seed, max_qubits=6, **options)
        if case.circuit.num_inputs:
            return frozen_some(case.circuit, random.Random(seed))
        seed += 100_003


def random_example(seed: int, precision: str, *, rows: int | None = None, **train: Any) -> Example:
    """A network of all kinds; the same seed gives the same one, but for its precision."""
    rng = random.Random(seed)
    rows = rows or rng.choice([1, 3, 8, 17, 40])
    loss = rng.choice([name for name in LOSSES if name != "auto"])
    outputs = {"gaussian": 2, "cross_entropy": rng.choice([1, 3]), "focal": rng.choice([1, 4])}.get(
        loss, rng.randint(1, 3)
    )
    columns = rng.randint(1, 5)
    embeddings = ()
    if rng.random() < 0.3:
        embeddings = tuple(
            Embedding(index, rng.randint(2, 5), rng.randint(1, 3))
            for index in sorted(rng.sample(range(columns), rng.randint(1, columns)))
        )
    has_circuit = rng.random() < 0.85
    circuit = random_circuit(seed)
    between = (circuit.num_inputs, circuit.num_outputs) if has_circuit else (4, 4)
    settings = {"loss": choice(LOSSES, loss), "precision": precision, "batch": rows, **train}
    spec = replace(
        make_spec(encoder=lines(rng, between[0]), decoder=lines(rng, outputs), **settings),
        num_inputs=between[0],
        num_outputs=between[1],
    )
    net = HybridNet.build(spec, native_layer(circuit, precision), columns, outputs, embeddings)
    if not has_circuit:
        net.circuit = nn.Identity()
    freeze_some(net, rng)
    return Example(net, spec, *random_rows(seed, precision, (rows, columns, outputs), embeddings, loss))


def freeze_some(net: HybridNet, rng: random.Random) -> None:
    """Freeze some weights of classical layers, and in one network of six all in front of the circuit."""
    all_front = rng.random() < 1 / 6
    front = [*net.encoder.parameters(), *([] if net.columns is None else net.columns.parameters())]
    for weight in front:
        weight.requires_grad_(not (all_front or rng.random() < 0.1))
    for weight in net.decoder.parameters():
        weight.requires_grad_(rng.random() > 0.1)
    if not any(weight.requires_grad for weight in net.parameters()):
        front[0].requires_grad_(True)


def random_rows(
    seed: int, precision: str, shape: tuple[int, int, int], embeddings: tuple[Embedding, ...], loss: str
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    rows, columns, outputs = shape
    generator, dtype = torch.Generator().manual_seed(seed), DTYPES[precision]
    features = torch.randn(rows, columns, generator=generator, dtype=torch.float64)
    for one in embeddings:
        features[:, one.index] = torch.randint(0, one.levels, (rows,), generator=generator).double()
    targets = torch.randn(rows, outputs // 2 if loss == "gaussian" else outputs, generator=generator, dtype=dtype)
    if loss in ("cross_entropy", "focal"):
        targets = torch.randint(0, max(outputs, 2), (rows, 1), generator=generator).to(dtype)
    weights = torch.rand(rows, generator=generator, dtype=torch.float64).to(dtype) + 0.5
    return features.to(dtype), targets, weights if seed % 3 == 0 else None


OPTIMIZER_NAMES = tuple(OPTIMIZERS)

"""Our own loop in torch: the steps of `hqnn train` as `Training.advance` makes them, its checks included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

import hqnn_dsl as hqnn
from benchmarks.training.networks import spec_of, start_of
from benchmarks.training.torch_epoch import TorchEpochs
from hqnn_dsl.training.loop import Training

if TYPE_CHECKING:
    from benchmarks.training.trainer import Trainer
    from benchmarks.workloads import Workload
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.semantics.spec import TrainSpec


def built(network: Workload, precision: str, backend: str) -> tuple[HybridNet, TrainSpec]:
    """The spec's network with the weights that everyone starts from, and the settings of its training."""
    program = hqnn.compile_text(spec_of(network, precision))
    net = program.network(backend=backend, in_width=6)
    with torch.no_grad():
        for weight, array in zip(net.parameters(), start_of(network).all, strict=True):
            weight.copy_(torch.tensor(array).reshape(weight.shape))
    return net.train(), program.spec.train


def training_of(network: Workload, precision: str, backend: str) -> Training:
    """The training of the spec with the weights that everyone starts from."""
    net, settings = built(network, precision, backend)
    return Training(net, settings, torch.device("cpu"))


def prepare(network: Workload) -> Trainer:
    return TorchEpochs(network, training_of(network, "single", "native").advance)


def truth(network: Workload) -> Trainer:
    """The same loop on the backend `reference` in double precision: it says which losses are right."""
    return TorchEpochs(network, training_of(network, "double", "reference(precision: double)").advance, torch.float64)


use = torch.set_num_threads
PREPARE = {"loop": prepare}

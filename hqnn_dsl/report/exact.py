"""A trained network as numbers in, numbers out: its circuit run exactly by the native engine, on the CPU."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from hqnn_dsl.backends import offered
from hqnn_dsl.backends.native.executable import NativeExecutable
from hqnn_dsl.catalog.entry import Choice
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.hybrid import HybridNet
from hqnn_dsl.network.quantum import QuantumLayer

if TYPE_CHECKING:
    from hqnn_dsl.report.parts import Numbers

MOST_AMPLITUDES = 1 << 20
"""Amplitudes of the states of a block of rows."""

LEAST_BLOCK, MOST_BLOCK = 32, 2048
"""The rows of a block. The last one is filled up, so that every call is of the engine's layout for many rows."""


@dataclass(frozen=True, eq=False)
class Forward:
    """A network that is asked for a page. `is_exact` is whether native runs its circuit, without shots and noise."""

    net: HybridNet = field(repr=False)
    is_exact: bool

    @staticmethod
    def of(net: HybridNet) -> Forward:
        """Returns a network ready to be asked; with another backend than native it is a copy with native's circuit."""
        layer: object = net.circuit
        if not isinstance(layer, QuantumLayer):
            return Forward(net, is_exact=True)
        if type(layer.executable) is NativeExecutable and all(weight.is_cpu for weight in net.parameters()):
            return Forward(net, is_exact=True)
        try:
            native = offered()["native"].load(layer.circuit, {"device": "cpu", "precision": layer.precision}, 0)
        except (Refusal, ImportError):
            return Forward(net, is_exact=False)
        circuit = QuantumLayer(layer.circuit, native, precision=layer.precision, backend=Choice(name="native"))
        circuit.load_state_dict(layer.state_dict())
        encoder, decoder = (copy.deepcopy(part).cpu() for part in (net.encoder, net.decoder))
        columns = None if net.columns is None else copy.deepcopy(net.columns).cpu()
        found = HybridNet(encoder, circuit, decoder, net.dtype, columns)
        return Forward(found, is_exact=True)

    def __call__(self, inputs: Numbers) -> tuple[Numbers, Numbers]:
        """The circuit's outputs `[N, M]` and those of the network `[N, O]`, scaled, for inputs `[N, F]`.

        Raises `Refusal` for a row of amplitudes that are all zeros.
        """
        net, size = self.net, self.block
        device = next((weight.device for weight in net.parameters()), torch.device("cpu"))
        was_training, found = net.training, []
        net.eval()
        try:
            with torch.no_grad(), torch.autocast(device.type, enabled=False):
                for begin in range(0, len(inputs), size):
                    block = _filled(inputs[begin : begin + size])
                    rows = torch.from_numpy(np.ascontiguousarray(block)).to(device, net.dtype)
                    measured = net.circuit(net.encode(rows)).to(net.dtype)
                    parts = (measured, net.decoder(measured))
                    found.append([part.to("cpu", torch.float64).numpy() for part in parts])
        finally:
            net.train(was_training)
        circuit, outputs = (np.concatenate(parts)[: len(inputs)] for parts in zip(*found, strict=True))
        return circuit, outputs

    @property
    def block(self) -> int:
        """How many rows are asked at once."""
        layer: object = self.net.circuit
        qubits = layer.circuit.num_qubits if isinstance(layer, QuantumLayer) else 0
        return max(LEAST_BLOCK, min(MOST_BLOCK, MOST_AMPLITUDES >> min(qubits, 60)))

    @property
    def work(self) -> int:
        """Multiply-adds for a row, about: those of the state, and of the weights."""
        layer: object = self.net.circuit
        weights = sum(weight.numel() for weight in self.net.parameters())
        if not isinstance(layer, QuantumLayer):
            return weights
        circuit = layer.circuit
        return weights + ((len(circuit.operations) + circuit.num_outputs) << circuit.num_qubits)


def _filled(rows: Numbers) -> Numbers:
    """The rows, the last one repeated up to a whole number of smallest blocks."""
    missing = -len(rows) % LEAST_BLOCK
    return rows if not missing else np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])

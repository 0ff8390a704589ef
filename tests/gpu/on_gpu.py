"""Executables that run on the GPU, with arguments and outputs on the CPU, as the conformance suite has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hqnn_dsl.backends import offered

if TYPE_CHECKING:
    from torch import Tensor

    from hqnn_dsl.backends import Executable
    from hqnn_dsl.circuit.ir import Circuit

CUDA = torch.device("cuda", 0)


class OnGpu:
    """Moves tensors there and back, differentiably; says that the outputs were there."""

    def __init__(self, run: Executable) -> None:
        self.run = run
        self.circuit, self.real, self.metadata = run.circuit, run.real, run.metadata

    def __call__(self, *given: Tensor | None) -> Tensor:
        outputs = self.run(*(None if tensor is None else tensor.to(CUDA) for tensor in given))
        assert outputs.is_cuda
        return outputs.cpu()


def loader(name: str, **options: str):
    """A loader of that backend for the conformance suite."""

    def load(circuit: Circuit, precision: str) -> OnGpu:
        return OnGpu(offered()[name].load(circuit, {"precision": precision, **options}, 0))

    return load


def layered(width: int, repetitions: int = 2) -> Circuit:
    """RX by inputs, layers of RY, RZ and CX by weights, all <Z>, one <XY> and the probabilities of two qubits."""
    from hqnn_dsl.circuit.angles import InputRef, WeightRef
    from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor

    operations = [Operation("rx", (q,), (q,)) for q in range(width)]
    slots = [InputRef(q) for q in range(width)]
    for _ in range(repetitions):
        for gate in ("ry", "rz"):
            operations += [Operation(gate, (q,), (len(slots) + q,)) for q in range(width)]
            slots += [WeightRef(len(slots) - width + q) for q in range(width)]
        operations += [Operation("cx", (q, (q + 1) % width)) for q in range(width)]
    return Circuit(
        num_qubits=width,
        operations=tuple(operations),
        slots=tuple(slots),
        measurements=(
            *(Observable((PauliTerm(1.0, ((q, "z"),)),)) for q in range(width)),
            Observable((PauliTerm(0.5, ((0, "x"), (1, "y"))), PauliTerm(2.0, ()))),
            Probabilities((1, 0)),
        ),
        num_inputs=width,
        weights=(WeightTensor("w", (len(slots) - width,), 0),),
    )


def step(run: Executable, batch: int, dtype: torch.dtype, device: torch.device, seed: int = 0) -> list[Tensor]:
    """Outputs and gradients, on the CPU, of random angles; drawn on the CPU, so that they are the same everywhere."""
    circuit = run.circuit
    generator = torch.Generator().manual_seed(seed)
    samples = torch.randn(batch, len(circuit.sample_slots), generator=generator).to(device, dtype).requires_grad_()
    shared = torch.randn(len(circuit.shared_slots), generator=generator).to(device, dtype).requires_grad_()
    outputs = run(samples, shared, None)
    outputs.square().sum().backward()
    return [outputs.detach().cpu(), samples.grad.cpu(), shared.grad.cpu()]

"""A small circuit on a PennyLane device, forward and back, held against the reference before the device is used."""

from __future__ import annotations

import warnings
from functools import cache

import torch

from hqnn_dsl.backends.pennylane.executable import QmlExecutable, QmlOptions
from hqnn_dsl.backends.reference.executable import DenseExecutable
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor
from hqnn_dsl.diagnostics.codes.pennylane import DeviceFails
from hqnn_dsl.diagnostics.diagnostic import Refusal

CIRCUIT = Circuit(
    num_qubits=3,
    operations=(
        Operation("h", (2,)),
        Operation("ry", (0,), (0,)),
        Operation("rx", (1,), (1,)),
        Operation("cx", (0, 2)),
        Operation("crz", (2, 1), (2,)),
        Operation("rxx", (1, 0), (3,)),
        Operation("ry", (2,), (4,)),
    ),
    slots=(InputRef(0), WeightRef(0), WeightRef(1), InputRef(1), WeightRef(2)),
    measurements=(
        Observable((PauliTerm(1.0, ((0, "z"),)),)),
        Observable((PauliTerm(0.5, ((1, "y"), (2, "x"))), PauliTerm(-0.3, ((1, "z"),)))),
        Probabilities((2, 0)),
    ),
    num_inputs=2,
    weights=(WeightTensor("w", (3,), 0),),
)
"""A circuit that tells wires apart, with two frequencies in one angle, a sum of products and probabilities."""

TOLERANCES = {"single": 1e-4, "double": 1e-10}
"""Largest difference from the reference: a device that rounds to single precision inside is no double one."""


@cache
def try_device(options: QmlOptions) -> None:
    """Raise `Refusal` (exit code 3) if the device raises or gives other numbers; once a process for each choice."""
    try:
        with warnings.catch_warnings():  # what matters of them is in the refusal
            warnings.simplefilter("ignore")
            found = _answer(QmlExecutable(CIRCUIT, options))
    except Exception as error:  # anybody's plugin may raise anything
        raise _failure(options, f"{type(error).__name__}: {str(error).strip() or 'no reason given'}") from error
    truth = _answer(DenseExecutable(CIRCUIT, "double"))
    far = max(float((ours.double() - true).abs().max()) for ours, true in zip(found, truth, strict=True))
    if not far <= TOLERANCES[options.precision]:
        raise _failure(options, f"in a trial of three qubits it was {far:.1g} off the right numbers")


def _failure(options: QmlOptions, reason: str) -> Refusal:
    line = reason.splitlines()[0]
    return Refusal(DeviceFails(device=options.device, diff=options.diff, reason=line))


def _answer(run: QmlExecutable | DenseExecutable) -> tuple[torch.Tensor, ...]:
    """Outputs of two rows, and gradients of all angles."""
    with torch.enable_grad():
        sample = torch.tensor([[0.3, -1.1], [2.0, 0.7]], dtype=torch.float64, requires_grad=True)
        common = torch.tensor([0.9, -0.4, 1.7], dtype=torch.float64, requires_grad=True)
        outputs = run(sample, common, None)
        upstream = torch.linspace(-1.0, 1.0, outputs.numel(), dtype=torch.float64).reshape(outputs.shape)
        return outputs.detach(), *torch.autograd.grad((outputs * upstream).sum(), (sample, common))

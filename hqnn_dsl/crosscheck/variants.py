"""The variants that are tried: every backend in every precision that it has, and the answer of each at a point.

One of them is the oracle that the others are compared with: the reference in double precision if it can run the
circuit, otherwise the next in double precision that can.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from hqnn_dsl.backends import offered
from hqnn_dsl.circuit.ir import Observable
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics.spec import Choice

if TYPE_CHECKING:
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.crosscheck.points import Point
    from hqnn_dsl.network.quantum import QuantumLayer
    from hqnn_dsl.pipeline import Program

ORACLE = "reference"
"""The backend that the others are compared with, if it can run the circuit."""

VALUES = {"double": 1e-9, "single": 1e-5}
"""Largest difference of values from the oracle's, per unit of an observable's coefficients, by precision."""
GRADIENTS = {"double": 1e-9, "single": 1e-5}
"""Largest difference of gradients from the oracle's, per unit of the largest of them."""
SLOPES = {"double": 1e-7, "single": 1e-5}
"""Largest difference of gradients from finite differences, per unit of the largest of them."""


@dataclass(frozen=True)
class Variant:
    """A backend with its options, `precision` among them; `exact` as the backend declares it.

    `way` is the name of one of the backend's `ways`, empty for its own default.
    """

    choice: Choice
    precision: str
    exact: bool = True
    way: str = ""

    @property
    def name(self) -> str:
        return f"{self.choice.name} {self.way}".strip()

    @property
    def title(self) -> str:
        return f"{self.name} ({self.precision})"


def variants(program: Program, *, every_way: bool = False) -> list[Variant]:
    """All of them, the oracle first. A backend that the spec names has the spec's options.

    With `every_way` also the other ways that a backend declares. Left out are real devices, which cost, and backends
    that run nothing unless the spec names a device.
    """
    found = []
    asked = program.spec.backend
    for name, row in offered().items():
        own = asked.options if asked.name == name else {}
        ways = {"": own} | (dict(row.ways) if every_way else {})
        for way, chosen in ways.items():
            options = row.filled(chosen)
            if row.is_paid(options) or any(one.is_required and one.name not in options for one in row.entry.options):
                continue
            option = row.entry.option("precision")
            for precision in option.choices if option is not None else ("double",):
                given = options if option is None else options | {"precision": precision}
                if way and given == own | {"precision": precision}:
                    continue  # the spec's own options are that way
                found.append(Variant(Choice(name=name, options=given), precision, row.is_exact(given), way))
    return sorted(found, key=lambda one: (not one.exact, one.precision != "double", one.name != ORACLE))


@dataclass(frozen=True, eq=False)
class Answer:
    """Outputs `[B, M]` and the gradients of their sum weighed by a point's `upstream`: `[B, I]` and `[P]`; float64."""

    values: Tensor = field(repr=False)
    by_input: Tensor = field(repr=False)
    by_weight: Tensor = field(repr=False)

    @property
    def gradients(self) -> Tensor:
        """Both flattened, inputs first."""
        return torch.cat([self.by_input.reshape(-1), self.by_weight])


def put_weights(layer: QuantumLayer, weights: Tensor) -> None:
    """Give a layer all its weights, flattened `[P]`, and let gradients flow to frozen ones too."""
    with torch.no_grad():
        for tensor in layer.circuit.weights:
            values = weights[tensor.offset : tensor.offset + tensor.size].reshape(tensor.shape)
            layer.take(tensor.path).requires_grad_().copy_(values)


def answer(layer: QuantumLayer, point: Point, device: str) -> Answer:
    """Returns the answer of a layer at a point. Raises `Refusal` if it cannot."""
    put_weights(layer, point.weights)
    inputs = point.inputs.to(device, layer.dtype).requires_grad_()
    outputs = layer(inputs)
    wanted = [inputs, *layer.parameters()]
    found: tuple[Tensor | None, ...] = (None,) * len(wanted)
    if outputs.requires_grad:
        found = torch.autograd.grad(outputs, wanted, point.upstream.to(outputs), allow_unused=True)
    plain = [
        (torch.zeros_like(tensor) if gradient is None else gradient).detach().to("cpu", torch.float64)
        for tensor, gradient in zip(wanted, found, strict=True)
    ]
    by_weight = [gradient.reshape(-1) for gradient in plain[1:]]
    return Answer(outputs.detach().to("cpu", torch.float64), plain[0], torch.cat([plain[0].new_zeros(0), *by_weight]))


def answers(program: Program, variant: Variant, points: list[Point], device: str) -> list[Answer] | Refusal:
    """Returns the answer of a variant at every point, computed from tensors on `device`, or why it cannot."""
    try:
        layer = program.layer_of(variant.choice).to(device)
        return [answer(layer, point, device) for point in points]
    except Refusal as refusal:
        return refusal


def value_scales(circuit: Circuit) -> Tensor:
    """By output `[M]`, how large its values can be: the sum of its coefficients by amount, at least 1."""
    scales: list[float] = []
    for measured in circuit.measurements:
        if isinstance(measured, Observable):
            scales.append(max(1.0, sum(abs(term.coefficient) for term in measured.terms)))
        else:
            scales.extend([1.0] * (1 << len(measured.qubits)))
    return torch.tensor(scales, dtype=torch.float64)


def value_difference(circuit: Circuit, found: Tensor, expected: Tensor) -> float:
    """Returns the largest difference of outputs `[B, M]`, in units of the largest possible output; infinite for NaN."""
    return _largest((found - expected) / value_scales(circuit))


def gradient_difference(found: Tensor, expected: Tensor) -> float:
    """The largest difference of gradients, per unit of the largest that is expected, at least 1; infinite for NaN."""
    scale = max(1.0, float(expected.abs().max())) if expected.numel() else 1.0
    return _largest((found - expected) / scale)


def _largest(differences: Tensor) -> float:
    if not differences.numel():
        return 0.0
    largest = float(differences.abs().max())
    return largest if largest == largest else float("inf")  # noqa: PLR0124 - NaN differs from itself

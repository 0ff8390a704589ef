"""The layer `fourier`: the cosine and the sine of each of its phases, which are angles of its inputs.

Phases that are sums of multiples of inputs are one matrix product, with weights that no training changes; those with
products or functions of inputs are evaluated before it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from hqnn_dsl.catalog.elementwise import Sine
from hqnn_dsl.circuit.angle_text import angle_of_text
from hqnn_dsl.circuit.angles import Angle, Apply, InputRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation
from hqnn_dsl.circuit.linear import linear_form
from hqnn_dsl.network.slots import SlotTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self


class Parts(nn.Module):
    """Inputs `[..., I]` to the values `[..., P]` of angles of them."""

    def __init__(self, parts: Sequence[Angle], in_width: int) -> None:
        super().__init__()
        operations = tuple(Operation("rz", (0,), (slot,)) for slot in range(len(parts)))
        circuit = Circuit(1, operations, tuple(parts), (Observable(()),), num_inputs=in_width)
        self._table = SlotTable(circuit)

    def forward(self, values: Tensor) -> Tensor:
        rows = values.reshape(-1, values.shape[-1])
        found, _ = self._table.evaluate(rows, rows.new_zeros(0))
        return found.reshape(*values.shape[:-1], -1)


class Phases(nn.Linear):
    """`values[..., I]` to phases `[..., K]`, by a matrix and shifts that are no weights to train.

    They keep all digits whatever the dtype has been, and are applied in full precision also under autocast.
    """

    def __init__(self, factors: Sequence[Sequence[float]], shifts: Sequence[float]) -> None:
        self._numbers = (torch.tensor(factors, dtype=torch.float64), torch.tensor(shifts, dtype=torch.float64))
        count, width = self._numbers[0].shape
        super().__init__(width, count)
        self.requires_grad_(requires_grad=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Put the numbers in, rounded to the layer's dtype."""
        with torch.no_grad():
            self.weight.copy_(self._numbers[0])
            self.bias.copy_(self._numbers[1])

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:  # noqa: FBT001, FBT002 - torch's
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if not self.weight.is_meta:
            self.reset_parameters()
        return self

    def forward(self, values: Tensor) -> Tensor:
        with torch.autocast(device_type=values.device.type, enabled=False):
            return super().forward(values.to(self.weight.dtype))


def fourier(in_width: int, out_width: int, options: Mapping[str, Any]) -> nn.Module:
    """The layer for the texts `options["phases"]`: all cosines, then all sines, as sines of shifted phases."""
    forms = [linear_form(angle_of_text(text)) for text in options["phases"]]
    assert out_width == 2 * len(forms)
    parts: dict[Angle, None] = {part: None for form in forms for part in form.factors}
    if not any(isinstance(part, Apply) for part in parts):
        parts = {InputRef(index): None for index in range(in_width)}
    factors = [[form.factors.get(part, 0.0) for part in parts] for form in forms]
    shifts = [form.constant for form in forms]
    phases = Phases(factors * 2, [*(shift + math.pi / 2 for shift in shifts), *shifts])
    front = [Parts(tuple(parts), in_width)] if any(isinstance(part, Apply) for part in parts) else []
    return nn.Sequential(*front, phases, Sine())

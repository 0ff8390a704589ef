"""The slot table in torch: inputs and weights in, angle values out; autograd knows the chain rule.

Slots are grouped by the shape of their expression (its functions and the kinds of its leaves), so a circuit of hundreds
of slots costs a handful of vectorised operations: each group gathers its leaves and applies its functions once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from hqnn_dsl.backends.torch_transforms import constants
from hqnn_dsl.circuit.angles import Angle, Apply, Const, InputRef, WeightRef, leaves
from hqnn_dsl.circuit.ir import Circuit, slot_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor


def _where(smooth: Tensor, function: Callable[..., Tensor], *arguments: Tensor) -> Tensor:
    """The function, a constant at points that are not `smooth`: there it gets 1/2, and its argument no derivative."""
    safe = [torch.where(smooth, argument, 0.5) for argument in arguments]
    return torch.where(smooth, function(*safe), function(*arguments).detach())


def _div(a: Tensor, b: Tensor) -> Tensor:
    with torch.no_grad():
        smooth = torch.isfinite(1 / b) & torch.isfinite(a / b / b)
    return _where(smooth, torch.div, a, b)


def _pow(a: Tensor, b: Tensor) -> Tensor:
    """Whole exponents are taken as constants if the base is negative or 0; others have no derivative there."""
    with torch.no_grad():
        finite = torch.isfinite(b * torch.pow(a, b - 1)) | ((b == 0) & (a != 0))
        positive = finite & (a > 0)
        whole = finite & (b == torch.floor(b)) & ((a < 0) | ((a == 0) & (b > 0)))
    negative = _where(whole, torch.pow, a, b.detach())
    return torch.where(positive, _where(positive, torch.pow, a, b), negative)


def _log(a: Tensor) -> Tensor:
    with torch.no_grad():
        smooth = (a > 0) & torch.isfinite(1 / a)
    return _where(smooth, torch.log, a)


def _sqrt(a: Tensor) -> Tensor:
    return _where(a.detach() > 0, torch.sqrt, a)


def _asin(a: Tensor) -> Tensor:
    return _where(a.detach().abs() < 1, lambda inside: torch.asin(inside.clamp(-1, 1)), a)


def _acos(a: Tensor) -> Tensor:
    return _where(a.detach().abs() < 1, lambda inside: torch.acos(inside.clamp(-1, 1)), a)


TORCH: dict[str, Callable[..., Tensor]] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": _div,
    "pow": _pow,
    "neg": torch.neg,
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "asin": _asin,
    "acos": _acos,
    "atan": torch.atan,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "log": _log,
    "sqrt": _sqrt,
    "abs": torch.abs,
}
"""The functions of `circuit.angles` on tensors, with one rule for derivatives at the edges of their domains: where a
function has no finite derivative it counts as a constant, so all its derivatives are 0; so does the exponent of a base
that is not positive. `acos` and `asin` keep their end values beyond ±1. `abs` has derivative 0 at 0."""

_KINDS = {Const: "c", InputRef: "x", WeightRef: "w"}


def shape_of(angle: Angle) -> str:
    """Returns the form that two slots must share to be evaluated together: `add(x,mul(w,c))`."""
    if isinstance(angle, Apply):
        name = "whole_pow" if _is_plain_power(angle) else angle.function
        return f"{name}({','.join(map(shape_of, angle.arguments))})"
    return _KINDS[type(angle)]


def _is_plain_power(angle: Apply) -> bool:
    """Whether it is a power with a constant whole exponent from 0 on, which has no edges."""
    exponent = angle.arguments[-1]
    return angle.function == "pow" and isinstance(exponent, Const) and exponent.value >= 0 and exponent.value % 1 == 0


@dataclass(frozen=True)
class SlotGroup:
    """Slots that share the shape of `pattern`; leaf j of slot k reads `reads[j][k]`: an index, or a number."""

    pattern: Angle
    kinds: tuple[str, ...]
    reads: tuple[tuple[float, ...], ...]


def _group(angles: list[Angle]) -> SlotGroup:
    rows = [list(leaves(angle)) for angle in angles]
    reads = tuple(
        tuple(leaf.value if isinstance(leaf, Const) else leaf.index for leaf in column)
        for column in zip(*rows, strict=True)
    )
    return SlotGroup(angles[0], tuple(_KINDS[type(leaf)] for leaf in rows[0]), reads)


Groups = tuple[tuple[SlotGroup, ...], tuple[int, ...]]
"""Groups of slots, and the index of each slot in their joined values."""


def group_slots(circuit: Circuit, slots: tuple[int, ...]) -> Groups:
    """Returns the groups of `slots`, and the index of each slot in their joined values, in the order of `slots`."""
    members: dict[str, list[int]] = {}
    for slot in slots:
        members.setdefault(shape_of(circuit.slots[slot]), []).append(slot)
    groups = tuple(_group([circuit.slots[slot] for slot in found]) for found in members.values())
    joined = [slot for found in members.values() for slot in found]
    place = {slot: k for k, slot in enumerate(joined)}
    return groups, tuple(place[slot] for slot in slots)


def _groups_of(circuit: Circuit) -> tuple[Groups, Groups]:
    return group_slots(circuit, circuit.sample_slots), group_slots(circuit, circuit.shared_slots)


class SlotTable:
    """The slots of a circuit as a differentiable function of inputs and weights.

    Derivatives are those of `TORCH`. It computes in float32, or float64 if the weights are, also under autocast.
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self._groups = {torch.float64: _groups_of(circuit), torch.float32: _groups_of(circuit.rounded_late())}
        self._kept: dict[tuple[object, ...], Tensor] = {}
        assert all(slot_kind(circuit.slots[slot]) == "sample" for slot in circuit.sample_slots)

    def __reduce__(self) -> tuple[type[SlotTable], tuple[Circuit]]:
        return SlotTable, (self.circuit,)

    def evaluate(self, inputs: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """`(per_sample[B, E], shared[W])` for `inputs[B, I]` and all weights flattened, `weights[P]`."""
        dtype = torch.float64 if weights.dtype == torch.float64 else torch.float32
        with torch.autocast(device_type=inputs.device.type, enabled=False):
            inputs, weights = inputs.to(dtype), weights.to(dtype)
            sample_groups, shared_groups = self._groups[dtype]
            per_sample = self._values(sample_groups, inputs, weights, inputs.shape[:1])
            shared = self._values(shared_groups, inputs, weights, inputs.shape[:0])
        return per_sample, shared

    def _values(self, table: Groups, inputs: Tensor, weights: Tensor, batch: torch.Size) -> Tensor:
        groups, order = table
        if not groups:
            return inputs.new_zeros(*batch, 0)
        values = torch.cat([self._group_values(group, inputs, weights) for group in groups], dim=-1)
        if order == tuple(range(len(order))):
            return values
        return values[..., self._tensor(order, torch.int64, inputs.device)]

    def _group_values(self, group: SlotGroup, inputs: Tensor, weights: Tensor) -> Tensor:
        """`[B, K]`, or `[K]` if no input is involved, for the K slots of a group."""
        found = (self._leaf(kind, reads, inputs, weights) for kind, reads in zip(group.kinds, group.reads, strict=True))
        return _apply(group.pattern, found)

    def _leaf(self, kind: str, reads: tuple[float, ...], inputs: Tensor, weights: Tensor) -> Tensor:
        if kind == "c":
            return self._tensor(reads, inputs.dtype, inputs.device)
        if kind == "x":
            return inputs[:, self._tensor(reads, torch.int64, inputs.device)]
        return weights[self._tensor(reads, torch.int64, weights.device)]

    def _tensor(self, values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
        key = (values, dtype, device)
        if key not in self._kept:
            with constants():
                self._kept[key] = torch.tensor(values, dtype=dtype, device=device)
        return self._kept[key]


def _apply(pattern: Angle, found: Iterator[Tensor]) -> Tensor:
    """The functions of `pattern` over its leaves' values, which come from left to right."""
    if isinstance(pattern, Apply):
        function = torch.pow if _is_plain_power(pattern) else TORCH[pattern.function]
        return function(*[_apply(argument, found) for argument in pattern.arguments])
    return next(found)

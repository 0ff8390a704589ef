"""The lines of an encoder or a decoder as the tape that `kernels.layers` runs.

`LAYERS_COMPILED` has a row for each module that the catalog of layers builds: how it is compiled, or None where torch
alone has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from hqnn_dsl.catalog.elementwise import Sine
from hqnn_dsl.network.fourier import Parts, Phases
from hqnn_dsl.network.hybrid import Operation
from hqnn_dsl.training.step.kernels.layers import DENSE, DROPOUT, LAYER_CODES, LAYER_NORM, SOFTMAX, TAPE_WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hqnn_dsl.training.step.weights import FlatWeights

    Compiled = tuple[int, float, float]
    """The code of a layer and its two constants."""

_SELU = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
"""Depth and slope of `selu`."""
_SOFTPLUS_THRESHOLD = 20


def _elementwise(name: str, *attributes: str) -> Callable[[Any], Compiled]:
    def row(module: Any) -> Compiled:
        first, second = [*(float(getattr(module, attribute)) for attribute in attributes), 0.0, 0.0][:2]
        return LAYER_CODES[name], first, second

    return row


def _gelu(module: nn.GELU) -> Compiled:
    return LAYER_CODES["gelu_tanh" if module.approximate == "tanh" else "gelu"], 0.0, 0.0


def _softmax(module: nn.Softmax) -> Compiled | None:
    return (SOFTMAX, 0.0, 0.0) if module.dim in (-1, 1) else None


def _softplus(module: nn.Softplus) -> Compiled | None:
    known = module.threshold == _SOFTPLUS_THRESHOLD
    return (LAYER_CODES["softplus"], float(module.beta), 0.0) if known else None


def _operation(module: Operation) -> Compiled | None:
    if module.name == "pow" and module.constant == 2:
        return LAYER_CODES["square"], 0.0, 0.0
    return (LAYER_CODES[module.name], float(module.constant), 0.0) if module.name in LAYER_CODES else None


LAYERS_COMPILED: dict[type[nn.Module], Callable[[Any], Compiled | None] | None] = {
    nn.Linear: lambda _: (DENSE, 0.0, 0.0),
    Phases: lambda _: (DENSE, 0.0, 0.0),
    Parts: None,
    nn.ReLU: _elementwise("relu"),
    nn.LeakyReLU: _elementwise("leaky_relu", "negative_slope"),
    nn.SiLU: _elementwise("silu"),
    nn.GELU: _gelu,
    nn.ELU: lambda module: (LAYER_CODES["elu"], float(module.alpha), 1.0),
    nn.SELU: lambda _: (LAYER_CODES["elu"], *_SELU),
    nn.Softplus: _softplus,
    nn.Tanh: _elementwise("tanh"),
    nn.Sigmoid: _elementwise("sigmoid"),
    nn.Softsign: _elementwise("softsign"),
    Sine: _elementwise("sin"),
    nn.Softmax: _softmax,
    nn.Dropout: _elementwise("dropout", "p"),
    nn.LayerNorm: lambda module: (LAYER_NORM, float(module.eps), 0.0),
    nn.BatchNorm1d: None,
    Operation: _operation,
}
"""By the class of a module: `row(module) -> (code, constants)`, None if these options of it are not compiled."""


class NotCompiled(Exception):
    """A module that only torch can run; its text names it."""


@dataclass
class Tape:
    """Layers so far, and the number of features that they have; `behind` says whether anything in front is trained."""

    weights: FlatWeights
    features: int
    behind: bool
    rows: list[list[int]] = field(default_factory=list)
    constants: list[tuple[float, float]] = field(default_factory=list)

    def extend(self, lines: nn.Module, source: int, width: int) -> tuple[int, int]:
        """Add lines that read `width` features from `source` on. Returns where theirs begin, and how many they are.

        Raises `NotCompiled`.
        """
        for module in _modules(lines):
            code, first, second = _row_of(module)
            outs = module.out_features if isinstance(module, nn.Linear) else width
            self._add(module, code, (source, width, outs))
            self.constants.append((first, second))
            source, width = self.rows[-1][4], outs
        return source, width

    def own(self, width: int) -> int:
        """Takes so many features more. Returns the first of them."""
        self.features += width
        return self.features - width

    def _add(self, module: nn.Module, code: int, reads: tuple[int, int, int]) -> None:
        source, ins, outs = reads
        target = self.own(outs)
        room = self.own(2 if code == LAYER_NORM else ins) if code in (LAYER_NORM, DROPOUT) else 0
        starts, trained = [], []
        for name in ("weight", "bias"):
            weight = getattr(module, name, None)
            starts.append(-1 if weight is None else self.weights.start(weight))
            trained.append(int(weight is not None and self.weights.is_trained(weight)))
        self.rows.append(
            [code, ins, outs, source, target, *starts, *trained, int(self.behind), room, len(self.rows)],
        )
        self.behind |= any(trained)

    def arrays(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """`[L, TAPE_WIDTH]` and `[L, 2]`."""
        rows = np.array(self.rows, dtype=np.int64).reshape(-1, TAPE_WIDTH)
        return rows, np.array(self.constants, dtype=np.float64).reshape(-1, 2)


def _modules(lines: nn.Module) -> Iterator[nn.Module]:
    """The layers in their order, without those that change nothing."""
    if type(lines) is nn.Sequential:
        refuse_hooks(lines)
        for module in lines:
            yield from _modules(module)
    elif type(lines) is not nn.Identity:
        yield lines


def _row_of(module: nn.Module) -> Compiled:
    known = LAYERS_COMPILED.get(type(module))
    refuse_hooks(module)
    found = None if known is None else known(module)
    if found is None:
        raise NotCompiled(f"{_NAMES.get(type(module), type(module).__name__)} is not compiled")
    return found


def refuse_hooks(module: nn.Module) -> None:
    """Hooks are functions of Python's, which compiled steps would leave out."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    if any(getattr(module, name, None) for name in hooks):
        raise NotCompiled(f"a {type(module).__name__} has hooks, which are not compiled")


_NAMES: dict[type[nn.Module], str] = {
    nn.BatchNorm1d: "batch_norm",
    Parts: "a `fourier` with products or functions of inputs",
}
"""The words of the language for modules that are not compiled."""

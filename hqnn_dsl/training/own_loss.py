"""A loss of the user's own: a function of predictions and targets, in place of the one that the spec names.

A run keeps its name and the name of its file, never its code. So a run is resumed only with the function given again,
and scored without a loss where it is not at hand.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from hqnn_dsl.diagnostics.codes.python import LossNotKept, UnusableLoss
from hqnn_dsl.diagnostics.codes.runs import CannotResume
from hqnn_dsl.diagnostics.codes.scoring import WeightedOwnLoss
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.diagnostics.quantities import a_kind
from hqnn_dsl.semantics.spec import Choice
from hqnn_dsl.training.preprocess_file import OWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.data.preprocess import Preparation, Prepared
    from hqnn_dsl.network.hybrid import HybridNet

    LossFunction = Callable[[Tensor, Tensor], Tensor]
    """From predictions `[B, O]` and targets `[B, T]`, both scaled, to a scalar: a mean over the rows."""


@dataclass(frozen=True, eq=False)
class OwnLoss:
    """The function, and where it computes: whatever it holds lies on the training's device, in its precision."""

    function: LossFunction = field(repr=False)
    name: str
    file: str | None
    device: torch.device = field(repr=False)
    dtype: torch.dtype = field(repr=False)

    @staticmethod
    def of(function: LossFunction, device: torch.device, dtype: torch.dtype) -> OwnLoss:
        """The loss that a function is. Raises `Refusal` E0632 if it has weights, which nothing would train."""
        loss = OwnLoss(function, *_named(function), device, dtype)
        if isinstance(function, nn.Module) and any(weight.requires_grad for weight in function.parameters()):
            raise loss.refusal("has weights of its own, which no optimizer trains")
        return loss

    @property
    def choice(self) -> Choice:
        """What a run keeps of it."""
        return Choice(name=OWN, options={"function": self.name, "file": self.file})

    def __call__(self, predicted: Tensor, target: Tensor) -> Tensor:
        """The loss of `[B, T]` values. Raises `Refusal` E0632 if it is no scalar tensor with a gradient."""
        values = [part.to(self.device, self.dtype) for part in (predicted, target)]
        loss: Any = self.function(*values)
        if not isinstance(loss, Tensor):
            raise self.refusal(f"returns {a_kind(loss)}, not a tensor")
        if loss.ndim:
            raise self.refusal(f"returns a tensor with the shape {tuple(loss.shape)}, not a scalar")
        if not loss.is_floating_point():
            raise self.refusal(f"returns a tensor of {str(loss.dtype).removeprefix('torch.')}, not of real numbers")
        if values[0].requires_grad and not loss.requires_grad:
            raise self.refusal("returns a tensor without a gradient")
        return loss

    def try_on(self, targets: Tensor, outputs: int) -> None:
        """Call it once on two rows, so that what is wrong with it is said before anything is built or sent."""
        target = targets[:2].to(self.device, self.dtype)
        self(torch.zeros(len(target), outputs, device=self.device, dtype=self.dtype, requires_grad=True), target)

    def refusal(self, problem: str) -> Refusal:
        """What is raised for a function that is no loss."""
        return Refusal(UnusableLoss(name=self.name, problem=problem))


def _named(function: Any) -> tuple[str, str | None]:
    """What a function is called, and the name of its file, if it has one."""
    while isinstance(function, partial):
        function = function.func
    name = str(getattr(function, "__qualname__", None) or type(function).__qualname__)
    try:
        file = inspect.getsourcefile(function if inspect.isroutine(function) else type(function))
    except TypeError:
        file = None
    return name.replace("<locals>.", ""), None if file is None or _is_a_cell(Path(file)) else Path(file).name


def _is_a_cell(file: Path) -> bool:
    """Whether a file stands for what was typed: nobody finds it again."""
    return file.name.startswith("<") or file.parent.name.startswith("ipykernel_")


def is_own(loss: Choice) -> bool:
    """Whether a run's loss is a function of the user's own."""
    return loss.name == OWN


def with_loss(prepared: Prepared, loss: OwnLoss, outputs: int) -> Prepared:
    """The table with a loss of the user's own in its preparation, tried on its first rows and so many outputs.

    Raises `Refusal`: E0632 if it is no loss, E0593 if rows have weights, of which it does not know.
    """
    preparation = prepared.preparation
    for by, weights in (("weights", prepared.weights), ("class_weights", preparation.class_weights)):
        if weights is not None:
            raise Refusal(WeightedOwnLoss(name=loss.name, by=by))
    if preparation.task == "regression" and outputs != len(preparation.target.names):
        problem = f"gets an output a target, and `loss {preparation.loss.name}` in the spec makes more of them"
        raise loss.refusal(problem)
    rows = prepared.preparation.parts.train[:2]
    scaled = prepared.preparation.target.apply(prepared.targets[rows])
    loss.try_on(torch.from_numpy(scaled), outputs)
    return replace(prepared, preparation=replace(prepared.preparation, loss=loss.choice, own_loss=loss))


def check_same(path: Path, stored: Choice, given: Choice) -> None:
    """Refuse (E0544) to go on with a run that was trained with another loss, as far as names tell."""
    names = [str(loss.options.get("function")) if is_own(loss) else None for loss in (stored, given)]
    if names[0] == names[1]:
        return
    reason, hint = f"it was trained with the loss function `{names[0]}`", ""
    if names[0] is None:
        reason, hint = f"it was trained with `loss {stored.name}`, not with a function", "leave `loss` out"
    elif names[1] is None:
        hint = f"give the function again, in Python: `hqnn.train(SPEC, DATA, out=RUN, loss={names[0]}, resume=True)`"
    else:
        reason = f"{reason}, not with `{names[1]}`"
    raise Refusal(CannotResume(path=str(path), reason=reason, hint=hint))


def resumed_with(path: Path, stored: Choice, prepared: Prepared) -> Prepared:
    """The table with the loss as the run has it, if it is the same one. Raises `Refusal` E0544."""
    check_same(path, stored, prepared.preparation.loss)
    return replace(prepared, preparation=replace(prepared.preparation, loss=stored))


def given_again(path: Path, preparation: Preparation, function: LossFunction, net: HybridNet) -> Preparation:
    """The preparation of a stored run with its loss at hand. Raises `Refusal` E0544 if its name is another one."""
    loss = OwnLoss.of(function, torch.device("cpu"), net.dtype)
    check_same(path, preparation.loss, loss.choice)
    return replace(preparation, own_loss=loss)


def say_if_lost(preparation: Preparation) -> None:
    """Say (W0441) that no loss will be computed, if it is a function that is not at hand."""
    if is_own(preparation.loss) and preparation.own_loss is None:
        notice(LossNotKept(name=str(preparation.loss.options["function"])))

"""What runs the steps of a training: compiled code, or torch and the reason why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from hqnn_dsl.diagnostics.codes.runs import StepNotCompiled
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.quantum import QuantumLayer

if TYPE_CHECKING:
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.semantics.spec import TrainSpec
    from hqnn_dsl.training.own_loss import OwnLoss
    from hqnn_dsl.training.precision import Precision
    from hqnn_dsl.training.step.plan import StepPlan


@dataclass(frozen=True)
class StepChoice:
    """`asked` is the spec's word, `ran` what it has come to; `reason` says why torch runs the steps, if it does.

    `plan` is there if the steps are compiled.
    """

    asked: str
    ran: Literal["compiled", "torch"]
    reason: str = ""
    plan: StepPlan | None = field(default=None, repr=False)


def choose_step(net: HybridNet, settings: TrainSpec, precision: Precision, own_loss: OwnLoss | None) -> StepChoice:
    """Returns what runs the steps of a network. Raises `Refusal` E0589 if they cannot be compiled as the spec asks."""
    asked = settings.step
    if asked == "torch":
        return StepChoice(asked, "torch", "the spec says `step torch`")
    plan = _planned(net, settings, precision, own_loss)
    if isinstance(plan, str):
        if asked == "compiled":
            raise Refusal(StepNotCompiled(reason=plan))
        return StepChoice(asked, "torch", plan)
    if asked == "auto" and plan.better_by_torch():
        return StepChoice(asked, "torch", "the products of its dense layers are so large that torch is faster")
    return StepChoice(asked, "compiled", plan=plan)


def _planned(net: HybridNet, settings: TrainSpec, precision: Precision, own_loss: OwnLoss | None) -> StepPlan | str:
    """Returns the plan of the steps, or why there is none; what needs no kernels to be said comes first."""
    if own_loss is not None:
        return "the loss is a function of your own"
    if precision.device.type != "cpu":
        return f"the classical half runs on the device {precision.device.type}"
    if precision.mixed:
        return "mixed precision is torch's"
    backend = net.circuit.backend if isinstance(net.circuit, QuantumLayer) else None
    if backend is not None and backend.name != "native":
        return f"the circuit is run by the backend {backend.name}"
    from hqnn_dsl.training.step.plan import Reason, StepPlan

    found = StepPlan.of(net, settings.loss, settings.optimizer, settings)
    return found.text if isinstance(found, Reason) else found

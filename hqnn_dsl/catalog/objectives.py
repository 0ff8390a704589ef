"""What training minimises, with what, how its step shrinks, and when it stops: one row each.

Builders import torch inside themselves:
losses      `build(options) -> module`, `(predicted[B, O], target[B, T], weight[B] or None) -> mean loss`, in scaled
            units;
optimizers  `build(classical, quantum, options) -> torch.optim.Optimizer` over two lists of weights;
schedulers  `build(optimizer, epochs, options) -> torch scheduler or None`, stepped once an epoch;
stops       `build(options) -> EarlyStop or None`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from hqnn_dsl.catalog.entry import Entry, Option, table

if TYPE_CHECKING:
    from torch import nn
    from torch.nn import Parameter
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

Options = Mapping[str, Any]

# --------------------------------------------------------------------- losses


def _loss(name: str, *options: str) -> Callable[[Options], nn.Module]:
    """A builder for a function of `catalog.losses`, or else of `torch.nn.functional`, with options of those names."""

    def build(given: Options) -> nn.Module:
        from torch.nn import functional

        from hqnn_dsl.catalog import losses

        function = getattr(losses, name, None) or getattr(functional, name)
        return losses.Pointwise(function, **{option: given[option] for option in options})

    return build


@dataclass(frozen=True, kw_only=True)
class LossEntry(Entry):
    """A loss. `task` is that which it is for, None for both; `outputs` is the number of the network's outputs a target.

    With classes the network has an output a class, or one for two classes.
    """

    task: Literal["regression", "classification"] | None = "regression"
    outputs: int = 1


LOSSES: dict[str, Entry] = table(
    LossEntry(name="auto", doc="`mse` for numbers, `cross_entropy` for classes.", task=None),
    LossEntry(name="mse", doc="The mean of squared errors.", build=_loss("mse_loss")),
    LossEntry(name="mae", doc="The mean of absolute errors: a few far-off rows weigh less.", build=_loss("l1_loss")),
    LossEntry(
        name="huber",
        doc="Half the squared error up to `delta`, `delta` times the error beyond.",
        options=(Option(name="delta", type="float", default=1.0, above=0, doc="Where the square ends, scaled units."),),
        positional=1,
        build=_loss("huber_loss", "delta"),
    ),
    LossEntry(
        name="smooth_l1",
        doc="`huber` divided by its `delta`: the slope far out is always 1.",
        options=(Option(name="beta", type="float", default=1.0, above=0, doc="Where the square ends, scaled units."),),
        positional=1,
        build=_loss("smooth_l1_loss", "beta"),
    ),
    LossEntry(
        name="log_cosh",
        doc="The mean of `log cosh(error)`: like `huber`, but smooth everywhere.",
        build=_loss("log_cosh"),
    ),
    LossEntry(
        name="quantile",
        doc="The pinball loss: predictions are the quantile `q` of the target.",
        options=(
            Option(name="q", type="float", default=0.5, above=0, below=1, doc="The quantile; 0.5 is the median."),
        ),
        positional=1,
        build=_loss("quantile", "q"),
    ),
    LossEntry(
        name="gaussian",
        doc="The negative logarithm of a normal density without its constant; mean and variance are outputs.",
        outputs=2,
        build=_loss("gaussian"),
    ),
    LossEntry(
        name="cross_entropy",
        doc="The negative logarithm of the probability of the right class.",
        task="classification",
        build=_loss("cross_entropy"),
    ),
    LossEntry(
        name="focal",
        doc="`cross_entropy` times (1 - probability)^`gamma`: rows that are sure weigh less.",
        task="classification",
        options=(
            Option(name="gamma", type="float", default=2.0, minimum=0, doc="The exponent; 0 is `cross_entropy`."),
        ),
        positional=1,
        build=_loss("focal", "gamma"),
    ),
)
"""All losses by name. They are computed in scaled units; `auto` is settled with the task, before anything is built."""


# ----------------------------------------------------------------- optimizers


_FUSED = frozenset({"Adam", "AdamW", "SGD"})
"""What torch can step in one call on a CPU, where its step by step costs as much as a small circuit."""


def _optimizer(
    name: str, keywords: Callable[[Options], dict[str, Any]]
) -> Callable[[Sequence[Parameter], Sequence[Parameter], Options], Optimizer]:
    """A builder for `torch.optim.<name>`: quantum weights are a group of their own, without weight decay."""

    def build(classical: Sequence[Parameter], quantum: Sequence[Parameter], options: Options) -> Optimizer:
        from torch import optim

        from hqnn_dsl.catalog.eager_optimizers import eager

        quantum_lr = options["lr"] if options["quantum_lr"] is None else options["quantum_lr"]
        groups = [
            {"params": list(classical), "lr": options["lr"], "weight_decay": options["weight_decay"]},
            {"params": list(quantum), "lr": quantum_lr, "weight_decay": 0.0},
        ]
        given = keywords(options)
        if name in _FUSED and all(weight.device.type == "cpu" for weight in (*classical, *quantum)):
            given["fused"] = True
        return eager(getattr(optim, name))([group for group in groups if group["params"]], **given)

    return build


def _adam_keywords(options: Options) -> dict[str, Any]:
    return {"betas": (options["beta1"], options["beta2"]), "eps": options["eps"]}


def _rates(lr: float, weight_decay: float = 0.0) -> tuple[Option, ...]:
    return (
        Option(name="lr", type="float", default=lr, above=0, doc="The learning rate."),
        Option(
            name="weight_decay",
            type="float",
            default=weight_decay,
            minimum=0,
            doc="How strongly classical weights are pulled to 0; never applied to quantum weights, which are angles.",
        ),
        Option(
            name="quantum_lr",
            type="float",
            default=None,
            above=0,
            doc="The learning rate of the quantum weights; `none` is the same as `lr`.",
        ),
    )


def _fraction(name: str, default: float, doc: str) -> Option:
    return Option(name=name, type="float", default=default, minimum=0, below=1, doc=doc)


_BETAS = (
    _fraction("beta1", 0.9, "How much of the mean gradient is kept at each step."),
    _fraction("beta2", 0.999, "How much of the mean squared gradient is kept at each step."),
)
_EPS = Option(name="eps", type="float", default=1e-8, above=0, doc="Added to the root that steps are divided by.")
_MOMENTUM = _fraction("momentum", 0.0, "How much of the last step is kept; 0 is none.")

OPTIMIZERS: dict[str, Entry] = table(
    Entry(
        name="adamw",
        doc="Adam with decoupled weight decay; the decay spares the quantum weights.",
        options=(*_rates(0.001, 0.01), *_BETAS, _EPS),
        positional=1,
        build=_optimizer("AdamW", _adam_keywords),
    ),
    Entry(
        name="adam",
        doc="Adam; weight decay is added to the gradient, of classical weights only.",
        options=(*_rates(0.001), *_BETAS, _EPS),
        positional=1,
        build=_optimizer("Adam", _adam_keywords),
    ),
    Entry(
        name="nadam",
        doc="Adam with Nesterov momentum.",
        options=(*_rates(0.002), *_BETAS, _EPS),
        positional=1,
        build=_optimizer("NAdam", _adam_keywords),
    ),
    Entry(
        name="radam",
        doc="Adam that waits with adaptive steps until its averages can be trusted.",
        options=(*_rates(0.001), *_BETAS, _EPS),
        positional=1,
        build=_optimizer("RAdam", _adam_keywords),
    ),
    Entry(
        name="sgd",
        doc="Gradient descent, with momentum where asked for.",
        options=(*_rates(0.01), _MOMENTUM),
        positional=1,
        build=_optimizer("SGD", lambda options: {"momentum": options["momentum"]}),
    ),
    Entry(
        name="nesterov",
        doc="Gradient descent that takes its gradient ahead along the momentum.",
        options=(
            *_rates(0.01),
            Option(
                name="momentum", type="float", default=0.9, above=0, below=1, doc="How much of the last step is kept."
            ),
        ),
        positional=1,
        build=_optimizer("SGD", lambda options: {"momentum": options["momentum"], "nesterov": True}),
    ),
    Entry(
        name="rmsprop",
        doc="Gradient descent, each weight's step divided by the root of its recent squared gradients.",
        options=(
            *_rates(0.001),
            _fraction("alpha", 0.99, "How much of the mean squared gradient is kept."),
            _EPS,
            _MOMENTUM,
        ),
        positional=1,
        build=_optimizer("RMSprop", lambda options: {key: options[key] for key in ("alpha", "eps", "momentum")}),
    ),
)
"""All optimizers by name. Each has two groups of weights: classical, and quantum with `quantum_lr` and no decay."""

# ----------------------------------------------------------------- schedulers


@dataclass(frozen=True, kw_only=True)
class SchedulerEntry(Entry):
    """A scheduler. `reads_score`: its `step` takes the epoch's validation loss; the others' takes nothing."""

    reads_score: bool = False


def _none(*_: object) -> None:
    """The builder of `none`."""


def _plateau(optimizer: Optimizer, epochs: int, options: Options) -> LRScheduler:  # noqa: ARG001 - one signature
    from torch.optim.lr_scheduler import ReduceLROnPlateau

    return ReduceLROnPlateau(optimizer, mode="min", threshold_mode="rel", eps=0.0, **options)


def _cosine(optimizer: Optimizer, epochs: int, options: Options) -> LRScheduler:
    from torch.optim.lr_scheduler import LambdaLR

    warmup = options["warmup"]

    def factor(lr: float) -> Callable[[int], float]:
        floor = min(options["min_lr"] / lr, 1.0)

        def at(epoch: int) -> float:
            if epoch < warmup:
                return float((epoch + 1) / (warmup + 1))
            done = min((epoch - warmup) / max(epochs - warmup, 1), 1.0)
            return float(floor + (1.0 - floor) * 0.5 * (1.0 + math.cos(math.pi * done)))

        return at

    return LambdaLR(optimizer, [factor(group["lr"]) for group in optimizer.param_groups])


def _steps(optimizer: Optimizer, epochs: int, options: Options) -> LRScheduler:  # noqa: ARG001 - one signature
    from torch.optim.lr_scheduler import StepLR

    return StepLR(optimizer, step_size=options["every"], gamma=options["factor"])


def _exponential(optimizer: Optimizer, epochs: int, options: Options) -> LRScheduler:  # noqa: ARG001 - one signature
    from torch.optim.lr_scheduler import ExponentialLR

    return ExponentialLR(optimizer, gamma=options["factor"])


SCHEDULERS: dict[str, Entry] = table(
    SchedulerEntry(name="none", doc="The learning rates stay as they are.", build=_none),
    SchedulerEntry(
        name="reduce_on_plateau",
        doc="Multiplies the learning rates by `factor` when the validation loss is stuck for `patience` epochs.",
        options=(
            Option(name="factor", type="float", default=0.5, above=0, below=1, doc="What the rates are multiplied by."),
            Option(
                name="patience", type="int", default=10, minimum=0, doc="Epochs without improvement that are borne."
            ),
            Option(
                name="threshold",
                type="float",
                default=1e-4,
                minimum=0,
                below=1,
                doc="The share by which a loss must be lower to count as an improvement.",
            ),
            Option(name="cooldown", type="int", default=0, minimum=0, doc="Epochs after a cut that are not counted."),
            Option(name="min_lr", type="float", default=0.0, minimum=0, doc="No rate is cut below this."),
        ),
        build=_plateau,
        reads_score=True,
    ),
    SchedulerEntry(
        name="cosine",
        doc="Half a cosine from the learning rates down to `min_lr`, after a linear rise in `warmup` epochs.",
        options=(
            Option(name="min_lr", type="float", default=0.0, minimum=0, doc="Where the rates end."),
            Option(name="warmup", type="int", default=0, minimum=0, doc="Epochs in which the rates rise from near 0."),
        ),
        build=_cosine,
    ),
    SchedulerEntry(
        name="step",
        doc="Multiplies the learning rates by `factor` every so many epochs.",
        options=(
            Option(name="every", type="int", default=30, minimum=1, doc="Epochs between two cuts."),
            Option(
                name="factor", type="float", default=0.1, above=0, maximum=1, doc="What the rates are multiplied by."
            ),
        ),
        positional=2,
        build=_steps,
    ),
    SchedulerEntry(
        name="exponential",
        doc="Multiplies the learning rates by `factor` after every epoch.",
        options=(
            Option(
                name="factor", type="float", default=0.99, above=0, maximum=1, doc="What the rates are multiplied by."
            ),
        ),
        positional=1,
        build=_exponential,
    ),
)
"""All schedulers by name. They move both groups' rates alike and step once an epoch."""

# ---------------------------------------------------------------------- stops


@dataclass
class EarlyStop:
    """Says when to stop: after `patience` epochs in a row without a loss lower by at least `min_delta`, if any lower.

    The loss is the validation loss in scaled units, the training loss where there are no validation rows.
    """

    patience: int
    min_delta: float
    best: float = field(default=math.inf, init=False)
    waited: int = field(default=0, init=False)

    def take(self, loss: float) -> None:
        """Take in an epoch's loss, once an epoch."""
        if loss < self.best - self.min_delta:
            self.best, self.waited = loss, 0
        else:
            self.waited += 1

    @property
    def says_stop(self) -> bool:
        """Whether the patience is used up."""
        return self.waited >= self.patience

    def state_dict(self) -> dict[str, float]:
        """What a checkpoint keeps of it."""
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Go on where `state_dict` was taken."""
        self.best, self.waited = float(state["best"]), int(state["waited"])


def _early(options: Options) -> EarlyStop:
    return EarlyStop(**options)


STOPS: dict[str, Entry] = table(
    Entry(name="none", doc="All epochs are trained.", build=_none),
    Entry(
        name="early",
        doc="Stops when the validation loss has not become lower for `patience` epochs in a row.",
        options=(
            Option(
                name="patience", type="int", default=20, minimum=1, doc="Epochs without improvement that are borne."
            ),
            Option(
                name="min_delta",
                type="float",
                default=0.0,
                minimum=0,
                doc="How much lower a loss must be to count, in scaled units.",
            ),
        ),
        positional=1,
        build=_early,
    ),
)
"""All ways to stop before the last epoch. Scores are always those of the best epoch, however training ends."""

"""What a training or an evaluation will cost on a device that counts, before anything is sent to it.

The count is an upper bound: as if no early stop came. Circuits and shots are exact otherwise, seconds are estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from hqnn_dsl.backends import MeteredExecutable
from hqnn_dsl.backends.meter import Price
from hqnn_dsl.diagnostics.codes.devices import NotAgreed, OverBudget
from hqnn_dsl.diagnostics.diagnostic import Note, Refusal
from hqnn_dsl.training.samples import batch_bounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.backends import PricedExecutable
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.training.loop import Training
    from hqnn_dsl.training.samples import Samples

    Agree = Callable[["Bill"], bool]
    """Shown a bill of a device that costs, says whether to go on."""


@dataclass(frozen=True)
class Line:
    """One kind of work: how often it is done, and what each time costs."""

    what: str
    times: int
    each: Price

    @property
    def price(self) -> Price:
        """What all of it costs."""
        return self.each * self.times


@dataclass(frozen=True)
class Bill:
    """All that a command will have a device do; `spent` came before, in a run that is taken up again."""

    device: str
    lines: tuple[Line, ...]
    spent: Price

    @property
    def total(self) -> Price:
        """With what is spent."""
        return sum((line.price for line in self.lines), self.spent)

    def rows(self) -> list[list[str]]:
        """The table: what, how often, and circuits, shots and estimated seconds of all of it."""
        found = [[line.what, f"{line.times:,}", *_said(line.price)] for line in self.lines]
        if self.spent != Price():
            found.append(["spent before", "", *_said(self.spent)])
        return [*found, ["all", "", *_said(self.total)]]


HEADER = ("what", "times", "circuits", "shots", "seconds (estimated)")
"""The titles of a bill's columns."""


def _said(price: Price) -> tuple[str, str, str]:
    return f"{price.circuits:,}", f"{price.shots:,}", f"{price.seconds:,.0f}"


def training_bill(training: Training, samples: Samples, num_rows: int) -> Bill | None:
    """What the rest of a training costs, and predicting all `num_rows` of its table; None if nothing counts."""
    executable = training.net.circuit.executable
    if not isinstance(executable, MeteredExecutable):
        return None
    lines = training_lines(executable, training, samples, num_rows)
    return Bill(_device(executable), lines, executable.meter.spent)


def training_lines(
    executable: PricedExecutable, training: Training, samples: Samples, num_rows: int
) -> tuple[Line, ...]:
    """Returns the work of the rest of a training on an executable, the largest step first, then scores, predictions."""
    asked = wanted(training.net, samples.train.features[:2])
    epochs = max(0, training.settings.epochs - len(training.history))
    sizes = len(samples.train), len(samples.validation), num_rows
    return work_lines(executable, asked, epochs, training.settings.batch, sizes)


def work_lines(
    executable: PricedExecutable, asked: tuple[bool, bool], epochs: int, batch: int, sizes: tuple[int, int, int]
) -> tuple[Line, ...]:
    """Returns the work of so many epochs, as `training_lines` does.

    `asked` says whether gradients by angles per sample and by shared angles are asked for; `sizes` are the numbers of
    training rows, of validation rows, and of all rows that are predicted.
    """
    num_train, num_validation, num_rows = sizes
    steps = [end - begin for begin, end in batch_bounds(num_train, batch)]
    lines = []
    for size in sorted(set(steps), reverse=True):
        price = executable.price(size, by_sample=asked[0], by_shared=asked[1])
        lines.append(Line(f"training step on {size} rows", epochs * steps.count(size), price))
    judged = num_validation or num_train
    name = "validation" if num_validation else "score"
    lines.append(Line(f"{name} on {judged} rows", epochs, executable.price(judged)))
    lines.append(Line(f"prediction of all {num_rows} rows", 1, executable.price(num_rows)))
    return tuple(lines)


def counts(net: HybridNet) -> bool:
    """Whether the network's backend counts what it is made to do; for any other there is no bill."""
    return isinstance(net.circuit.executable, MeteredExecutable)


def evaluation_bill(net: HybridNet, num_rows: int) -> Bill | None:
    """What predicting so many rows costs; None if nothing counts."""
    executable = net.circuit.executable
    if not isinstance(executable, MeteredExecutable):
        return None
    line = Line(f"prediction of {num_rows} rows", 1, executable.price(num_rows))
    return Bill(_device(executable), (line,), executable.meter.spent)


def settle(bill: Bill | None, net: HybridNet, agree: Agree) -> None:
    """Refuse a bill that is over the budget (E0760), and one of a device that costs if nobody agrees (E0759)."""
    executable = net.circuit.executable
    if bill is None or not isinstance(executable, MeteredExecutable):
        return
    over = executable.meter.limits.exceeded(bill.total)
    if over:
        what, needed, allowed = over[0]
        notes = tuple(Note(": ".join((row[0], _row_text(row)))) for row in bill.rows())
        raise Refusal(OverBudget(what=_names(what), needed=f"{needed:,.0f}", allowed=f"{allowed:,.0f}", notes=notes))
    if executable.is_paid and not executable.meter.agreed:
        if not agree(bill):
            raise Refusal(NotAgreed(name=bill.device, circuits=bill.total.circuits))
        executable.meter.agreed = True


def _row_text(row: list[str]) -> str:
    times = f"{row[1]} times, " if row[1] else ""
    return f"{times}{row[2]} circuits, {row[3]} shots, about {row[4]} s"


def _names(what: str) -> str:
    return "estimated quantum seconds" if what == "seconds" else what


def _device(executable: MeteredExecutable) -> str:
    return str(executable.metadata["device"])


def wanted(net: HybridNet, features: torch.Tensor) -> tuple[bool, bool]:
    """Whether a step asks for gradients by the angles per sample, and by the shared ones: by looking at both."""
    was_training = net.training
    net.eval()
    try:
        with torch.enable_grad():
            inputs = net.encode(features)
            per_sample, shared, _ = net.circuit.angles(inputs)
    finally:
        net.train(was_training)
    return per_sample.requires_grad, shared.requires_grad

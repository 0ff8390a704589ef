"""What a training is about to do, and how it ended: facts for whoever tells them to a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hqnn_dsl.semantics.resolved_text import choice_text
from hqnn_dsl.training.samples import batch_bounds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hqnn_dsl.data.preparation import Preparation
    from hqnn_dsl.data.report import ColumnReport
    from hqnn_dsl.semantics.spec import TrainSpec
    from hqnn_dsl.training.counting import Counted
    from hqnn_dsl.training.loop import Fitted, Training
    from hqnn_dsl.training.step_choice import StepChoice


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A training before its first step. `rows` are those of training, validation and test."""

    rows: tuple[int, int, int]
    features: tuple[str, ...]
    targets: tuple[str, ...]
    columns: tuple[ColumnReport, ...] = ()
    """What was made of each column of the table."""
    classes: tuple[str, ...] | None = None
    """The labels that are learned; None for numbers."""
    classical_weights: int
    quantum_weights: int
    backend: str
    """With all its options, as a spec writes it."""
    device: str
    precision: str
    """`single`, `double` or `mixed`: what the classical half is computed in."""
    step: StepChoice
    """What runs the steps."""
    train: TrainSpec
    steps: int
    """How many an epoch has."""
    epochs_done: int
    """How many are trained already, in a run that is gone on with."""
    counted: Counted | None = None
    """Circuits, shots and states of what is left of it; None without a circuit, or if nobody has counted."""


def outlook_of(training: Training, preparation: Preparation, counted: Counted | None = None) -> Outlook:
    """What a training will do with the rows of a preparation, and the counts of its circuits."""
    parts, backend = preparation.parts, training.net.circuit.backend
    classical, quantum = (sum(weight.numel() for weight in group) for group in training.weight_groups)
    return Outlook(
        rows=(len(parts.train), len(parts.validation), len(parts.test)),
        features=preparation.features.names,
        targets=preparation.target.names,
        columns=preparation.report,
        classes=preparation.target.classes,
        classical_weights=classical,
        quantum_weights=quantum,
        backend="" if backend is None else choice_text(backend),
        device=str(training.precision.device),
        precision=training.precision.name(training.net),
        step=training.choice,
        train=training.settings,
        steps=len(batch_bounds(len(parts.train), training.settings.batch)),
        epochs_done=len(training.history),
        counted=counted,
    )


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Why a training ended: all epochs trained, stopped by the spec's `stop` or by `on_epoch`, or interrupted."""

    reason: Literal["epochs", "stop", "callback", "interrupted"]
    epochs: int
    best_epoch: int
    patience: int | None
    """How many epochs without a better loss the stop waits for, None where there is no stop."""
    is_validated: bool
    seconds: float
    """Of all epochs, also of those before a break."""
    run: Path
    """The folder of the run."""
    metrics: Mapping[str, Any]
    """The scores as in `metrics.json`."""


def ending_of(
    training: Training, fitted: Fitted, run: Path, metrics: Mapping[str, Any], *, is_validated: bool
) -> Ending:
    """How a training has ended."""
    reasons: tuple[tuple[Literal["interrupted", "callback", "stop"], bool], ...] = (
        ("interrupted", fitted.interrupted),
        ("callback", fitted.ended_by_callback),
        ("stop", training.stop is not None and training.stop.says_stop),
    )
    return Ending(
        reason=next((reason for reason, is_so in reasons if is_so), "epochs"),
        epochs=len(fitted.history),
        best_epoch=fitted.best_epoch,
        patience=training.settings.stop.options.get("patience"),
        is_validated=is_validated,
        seconds=sum(training.seconds),
        run=run,
        metrics=metrics,
    )

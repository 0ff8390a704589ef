"""The results of a training, as files of its run: history, predictions, plots, environment, scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.training.baselines import VALUE_BASELINES, Questions, predicted_values
from hqnn_dsl.training.environment import describe_environment
from hqnn_dsl.training.evaluate import by_part, judge
from hqnn_dsl.training.files import write_csv, write_document
from hqnn_dsl.training.run_files import ENVIRONMENT, METRICS, EnvironmentFile, MetricsFile
from hqnn_dsl.training.run_tables import HISTORY

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from hqnn_dsl.data.preprocess import Prepared
    from hqnn_dsl.semantics.spec import Spec
    from hqnn_dsl.training.loop import Fitted, Training

    Numbers = NDArray[np.float64]


def all_scores(prepared: Prepared, predicted: Numbers) -> dict[str, Any]:
    """Returns the scores of every part, and of the baselines on the test rows, for predictions `[N, T]` of all rows."""
    parts = by_part(prepared.preparation, prepared.targets, predicted)
    return {"task": "regression", **parts, "baselines": _baselines(prepared)}


def _baselines(prepared: Prepared) -> dict[str, Any]:
    """The scores of the baselines on the test rows; None if there are none."""
    preparation = prepared.preparation
    inputs, targets = prepared.inputs, prepared.targets
    trained, tested = preparation.parts.train, preparation.parts.test
    if not len(tested):
        return dict.fromkeys(VALUE_BASELINES)
    predicted = predicted_values(Questions(inputs[trained], targets[trained], inputs[tested]))
    return {name: judge(preparation, targets[tested], values) for name, values in predicted.items()}


def write_history(path: Path, training: Training) -> None:
    """Write `history.csv`, the same to the bit for the same seed; wall times stand apart, in `timing.csv`."""
    rows = [
        (
            *(epoch.number, epoch.lr, epoch.quantum_lr, epoch.train_loss, epoch.validation_loss),
            *(int(epoch.is_best), epoch.grad_scale, epoch.end_loss),
        )
        for epoch in training.history
    ]
    if rows:
        write_csv(path / "history.csv", HISTORY, rows)
        write_csv(path / "timing.csv", ("epoch", "seconds"), list(enumerate(training.seconds, start=1)))


def write_predictions(path: Path, prepared: Prepared, predicted: Numbers) -> None:
    """Write `predictions.csv`: the test rows, counted from 0 in the table, with true and predicted values."""
    names = prepared.preparation.target.names
    header = ["row", *(f"{name}_{kind}" for name in names for kind in ("true", "predicted"))]
    rows = [
        [int(row), *np.stack([prepared.targets[row], predicted[row]], axis=1).ravel().tolist()]
        for row in prepared.preparation.parts.test
    ]
    write_csv(path / "predictions.csv", header, rows)


def draw(path: Path, prepared: Prepared, predicted: Numbers, fitted: Fitted) -> None:
    """Draw `plots/`: the losses, and predictions on the last part that has rows."""
    from hqnn_dsl.training import figures

    preparation = prepared.preparation
    part, rows = next((name, rows) for name, rows in reversed(preparation.parts.items()) if len(rows))
    figures.draw_losses(path / "plots" / "losses.png", fitted.history, fitted.best_epoch)
    figures.draw_predictions(
        path / "plots" / "predictions.png", prepared.targets[rows], predicted[rows], preparation.target.names, part
    )


def write_metrics(path: Path, metrics: dict[str, Any]) -> None:
    """Write `metrics.json`: the scores as `all_scores` gives them."""
    write_document(path / METRICS, MetricsFile.model_validate(metrics))


def write_environment(path: Path, spec: Spec, training: Training, fitted: Fitted | None = None) -> None:
    """Write `environment.json`: before the first step without `run`, since a run that is broken off can be resumed."""
    environment = describe_environment(spec, training.net, training.precision.device)
    ended = None if fitted is None else _ended(training, fitted)
    write_document(path / ENVIRONMENT, EnvironmentFile.model_validate({**environment, "run": ended}))


def _ended(training: Training, fitted: Fitted) -> dict[str, Any]:
    counts = [sum(weight.numel() for weight in weights) for weights in training.weight_groups]
    return {
        "epochs": len(fitted.history),
        "best_epoch": fitted.best_epoch,
        "interrupted": fitted.interrupted,
        "ended_by_callback": fitted.ended_by_callback,
        "seconds": sum(training.seconds),
        "weights": {"classical": counts[0], "quantum": counts[1]},
    }

"""The results of a training, as files of its run: history, predictions, plots, environment, scores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.seeds import stream
from hqnn_dsl.training.baselines import (
    CLASS_BASELINES,
    VALUE_BASELINES,
    Questions,
)
from hqnn_dsl.training.binding import hashes_of, trains
from hqnn_dsl.training.environment import describe_environment
from hqnn_dsl.training.evaluate import by_part, judge
from hqnn_dsl.training.files import write_csv, write_document
from hqnn_dsl.training.predicted import Classes, Predicted, Values
from hqnn_dsl.training.predictions import columns_of
from hqnn_dsl.training.row_weights import in_part, loss_weights
from hqnn_dsl.training.run_files import (
    ENVIRONMENT,
    INTERVALS,
    METRICS,
    EnvironmentFile,
    IntervalsFile,
    MetricsFile,
)
from hqnn_dsl.training.run_tables import GRADIENTS, HISTORY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hqnn_dsl.data.preprocess import Prepared
    from hqnn_dsl.semantics.spec import Spec
    from hqnn_dsl.training.conformal import Radii
    from hqnn_dsl.training.evaluate import Scored
    from hqnn_dsl.training.loop import Fitted, Training
    from hqnn_dsl.training.second_process import Elsewhere

BASELINES, FIGURES = "hqnn_dsl.training.baselines", "hqnn_dsl.training.figures"
"""Modules that take long to import, or whose functions import what does."""

SCALED = "loss, scaled units"
"""The title of the axis of losses of numbers."""


def all_scores(scored: Scored, prepared: Prepared, seed: int, elsewhere: Elsewhere) -> dict[str, Any]:
    """Returns the scores of every part of a table, and of the baselines on the test rows, fitted with a seed."""
    return {
        "task": prepared.preparation.task,
        **by_part(scored),
        "baselines": _baselines(scored, prepared, seed, elsewhere),
    }


def questions_of(prepared: Prepared, seed: int) -> Questions:
    """Returns what the baselines of a prepared table are fitted on and asked: its training rows, and its test rows.

    `seed` is that of the training.
    """
    preparation = prepared.preparation
    trained, tested = preparation.parts.train, preparation.parts.test
    return Questions(
        prepared.inputs[trained],
        prepared.targets[trained],
        prepared.inputs[tested],
        in_part(loss_weights(preparation, prepared.targets, prepared.weights), trained),
        in_part(prepared.weights, trained),
        {one.index: one.levels for one in preparation.features.embeddings},
        stream(seed, "baselines"),
    )


def _baselines(scored: Scored, prepared: Prepared, seed: int, elsewhere: Elsewhere) -> dict[str, Any]:
    """The scores of the baselines on the test rows; None if there are none."""
    preparation = prepared.preparation
    tested, classes = preparation.parts.test, preparation.target.classes
    if not len(tested):
        return dict.fromkeys(VALUE_BASELINES if classes is None else CLASS_BASELINES)
    questions = questions_of(prepared, seed)
    found: dict[str, Predicted] = (
        {name: Values(values) for name, values in elsewhere.begin(BASELINES, "predicted_values", questions)().items()}
        if classes is None
        else {
            name: Classes(found, classes, np.log(np.maximum(found, np.finfo(np.float64).tiny)))
            for name, found in elsewhere.begin(BASELINES, "predicted_probabilities", questions, len(classes))().items()
        }
    )
    test = scored[tested]
    return {name: judge(replace(test, predicted=predicted)) for name, predicted in found.items()}


def write_history(path: Path, training: Training) -> None:
    """Write `history.csv`, the same to the bit for the same seed; wall times stand apart, in `timing.csv`."""
    rows = [
        (
            *(epoch.number, epoch.lr, epoch.quantum_lr, epoch.train_loss, epoch.validation_loss),
            *(int(epoch.is_best), epoch.grad_scale, epoch.end_loss),
            *(getattr(epoch, name) for name in GRADIENTS),
        )
        for epoch in training.history
    ]
    if rows:
        write_csv(path / "history.csv", HISTORY, rows)
        write_csv(path / "timing.csv", ("epoch", "seconds"), list(enumerate(training.seconds, start=1)))


def write_predictions(path: Path, scored: Scored) -> None:
    """Write `predictions.csv`: the test rows, counted from 0 in the table, with true targets and predictions."""
    preparation, tested = scored.preparation, scored.preparation.parts.test
    names, labels = preparation.target.names, preparation.target.classes
    test = scored[tested]
    columns: dict[str, Sequence[Any]] = {"row": tested.tolist()}
    predicted = columns_of(test.predicted, names, "_predicted")
    for index, name in enumerate(names):
        true = test.true[:, index].tolist()
        columns[f"{name}_true"] = true if labels is None else [labels[int(number)] for number in true]
        columns |= predicted[index]
    write_csv(path / "predictions.csv", list(columns), zip(*columns.values(), strict=True))


def draw(path: Path, scored: Scored, fitted: Fitted, radii: Radii | None, elsewhere: Elsewhere) -> None:
    """Draw `plots/`: the losses, and predictions on the last part that has rows, with their intervals if there are."""
    target = scored.preparation.target
    part, rows = next((name, rows) for name, rows in reversed(scored.preparation.parts.items()) if len(rows))
    shown = scored[rows]
    training = [epoch.train_loss for epoch in fitted.history]
    validation = [epoch.validation_loss for epoch in fitted.history if epoch.validation_loss is not None]
    title = SCALED if target.classes is None else "loss"
    losses = path / "plots" / "losses.png", training, validation, fitted.best_epoch, title
    drawings = [elsewhere.begin(FIGURES, "draw_losses", *losses)]
    picture = path / "plots" / "predictions.png"
    if isinstance(shown.predicted, Classes):
        true, guess = shown.true[:, 0].astype(np.int64), shown.predicted.numbers
        title = f"{target.names[0]}, {part} rows"
        confusion = picture, true, guess, shown.predicted.labels, title
        drawings.append(elsewhere.begin(FIGURES, "draw_confusion", *confusion))
    else:
        level = None if radii is None else radii.level
        values = picture, shown.true, shown.predicted, target.names, part, level
        drawings.append(elsewhere.begin(FIGURES, "draw_predictions", *values))
    for drawn in drawings:
        drawn()


def write_intervals(path: Path, names: Sequence[str], radii: Radii) -> None:
    """Write `intervals.json`: half the width of the interval of each target."""
    by_name = dict(zip(names, radii.radii, strict=True))
    write_document(
        path / INTERVALS,
        IntervalsFile(level=radii.level, rows=radii.rows, normalised=radii.normalised, radii=by_name),
    )


def write_metrics(path: Path, metrics: dict[str, Any], training: Training) -> None:
    """Write `metrics.json`: the scores as `all_scores` gives them, and the hashes of the run's other files."""
    bound = {"files": hashes_of(path), "trains": trains(training)}
    write_document(path / METRICS, MetricsFile.model_validate(metrics | bound), durable=True)


def write_environment(
    path: Path, spec: Spec, training: Training, table: str | None = None, fitted: Fitted | None = None
) -> None:
    """Write `environment.json`: before the first step without `run`, since a run that is broken off can be resumed.

    `table` is the path of the table, None if it is no file.
    """
    write_document(path / ENVIRONMENT, environment_of(spec, training, table, fitted))


def environment_of(
    spec: Spec, training: Training, table: str | None = None, fitted: Fitted | None = None
) -> EnvironmentFile:
    """Returns what `environment.json` says of a training in this process, as it is now."""
    found = describe_environment(spec, training.net, training.precision, training.choice)
    place = None if table is None else {"path": table}
    ended = None if fitted is None else _ended(training, fitted)
    return EnvironmentFile.model_validate({**found, "trains": trains(training), "table": place, "run": ended})


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

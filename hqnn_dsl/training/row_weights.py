"""The weight of each row in the loss: its own times that of its class, 1 on average over a part of the rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.data.labels import label_of
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes.scoring import ClassWithoutWeight, PartWithoutWeight, TooFewForIntervals
from hqnn_dsl.diagnostics.diagnostic import Findings, Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.training.conformal import rows_needed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.data.preprocess import Preparation, Prepared
    from hqnn_dsl.semantics.spec import TrainSpec

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.int64]


def with_class_weights(prepared: Prepared, settings: TrainSpec) -> Prepared:
    """Returns the table with the weights of its classes in its preparation, if the spec gives some.

    Raises `Refusal` with all that the rows do not allow: E0590 for classes without a weight, E0591 for intervals that
    need more validation rows, E0592 if all weights of a part are 0.
    """
    findings = Findings()
    try:
        factors = class_weights(prepared, settings)
        prepared = replace(prepared, preparation=replace(prepared.preparation, class_weights=factors))
    except Refusal as refusal:
        for item in refusal.diagnostics:
            findings.add(item)
    weights = loss_weights(prepared.preparation, prepared.targets, prepared.weights)
    for name, rows in prepared.preparation.parts.items():
        if weights is not None and len(rows) and not np.sum(weights[rows]) > 0:
            findings.add(PartWithoutWeight(rows=f"the {name} rows"))
    if settings.intervals.name != "none":
        level, rows_there = float(settings.intervals.options["level"]), len(prepared.preparation.parts.validation)
        needed = rows_needed(level)
        if rows_there < needed:
            found = "is 1" if rows_there == 1 else f"are {rows_there}"
            said = count(needed, "validation row")
            findings.add(TooFewForIntervals(level=f"{level:g}", needed=said, found=found, rows=needed))
    findings.raise_errors()
    return prepared


def class_weights(prepared: Prepared, settings: TrainSpec) -> tuple[float, ...] | None:
    """Returns the weight of each class: the given ones, or `balanced` ones, which make all classes weigh alike.

    Those are scikit-learn's: the training rows, over the classes that they have times the rows of a class. A class
    without such a row has weight 1. None if the spec gives none, or numbers are predicted.
    """
    labels = prepared.preparation.target.classes
    if settings.class_weights is None or labels is None:
        return None
    if settings.class_weights != "balanced":
        return given_weights(dict(settings.class_weights), labels)
    trained = prepared.targets[prepared.preparation.parts.train, 0].astype(np.int64)
    counts = np.bincount(trained, minlength=len(labels))
    present = int(np.sum(counts > 0))
    return tuple(len(trained) / (present * rows) if rows else 1.0 for rows in counts.tolist())


def given_weights(given: Mapping[str, float], labels: Sequence[str]) -> tuple[float, ...]:
    """Returns the given weights in the order of the classes. Raises `Refusal` E0590 unless every class has one."""
    found = {label_of(label): float(value) for label, value in given.items()}
    lacking = [label for label in labels if label not in found]
    if lacking:
        raise Refusal(ClassWithoutWeight(lacking=sentences.names(lacking, "and", most=6)))
    return tuple(found[label] for label in labels)


def loss_weights(preparation: Preparation, targets: Numbers, weights: Numbers | None) -> Numbers | None:
    """Returns the weight `[N]` of each row in the loss, None if all count alike.

    `weights[N]` are the rows' own, `targets[N, T]` those of the rows; a row without a target has weight 0.
    """
    if preparation.class_weights is None:
        return weights
    factors, known = np.zeros(len(targets)), np.isfinite(targets[:, 0])
    factors[known] = np.asarray(preparation.class_weights)[targets[known, 0].astype(np.int64)]
    return factors if weights is None else factors * weights


def in_part(weights: Numbers | None, rows: Indices) -> Numbers | None:
    """Returns the weights of some rows, 1 on average over them; None if all count alike."""
    if weights is None:
        return None
    own = weights[rows]
    return np.asarray(own / np.mean(own))

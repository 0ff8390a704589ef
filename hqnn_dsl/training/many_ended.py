"""One of many trainings as it has ended: its line in `cv.json`, and its scores beside those of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.training.many_files import PartsUsed, SummaryRecord, TrainingFile, TrainingLine
from hqnn_dsl.training.many_scores import PARTS, Scored, plain_scores, summary

if TYPE_CHECKING:
    from hqnn_dsl.data.preprocess import Preparation
    from hqnn_dsl.training.loop import Fitted
    from hqnn_dsl.training.many_plan import One


@dataclass(frozen=True, eq=False)
class Ended:
    """A training that has ended: its line in `cv.json`, and its scores if it is done. Its rows are in its file."""

    line: TrainingLine
    scored: Scored | None


def outcome_of(fitted: Fitted, metrics: dict[str, Any], preparation: Preparation) -> dict[str, Any]:
    """What a training has come to, as fields of its file."""
    return {
        "metrics": metrics,
        "parts": PartsUsed(**{name: rows.tolist() for name, rows in preparation.parts.items()}),
        "epochs": len(fitted.history),
        "best_epoch": fitted.best_epoch,
        "seconds": fitted.seconds,
    }


def together(trainings: list[Scored]) -> SummaryRecord | None:
    """The scores of several trainings together, None if there are none."""
    found = summary(trainings)
    return None if found is None else SummaryRecord.model_validate(found)


def open_line(one: One) -> TrainingLine:
    """The line of a training that has not ended."""
    return TrainingLine(**vars(one), state="open", sizes=None, scores={}, epochs=0, seconds=0.0, mistakes=[], run=None)


def ended_of(file: TrainingFile, num_rows: int) -> Ended:
    """A training as it has ended, of a table with so many rows."""
    about = {name: getattr(file, name) for name in ("number", "rows", "repeat", "fold", "seed")}
    parts, metrics = file.parts, file.metrics
    scores = {} if metrics is None else next(found for part in PARTS if isinstance(found := metrics.get(part), dict))
    line = TrainingLine(
        **about,
        state=file.state,
        sizes=None if parts is None else [len(parts.train), len(parts.validation), len(parts.test)],
        scores=plain_scores(scores),
        epochs=file.epochs,
        seconds=file.seconds,
        mistakes=file.mistakes,
        run=file.run,
    )
    if metrics is None or parts is None:
        return Ended(line, None)
    scored = Scored(
        repeat=file.repeat,
        fold=file.fold,
        seed=file.seed,
        metrics=metrics,
        tested=len(parts.test),
        test_hash=hash(tuple(parts.test)),
        others=num_rows - len(parts.test) if file.rows is not None else len(parts.train) + len(parts.validation),
    )
    return Ended(line, scored)

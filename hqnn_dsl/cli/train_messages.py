"""Messages of `hqnn train` and `hqnn evaluate`: the outlook of a training, its end, its scores, and the verdict."""

from __future__ import annotations

import math
import shlex
import sys
from typing import TYPE_CHECKING, Any

from hqnn_dsl.cli.output import table
from hqnn_dsl.diagnostics.quantities import SCORES, count, number
from hqnn_dsl.diagnostics.terminal import cells, printable, width_of, wrapped
from hqnn_dsl.training.bar import clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hqnn_dsl.training.outlook import Ending, Outlook

MOST_NAMED = 6
"""How many targets the verdict names one by one."""

EQUAL = 0.01
"""Errors that differ by less than this share are called equal."""


# ---------------------------------------------------------------------------------------------------- before the steps


def outlook_lines(outlook: Outlook) -> list[str]:
    """Returns the outlook of a training, a sentence an entry."""
    train, rows = outlook.train, outlook.rows
    names = ", ".join(f"`{name}`" for name in outlook.targets[:MOST_NAMED])
    more = ", …" if len(outlook.targets) > MOST_NAMED else ""
    size = min(train.batch, rows[0])
    found = [
        (
            f"{rows[0]} rows to train on, {rows[1]} for validation, {rows[2]} for the test; "
            f"{count(len(outlook.features), 'feature')}, {count(len(outlook.targets), 'target')}: {names}{more}"
        ),
        (
            f"{outlook.classical_weights} classical and {outlook.quantum_weights} quantum weights, {outlook.backend}, "
            f"{train.precision} precision on the {outlook.device}"
        ),
        (
            f"{count(train.epochs, 'epoch')} of {count(outlook.steps, 'step')} on {count(size, 'row')}, "
            f"{train.optimizer.name}, stop {_stop(train.stop)}"
        ),
    ]
    if outlook.epochs_done:
        found.append(f"{count(outlook.epochs_done, 'epoch')} trained already, this goes on from there")
    return found


def _stop(stop: Any) -> str:
    patience = stop.options.get("patience")
    return str(stop.name) if patience is None else f"{stop.name} after {count(patience, 'epoch')} without a better loss"


# -------------------------------------------------------------------------------------------------------- how it ended


def ending_line(ending: Ending) -> str:
    """Returns the reason why a training has ended, its best epoch, and its duration."""
    loss = "validation loss" if ending.is_validated else "training loss"
    why = {
        "stop": f"stopped: no better {loss} for {count(ending.patience or 0, 'epoch')}",
        "interrupted": "interrupted",
        "callback": "ended by the function that is called after every epoch",
        "epochs": "all epochs are trained",
    }[ending.reason]
    best = f"best epoch {ending.best_epoch} of {ending.epochs}" if ending.best_epoch else "no epoch is whole"
    return f"{why}; {best}; {clock(ending.seconds)}"


def next_lines(
    run: Path, spec: Path, data: Path, ending: Ending | None, options: Sequence[str] = ()
) -> Iterator[tuple[str, str]]:
    """Yields commands to type next, each after its purpose."""
    if ending is not None and ending.reason == "interrupted":
        yield "to go on", shlex.join(["hqnn", "train", str(spec), str(data), "--out", str(run), "--resume", *options])
    yield "to predict", f"{shlex.join(['hqnn', 'predict', str(run)])} DATA"
    yield "to score", f"{shlex.join(['hqnn', 'evaluate', str(run)])} DATA"


# ---------------------------------------------------------------------------------------------------------- the scores

TITLES, _KEYS = tuple(SCORES.values()), tuple(SCORES)


def score_table(metrics: Mapping[str, Any], title: str = "rows") -> str:
    """Returns the scores of every part, and of the baselines on the test rows; a line for each of several targets.

    On a terminal that is too narrow for the table, a line of words an entry.
    """
    named = [(part, metrics[part]) for part in metrics if part != "baselines" and metrics.get(part)]
    found = metrics.get("baselines", {})
    named += [(f"{name.replace('_', ' ')} (test)", scores) for name, scores in found.items() if scores]
    return as_table([title], [line for name, scores in named for line in score_rows([name], scores)], named)


def score_rows(before: Sequence[str], scores: Mapping[str, Any]) -> list[list[str]]:
    """Returns the lines of one part: all targets together, then each one if there are several."""
    targets = scores.get("targets", {})
    if len(targets) < 2:
        return [[*before, *(number(scores.get(key)) for key in _KEYS)]]
    whole = [*before, "all", *(number(scores.get(key)) for key in _KEYS)]
    each = [[*before, name, *(number(own.get(key)) for key in _KEYS[:3]), ""] for name, own in targets.items()]
    return [whole, *each]


def as_table(titles: Sequence[str], rows: Sequence[Sequence[str]], named: Sequence[tuple[str, Any]]) -> str:
    """Returns lines of scores under their titles, as wide as the terminal allows."""
    several = any(len(scores.get("targets", {})) > 1 for _, scores in named)
    header = [*titles, *(["target"] if several else []), *TITLES]
    text, width = table(header, rows), width_of(sys.stdout)
    if width is None or all(cells(line) <= width for line in text.split("\n")):
        return text
    first = len(header) - len(TITLES)
    lines = []
    for row in rows:
        pairs = zip(TITLES, row[first:], strict=True)
        figures = ", ".join(f"{title} {value}" for title, value in pairs if value)
        lines.append(wrapped(printable(f"{' '.join(row[:first])}: {figures}"), width))
    return "\n".join(lines)


# --------------------------------------------------------------------------------------------------------- the verdict


def verdict(metrics: Mapping[str, Any]) -> str:
    """Returns one sentence: whether the model predicts the test rows better than the mean and than least squares."""
    scores, baselines = metrics.get("test"), metrics.get("baselines") or {}
    if not scores or not all(baselines.get(name) for name in ("mean", "least_squares")):
        return "verdict: there are no test rows, so nothing here says how well it predicts rows that it has not seen"
    names = list(scores["targets"])
    if len(names) == 1:
        return f"verdict: {_of_one(*(_error(part, names[0]) for part in _compared(scores, baselines)))}"
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(_rank(*(_error(part, name) for part in _compared(scores, baselines))), []).append(name)
    return "verdict: " + "; ".join(f"{rank} on {_named(found[rank], len(names))}" for rank in _RANKS if rank in found)


_RANKS = (
    "better than least squares", "no better than least squares", "worse than least squares",
    "worse than predicting the mean", "no finite predictions",
)  # fmt: skip


def _compared(scores: Any, baselines: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return scores, baselines["mean"], baselines["least_squares"]


def _error(scores: Any, target: str) -> float:
    value = scores["targets"][target]["rmse"]
    return math.inf if value is None else float(value)


def _rank(own: float, mean: float, least: float) -> str:
    if math.isinf(own):
        return _RANKS[4]
    if own > mean * (1 + EQUAL):
        return _RANKS[3]
    if own > least * (1 + EQUAL):
        return _RANKS[2]
    return _RANKS[1] if own >= least * (1 - EQUAL) else _RANKS[0]


def _of_one(own: float, mean: float, least: float) -> str:
    errors = f"RMSE {number(own)} on the test rows, least squares {number(least)}, the mean {number(mean)}"
    rank = _rank(own, mean, least)
    if rank == _RANKS[0]:
        share = "" if least > mean else f" by {1 - own / least:.0%}"
        beaten = "better than least squares and the mean" if least > mean else rank
        return f"{beaten}{share} ({errors})"
    if rank == _RANKS[2] and mean > 0:
        return f"{rank}, though better than the mean by {max(0.0, 1 - own / mean):.0%} ({errors})"
    if rank == _RANKS[4]:
        return "its predictions of the test rows are not all finite numbers"
    return f"{rank} ({errors})"


def _named(names: Sequence[str], number_of_all: int) -> str:
    if len(names) == number_of_all:
        return f"all {number_of_all} targets"
    if len(names) > MOST_NAMED:
        return f"{len(names)} of {number_of_all} targets"
    return ", ".join(f"`{name}`" for name in names)

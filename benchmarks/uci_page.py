"""Writes `docs/uci.md` from the results of `benchmarks.uci` and `benchmarks.uci_search`: what is missed first."""

from __future__ import annotations

import json
import math
import statistics
from typing import Any

from benchmarks.page import table
from benchmarks.uci import LONGEST, METHODS, SPLITS, TABLES
from benchmarks.uci_search import GRID, HELD_OUT, RESULTS, SEEDS, best_of, combinations
from benchmarks.uci_search import SPLITS as SEARCHED

BASELINES = {"mean": "the mean", "least_squares": "least squares", "gradient_boosting": "gradient boosting"}

INTRODUCTION = """\
`make uci` trains the specs in `specs/uci/` on the 20 random 90/10 splits that were published with the reference results
(Hernandez-Lobato and Adams, ICML 2015), each with a network of its own. RMSE of the test rows in the units of the
target: the mean over the splits ± its standard error."""

CHOICE = """\
The settings were chosen by `benchmarks/uci_search.py` on splits {splits}. The test rows of these splits were taken
out of the table first; of the others {share:.0%} were held out (seeds {seeds}), and the settings with the lowest
mean RMSE of these rows were taken. Layers, losses, scalings of the target, learning rates and the logarithm of the
age were looked at by hand before, about forty settings, on rows held out in the same way. Then every split was
trained once, from the seed in the spec, and its test rows were read once. The grids, and the best five of each:"""

OTHERS = """\
Others' numbers are as their authors print them: a standard error, but in *deep ensembles* most likely a standard
deviation. *MC dropout, 2016* is with the standard error that later papers give; its tuning saw test rows, which its
authors mended in *MC dropout, 2018*, with settings searched anew for each split. *Gradient boosting* is
scikit-learn's `HistGradientBoostingRegressor` with its defaults. It and *least squares* get the inputs that the
spec makes, of concrete the logarithm of the age; least squares on the table as it stands has 10.31 ± 0.15 there.
The hybrid network has 64 + 16 classical units around its circuit, one network a split, and no search for each
split; whether the circuit helps is not asked here: that needs the same network without it. Some test rows of
concrete are also among its training rows."""


def mean_and_error(values: list[float]) -> tuple[float, float]:
    """The mean, and its standard error."""
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return statistics.fmean(values), error


def said(values: list[float]) -> str:
    """`0.61 ± 0.04`."""
    mean, error = mean_and_error(values)
    return f"{mean:.2f}" if math.isnan(error) else f"{mean:.2f} ± {error:.2f}"


def splits_of(results: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The splits of a table that are done, in order."""
    own = results.get(name, {}).get("splits", {})
    return [own[str(split)] for split in range(SPLITS) if str(split) in own]


def missed(results: dict[str, Any]) -> list[str]:
    """A sentence for each bar that is missed, and for each table that is not done."""
    found = []
    for name, one in TABLES.items():
        splits = splits_of(results, name)
        if len(splits) < SPLITS:
            found.append(f"{name}: {len(splits)} of {SPLITS} splits are done")
            continue
        mean = statistics.fmean(split["rmse"] for split in splits)
        if mean >= one.bar:
            found.append(f"{name}: the mean test RMSE is {mean:.3f}, and is to be below {one.bar}")
        slowest = max(split["seconds"] for split in splits)
        if slowest > LONGEST:
            found.append(f"{name}: a split took {slowest:.0f} s of a processor, and is to take at most {LONGEST:.0f} s")
    return found


def page(results: dict[str, Any]) -> str:
    """The whole page."""
    wrong = missed(results)
    parts = ["# Published splits", "Made by `make uci`; do not edit it by hand.", INTRODUCTION]
    if wrong:
        parts.append("**Not reached:** " + "; ".join(wrong) + ".")
    parts += [_scores(results), OTHERS, "## How the settings were chosen", _choice()]
    parts += [*_searched(), "## Every split", _every_split(results)]
    machine = results.get("machine", "an unknown machine")
    parts.append(f"Measured on {machine}. Seconds are of one processor, without waiting for other work.")
    return "\n\n".join(parts) + "\n"


def _scores(results: dict[str, Any]) -> str:
    head = ["", *TABLES]
    found = {name: splits_of(results, name) for name in TABLES}

    def line(title: str, cell: Any) -> list[str]:
        return [title, *(cell(name) if found[name] else "–" for name in TABLES)]

    rows = [line("**hqnn**", lambda name: f"**{said([split['rmse'] for split in found[name]])}**")]
    rows.append(["to be below", *(f"{one.bar:g}" for one in TABLES.values())])
    for key, title in BASELINES.items():
        rows.append(line(title, lambda name, key=key: said([split["baselines"][key] for split in found[name]])))
    for place, method in enumerate(METHODS):
        rows.append([method, *(one.published[place][1] for one in TABLES.values())])
    longest = {name: max((one["seconds"] for one in own), default=0.0) for name, own in found.items()}
    rows.append(line("seconds of a processor a split, at most", lambda name: f"{longest[name]:.0f}"))
    return table(head, rows)


def _choice() -> str:
    splits = f"{SEARCHED[0]} to {SEARCHED[-1]}"
    return CHOICE.format(splits=splits, share=HELD_OUT, seeds=", ".join(map(str, SEEDS)))


def _searched() -> list[str]:
    found: dict[str, float] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    parts = []
    for name, grid in GRID.items():
        best = best_of(name, found)[:5]
        rows = [[*(str(changes[setting]) for setting in grid), f"{mean:.3f}"] for mean, changes in best]
        tried = "; ".join(f"`{setting}` {', '.join(map(str, values))}" for setting, values in grid.items())
        parts.append(f"**{name}**: {tried}.")
        beside = sum(key.startswith(f"{name}: ") for key in found) - len(combinations(name)) * len(SEARCHED) * len(
            SEEDS
        )
        if beside > 0:
            parts[-1] += f" {beside} further trainings were seen before the grid was settled."
        if rows:
            parts.append(table([*(f"`{setting}`" for setting in grid), "RMSE of held-out rows"], rows))
    return parts


def _every_split(results: dict[str, Any]) -> str:
    found = {name: results.get(name, {}).get("splits", {}) for name in TABLES}
    rows = [
        [str(split), *(f"{own[str(split)]['rmse']:.3f}" if str(split) in own else "–" for own in found.values())]
        for split in range(SPLITS)
    ]
    return table(["split", *TABLES], rows)

"""Trained circuit, frozen circuit, classical twin: which is best, on two tables that ship with scikit-learn.

python -m benchmarks.controlled_study           both tables, and docs/controlled-study.md; goes on where it was ended
python -m benchmarks.controlled_study --page    the page anew from benchmarks/controlled_study.json, nothing trained

The specs are `specs/papers/controlled/`; the comparison is that of `hqnn compare` with its defaults, 5 × 2 folds and 5
trials, written to `runs/controlled-study/`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hqnn
from benchmarks.page import table
from hqnn_dsl.diagnostics.quantities import number
from hqnn_dsl.files import replacing
from hqnn_dsl.science.statistics.units import Score

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
RESULTS, PAGE = ROOT / "benchmarks" / "controlled_study.json", ROOT / "docs" / "controlled-study.md"
RUNS = ROOT / "runs" / "controlled-study"
CONTENDERS = ("frozen", "parameter_twin", "width_twin", "no_circuit", "linear")
ORDER = ("as_written", "frozen", "parameter_twin")
"""The three that the controlled studies put into an order."""
NAMES = {"as_written": "trained", "frozen": "frozen", "parameter_twin": "parameter-matched"}
TABLES = {"diabetes": "442 rows, 10 features, a number", "breast_cancer": "569 rows, 30 features, two classes"}

INTRODUCTION = """\
Controlled studies of 2025 and 2026 report trained circuits behind their own frozen versions and behind classical
networks with as many weights. `make controlled-study` asks the same of one hybrid network on two tables that ship with
scikit-learn, with the defaults of `hqnn compare`: 5 folds drawn twice, 5 trials for each contender, all with the same
rows and seeds. The settings in the specs were not chosen by any score on these tables."""

METHOD = """\
The network is `dense(4)`, tanh · π, four qubits with `angle` and `real_amplitudes(reps: 3)`, ⟨Z⟩, and `dense`, at most
60 epochs of Adam ([`diabetes.hqnn`](../specs/papers/controlled/diabetes.hqnn),
[`breast_cancer.hqnn`](../specs/papers/controlled/breast_cancer.hqnn)). The parameter-matched network has a perceptron
in the place of the circuit, with about as many weights, behind the same encoder. Weights are those that training
changes. Differences are *trained minus other*; intervals are of the corrected resampled t, p is adjusted by Holm over
all five contenders ([compare.md](compare.md), [statistics.md](statistics.md))."""


def frame_of(name: str) -> pd.DataFrame:
    """The table of that name, with its target as a column."""
    from sklearn import datasets

    if name == "diabetes":
        return datasets.load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"})
    data = datasets.load_breast_cancer(as_frame=True)
    words = data.target.map(dict(enumerate(data.target_names)))
    return data.data.assign(diagnosis=words)


def run(name: str) -> dict[str, Any]:
    """Compare on one table, or go on with it. Returns what the page needs of the record."""
    out = RUNS / name
    spec = ROOT / "specs" / "papers" / "controlled" / f"{name}.hqnn"
    begun = (out / "comparison.json").exists()
    frame, some = frame_of(name), list(CONTENDERS)
    found = hqnn.compare(spec, frame, out=out, contenders=some, resume=begun, progress=False)
    kept = ("contenders", "verdict", "statistics", "simulability", "cost", "protocol")
    return {key: found.record[key] for key in kept}


def page(results: dict[str, Any]) -> str:
    """The whole page."""
    parts = [
        "# Trained, frozen, or classical",
        "Made by `make controlled-study`; do not edit it by hand.",
        INTRODUCTION,
    ]
    parts += ["## The order", _orders(results)]
    for name, record in results.items():
        parts += [f"## {name.replace('_', ' ').capitalize()}", f"{TABLES[name].capitalize()}."]
        said = [*record["verdict"], *_sentences(record)]
        parts += [_contenders(record), "\n".join(f"- {line[0].upper()}{line[1:]}." for line in said)]
    return "\n\n".join([*parts, "## How it was measured", METHOD, _cost(results)]) + "\n"


def _orders(results: dict[str, Any]) -> str:
    """The means of the three in their order, and which neighbours a test tells apart."""
    rows = []
    for name, record in results.items():
        (entry,) = record["statistics"]
        means = {key: entry["means"][key]["mean"] for key in ORDER}
        best_first = sorted(means, key=means.__getitem__, reverse=Score.of(entry["score"]).higher_is_better)
        told = {one["other"]: one["finding"] for one in entry["comparisons"]}
        rows.append(
            [
                name.replace("_", " "),
                Score.of(entry["score"]).title,
                ", ".join(f"{NAMES[key]} {number(means[key])}" for key in best_first),
                told["frozen"],
                told["parameter_twin"],
            ]
        )
    note = "Order of means, the best first; what the test allows to say of the trained circuit stands beside it."
    head = ["table", "score", "order", "trained against frozen", "trained against parameter-matched"]
    return f"{note}\n\n{table(head, rows)}"


def _contenders(record: dict[str, Any]) -> str:
    (entry,) = record["statistics"]
    titles = {one["name"]: one["title"] for one in record["contenders"]}
    weights = {one["name"]: one["weights"] for one in record["contenders"]}
    against = {one["other"]: one for one in entry["comparisons"]}
    rows = []
    for name, mean in entry["means"].items():
        one = against.get(name)
        beside = ["", "", ""]
        if one is not None and one["low"] is not None:
            difference = f"{one['difference']:+.3g} ({one['low']:+.3g} to {one['high']:+.3g})"
            beside = [difference, f"{one['adjusted']:.2g}", one["finding"]]
        own = "–" if weights[name] is None else str(weights[name])
        rows.append([titles[name], own, f"{number(mean['mean'])} ± {number(mean['deviation'], 2)}", *beside])
    head = [
        "",
        "weights",
        f"test {entry['score'].replace('_', ' ')}",
        "model minus it, 95 %",
        "p (Holm)",
        "the model is",
    ]
    return table(head, rows)


def _sentences(record: dict[str, Any]) -> list[str]:
    (entry,) = record["statistics"]
    return [one["sentence"] for one in entry["comparisons"] if one["other"] in ORDER]


def _cost(results: dict[str, Any]) -> str:
    seconds = sum(sum(record["cost"]["trial_seconds"].values()) for record in results.values())
    trials = sum(record["cost"]["trials"] for record in results.values())
    return f"{trials} trials took {seconds / 60:.0f} minutes. All quantum models were simulated classically."


def main() -> None:
    """Compare on both tables, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", action="store_true", help="write the page only")
    asked = parser.parse_args()
    hqnn.send_notices_to(lambda warning: print(warning.line, file=sys.stderr))
    if not asked.page:
        results = {}
        for name in TABLES:
            results[name] = run(name)
            print(f"{name}: {results[name]['verdict'][0]}", file=sys.stderr, flush=True)
        with replacing(RESULTS) as beside:
            beside.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    with replacing(PAGE) as beside:
        beside.write_text(page(json.loads(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

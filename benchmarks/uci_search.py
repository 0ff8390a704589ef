"""How the settings of `specs/uci/` were chosen: on validation rows of the first three splits, never on test rows.

python -m benchmarks.uci_search             all three tables; goes on where it was ended
python -m benchmarks.uci_search yacht       one of them

The test rows of a split are taken out of the table before anything reads it. Of the others, a share is held out by
`split { test: …, seed: … }`, and its RMSE is what the settings are judged by. Every number that was seen is kept in
`benchmarks/uci_search.json`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import hqnn
from benchmarks.uci import ROOT, TABLES, data_folder, published_rows, read
from hqnn_dsl.files import replacing

RESULTS = ROOT / "benchmarks" / "uci_search.json"
SPLITS = (0, 1, 2)
SEEDS = (101, 102)
"""Of the rows that are held out, and of the weights; those of the specs are others."""
HELD_OUT = 0.15
GRID: dict[str, dict[str, tuple[Any, ...]]] = {
    "yacht": {"epochs": (400, 800), "optimizer.weight_decay": (0.01,), "batch": (64, 128)},
    "energy": {"epochs": (200, 400, 800), "optimizer.weight_decay": (0.01, 0.1)},
    "concrete": {"epochs": (200, 400), "optimizer.weight_decay": (0.1,), "batch": (64, 128)},
}
"""What was tried: every combination of these settings."""


def combinations(name: str) -> list[dict[str, Any]]:
    """Every combination of the grid of a table."""
    return [dict(zip(GRID[name], values, strict=True)) for values in itertools.product(*GRID[name].values())]


def key_of(name: str, changes: dict[str, Any], split: int, seed: int) -> str:
    """The name of one training in the results."""
    said = ", ".join(f"{setting} {value}" for setting, value in changes.items())
    return f"{name}: {said}; split {split}, seed {seed}"


def held_out_rmse(name: str, changes: dict[str, Any], split: int, seed: int) -> float:
    """Train on the training rows of a published split, and return the RMSE on those of them that were held out."""
    table = read(name)
    seen = table.drop(index=published_rows(name, split)).reset_index(drop=True)
    own = {"split.test": HELD_OUT, "split.seed": seed, "train.seed": seed, **changes}
    with tempfile.TemporaryDirectory() as folder:
        run = hqnn.train(TABLES[name].spec, seen, Path(folder) / "run", set=own, progress=False)
        return float(run.metrics["test"]["rmse"])


def best_of(name: str, found: dict[str, float]) -> list[tuple[float, dict[str, Any]]]:
    """The combinations whose trainings are all done, with their mean RMSE, the best first."""
    means = []
    for changes in combinations(name):
        values = [found.get(key_of(name, changes, split, seed)) for split in SPLITS for seed in SEEDS]
        if all(value is not None for value in values):
            means.append((statistics.fmean(value for value in values if value is not None), changes))
    return sorted(means, key=lambda pair: pair[0])


def main() -> None:
    """Search, and print the best settings of each table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="yacht, energy, concrete")
    asked = parser.parse_args().tables or list(TABLES)
    data_folder()
    found: dict[str, float] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in asked:
        for split, seed, changes in itertools.product(SPLITS, SEEDS, combinations(name)):
            key = key_of(name, changes, split, seed)
            if key in found:
                continue
            begin = time.perf_counter()
            found[key] = held_out_rmse(name, changes, split, seed)
            with replacing(RESULTS) as beside:
                beside.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            print(f"{key}: {found[key]:.4f}, {time.perf_counter() - begin:.1f} s", file=sys.stderr, flush=True)
        for mean, changes in best_of(name, found)[:5]:
            print(f"{name} {mean:.4f} {changes}")


if __name__ == "__main__":
    main()

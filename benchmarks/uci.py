"""The 20 published splits of three tables: trained as `specs/uci/` says, beside what others have published.

python -m benchmarks.uci                    all of them, and docs/uci.md; goes on where it was ended
python -m benchmarks.uci yacht concrete     some of the tables
python -m benchmarks.uci --page             the page anew from benchmarks/uci.json, nothing trained

The tables and the rows of the splits come from the folder in the environment variable UCI_DATA, which is
`../shared/data` beside this checkout if it is not set: `NAME.csv`, and `splits/NAME_test_rows.csv` with the columns
`split` and `row`. The settings were chosen on validation rows only (`benchmarks/uci_search.py`); the test rows of a
split are read here, once, after its training.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import hqnn
from hqnn_dsl.files import replacing

ROOT = Path(__file__).resolve().parent.parent
RESULTS, PAGE = ROOT / "benchmarks" / "uci.json", ROOT / "docs" / "uci.md"
SPLITS = 20
LONGEST = 60.0
"""Seconds of a processor that one split may take."""


@dataclass(frozen=True)
class Table:
    """A table with published splits. `bar` is the mean test RMSE to stay below; `published` are others' results."""

    name: str
    bar: float
    published: tuple[tuple[str, str], ...]

    @property
    def spec(self) -> Path:
        """The spec that it is trained with."""
        return ROOT / "specs" / "uci" / f"{self.name}.hqnn"


METHODS = (
    "variational inference",
    "PBP",
    "MC dropout, 2016",
    "deep ensembles",
    "MC dropout, 2018, searched per split",
)


def _published(*values: str) -> tuple[tuple[str, str], ...]:
    return tuple(zip(METHODS, values, strict=True))


TABLES = {
    table.name: table
    for table in (
        Table("yacht", 1.0, _published("6.89 ± 0.67", "1.02 ± 0.05", "1.11 ± 0.09", "1.58 ± 0.48", "0.67 ± 0.05")),
        Table("energy", 0.6, _published("2.65 ± 0.08", "1.80 ± 0.05", "1.66 ± 0.04", "2.09 ± 0.29", "0.54 ± 0.01")),
        Table("concrete", 5.5, _published("7.19 ± 0.12", "5.67 ± 0.09", "5.23 ± 0.12", "6.03 ± 0.58", "4.82 ± 0.16")),
    )
}


def data_folder() -> Path:
    """The folder with the tables. Leaves with a sentence if it is not there."""
    asked = os.environ.get("UCI_DATA")
    folder = Path(asked) if asked else ROOT.parent / "shared" / "data"
    missing = [name for name in ("yacht.csv", "splits") if not (folder / name).exists()]
    if missing:
        where = "UCI_DATA" if asked else "the default of UCI_DATA"
        print(
            f"there is no {' and no '.join(missing)} in {folder}, {where}: set UCI_DATA to the folder that has "
            "yacht.csv, energy.csv, concrete.csv and splits/NAME_test_rows.csv",
            file=sys.stderr,
        )
        raise SystemExit(3)
    return folder


@functools.cache
def read(name: str) -> pd.DataFrame:
    """The table of that name."""
    return pd.read_csv(data_folder() / f"{name}.csv")


def published_rows(name: str, split: int) -> list[int]:
    """The test rows of a published split, counted from 0."""
    rows = pd.read_csv(rows_file(name))
    return rows.loc[rows["split"] == split, "row"].tolist()


def rows_file(name: str) -> Path:
    """The file with the test rows of all splits of a table."""
    return data_folder() / "splits" / f"{name}_test_rows.csv"


def trained(name: str, split: int) -> dict[str, Any]:
    """Train one split, and return the scores of its test rows: the model's and those of the baselines."""
    file = rows_file(name)
    own = {"split.by": f'rows("{file.resolve()}", split: {split})'}
    begin = time.process_time()
    reach = file.parent.resolve()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        run = hqnn.train(TABLES[name].spec, read(name), out, set=own, allow_path=reach, progress=False)
    baselines = {key: scores["rmse"] for key, scores in run.metrics["baselines"].items()}
    return {"rmse": run.metrics["test"]["rmse"], "baselines": baselines, "seconds": time.process_time() - begin}


def spec_hash(name: str) -> str:
    """A hash of the spec of a table: results of other settings are not mixed with these."""
    return hashlib.sha256(TABLES[name].spec.read_bytes()).hexdigest()[:16]


def load() -> dict[str, Any]:
    """The results so far."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def store(results: dict[str, Any]) -> None:
    """Write the results whole."""
    with replacing(RESULTS) as beside:
        beside.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def run_all(names: list[str]) -> None:
    """Train every split that is not done, and store each result at once."""
    results = load()
    for name in names:
        own = results.setdefault(name, {"spec": spec_hash(name), "splits": {}})
        if own["spec"] != spec_hash(name):
            print(
                f"the results of {name} in {RESULTS} are of other settings: take them out to train anew, "
                "and say in docs/uci.md that its test rows were read before",
                file=sys.stderr,
            )
            raise SystemExit(1)
        for split in range(SPLITS):
            if str(split) in own["splits"]:
                continue
            found = trained(name, split)
            own["splits"][str(split)] = found
            results["machine"] = f"{platform.processor() or platform.machine()}, Python {platform.python_version()}"
            store(results)
            print(f"{name} {split}: RMSE {found['rmse']:.4f}, {found['seconds']:.1f} s", file=sys.stderr, flush=True)


def main() -> None:
    """Train, write the page, and leave with exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", help=f"some of {', '.join(TABLES)}; all by default")
    parser.add_argument("--page", action="store_true", help="write the page only")
    asked = parser.parse_args()
    unknown = sorted(set(asked.tables) - set(TABLES))
    if unknown:
        parser.error(f"there is no table {unknown[0]}: {', '.join(TABLES)}")
    from benchmarks.uci_page import missed, page

    if not asked.page:
        data_folder()
        hqnn.send_notices_to(lambda warning: print(warning.line, file=sys.stderr))
        run_all(asked.tables or list(TABLES))
    results = load()
    PAGE.write_text(page(results), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    failed = missed(results)
    for sentence in failed:
        print(sentence, file=sys.stderr)
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()

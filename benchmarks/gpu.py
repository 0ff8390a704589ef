"""Measures on a GPU, merges into the results, and writes or prints the page's section.

python -m benchmarks.gpu                                  everything
python -m benchmarks.gpu --only ra:8x256 --peers native,native-cuda
python -m benchmarks.gpu --results FILE                   another JSON file; then the page is left alone

Without a GPU it ends with exit code 3.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.gpu_page import NAMES, SIZES, asked, section
from benchmarks.measure import Effort, Stable, measure, say
from benchmarks.page import page
from benchmarks.run import LOG, PAGE, RESULTS, machine, stored
from benchmarks.workloads import FAMILIES, Workload, workload_of
from hqnn_dsl.packages import installed_versions

NO_GPU_EXIT = 3


def gpu() -> dict[str, Any]:
    """What the figures are taken on."""
    import torch

    return {
        **machine(),
        "gpu": torch.cuda.get_device_name(),
        "cuda": torch.version.cuda,
        "torch": torch.__version__,
        "capability": ".".join(map(str, torch.cuda.get_device_capability())),
    }


def arguments() -> argparse.Namespace:
    """The command line, with its lists as what they name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="workloads by comma, as ra:8x256")
    parser.add_argument("--peers", help=f"contestants by comma, of {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the JSON file that is merged into")
    given = parser.parse_args()
    everything = [Workload(family, *size) for size in SIZES for family in FAMILIES]
    try:
        given.only = [workload_of(word) for word in given.only.split(",")] if given.only else everything
    except ValueError as error:
        parser.error(str(error))
    given.peers = given.peers.split(",") if given.peers else list(NAMES)
    if unknown := [name for name in given.peers if name not in NAMES]:
        parser.error(f"no contestant is called {unknown[0]}")
    return given


def measure_all(given: argparse.Namespace, results: dict[str, Any]) -> dict[str, Any]:
    """Everything asked for, written down after each workload; the part of the results that is about the GPU."""
    found: dict[str, Any] = results.setdefault("gpu", {"workloads": {}, "versions": {}})
    found["machine"], found["date"] = gpu(), dt.datetime.now(tz=dt.UTC).date().isoformat()
    found["packages"] = dict(installed_versions())
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("wb") as log, Stable(log) as stable:
        for workload in given.only:
            say(workload.name)
            measured = measure(workload, given.peers, stable, Effort(rounds=given.rounds))
            kept = found["workloads"].setdefault(workload.name, {"peers": {}})
            kept["peers"] |= {name: one.as_data() for name, one in measured.items()}
            found["versions"] |= stable.versions
            given.results.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return found


def main() -> None:
    given = arguments()
    import torch

    if not torch.cuda.is_available():
        sys.stderr.write("no GPU here: nothing was measured\n")
        sys.exit(NO_GPU_EXIT)
    results = stored(given.results)
    found = measure_all(given, results)
    if given.results == RESULTS and "machine" in results:
        PAGE.write_text(page(results), encoding="utf-8")
    print(section(found))
    for line in asked(found):
        say(line.line)


if __name__ == "__main__":
    main()

"""Measures, keeps the results as JSON, and writes the page and the plot.

python -m benchmarks.run                          everything
python -m benchmarks.run --quick                  a small part, printed only
python -m benchmarks.run --only ra:8x64,zz:8x64   a part, merged into the results
python -m benchmarks.run --only training          whole training steps, merged into the results
python -m benchmarks.run --page                   the page and the plot anew, nothing measured
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.measure import Effort, Stable, measure, say
from benchmarks.page import page, per_family, step_cell
from benchmarks.peers import BY_NAME, PEERS
from benchmarks.processes import ROOT
from benchmarks.targets import fastest, median, ratio, verdicts
from benchmarks.training import BY_NAME as TRAINERS
from benchmarks.training import rounds
from benchmarks.training.networks import NETWORKS
from benchmarks.training.section import section
from benchmarks.workloads import WORKLOADS, Workload, workload_of
from hqnn_dsl.packages import installed_versions

RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "images" / "benchmarks.png"
LOG = ROOT / "benchmarks" / ".venvs" / "workers.log"
QUICK = ("ra:4x64", "ra:8x64", "zz:4x64")
QUICK_PEERS = ("native", "native64", "reference", "pennylane", "tc-jit")
EXTRAS = ("peak", "epoch", "training")
QUICK_TRAINING = (NETWORKS[0], NETWORKS[2])
QUICK_TRAINERS = ("compiled", "loop", "tc-scan", "tc-step")


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": memory,
        "python": platform.python_version(),
        "system": platform.system(),
    }


def stored(path: Path) -> dict[str, Any]:
    """The results kept so far."""
    empty = {"workloads": {}, "versions": {}, "commands": []}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else empty
    return found


def alone(module: str, *arguments: str) -> dict[str, Any] | None:
    """What a module of ours prints as JSON from a process of its own; None where it fails."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", f"benchmarks.{module}", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT))))},
    )
    if done.returncode:
        say(f"  {module} failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def keep_peak(results: dict[str, Any]) -> None:
    """Measure the peak again and keep the higher: what the machine can do was never less."""
    found = alone("peak")
    before = results.get("peak")
    if found and (not before or found["two"] > before["two"]):
        results["peak"] = found


def keep(results: dict[str, Any], workload: Workload, names: list[str], stable: Stable, effort: Effort) -> None:
    """Measure a workload and put it into the results, in place of what they had of the same contestants."""
    say(workload.name)
    found = measure(workload, names, stable, effort)
    kept = results["workloads"].setdefault(workload.name, {"peers": {}})
    kept["date"] = today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    kept["peers"] |= {name: measured.as_data() | {"date": today} for name, measured in found.items()}
    results["versions"] |= stable.versions
    order = [row.name for row in WORKLOADS]
    results["workloads"] = dict(sorted(results["workloads"].items(), key=lambda item: order.index(item[0])))
    peer = fastest(results, workload.name)
    own = median(results, workload.name, "native")
    if own and peer:
        times = ratio(results, workload.name, peer)
        say(f"  native {1e3 * own:.3g} ms, {times:.1f} times faster than {peer}")


def keep_training(given: argparse.Namespace, results: dict[str, Any], path: Path | None) -> None:
    """Measure whole training steps, and put them into the results network by network."""
    kept = results.setdefault("training", {"networks": {}, "versions": {}})
    with LOG.open("ab") as log, rounds.Trainers(log) as trainers:
        for network in given.networks:
            say(f"training {network.name}")
            found = rounds.measure(
                network, given.trainers, trainers, replace(rounds.TURNS, rounds=given.training_rounds)
            )
            before = kept["networks"].setdefault(network.name, {"contestants": {}})
            before["contestants"] |= found["contestants"]
            before["shares"] = found.get("shares") or before.get("shares")
            kept["versions"] |= trainers.versions
            kept["date"] = dt.datetime.now(tz=dt.UTC).date().isoformat()
            order = [row.name for row in NETWORKS]
            kept["networks"] = dict(sorted(kept["networks"].items(), key=lambda item: order.index(item[0])))
            write(results, path)


def measure_all(given: argparse.Namespace, results: dict[str, Any], path: Path | None) -> None:
    """Everything asked for, written down after each part."""
    results["machine"], results["packages"] = machine(), dict(installed_versions())
    results["commands"] = sorted({*results["commands"], given.command})
    LOG.parent.mkdir(parents=True, exist_ok=True)
    if "peak" in given.extras:
        keep_peak(results)
    with LOG.open("wb") as log, Stable(log) as stable:
        for workload in given.only:
            keep(results, workload, given.peers, stable, Effort(rounds=given.rounds))
            write(results, path)
    if "peak" in given.extras:
        keep_peak(results)
    if "epoch" in given.extras:
        results["epoch"] = alone("epoch", "--backend", given.backend) or results.get("epoch")
    if "training" in given.extras:
        keep_training(given, results, path)
    write(results, path)


def write(results: dict[str, Any], path: Path | None) -> None:
    """Keep the results, where they are kept at all."""
    if path:
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def arguments() -> argparse.Namespace:
    """The command line, with its lists as what they name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help=f"workloads, as ra:8x64, or of {', '.join(EXTRAS)}; by comma")
    parser.add_argument("--peers", help=f"contestants by comma, of {', '.join(BY_NAME)}")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each")
    parser.add_argument("--networks", help="networks of `training` by comma, as ra:4x16")
    parser.add_argument("--trainers", help=f"contestants of `training` by comma, of {', '.join(TRAINERS)}")
    parser.add_argument("--training-rounds", type=int, default=25, help="turns of each in `training`")
    parser.add_argument("--backend", default="native", help="the backend of the epoch")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the JSON file that is merged into")
    parser.add_argument("--quick", action="store_true", help="a small part, printed and not kept")
    parser.add_argument("--page", action="store_true", help="write the page and the plot from the results, and end")
    given = parser.parse_args()
    given.command = " ".join(["python -m benchmarks.run", *sys.argv[1:]])
    chosen = given.only.split(",") if given.only else list(QUICK if given.quick else [w.name for w in WORKLOADS])
    try:
        given.extras = [word for word in EXTRAS if word in chosen or (not given.only and not given.quick)]
        if given.quick and not given.only:
            given.extras = ["training"]
        quick = [network.name for network in (QUICK_TRAINING if given.quick else NETWORKS)]
        given.networks = [workload_of(word) for word in (given.networks.split(",") if given.networks else quick)]
        given.only = [workload_of(word) for word in chosen if word not in EXTRAS]
    except ValueError as error:
        parser.error(str(error))
    given.peers = (
        given.peers.split(",") if given.peers else list(QUICK_PEERS) if given.quick else [peer.name for peer in PEERS]
    )
    given.trainers = given.trainers.split(",") if given.trainers else list(QUICK_TRAINERS if given.quick else TRAINERS)
    unknown = [name for name in given.peers if name not in BY_NAME]
    unknown += [name for name in given.trainers if name not in TRAINERS]
    if unknown:
        parser.error(f"no contestant is called {unknown[0]}")
    return given


def main() -> None:
    given = arguments()
    path = None if given.quick else given.results
    results = stored(given.results) if path else {"workloads": {}, "versions": {}, "commands": []}
    if not given.page:
        measure_all(given, results, path)
    if path == RESULTS:
        PAGE.write_text(page(results), encoding="utf-8")
        from benchmarks.plot import draw

        draw(results, PLOT)
    print(per_family(results, step_cell))
    if results.get("training"):
        print(f"\nA whole training step:\n\n{section(results['training'])}\n")
    for verdict in verdicts(results):
        if verdict.measured is not None:
            word = "reached" if verdict.met else "MISSED"
            print(f"{word:8} {verdict.what}: {verdict.measured:.3g} {verdict.unit}, asked {verdict.asked:g}")


if __name__ == "__main__":
    main()

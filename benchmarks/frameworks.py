"""One spec trained by every framework that can: the same rows, starting weights and losses, and what it costs.

python -m benchmarks.frameworks             measure, and write docs/frameworks.md
python -m benchmarks.frameworks --quick     one epoch of the small size without EstimatorQNN, printed only
python -m benchmarks.frameworks --page      the page anew from benchmarks/frameworks.json, nothing measured

Each training is `hqnn.train` in a process of its own, so that its peak memory is its own; contestants take turns. All
compute in double precision, so losses that differ show a mistake and no rounding.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

ROOT = Path(__file__).resolve().parent.parent
SPEC, TABLE = ROOT / "specs" / "model.hqnn", ROOT / "specs" / "data" / "yacht.csv"
RESULTS, PAGE = ROOT / "benchmarks" / "frameworks.json", ROOT / "docs" / "frameworks.md"
SETTINGS = {"train.precision": "double", "train.device": "cpu", "train.seed": "7"}
LOSSES = 1e-8
"""Largest difference of an epoch's loss from the first contestant's, per unit of that loss or of 1."""
SCORES = 1e-6
"""The same of the scores on the test rows."""
LONGEST = 420.0
"""Seconds that one training may take, imports included."""
CORES = 2


@dataclass(frozen=True)
class Contestant:
    """A backend as a spec names it. `slow`: it takes part in the small size only, and once."""

    name: str
    title: str
    backend: str
    slow: bool = False


CONTESTANTS = (
    Contestant("reference", "hqnn `reference` (plain torch)", "reference(precision: double)"),
    Contestant("native", "hqnn `native`", "native(precision: double)"),
    Contestant(
        "default.qubit",
        "PennyLane `default.qubit`, backprop",
        'pennylane(device: "default.qubit", diff: backprop, precision: double)',
    ),
    Contestant(
        "lightning.qubit",
        "PennyLane `lightning.qubit`, adjoint",
        'pennylane(device: "lightning.qubit", diff: adjoint, precision: double)',
    ),
    Contestant("aer-batched", "Qiskit Aer, batched", "aer(method: batched, precision: double)"),
    Contestant(
        "estimator-qnn",
        "Qiskit Aer, EstimatorQNN + TorchConnector",
        "aer(method: estimator_qnn, precision: double)",
        slow=True,
    ),
)
"""The first is what the others are held against."""


@dataclass(frozen=True)
class Size:
    """`specs/model.hqnn` with so many qubits, trained for so many epochs, so many times by each."""

    width: int
    epochs: int
    rounds: int = 2

    @property
    def name(self) -> str:
        return f"{self.width} qubits"


SIZES = (Size(2, 2), Size(4, 4))
"""A step of 16 rows by EstimatorQNN runs 640 circuits at 2 qubits, 2,560 at 4: it takes part in the first only."""
QUICK = (Size(2, 1, rounds=1),)


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


# ------------------------------------------------------------------ in the process of one training


def train_alone(backend: str, width: int, epochs: int) -> dict[str, Any]:
    """Train, and say what it began with, what came out and what it cost."""
    import hqnn_dsl as hqnn
    from hqnn_dsl.data.tables import read_table
    from hqnn_dsl.training.run import train

    changes = SETTINGS | {"width": str(width), "train.epochs": str(epochs), "backend": backend}
    program = hqnn.compile(SPEC, set=changes)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        before, cpu = resident(), time.process_time()
        result = train(program, read_table(TABLE), out)
        cpu = time.process_time() - cpu
        rows = hashlib.sha256((out / "preprocess.json").read_bytes()).hexdigest()
        ran = json.loads((out / "environment.json").read_text(encoding="utf-8"))["backend"]
        seconds = [float(line.split(",")[1]) for line in (out / "timing.csv").read_text().splitlines()[1:]]
    history = [[epoch.train_loss, epoch.validation_loss] for epoch in result.fitted.history]
    widths = len(result.preparation.features.inputs), len(result.preparation.target.names)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "start": digest_of(dict(program.network(*widths).named_parameters())),
        "rows": rows,
        "history": history,
        "test": result.metrics["test"],
        "seconds": seconds,
        "cpu_seconds": cpu,
        "before_bytes": before,
        "peak_bytes": peak,
        "ran": ran,
    }


def digest_of(weights: dict[str, torch.Tensor]) -> str:
    """Names, shapes and every bit of the weights, in order."""
    found = hashlib.sha256()
    for name, tensor in weights.items():
        found.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        found.update(tensor.detach().cpu().numpy().tobytes())
    return found.hexdigest()


def resident() -> int:
    """Bytes of memory that this process has now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


# ------------------------------------------------------------------ in the process that asks


def absence(contestant: Contestant) -> str:
    """Why a contestant cannot take part here, empty where it can: known without loading anything heavy."""
    from hqnn_dsl.diagnostics.diagnostic import Refusal
    from hqnn_dsl.pipeline import backend_choice

    try:
        backend_choice(contestant.backend)
    except Refusal as refusal:
        return f"this version does not have it ({refusal.diagnostics[0].headline})"
    return ""


def alone(contestant: Contestant, size: Size) -> dict[str, Any]:
    """What one training says, or `{"reason": …}`."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(CORES))
    paths = os.pathsep.join(path for path in (os.environ.get("PYTHONPATH", ""), str(ROOT)) if path)
    asked = json.dumps([contestant.backend, size.width, size.epochs])
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "benchmarks.frameworks", "--alone", asked],
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
            cwd=ROOT,
            env={**os.environ, **threads, "PYTHONPATH": paths},
        )
    except subprocess.TimeoutExpired:
        return {"reason": f"it took more than {LONGEST:.0f} s"}
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"its process ended with code {done.returncode}"]
        return {"reason": lines[-1]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(size: Size, contestants: list[Contestant]) -> dict[str, dict[str, Any]]:
    """Every contestant's trainings, in turns; what failed once is not asked again."""
    found: dict[str, dict[str, Any]] = {}
    for turn in range(size.rounds):
        for contestant in contestants:
            kept = found.setdefault(contestant.name, {"reason": absence(contestant), "trainings": []})
            if kept["reason"] or (contestant.slow and (turn or size != SIZES[0])):
                continue
            answer = alone(contestant, size)
            if "reason" in answer:
                kept["reason"] = answer["reason"]
                say(f"  {contestant.name}: {answer['reason']}")
                continue
            kept["trainings"].append(answer)
            say(f"  {contestant.name}: {', '.join(f'{seconds:.3g} s' for seconds in answer['seconds'])}")
    return {name: judged(kept, found[contestants[0].name]) for name, kept in found.items()}


def judged(kept: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    """The trainings of a contestant summed up, with how far they are from those of the first contestant.

    `differs` says in words what is not as it should be: other weights or rows to start from, losses or scores apart.
    """
    trainings, summary = kept["trainings"], {"reason": kept["reason"], "differs": []}
    if not trainings:
        return summary
    truth = (first["trainings"] or trainings)[0]
    for what, words in (("start", "other starting weights"), ("rows", "other rows")):
        if any(one[what] != truth[what] for one in trainings):
            summary["differs"].append(words)
    losses = max(apart(flat(one["history"]), flat(truth["history"])) for one in trainings)
    scores = max(apart(numbers_of(one["test"]), numbers_of(truth["test"])) for one in trainings)
    if not losses <= LOSSES:
        summary["differs"].append(f"losses are {losses:.1g} apart")
    if not scores <= SCORES:
        summary["differs"].append(f"scores on the test rows are {scores:.1g} apart")
    later = [seconds for one in trainings for seconds in one["seconds"][1:] or one["seconds"]]
    return summary | {
        "losses_apart": losses,
        "history": trainings[0]["history"],
        "test": trainings[0]["test"],
        "epoch": statistics.median(later),
        "epoch_minimum": min(later),
        "first_epoch": statistics.median(one["seconds"][0] for one in trainings),
        "cpu_seconds": min(one["cpu_seconds"] for one in trainings),
        "peak_bytes": max(one["peak_bytes"] for one in trainings),
        "grown_bytes": max(one["peak_bytes"] - one["before_bytes"] for one in trainings),
        "ran": trainings[0]["ran"],
    }


def flat(history: list[list[float]]) -> list[float]:
    return [loss for epoch in history for loss in epoch]


def numbers_of(scores: dict[str, Any]) -> list[float]:
    return [scores[name] for name in ("rmse", "mae", "r2", "loss")]


def apart(found: list[float], truth: list[float]) -> float:
    """The largest difference, per unit of the number or of 1; infinite where there are not as many, or one is none."""
    if len(found) != len(truth) or any(number != number for number in (*found, *truth)):  # noqa: PLR0124 - NaN
        return float("inf")
    return max(abs(ours - true) / max(1.0, abs(true)) for ours, true in zip(found, truth, strict=True))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small part, printed and not kept")
    parser.add_argument("--page", action="store_true", help="write the page from the results, and end")
    parser.add_argument("--only", help=f"contestants by comma, of {', '.join(c.name for c in CONTESTANTS)}")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    given = parser.parse_args()
    names = given.only.split(",") if given.only else [c.name for c in CONTESTANTS if not (given.quick and c.slow)]
    given.contestants = [contestant for contestant in CONTESTANTS if contestant.name in names]
    if len(given.contestants) != len(set(names)):
        parser.error(f"the contestants are {', '.join(c.name for c in CONTESTANTS)}")
    return given


def main() -> int:
    given = arguments()
    if given.alone:
        answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        print(json.dumps(train_alone(*json.loads(given.alone))), file=answers, flush=True)
        return 0
    from benchmarks.frameworks_page import disagreements, missing, page, size_table

    kept = not given.quick and not given.only
    if given.page:
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
    else:
        results = measured(given, QUICK if given.quick else SIZES)
        if kept:
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if kept:
        PAGE.write_text(page(results), encoding="utf-8")
    for name, found in results["sizes"].items():
        print(f"{name}\n{size_table(found)}\n")
    wrong = disagreements(results)
    print("\n".join([*missing(results), *(wrong or ["All losses and scores agree."])]))
    return 1 if wrong else 0


def others() -> float:
    """Seconds of processor time since the machine started that went to neither this process nor what it waited for."""
    user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:])
    busy = (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return busy - sum(one.ru_utime + one.ru_stime for one in own)


def measured(given: argparse.Namespace, sizes: tuple[Size, ...]) -> dict[str, Any]:
    """All sizes, and what they were measured on."""
    from benchmarks.run import machine
    from hqnn_dsl.packages import installed_versions

    begin, at_work = time.monotonic(), others()
    results: dict[str, Any] = {
        "machine": machine(),
        "versions": dict(installed_versions()),
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "command": " ".join(["python -m benchmarks.frameworks", *sys.argv[1:]]),
        "sizes": {},
    }
    for size in sizes:
        say(size.name)
        results["sizes"][size.name] = {"epochs": size.epochs, "found": measure(size, given.contestants)}
    seconds = time.monotonic() - begin
    results["minutes"] = seconds / 60
    results["others"] = max(0.0, others() - at_work) / seconds
    return results


if __name__ == "__main__":
    sys.exit(main())

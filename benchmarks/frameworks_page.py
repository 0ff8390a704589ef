"""Writes `docs/frameworks.md` from what `benchmarks.frameworks` measured: what is wrong or missing first."""

from __future__ import annotations

from typing import Any

from benchmarks.frameworks import CONTESTANTS, LOSSES, SCORES
from benchmarks.page import number, table

TITLES = {contestant.name: contestant.title for contestant in CONTESTANTS}
HEAD = (
    "",
    "an epoch, s",
    "fastest, s",
    "times native",
    "first, s",
    "test RMSE",
    "test R²",
    "losses apart",
    "peak, MiB",
    "grown, MiB",
)
OWN = "native"
SLOW = "estimator-qnn"
CROWDED = 0.1
"""Cores that other work may take before the page says so first."""
CIRCUITS = {"2 qubits": 640, "4 qubits": 2560}
"""What EstimatorQNN runs in a step of 16 rows: two for each row, observable and angle."""

INTRODUCTION = """\
`specs/model.hqnn` on `specs/data/yacht.csv`, trained by each framework through its backend: the same network, rows,
starting weights, optimizer and loop, all in double precision. Only what computes the circuit differs."""
LIMITS = """\
- A few epochs are no training: the scores show that all compute the same, not how good the model gets.
- PennyLane runs here behind our slot table and loop. A QNode of its own takes as long on `default.qubit` and about half
  as long on `lightning.qubit` (see backends.md).
- Circuits of 2 and 4 qubits on one machine: nothing here speaks of wide circuits. Not run on a GPU."""
COLUMNS = f"""\
*An epoch*: the median of all but the first, training and validation; the *first* also loads and compiles, the *fastest*
is the least disturbed by other work. *Losses
apart*: the largest difference from the first row's, of training and validation losses of all epochs, per unit of the
loss or of 1; more than {LOSSES:.0e} (scores: {SCORES:.0e}) would stand above. *Peak*: of the process, libraries
included. *Grown*: from before the training to the peak; a library that the first step loads counts here."""


def size_table(size: dict[str, Any]) -> str:
    """A row a contestant."""
    own = size["found"].get(OWN, {}).get("epoch")
    rows = []
    for name, found in size["found"].items():
        if "epoch" not in found:
            rows.append([TITLES[name], *["–"] * (len(HEAD) - 1)])
            continue
        rows.append(
            [
                TITLES[name],
                number(found["epoch"]),
                number(found["epoch_minimum"]),
                f"{number(found['epoch'] / own)} ×" if own else "–",
                number(found["first_epoch"]),
                f"{found['test']['rmse']:.4f}",
                f"{found['test']['r2']:.4f}",
                f"{found['losses_apart']:.0e}" if found["losses_apart"] else "0",
                f"{found['peak_bytes'] / 2**20:,.0f}",
                f"{found['grown_bytes'] / 2**20:,.0f}",
            ]
        )
    return table(HEAD, rows)


def disagreements(results: dict[str, Any]) -> list[str]:
    """What is not as it must be, a line each."""
    return [
        f"- **{TITLES[name]}, {size}: {words}.**"
        for size, kept in results["sizes"].items()
        for name, found in kept["found"].items()
        for words in found["differs"]
    ]


def missing(results: dict[str, Any]) -> list[str]:
    """Who did not take part, and why; a line each."""
    reasons = {
        (name, found["reason"])
        for kept in results["sizes"].values()
        for name, found in kept["found"].items()
        if found["reason"]
    }
    return [f"- {TITLES[name]} is not in the tables: {reason}." for name, reason in sorted(reasons)]


def guess(results: dict[str, Any]) -> list[str]:
    """What an epoch by EstimatorQNN would take where it was not run, by the number of circuits."""
    sizes = results["sizes"]
    small = next((kept["found"].get(SLOW, {}).get("epoch") for kept in sizes.values()), None)
    if not small or "4 qubits" not in sizes:
        return []
    minutes = small * CIRCUITS["4 qubits"] / CIRCUITS["2 qubits"] / 60
    circuits = f"{CIRCUITS['4 qubits']:,} circuits instead of {CIRCUITS['2 qubits']}"
    times = f"about {number(minutes)} minutes, and the 300 epochs of the spec {number(minutes * 5)} hours"
    return [f"- {TITLES[SLOW]} is not run at 4 qubits: a step has {circuits}, an epoch would take {times}."]


def crowd(results: dict[str, Any]) -> list[str]:
    """That the machine was not quiet, where it was not."""
    if results["others"] < CROWDED:
        return []
    share = f"{results['others']:.1f} of {results['machine']['cores']} cores"
    return [f"- **Other work took {share} meanwhile**: times are longer than on a quiet machine, and vary more."]


def conclusions(results: dict[str, Any]) -> list[str]:
    """What the figures say."""
    found, apart = [], [0.0]
    for size, kept in results["sizes"].items():
        ran = {name: one for name, one in kept["found"].items() if "epoch" in one}
        if not ran:
            continue
        order = sorted(ran, key=lambda name: ran[name]["epoch"])
        least, most = ran[order[0]]["epoch"], ran[order[-1]]["epoch"]
        fastest = f"{TITLES[order[0]]} is the fastest, {number(least * 1e3)} ms an epoch"
        found.append(f"- {size}: {fastest}; {TITLES[order[-1]]} takes {number(most / least)} times as long.")
        peaks = sorted((one["peak_bytes"] / 2**20, TITLES[name]) for name, one in ran.items())
        span = " to ".join(f"{mebibytes:,.0f} MiB ({title})" for mebibytes, title in (peaks[0], peaks[-1]))
        found.append(f"- {size}: a process takes {span}, nearly all of it libraries.")
        apart += [one["losses_apart"] for one in ran.values()]
    if found and not disagreements(results):
        same = f"from weights equal to the bit, no loss of any epoch is more than {max(apart):.0e} apart"
        found.append(f"- All train the same: {same}. Which one to take is a question of time, not of results.")
    return found


def page(results: dict[str, Any]) -> str:
    """The whole page."""
    missed = [*disagreements(results), *missing(results), *guess(results), *crowd(results), LIMITS]
    parts = ["# One spec, every framework", INTRODUCTION]
    parts += ["## What is missing or bad", "\n".join(missed), "## What to conclude", "\n".join(conclusions(results))]
    for size, kept in results["sizes"].items():
        parts += [f"## {size}, {kept['epochs']} epochs", size_table(kept)]
    return "\n\n".join([*parts, COLUMNS, "## How it was measured", measured_on(results)]) + "\n"


def measured_on(results: dict[str, Any]) -> str:
    """Machine, versions, date and command."""
    machine = results["machine"]
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']:.0f} GiB, {machine['system']}"
    packages = ", ".join(f"{name} {version}" for name, version in results["versions"].items() if version)
    lines = [
        f"`make frameworks` on {results['date']}, {results['minutes']:.0f} minutes: `{results['command']}`.",
        "Each training in a process of its own, contestants in turns, on two threads.",
        f"Other work took {results['others']:.2f} of {machine['cores']} cores meanwhile.",
        f"{where}, Python {machine['python']}; {packages}.",
    ]
    return "\n".join(lines)

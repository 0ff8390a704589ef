"""Writes `docs/benchmarks.md` from the results: misses first, then every table, then how it was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.gpu_page import section
from benchmarks.peers import BY_NAME, PEERS
from benchmarks.targets import EARLIER, OTHERS, RATIOS, epoch_ratio, fastest, median, peak_share, ratio, verdicts
from benchmarks.training.section import TITLE as TRAINING
from benchmarks.training.section import section as training_section
from benchmarks.workloads import FAMILIES, SIZES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ABSENT = "–"

STEP = """\
A step is the whole layer, forward and backward: angles, circuit, all ⟨Z⟩, gradients of inputs and weights. Medians in
float32 on two cores, taken in turns in one run, after all results were found equal to those of the reference backend in
double precision (beyond 16 qubits, of the benchmark's own dense adjoint method in double precision)."""
ARITHMETIC = """\
Multiply-adds are those that the mathematics needs, as the plan counts them: values once, gradients three times as
much. The peak is that of both cores. Time outside the kernels is the slot table, autograd and Python."""
FIRST = """\
Building the circuit and the first step, with what is compiled then; imports are not in it. Native reads its kernels
from disk where an earlier run compiled them."""
MEMORY = """\
How far a process grew at most from before it built the circuit until after its first step; memory that its libraries
held from an earlier workload is not counted again."""
APART = """\
From the reference backend in double precision: outputs and both gradients, as a part of the largest number of their
kind, or of 1."""
AGAIN = """\
`make bench` measures everything and writes this page; `make bench-quick` prints a small part.
`python -m benchmarks.run --only ra:8x64,zz:8x64` measures a part and merges it into `benchmarks/results.json`;
`--only training` measures whole training steps alone."""


def number(value: float) -> str:
    """Three digits that count, with commas: `0.0412`, `4.12`, `31,200`."""
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def milliseconds(seconds: float | None) -> str:
    return ABSENT if seconds is None else number(1e3 * seconds)


def times(value: float | None) -> str:
    return ABSENT if value is None else f"{number(value)} ×"


def percent(value: float | None) -> str:
    return ABSENT if value is None else f"{100 * value:.0f} %"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left and all others to the right."""
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def row_of(results: dict[str, Any], workload: str, peer: str) -> dict[str, Any]:
    """What was kept of a peer on a workload; empty where it did not take part."""
    found: dict[str, Any] = results["workloads"].get(workload, {}).get("peers", {}).get(peer, {})
    return found


def by_size(
    results: dict[str, Any], family: str, cell: Callable[[dict[str, Any]], str], names: Sequence[str] | None = None
) -> str:
    """A row a peer, a column a size."""
    sizes = [size for size in SIZES if f"{family}:{size[0]}x{size[1]}" in results["workloads"]]
    rows = []
    for peer in PEERS:
        if names is not None and peer.name not in names:
            continue
        cells = [row_of(results, f"{family}:{q}x{b}", peer.name) for q, b in sizes]
        rows.append([peer.title, *(cell(found) if found else ABSENT for found in cells)])
    return table(["", *(f"({q}, {b})" for q, b in sizes)], rows)


def step_cell(found: dict[str, Any]) -> str:
    return "see below" if found["reason"] else milliseconds(found["median"])


def first_cell(found: dict[str, Any]) -> str:
    return ABSENT if found["first"] is None else f"{found['first']:.2f}"


def memory_cell(found: dict[str, Any]) -> str:
    return ABSENT if found["memory"] is None else f"{found['memory'] / 2**20:,.0f}"


def difference_cell(found: dict[str, Any]) -> str:
    return f"{max(found['differences'].values()):.0e}" if found["differences"] else ABSENT


def outside_cell(found: dict[str, Any]) -> str:
    inside = found["kernels"]
    return percent(1 - inside["inside"] / inside["seconds"]) if inside else ABSENT


def missed(results: dict[str, Any]) -> str:
    """The targets that were not reached, or not measured, before anything else."""
    lines = []
    for verdict in verdicts(results):
        if verdict.met:
            continue
        found = "not measured" if verdict.measured is None else f"{number(verdict.measured)} {verdict.unit}"
        lines.append(f"- {verdict.what}: asked {number(verdict.asked)} {verdict.unit}, {found}")
    return "\n".join(lines) or "Nothing: every figure that was asked for is reached."


def target_table(results: dict[str, Any]) -> str:
    """The table of the targets with what was measured in this run beside it."""
    rows = []
    for size, asked in RATIOS.items():
        for family, wanted, before in zip(("ra", "zz"), asked, EARLIER[size], strict=True):
            name = f"{family}:{size[0]}x{size[1]}"
            peer = fastest(results, name)
            time = milliseconds(median(results, name, peer)) if peer else ABSENT
            rows.append(
                [
                    f"({size[0]}, {size[1]}) {FAMILIES[family].title}",
                    before,
                    f"{time} ({BY_NAME[peer].title})" if peer else ABSENT,
                    milliseconds(median(results, name, "native")),
                    f"{wanted} ×",
                    f"**{times(ratio(results, name, peer))}**",
                ]
            )
    head = [
        "qubits, batch",
        "fastest peer earlier",
        "fastest peer now, ms",
        "native, ms",
        "asked",
        "native is faster by",
    ]
    return table(head, rows)


def named_targets(results: dict[str, Any]) -> str:
    rows = [
        [verdict.what, f"{number(verdict.asked)} {verdict.unit}", ABSENT]
        if verdict.measured is None
        else [verdict.what, f"{number(verdict.asked)} {verdict.unit}", f"{number(verdict.measured)} {verdict.unit}"]
        for verdict in verdicts(results)[2 * len(SIZES) :]
    ]
    return table(["", "asked", "measured"], rows)


def ratio_table(results: dict[str, Any], family: str) -> str:
    """How many times longer than native every other one takes."""
    sizes = [size for size in SIZES if f"{family}:{size[0]}x{size[1]}" in results["workloads"]]
    rows = [
        [BY_NAME[name].title, *(times(ratio(results, f"{family}:{q}x{b}", name)) for q, b in sizes)]
        for name in ("native64", "reference", *OTHERS)
    ]
    return table(["", *(f"({q}, {b})" for q, b in sizes)], rows)


def share_table(results: dict[str, Any]) -> str:
    """Of the whole step of native: multiply-adds a second beside the peak, and the time outside the kernels."""
    rows = []
    for family in FAMILIES:
        for q, b in SIZES:
            found = row_of(results, f"{family}:{q}x{b}", "native")
            if found:
                share = percent(peak_share(results, f"{family}:{q}x{b}"))
                rows.append(
                    [f"({q}, {b}) {FAMILIES[family].title}", milliseconds(found["median"]), share, outside_cell(found)]
                )
    return table(["", "step, ms", "of the multiply-add peak", "outside the kernels"], rows)


def reasons(results: dict[str, Any]) -> str:
    """Who could not do what, and why."""
    lines = [
        f"- {BY_NAME[name].title}, {workload}: {found['reason']}"
        for workload, kept in results["workloads"].items()
        for name, found in kept["peers"].items()
        if found["reason"]
    ]
    return "\n".join(lines) or "Nobody: every peer ran every workload that it takes part in."


def machine_text(results: dict[str, Any]) -> str:
    machine, peak = results["machine"], results.get("peak")
    dates = sorted({kept["date"] for kept in results["workloads"].values()})
    span = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    text = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']:.0f} GiB, "
    text += f"Python {machine['python']}, {span}."
    if peak:
        text += (
            f" Measured multiply-add peak in float32: {peak['one'] / 1e9:.0f} billion a second on one core,"
            f" {peak['two'] / 1e9:.0f} on both."
        )
    return text


def apart_text(results: dict[str, Any]) -> str:
    """A sentence on the contestants that were measured on another day than native; empty if there are none."""
    days: dict[str, set[str]] = {}
    for kept in results["workloads"].values():
        day = kept["peers"].get("native", {}).get("date")
        for name, found in kept["peers"].items():
            if found.get("median") is not None and found.get("date") != day:
                days.setdefault(str(found.get("date")), set()).add(BY_NAME[name].title)
    said = [f"on {day} {'; '.join(sorted(titles))}" for day, titles in sorted(days.items())]
    if not said:
        return ""
    return (
        f"Some were not measured beside native in the same run, but {', '.join(said)}. Their ratios compare two runs, "
        "between which the speed of a shared machine may differ several times."
    )


def version_table(results: dict[str, Any]) -> str:
    own = ", ".join(f"{package} {version}" for package, version in results.get("packages", {}).items() if version)
    rows = [["hqnn's environment", own]] if own else []
    rows += [
        [BY_NAME[name].title, ", ".join(f"{package} {version}" for package, version in found.items())]
        for name, found in results["versions"].items()
    ]
    return table(["", "versions"], rows)


def epoch_text(results: dict[str, Any]) -> str:
    found = results.get("epoch")
    if not found:
        return "Not measured in this run."
    return (
        f"An epoch of `hqnn train` on the backend `{found['backend']}` takes {found['ours']:.4f} s, PennyLane's loop"
        f" {found['pennylane']:.3f} s: {times(epoch_ratio(results))}. Linear(10, 16), ReLU, Linear(16, 6), tanh · π,"
        " RY + real_amplitudes on 6 qubits, Linear(6, 1), AdamW, 353 rows in batches of 32."
    )


def per_family(results: dict[str, Any], cell: Callable[[dict[str, Any]], str]) -> str:
    return "\n\n".join(f"{row.title}:\n\n{by_size(results, name, cell)}" for name, row in FAMILIES.items())


def page(results: dict[str, Any]) -> str:
    """The whole page."""
    ratios = "\n\n".join(f"{row.title}:\n\n{ratio_table(results, name)}" for name, row in FAMILIES.items())
    parts = [
        "# Benchmarks",
        "Written by `make bench` from what it measured; do not edit it by hand.",
        machine_text(results),
        "## What is missed",
        missed(results),
        "## What was asked",
        STEP,
        target_table(results),
        named_targets(results),
        "![Milliseconds of a step by size](images/benchmarks.png)",
        "## A step, in milliseconds",
        per_family(results, step_cell),
        "## How many times longer than native",
        *filter(None, [apart_text(results)]),
        ratios,
        TRAINING,
        training_section(results.get("training")),
        "## An epoch, end to end",
        epoch_text(results),
        "## Native: arithmetic and the rest",
        ARITHMETIC,
        share_table(results),
        "## The first call, in seconds",
        FIRST,
        per_family(results, first_cell),
        "## Memory, in MiB",
        MEMORY,
        per_family(results, memory_cell),
        "## Largest differences",
        APART,
        per_family(results, difference_cell),
        "## On a GPU",
        section(results.get("gpu")),
        "## Who could not",
        reasons(results),
        "## Versions",
        version_table(results),
        "## How to run it again",
        AGAIN,
        f"This page came from: {'; '.join(f'`{line}`' for line in results['commands'])}.",
    ]
    return "\n\n".join(parts) + "\n"

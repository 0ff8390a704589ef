"""The page's section about a GPU, from what `make bench-gpu` measured: a step by size, ratios, what was asked."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

from benchmarks.peers import BY_NAME, GPU_PEERS
from benchmarks.workloads import FAMILIES

NOT_RUN = "Not run on a GPU. `make bench-gpu` measures there and writes this section."
NAMES = ("native", *(peer.name for peer in GPU_PEERS))
SIZES = ((4, 256), (4, 4096), (8, 64), (8, 256), (8, 1024), (12, 64), (12, 256), (16, 16), (20, 2), (24, 1))
"""Qubits and batch."""
FASTER_THAN_AER = 20.0
"""How many times at (8, 256) native on the GPU was asked to be faster than batched Aer on the GPU."""
FROM_BATCH = 256
"""From this batch on, native on the GPU was asked to be faster than on the CPU."""


@dataclass(frozen=True)
class Asked:
    """A ratio of medians that was asked for; `measured` is None where one of the two was not measured."""

    what: str
    times: float
    measured: float | None

    @property
    def line(self) -> str:
        if self.measured is None:
            return f"- {self.what}: asked {self.times:g} ×, not measured"
        word = "reached" if self.measured >= self.times else "missed"
        return f"- {self.what}: asked {self.times:g} ×, {self.measured:.3g} × ({word})"


def median(found: dict[str, Any], workload: str, peer: str) -> float | None:
    """Seconds of a step, None where it was not measured."""
    value: float | None = found["workloads"].get(workload, {}).get("peers", {}).get(peer, {}).get("median")
    return value


def asked(found: dict[str, Any]) -> list[Asked]:
    """What was asked for, with what was measured."""
    lines = []
    for family in FAMILIES:
        for qubits, batch in SIZES:
            name = f"{family}:{qubits}x{batch}"
            own = median(found, name, "native-cuda")
            for peer, times, holds in (
                ("aer-gpu", FASTER_THAN_AER, (qubits, batch) == (8, 256)),
                ("native", 1.0, batch >= FROM_BATCH),
            ):
                if holds:
                    other = median(found, name, peer)
                    ratio = other / own if own and other else None
                    lines.append(Asked(f"native on the GPU beside {BY_NAME[peer].title}, {name}", times, ratio))
    return lines


def cell(found: dict[str, Any], workload: str, peer: str) -> str:
    seconds = median(found, workload, peer)
    return "–" if seconds is None else f"{1e3 * seconds:.3g}"


def table(found: dict[str, Any], family: str) -> str:
    """A row a contestant, a column a size, milliseconds."""
    sizes = [size for size in SIZES if f"{family}:{size[0]}x{size[1]}" in found["workloads"]]
    lines = [f"| | {' | '.join(f'({q}, {b})' for q, b in sizes)} |", f"|---|{'---:|' * len(sizes)}"]
    for name in NAMES:
        cells = [cell(found, f"{family}:{q}x{b}", name) for q, b in sizes]
        lines.append(f"| {BY_NAME[name].title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def reasons(found: dict[str, Any]) -> list[str]:
    """Who could not do what, and why; a contestant with one reason for everything in one line."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for workload, kept in found["workloads"].items():
        for name, measured in kept["peers"].items():
            if measured["reason"]:
                by_reason.setdefault((name, measured["reason"]), []).append(workload)
    return [f"- {BY_NAME[name].title}, {', '.join(where)}: {why}" for (name, why), where in by_reason.items()]


def section(found: dict[str, Any] | None) -> str:
    """The text under the heading."""
    if not found:
        return NOT_RUN
    machine = found["machine"]
    differences = [
        max(measured["differences"].values())
        for kept in found["workloads"].values()
        for measured in kept["peers"].values()
        if measured["differences"]
    ]
    parts = [
        f"{machine['gpu']}, CUDA {machine['cuda']}, torch {machine['torch']}, {machine['processor']}, {found['date']}. "
        "Milliseconds of a step, forward and backward with all gradients, medians in single precision, in turns in one "
        "run, tensors on the GPU, each step waited for. Results were held against double precision first: "
        f"the median of the largest differences is {statistics.median(differences):.0e}."
        if differences
        else f"{machine['gpu']}: nothing ran.",
        *(f"{row.title}:\n\n{table(found, name)}" for name, row in FAMILIES.items()),
        "\n".join(line.line for line in asked(found)),
    ]
    if why := reasons(found):
        parts.append("\n".join(why))
    return "\n\n".join(parts)

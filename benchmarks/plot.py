"""Draws `docs/images/benchmarks.png`: milliseconds of a step by size, a panel a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from benchmarks.peers import PEERS
from benchmarks.targets import median
from benchmarks.workloads import FAMILIES, SIZES

if TYPE_CHECKING:
    from pathlib import Path

COLORS = (
    "#0b4f8a",
    "#5b9bd5",
    "#9aa5b1",
    "#111111",
    "#d1495b",
    "#edae49",
    "#7b4fa3",
    "#2a9d8f",
    "#8c6239",
    "#6a994e",
    "#c2185b",
)
MARKERS = "osxD^v<>ph*"


def draw(results: dict[str, Any], path: Path) -> None:
    """Lines over the sizes, logarithmic, ours the thick ones."""
    figure, panels = plt.subplots(1, len(FAMILIES), figsize=(12, 5.4), sharey=True, layout="constrained")
    for panel, (family, row) in zip(panels, FAMILIES.items(), strict=True):
        sizes = [size for size in SIZES if f"{family}:{size[0]}x{size[1]}" in results["workloads"]]
        for peer, color, marker in zip(PEERS, COLORS, MARKERS, strict=True):
            found = [median(results, f"{family}:{q}x{b}", peer.name) for q, b in sizes]
            places = [place for place, seconds in enumerate(found) if seconds is not None]
            heights = [1e3 * seconds for seconds in found if seconds is not None]
            width = 2.6 if peer.name == "native" else 1.3
            panel.plot(places, heights, color=color, marker=marker, markersize=6, linewidth=width, label=peer.title)
        panel.set_yscale("log")
        panel.set_title(row.title)
        panel.set_xticks(range(len(sizes)), [f"{q} qubits\nbatch {b}" for q, b in sizes], fontsize=8)
        panel.grid(which="major", axis="y", color="#dddddd")
    panels[0].set_ylabel("milliseconds of a step, forward and backward")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=9
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)

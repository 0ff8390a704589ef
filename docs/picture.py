"""Draws the picture of the README: a spec beside what comes out of it.

hqnn compile specs/model.hqnn specs/data/yacht.csv --out compiled/yacht
hqnn train specs/model.hqnn specs/data/yacht.csv --out runs/yacht
python docs/picture.py specs/model.hqnn compiled/yacht runs/yacht docs/images/spec-and-result.png
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import matplotlib.image as images
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PAPER, INK, GREY = "#fbfaf7", "#22272e", "#8a8f98"


def draw(spec: Path, compiled: Path, run: Path, out: Path) -> None:
    """Write the picture: the spec on the left; circuit, losses and predictions on the right."""
    figure = Figure(figsize=(16, 8.6), facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 3, width_ratios=[1.36, 1, 1], height_ratios=[1, 1.1], wspace=0.04, hspace=0.06)
    text = figure.add_subplot(grid[:, 0])
    text.set_facecolor(PAPER)
    text.set(xticks=[], yticks=[])
    for side in text.spines.values():
        side.set_color("#e3e0d8")
    lines = [line for line in spec.read_text(encoding="utf-8").splitlines() if not line.startswith("##")]
    for number, line in enumerate(lines):
        code, _, comment = re.sub(r" {2,}#", "  #", line).partition("#")
        where = {"transform": text.transAxes, "family": "monospace", "fontsize": 7.9, "va": "top"}
        height = 0.985 - number * (0.97 / len(lines))
        drawn = text.text(0.025, height, code, color=INK, **where)
        if comment:
            end = drawn.get_window_extent(figure.canvas.get_renderer()).transformed(text.transAxes.inverted()).x1
            text.text(end, height, f"#{comment}", color=GREY, **where)
    for place, path in (
        (grid[0, 1:], compiled / "logical.png"),
        (grid[1, 1], run / "plots" / "losses.png"),
        (grid[1, 2], run / "plots" / "predictions.png"),
    ):
        axes = figure.add_subplot(place)
        axes.imshow(images.imread(path), interpolation="lanczos")
        axes.axis("off")
    figure.savefig(out, dpi=110, bbox_inches="tight", pad_inches=0.1)


if __name__ == "__main__":
    draw(*(Path(argument) for argument in sys.argv[1:5]))

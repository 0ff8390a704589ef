"""Runs side by side on one page: scores, learning curves, and what differs between specs, data and environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.diagnostics.codes.reports import ManyNotOne, RunTwice
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.files import is_same
from hqnn_dsl.report.beside_curves import curve_blocks
from hqnn_dsl.report.beside_facts import data_blocks, environment_blocks
from hqnn_dsl.report.beside_scores import groups_of, score_blocks, verdict_sentences
from hqnn_dsl.report.beside_settings import setting_blocks
from hqnn_dsl.report.page import page
from hqnn_dsl.report.parts import MOST_LETTERS, Section, plot_text
from hqnn_dsl.report.reading import read_run
from hqnn_dsl.training.many_files import RUNS, is_many

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.report.reading import RunFiles


def read_runs(paths: Sequence[Path]) -> list[RunFiles]:
    """Returns the files of runs. Raises `Refusal`: E0654 for a run given twice, E0655 for many trainings, E0532, E0533.

    What is wrong with any of them is said together.
    """
    wrong = []
    for place, path in enumerate(paths):
        before = next((first for first in paths[:place] if is_same(path, first) and is_same(first, path)), None)
        if before is not None:
            wrong.append(RunTwice(path=str(path), first=str(before)))
    if wrong:
        raise Refusal(*wrong)
    found: list[RunFiles] = []
    refused: list[Diagnostic] = []
    for path in paths:
        try:
            refuse_many(path)
            found.append(read_run(path))
        except Refusal as refusal:
            refused += refusal.diagnostics
    if refused:
        raise Refusal(*refused)
    return found


def refuse_many(path: Path) -> None:
    """Refuse (E0655) the folder of many trainings, with the runs that it has kept as advice."""
    if not is_many(path):
        return
    kept = sorted(one for one in (path / RUNS).glob("[0-9]*") if one.is_dir()) if (path / RUNS).is_dir() else []
    hint = "`hqnn runs` lists its scores; train with `--keep-runs` to have a run of each training"
    if kept:
        hint = f"give runs that it has kept: `hqnn report {' '.join(map(str, kept[:2]))}`"
    raise Refusal(ManyNotOne(path=str(path), hint=hint))


def labels_of(runs: Sequence[RunFiles]) -> list[str]:
    """Returns a name for each run: its folder's, with as many of the folders above as tell it from the others."""
    places = [run.path.resolve().parts for run in runs]
    found = []
    for place in places:
        length = 1
        while sum(other[-length:] == place[-length:] for other in places) > 1 and length < len(place):
            length += 1
        found.append("/".join(place[-length:]))
    return found


def shown_labels(labels: Sequence[str]) -> list[str]:
    """Returns labels as figures have them: of long ones the middle is left out, and numbers tell equal ones apart."""
    half = MOST_LETTERS // 2 - 4
    cut = [label if len(label) <= MOST_LETTERS - 5 else f"{label[:half]}…{label[-half:]}" for label in labels]
    numbered = [f"{place}: {label}" if cut.count(label) > 1 else label for place, label in enumerate(cut, start=1)]
    return [plot_text(label) for label in numbered]


def side_by_side_sections(runs: Sequence[RunFiles]) -> list[Section]:
    """Returns the sections of the page of two or more runs."""
    labels = labels_of(runs)
    with np.errstate(all="ignore"):
        groups = groups_of(labels, runs)
        found = (
            ("verdict", "Verdict", verdict_sentences(labels, runs, groups)),
            ("scores", "Scores", score_blocks(labels, runs, groups)),
            ("curves", "Learning curves", curve_blocks(labels, shown_labels(labels), runs)),
            ("specs", "What differs between the specs", setting_blocks(labels, runs)),
            ("data", "What differs between the data", data_blocks(labels, runs)),
            ("environment", "Cost, and what differs between the environments", environment_blocks(labels, runs)),
        )
        return [Section(name, title, tuple(blocks)) for name, title, blocks in found]


def side_by_side_html(runs: Sequence[RunFiles]) -> str:
    """Returns the page of two or more runs, as HTML that loads nothing."""
    named = ", ".join(labels_of(runs)) if len(runs) <= 6 else f"{', '.join(labels_of(runs)[:6])}, …"
    return page(f"{count(len(runs), 'run')} side by side", named, side_by_side_sections(runs))

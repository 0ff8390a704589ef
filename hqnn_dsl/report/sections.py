"""The sections of a run's page, in their order; what a run lacks is said in a sentence, not left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.notebook.colours import coloured
from hqnn_dsl.notebook.programs import MAX_DRAWN, MAX_WIRES
from hqnn_dsl.report import facts
from hqnn_dsl.report.by_feature import feature_blocks
from hqnn_dsl.report.classes import class_blocks
from hqnn_dsl.report.curves import curve_blocks
from hqnn_dsl.report.gradients import findings_in
from hqnn_dsl.report.parts import Code, Picture, Section, Sentence
from hqnn_dsl.report.response import response_blocks
from hqnn_dsl.report.values import value_blocks
from hqnn_dsl.semantics.outline import circuit_counts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.report.answers import Answers
    from hqnn_dsl.report.parts import Block
    from hqnn_dsl.report.reading import RunFiles

MOST_SPEC_LINES = 600
MOST_SVG_BYTES = 200_000
"""A larger picture of a circuit is left out: a page stays below 6 MB."""

PIXELS = 96
"""Dots of a screen on an inch."""

WITH_TABLE = "if the page is made with a table, by `--data DATA`"

LINE_LENGTH = 100
"""Letters of a line in the text drawing of a circuit."""


def sections_of(run: RunFiles, answers: Answers | None = None) -> list[Section]:
    """Returns the sections of a run's page; `answers` is what its network says of a table, None without one."""
    found = (
        ("verdict", "Verdict", (facts.verdict_block(run),)),
        ("scores", "Scores", facts.score_blocks(run.metrics)),
        ("predictions", "Predicted test rows", _predicted(run, answers)),
        ("curves", "Learning curves", curve_blocks(run.history, findings_in(run), is_scaled=run.classes is None)),
        ("response", "Response and importance", _response(run, answers)),
        ("circuit", "Circuit", _circuit(run)),
        ("shapes", "Shapes", facts.shape_blocks(run)),
        ("spec", "Spec", _spec(run)),
        ("data", "Data card", facts.data_blocks(run)),
        ("environment", "Environment and cost", facts.environment_blocks(run.environment)),
    )
    with np.errstate(all="ignore"):  # predictions may be huge; what is not finite is shown as that
        return [Section(name, title, tuple(blocks)) for name, title, blocks in found]


def _predicted(run: RunFiles, answers: Answers | None) -> Iterator[Block]:
    if run.predictions is None:
        yield Sentence("There are no predicted test rows.")
    elif run.classes is None:
        yield from value_blocks(run.predictions, run.targets, run.level)
    else:
        yield from class_blocks(run.predictions, run.targets[0], run.classes)
    if answers is not None:
        yield from feature_blocks(answers, run.predictions, run.preparation.target)
    elif run.predictions is not None:
        yield Sentence(f"Errors over each column are drawn {WITH_TABLE}.")


def _response(run: RunFiles, answers: Answers | None) -> Iterator[Block]:
    if answers is None:
        yield Sentence(f"Left out: the network answers here {WITH_TABLE}.")
        return
    yield from response_blocks(answers, run.preparation.target)


def _circuit(run: RunFiles) -> Iterator[Block]:
    circuit = run.program.logical
    said = f"The circuit: {circuit_counts(circuit)}."
    if len(circuit.operations) > MAX_DRAWN or circuit.num_qubits > MAX_WIRES:
        yield Sentence(f"{said} It is too large to be drawn here; `hqnn compile` draws it.")
        return
    from hqnn_dsl.export.drawing.text import circuit_lines

    try:
        page = run.program.logical_export.page
        svg = b"" if page.is_too_large else page.file("svg")
    except Refusal as refusal:
        yield Sentence(refusal.diagnostics[0].headline)
        return
    if not svg or len(svg) > MOST_SVG_BYTES:
        yield Sentence(f"{said} Its picture is too large for a page; `hqnn compile --emit svg` writes it.")
        return
    text = "\n".join(circuit_lines(circuit, LINE_LENGTH))
    alt = f"{said} The feature maps, ansätze and measurements are marked; the text below draws the same."
    yield Picture("The circuit, block by block", alt, svg, text, round(page.width * PIXELS))


def _spec(run: RunFiles) -> Iterator[Block]:
    yield Sentence("With every default and every change by `--set` filled in.")
    yield Code("spec.resolved.hqnn", coloured(run.text, lambda role: f'class="{role}"', MOST_SPEC_LINES))

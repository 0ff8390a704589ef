"""The page of an analysis: each measure with its numbers, definitions and source, and figures of its arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hqnn_dsl.diagnostics.codes.reports import NotAnAnalysis
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import count, number
from hqnn_dsl.documents import Wrong, read_document, validated
from hqnn_dsl.files import open_regular, reason_of
from hqnn_dsl.notebook.colours import coloured
from hqnn_dsl.report.parts import Code, Section, Sentence, measured, table
from hqnn_dsl.report.sections import MOST_SPEC_LINES
from hqnn_dsl.science.analysis.document import AnalysisDocument
from hqnn_dsl.science.pages import analysis_figures as figures
from hqnn_dsl.science.pages import arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hqnn_dsl.report.parts import Block
    from hqnn_dsl.science.analysis.document import FigureRecord, FindingRecord
    from hqnn_dsl.science.pages.records import Shown

MOST_BYTES = 100_000_000
MOST_LINES = 64
"""Lines of a table of inputs."""


class AnalysisPage(NamedTuple):
    """The document of an analysis, and the sections of its page."""

    document: AnalysisDocument
    sections: list[Section]


def read_analysis(path: Path) -> AnalysisPage:
    """Returns an analysis and its page. Raises `Refusal` E0688 for another file, or one that is damaged."""
    try:
        with open_regular(path) as stream:
            data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise Wrong(f"it has more than {MOST_BYTES} bytes")
        document = read_document(AnalysisDocument, data)
        return AnalysisPage(document, analysis_sections(document))
    except OSError as error:
        raise Refusal(NotAnAnalysis(path=str(path), reason=reason_of(error))) from None
    except Wrong as wrong:
        raise Refusal(NotAnAnalysis(path=str(path), reason=str(wrong), hint=wrong.hint)) from None


def analysis_sections(found: AnalysisDocument) -> list[Section]:
    """Returns the sections of the page of an analysis. Raises `Wrong` for arrays that are not those of a measure."""
    circuit = found.circuit
    sizes = (
        f"{count(circuit.qubits, 'qubit')}, {count(circuit.operations, 'gate')}, {count(circuit.inputs, 'input')}, "
        f"{count(circuit.weights, 'weight')} ({circuit.trained} trained), {count(circuit.outputs, 'output')}"
    )
    ends = "" if found.inputs is None else f", inputs uniform from {found.inputs[0]:g} to {found.inputs[1]:g}"
    weights = "uniform in [0, 2π)" if found.weights == "uniform" else "as the spec says"
    drawn = Sentence(f"Weights are drawn {weights}{ends}; the seed of all draws is {found.seed}.")
    sections = [Section("verdict", "Summary", (_summary(found), Sentence(f"The circuit: {sizes}."), drawn))]
    sections += [Section(_name(finding), finding.title, tuple(_blocks(finding))) for finding in found.findings]
    spec = Code(
        "the resolved spec", coloured(found.spec, lambda role: f'class="{role}"', MOST_SPEC_LINES), is_collapsed=True
    )
    versions = Sentence(f"Measured by hqnn {found.hqnn}.")
    return [*sections, Section("spec", "Spec", (spec, versions))]


def analysis_heading(path: Path, found: AnalysisDocument) -> tuple[str, str]:
    """Returns the title of the page of an analysis, and the line below it."""
    subtitle = f"The analysis {path.name}: {count(len(found.findings), 'measure')} of its circuit, before any training."
    return f"{found.model}: report of an analysis", subtitle


def _name(finding: FindingRecord) -> str:
    """The name of a section, which no figure has. Raises `Wrong` for a measure that there is none of."""
    from hqnn_dsl.science.analysis.measures import MEASURES

    if finding.measure not in MEASURES:
        raise Wrong(f"`findings` has the measure {finding.measure[:40]!r}, which there is none of")
    return f"measure-{finding.measure}"


def _summary(found: AnalysisDocument) -> Block:
    """The first number of each measure."""
    rows = []
    for finding in found.findings:
        first = next(iter(finding.figures), None)
        if first is None:
            rows.append([finding.title, "-", f"unknown: {finding.reason}", ""])
        else:
            rows.append([finding.title, first.name, *_value(first)])
    return table("The first number of each measure", ("measure", "number", "value", "±"), rows)


def _value(one: FigureRecord) -> tuple[str, str]:
    """The value of a number, and its error."""
    if one.value is None:
        return f"unknown: {one.reason}" if one.reason else "unknown", ""
    return measured(one.value), "" if one.error is None else measured(one.error, 2)


def _blocks(finding: FindingRecord) -> Iterator[Block]:
    if finding.reason and not finding.figures:
        yield Sentence(f"Unknown: {finding.reason}.")
    rows = [[one.name, *_value(one), one.definition] for one in finding.figures]
    if rows:
        draws = "" if finding.samples is None else f" from {count(finding.samples, 'random draw')}"
        note = "± is the standard error of sampling." if any(one.error is not None for one in finding.figures) else ""
        yield table(f"Numbers{draws}", ("number", "value", "±", "definition"), rows, note)
    try:
        yield from _figures(finding)
    except ValueError as error:
        raise Wrong(f"the arrays of `{finding.measure}` do not fit: {error}") from None
    yield Sentence(f"Definition: {finding.definition}")
    yield Sentence(f"Source: {finding.source}.")
    for setting in finding.settings:
        yield Sentence(f"{setting[:1].upper()}{setting[1:]}.")


def _figures(finding: FindingRecord) -> Iterator[Block]:
    """Figures and tables of the arrays; none if the measure is unknown, or has no arrays that are drawn."""
    maker = _MAKERS.get(finding.measure)
    if finding.arrays and maker is not None:
        model, make = maker
        haar = next((one.value for one in finding.figures if one.name == "Haar mean"), None)
        yield from make(validated(model, finding.arrays), haar)


def _frequencies(found: arrays.Frequencies) -> Iterator[Block]:
    rows = []
    for name, own, reason in zip(found.inputs, found.per_input, found.reasons, strict=True):
        said = f"unknown: {reason}" if own is None else ", ".join(number(value) for value in own[:MOST_LINES])
        more = "" if own is None or len(own) <= MOST_LINES else ", …"
        rows.append([name, "-" if own is None else str(len(own)), f"{said}{more}"])
    note = f"The first {MOST_LINES} of {len(rows)} inputs." if len(rows) > MOST_LINES else ""
    yield table("Frequencies of each input", ("input", "how many", "from 0 on"), rows[:MOST_LINES], note)


def _cones(found: arrays.Cones) -> Iterator[Block]:
    rows = [[f"output {place}", str(qubits)] for place, qubits in enumerate(found.cone_qubits)]
    yield table("Qubits in the light cone of each output", ("output", "qubits"), rows[:MOST_LINES])


_MAKERS: dict[str, tuple[type[Shown], Callable[[Any, float | None], Iterator[Block]]]] = {
    "expressibility": (arrays.Histogram, lambda found, _: figures.histogram_blocks(found)),
    "entanglement": (arrays.States, figures.state_blocks),
    "entropy": (arrays.Layers, figures.layer_blocks),
    "gradients": (arrays.Variances, lambda found, _: figures.variance_blocks(found)),
    "spectrum": (arrays.Frequencies, lambda found, _: _frequencies(found)),
    "coefficients": (arrays.ByInput, lambda found, _: figures.coefficient_blocks(found)),
    "fisher": (arrays.Spectra, lambda found, _: figures.fisher_blocks(found)),
    "landscape": (arrays.Surfaces, lambda found, _: figures.surface_blocks(found)),
    "simulability": (arrays.Cones, lambda found, _: _cones(found)),
}
"""For each measure, what its arrays are, and what draws them, given the Haar mean of it if there is one."""

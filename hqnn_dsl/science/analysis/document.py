"""The JSON document of an analysis: findings with their definitions and sources, in a form with a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from hqnn_dsl.documents import Count, Document, JsonValue, Name, Positive, Record

if TYPE_CHECKING:
    from hqnn_dsl.science.analysis.analyze import Analysis
    from hqnn_dsl.science.analysis.findings import Finding


class FigureRecord(Record):
    """A number; `value` is null for the reason in `reason`, `error` if nothing was sampled."""

    name: Name
    value: float | None
    error: float | None
    definition: Name
    reason: str


class FindingRecord(Record):
    """A measure with its definition and source; `arrays` are as docs/analyze.md says for each."""

    measure: Name
    title: Name
    definition: Name
    source: Name
    samples: Positive | None
    settings: list[str]
    reason: str
    figures: list[FigureRecord]
    arrays: dict[str, JsonValue]


class CircuitRecord(Record):
    """Sizes of the circuit."""

    qubits: Positive
    operations: Count
    inputs: Count
    weights: Count
    trained: Count
    outputs: Positive


class AnalysisDocument(Document):
    """`hqnn analyze SPEC --out FILE`."""

    kind: Literal["analysis"] = "analysis"
    hqnn: Name
    model: Name
    spec: str
    """The resolved spec."""
    circuit: CircuitRecord
    seed: int
    weights: Literal["uniform", "spec"]
    inputs: Annotated[list[float], Field(min_length=2, max_length=2)] | None
    """The range that inputs are uniform in, null without inputs."""
    findings: list[FindingRecord]


def document_of(analysis: Analysis) -> AnalysisDocument:
    """The document of an analysis."""
    from hqnn_dsl import __version__

    circuit = analysis.program.logical
    return AnalysisDocument(
        hqnn=__version__,
        model=analysis.program.spec.name,
        spec=analysis.program.resolved,
        circuit=CircuitRecord(
            qubits=circuit.num_qubits,
            operations=len(circuit.operations),
            inputs=circuit.num_inputs,
            weights=circuit.num_weights,
            trained=sum(tensor.size for tensor in circuit.weights if not tensor.frozen),
            outputs=circuit.num_outputs,
        ),
        seed=analysis.seed,
        weights=analysis.settings.weights,
        inputs=list(analysis.input_range) if circuit.num_inputs else None,
        findings=[_finding(finding) for finding in analysis.findings],
    )


def _finding(finding: Finding) -> FindingRecord:
    from hqnn_dsl.science.analysis.measures import MEASURES

    measure = MEASURES[finding.measure]
    return FindingRecord(
        measure=measure.name,
        title=measure.title,
        definition=measure.definition,
        source=measure.source,
        samples=finding.samples,
        settings=list(finding.settings),
        reason=finding.reason,
        figures=[FigureRecord(**{n: getattr(one, n) for n in FigureRecord.model_fields}) for one in finding.figures],
        arrays=dict(finding.arrays),
    )

"""The arrays of an analysis that have a figure, with types; docs/analyze.md says what they are."""

from __future__ import annotations

from pydantic import Field

from hqnn_dsl.documents import Count, Name, Positive  # noqa: TC001 - pydantic reads annotations
from hqnn_dsl.science.pages.records import Shown

Matrix = list[list[float]]


class Histogram(Shown):
    """`expressibility`: fidelities in bins, and what Haar-random states have."""

    edges: list[float] = Field(min_length=2)
    counts: list[Count]
    haar: list[float]


class States(Shown):
    """`entanglement`: Q of each state, and the mean of each qubit."""

    values: list[float]
    by_qubit: list[float]


class Layers(Shown):
    """`entropy`: entropies after each layer."""

    layers: list[str]
    operations: list[Count]
    half_chain: list[float]
    half_chain_error: list[float | None]
    by_qubit: Matrix


class Scan(Shown):
    """`gradients`: variances at other widths or depths."""

    path: str
    values: list[int]
    qubits: list[Positive]
    weights: list[Count]
    variance: list[float | None]
    error: list[float | None]


class Variances(Shown):
    """`gradients`: variances of each output by each weight."""

    measured: list[str]
    weights: list[str]
    table: Matrix
    widths: Scan | None = None
    depths: Scan | None = None


class Frequencies(Shown):
    """`spectrum`: the frequencies of each input."""

    inputs: list[str]
    per_input: list[list[float] | None]
    reasons: list[str]


class Coefficients(Shown):
    """`coefficients` of one input: mean squares of each output at each frequency."""

    input: Name
    reason: str
    frequencies: list[float] = Field(default_factory=list)
    mean_square: Matrix = Field(default_factory=list)
    standard_error: Matrix | None = None


class ByInput(Shown):
    """`coefficients` of all inputs."""

    by_input: list[Coefficients]


class Spectra(Shown):
    """`fisher`: eigenvalues, and effective dimensions by the number of data."""

    likelihood: str
    mean_eigenvalues: list[float]
    eigenvalues_of_mean: list[float]
    rows: list[Positive]
    effective_dimension: list[float | None]
    normalised: list[float | None]


class Surfaces(Shown):
    """`landscape`: numbers `[s][t]` for each title."""

    steps: list[float] = Field(min_length=2)
    surfaces: dict[str, list[list[float | None]]]


class Cones(Shown):
    """`simulability`: qubits in the light cone of each output."""

    cone_qubits: list[Count]

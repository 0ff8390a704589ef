"""All measures of a program, one after the other: what `hqnn analyze` and `hqnn.analyze` make."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.analyses import NotAnalyzed, UnknownMeasure
from hqnn_dsl.diagnostics.codes.command import BadOption
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.pipeline import changed
from hqnn_dsl.science.analysis import entanglement, expressibility, fisher, fourier, gradients, landscape
from hqnn_dsl.science.analysis.ensemble import WEIGHTS, Ensemble, suited_range
from hqnn_dsl.science.analysis.exact import algebra, simulability
from hqnn_dsl.science.analysis.measures import MEASURES
from hqnn_dsl.science.analysis.scaling import Asked, depth_path, width_path
from hqnn_dsl.semantics.values import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.science.analysis.document import AnalysisDocument
    from hqnn_dsl.science.analysis.ensemble import Weights
    from hqnn_dsl.science.analysis.findings import Finding
    from hqnn_dsl.science.analysis.fisher import Likelihood

LEAST_SAMPLES = 2
LEAST_GRID, MOST_GRID = 3, 201


@dataclass(frozen=True)
class Settings:
    """What an analysis is asked for; None and empty fields are left to each measure.

    `only` are names of `MEASURES`. `samples` is the number of draws of each sampled measure. `seed` decides all draws,
    the spec's if it is None. `weights` and `inputs` say how those are drawn: see `Ensemble`.
    """

    only: tuple[str, ...] = ()
    samples: int | None = None
    seed: int | None = None
    weights: Weights = "uniform"
    inputs: tuple[float, float] | None = None
    likelihood: Likelihood | None = None
    grid: int | None = None
    widths: Asked | None = None
    depths: Asked | None = None

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that are asked for, in the order of the table."""
        return tuple(name for name in MEASURES if not self.only or name in self.only)


@dataclass(frozen=True, eq=False)
class Analysis:
    """The findings about a program's circuit, by name of the measure: `analysis["expressibility"]["KL"].value`."""

    program: Program = field(repr=False)
    settings: Settings
    seed: int
    input_range: tuple[float, float]
    findings: tuple[Finding, ...] = field(repr=False)

    def __getitem__(self, measure: str) -> Finding:
        """The finding of a measure. Raises `KeyError` if it was not asked for."""
        for finding in self.findings:
            if finding.measure == measure:
                return finding
        raise KeyError(f"{measure!r} was not asked for: there are {', '.join(f.measure for f in self.findings)}")

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def document(self) -> AnalysisDocument:
        """The analysis as a JSON document with a version."""
        from hqnn_dsl.science.analysis.document import document_of

        return document_of(self)

    def write(self, path: Path | str, *, force: bool = False) -> None:
        """Write the document to a file. Raises `Refusal` E0550 if it exists and not `force`, E0603."""
        from pathlib import Path as Place

        from hqnn_dsl.documents import text_of
        from hqnn_dsl.files import check_output, writing

        place = Place(path)
        check_output(place, force=force, name="analysis.json")
        with writing(place, force=force) as beside:
            beside.write_text(text_of(self.document()), encoding="utf-8", newline="\n")


def analyze(
    program: Program, settings: Settings, table: Table | None = None, watch: Callable[[str], None] | None = None
) -> Analysis:
    """Make the measures of a program. With a `table`, the landscape is that of the loss on its training rows.

    `watch` is told the title of each measure before it is made. Raises `Refusal`.
    """
    check(program, settings, has_table=table is not None)
    circuit = program.logical
    seed = program.spec.train.seed if settings.seed is None else settings.seed
    ensemble = _ensemble(program, settings, seed)
    grid = settings.grid or landscape.GRID
    scans = _scans(program, settings, seed)
    makers: dict[str, Callable[[], Finding]] = {
        "expressibility": lambda: expressibility.expressibility(ensemble, settings.samples),
        "entanglement": lambda: entanglement.entanglement(ensemble, settings.samples),
        "entropy": lambda: entanglement.entropy(ensemble, settings.samples),
        "gradients": lambda: gradients.gradients(ensemble, settings.samples, scans),
        "spectrum": lambda: fourier.reachable(circuit),
        "coefficients": lambda: fourier.coefficients(ensemble, settings.samples),
        "algebra": lambda: algebra(circuit),
        "fisher": lambda: fisher.fisher(ensemble, settings.samples, settings.likelihood),
        "landscape": lambda: _landscape(program, ensemble, table, grid),
        "simulability": lambda: simulability(circuit),
    }
    first = ["landscape"] if table is not None else []  # what is wrong with the table is said at once
    found: dict[str, Finding] = {}
    for name in dict.fromkeys([*first, *settings.measures]):
        if watch is not None:
            watch(MEASURES[name].title)
        found[name] = makers[name]()
    findings = tuple(found[name] for name in settings.measures)
    return Analysis(program, settings, seed, ensemble.input_range, findings)


def _ensemble(program: Program, settings: Settings, seed: int) -> Ensemble:
    chosen = settings.inputs or suited_range(program.logical)
    return Ensemble(program.logical, seed, settings.weights, chosen, program.spec.train.seed)


def _landscape(program: Program, ensemble: Ensemble, table: Table | None, grid: int) -> Finding:
    if table is None:
        return landscape.output_landscape(ensemble, grid)
    from hqnn_dsl.science.analysis.table_loss import table_landscape

    return table_landscape(program, table, ensemble.seed, grid)


def _scans(program: Program, settings: Settings, seed: int) -> list[gradients.Scan]:
    """The circuits at other widths and depths."""
    found = []
    for name, wanted, path_in in (
        ("widths", settings.widths, width_path),
        ("depths", settings.depths, depth_path),
    ):
        if wanted is None:
            continue
        path = wanted.path or path_in(program)
        programs = [changed(program, {path: str(value)}) for value in wanted.values]
        ensembles = tuple(_ensemble(one, settings, seed) for one in programs)
        found.append(gradients.Scan(name, path, wanted.values, ensembles))
    return found


def check(program: Program, settings: Settings, *, has_table: bool) -> None:
    """Refuse settings that mean nothing, or that would change nothing, before any work.

    Raises `Refusal` E0605, E0671 to E0674, and E0218 or E0313 for a table with a spec that is only a circuit.
    """
    for name in settings.only:
        if name not in MEASURES:
            names = tuple(MEASURES)
            near = suggestion(str(name), names)
            raise Refusal(UnknownMeasure(name=str(name), hint=near or f"there are {', '.join(names)}"))
    for option, given, expected in _wrong_values(settings):
        raise Refusal(BadOption(option=option, expected=expected, value=str(given)))
    if has_table:
        program.refuse_training()
    for option, reason in _without_effect(program, settings, has_table=has_table):
        raise Refusal(NotAnalyzed(option=option, reason=reason))
    if settings.likelihood is not None:
        fisher.check_likelihood(program.logical, settings.likelihood)
    for wanted, path_in in ((settings.widths, width_path), (settings.depths, depth_path)):
        if wanted is not None and not wanted.path:
            path_in(program)


def _wrong_values(settings: Settings) -> Iterator[tuple[str, object, str]]:
    """The options whose values are none of theirs, each with the value and what is expected."""
    samples, seed, grid, inputs = settings.samples, settings.seed, settings.grid, settings.inputs
    if samples is not None and not (_is_whole(samples) and samples >= LEAST_SAMPLES):
        yield "--samples", samples, f"a whole number from {LEAST_SAMPLES} on"
    if seed is not None and not _is_whole(seed):
        yield "--seed", seed, "a whole number"
    if grid is not None and not (_is_whole(grid) and LEAST_GRID <= grid <= MOST_GRID and grid % 2):
        yield "--grid", grid, f"an odd number from {LEAST_GRID} to {MOST_GRID}"
    if inputs is not None and not _is_range(inputs):
        shown = ":".join(map(str, inputs)) if isinstance(inputs, tuple | list) else inputs
        yield "--inputs", shown, "LOW:HIGH, the lower first, such as `-1:1`"
    if settings.weights not in WEIGHTS:
        yield "--weights", settings.weights, " or ".join(WEIGHTS)
    if settings.likelihood is not None and settings.likelihood not in fisher.LIKELIHOODS:
        yield "--likelihood", settings.likelihood, " or ".join(fisher.LIKELIHOODS)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_range(given: object) -> bool:
    """Whether it is two finite numbers, the lower first."""
    if not isinstance(given, tuple | list) or len(given) != 2:
        return False
    numbers = [one for one in given if isinstance(one, int | float) and not isinstance(one, bool)]
    return len(numbers) == 2 and all(map(math.isfinite, numbers)) and numbers[0] < numbers[1]


def _without_effect(program: Program, settings: Settings, *, has_table: bool) -> Iterator[tuple[str, str]]:
    """The options that would change nothing, each with the reason."""
    asked = set(settings.measures)

    def needs(option: str, given: object, measures: Collection[str]) -> Iterator[tuple[str, str]]:
        if given is not None and not asked & set(measures):
            named = " or ".join(f"`{name}`" for name in measures)
            yield option, f"it is about {named}, which --only leaves out"

    sampled = [name for name, measure in MEASURES.items() if measure.is_sampled]
    drawn = [*sampled, "landscape"]
    yield from needs("--samples", settings.samples, sampled)
    yield from needs("--seed", settings.seed, drawn)
    yield from needs("--inputs", settings.inputs, drawn)
    yield from needs("--weights", None if settings.weights == "uniform" else settings.weights, drawn)
    yield from needs("--likelihood", settings.likelihood, ["fisher"])
    yield from needs("--grid", settings.grid, ["landscape"])
    yield from needs("--widths", settings.widths, ["gradients"])
    yield from needs("--depths", settings.depths, ["gradients"])
    yield from needs("DATA", True if has_table else None, ["landscape"])
    if settings.inputs is not None and not program.logical.num_inputs:
        yield "--inputs", "the circuit has no inputs"
    if settings.weights != "uniform" and all(tensor.frozen for tensor in program.logical.weights):
        yield "--weights", "the circuit has no trained weights"

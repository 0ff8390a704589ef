"""`hqnn verify`: whether all backends compute the same values and gradients of a circuit.

Each backend in each precision is run at random points. Its results are compared with the oracle's, and its gradients
also with finite differences; the oracle's values are compared with Qiskit's `Statevector` of the logical and of the
transpiled circuit. A backend that cannot run the circuit is a row with the reason, not a failure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from hqnn_dsl.crosscheck.points import ROWS, find_points
from hqnn_dsl.crosscheck.slopes import checked_gradients, slopes, unshared
from hqnn_dsl.crosscheck.variants import (
    GRADIENTS,
    SLOPES,
    VALUES,
    answers,
    gradient_difference,
    value_difference,
    variants,
)
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.crosscheck.points import Point
    from hqnn_dsl.crosscheck.variants import Answer, Variant
    from hqnn_dsl.pipeline import Program

Verdict = Literal["agrees", "differs", "cannot", "samples"]

POINTS = 2
"""Number of points that are compared if no other number is given."""


WIDEST_EVERY_WAY = 10
"""Widest circuit that is also tried in the backends' other ways: beyond, Qiskit's estimator takes seconds a circuit."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """The result of one way to compute the circuit.

    `values` and `gradients` are the largest differences from the oracle, `slopes` from finite differences, each per
    unit of the compared quantity, and None if there is nothing to compare. The tolerances are those of the verdict.
    """

    name: str
    precision: str
    verdict: Verdict
    reason: str = ""
    values: float | None = None
    gradients: float | None = None
    slopes: float | None = None
    value_tolerance: float | None = None
    gradient_tolerance: float | None = None
    slope_tolerance: float | None = None

    @property
    def title(self) -> str:
        return f"{self.name} ({self.precision})"


@dataclass(frozen=True)
class Verification:
    """The rows, the oracle's first. `checked` of `gradients` gradients at a point were compared with differences."""

    oracle: str
    points: int
    rows_a_point: int
    gradients: int
    checked: int
    rows: tuple[Row, ...]

    @property
    def disagreeing(self) -> tuple[Row, ...]:
        """The rows that differ: bugs of ours."""
        return tuple(row for row in self.rows if row.verdict == "differs")


def verify(program: Program, points: int = POINTS, watch: Callable[[str], None] = lambda _: None) -> Verification:
    """Compare all installed backends at `points` random points; `watch` is called with the name of each.

    Tensors are where `train { device }` says. Raises `Refusal` if there is no such device here, if no backend can run
    the circuit, or if no point with finite angles is found.
    """
    program.refuse_without_circuit()
    program = program.in_order()
    circuit, seed, device = program.logical, program.spec.train.seed, program.device
    where = find_points(circuit, points, seed)
    found: list[tuple[Variant, list[Answer] | Refusal]] = []
    for variant in variants(program, every_way=circuit.num_qubits <= WIDEST_EVERY_WAY):
        watch(variant.title)
        found.append((variant, answers(program, variant, where, device)))
    variant, truth = _oracle(found)
    wanted = checked_gradients(circuit, seed)
    watch("finite differences")
    steep = _slopes(program, variant, where, wanted, device)
    comparison = _Comparison(circuit, where, truth, wanted, steep)
    rows = [comparison.row(one, got) for one, got in found]
    rows += _qiskit_rows(program, where, truth, watch)
    count = ROWS * circuit.num_inputs + circuit.num_weights
    return Verification(variant.title, points, ROWS, count, len(wanted), tuple(rows))


def _oracle(found: list[tuple[Variant, list[Answer] | Refusal]]) -> tuple[Variant, list[Answer]]:
    """Returns the first variant that can run the circuit: the reference in double precision if it can."""
    for variant, got in found:
        if not isinstance(got, Refusal):
            return variant, got
    first = found[0][1]
    assert isinstance(first, Refusal)
    raise first


def _slopes(program: Program, variant: Variant, points: list[Point], wanted: list[int], device: str) -> list[Tensor]:
    """Returns finite differences at every point, by the oracle's values."""
    apart = unshared(program.logical)
    bare = replace(program, checked=replace(program.checked, circuit=apart))
    layer = bare.layer_of(variant.choice).to(device)
    return [slopes(layer, point, wanted, device) for point in points]


@dataclass(frozen=True, eq=False)
class _Comparison:
    """The results with which every row is compared."""

    circuit: Circuit
    points: Sequence[Point]
    truth: Sequence[Answer]
    wanted: Sequence[int]
    slopes: Sequence[Tensor]

    def row(self, variant: Variant, got: list[Answer] | Refusal) -> Row:
        if isinstance(got, Refusal):
            return _cannot(variant.name, variant.precision, got)
        pairs = list(zip(got, self.truth, strict=True))
        values = max(value_difference(self.circuit, ours.values, true.values) for ours, true in pairs)
        gradients = max(gradient_difference(ours.gradients, true.gradients) for ours, true in pairs)
        steep = max(
            gradient_difference(ours.gradients[self.wanted], slope)
            for ours, slope in zip(got, self.slopes, strict=True)
        )
        lost = max(point.turns for point in self.points) if variant.precision == "single" else 1.0
        limits = [table[variant.precision] * lost for table in (VALUES, GRADIENTS, SLOPES)]
        agrees = values <= limits[0] and gradients <= limits[1] and steep <= limits[2]
        return Row(
            name=variant.name,
            precision=variant.precision,
            verdict=("agrees" if agrees else "differs") if variant.exact else "samples",
            values=values,
            gradients=gradients,
            slopes=steep,
            value_tolerance=limits[0],
            gradient_tolerance=limits[1],
            slope_tolerance=limits[2],
        )


def _cannot(name: str, precision: str, refusal: Refusal) -> Row:
    return Row(name=name, precision=precision, verdict="cannot", reason=refusal.diagnostics[0].headline)


def _qiskit_rows(program: Program, points: list[Point], truth: list[Answer], watch: Callable[[str], None]) -> list[Row]:
    """Returns the rows of Qiskit's `Statevector`, before and after transpiling."""
    from hqnn_dsl.crosscheck.statevector import logical_values, transpiled_values

    rows = []
    for name, compute in (("Qiskit, logical", logical_values), ("Qiskit, transpiled", transpiled_values)):
        watch(name)
        try:
            got = compute(program, points)
        except Refusal as refusal:
            rows.append(_cannot(name, "double", refusal))
            continue
        pairs = zip(got, truth, strict=True)
        values = max(value_difference(program.logical, ours, true.values) for ours, true in pairs)
        limit = VALUES["double"]
        verdict: Verdict = "agrees" if values <= limit else "differs"
        rows.append(Row(name=name, precision="double", verdict=verdict, values=values, value_tolerance=limit))
    return rows

"""`hqnn bench`: the time and memory of a step of the circuit on every installed backend.

Results are compared first: a backend that computes something else gets no times. Then all take turns, a forward call
without gradients and a step (forward and backward, gradients for weights and inputs) each, so that other work on the
machine slows all of them. A backend that would not finish a batch in its share of the time runs fewer rows.
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Literal

import torch

from hqnn_dsl.backends import offered
from hqnn_dsl.crosscheck.memory import peak_bytes
from hqnn_dsl.crosscheck.points import find_points
from hqnn_dsl.crosscheck.variants import (
    GRADIENTS,
    VALUES,
    answer,
    gradient_difference,
    put_weights,
    value_difference,
    variants,
)
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.crosscheck.points import Point
    from hqnn_dsl.crosscheck.variants import Answer, Variant
    from hqnn_dsl.network.quantum import QuantumLayer
    from hqnn_dsl.pipeline import Program

SECONDS = 10.0
"""Seconds of timing in all if no other number is given; first calls come on top."""

MOST_ROUNDS = 300


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The cost of one backend in one precision, in seconds and bytes.

    `first` is the time from nothing to the first gradients, loading and compiling included. `forward` is without
    gradients. If `rows` is less than the batch, only so many rows were run, and times are theirs times the ratio:
    `is_estimate`; memory is that of the rows that ran. If `verdict` is not `timed`, `reason` says why and there are
    no times.
    """

    name: str
    precision: str
    verdict: Literal["timed", "differs", "cannot"]
    reason: str = ""
    rows: int = 0
    is_estimate: bool = False
    repetitions: int = 0
    first: float | None = None
    forward: float | None = None
    forward_minimum: float | None = None
    step: float | None = None
    step_minimum: float | None = None
    peak_bytes: int | None = None

    @property
    def title(self) -> str:
        return f"{self.name} ({self.precision})"


@dataclass(frozen=True)
class Benchmark:
    """The timings, in the order of the table of backends, with the batch, the device and the threads of all."""

    oracle: str
    batch: int
    device: str
    threads: int
    rows: tuple[Timing, ...]

    @property
    def disagreeing(self) -> tuple[Timing, ...]:
        """The rows with other numbers: bugs of ours."""
        return tuple(row for row in self.rows if row.verdict == "differs")

    def ratio(self, row: Timing) -> float | None:
        """Returns how many times longer a step takes than on the fastest."""
        steps = [other.step for other in self.rows if other.step is not None]
        return None if row.step is None else row.step / min(steps)


def bench(
    program: Program, batch: int | None = None, seconds: float = SECONDS, watch: Callable[[str], None] = lambda _: None
) -> Benchmark:
    """Time all installed backends on a batch (the spec's if None), for about `seconds`; `watch` is called with titles.

    Tensors are where `train { device }` says. Raises `Refusal` if there is no such device here, if no backend can run
    the circuit, or if no point with finite angles is found.
    """
    program.refuse_without_circuit()
    program = program.in_order()
    batch, device = batch or program.spec.train.batch, program.device
    todo = variants(program)
    (point,) = find_points(program.logical, 1, program.spec.train.seed)
    runs: list[_Run] = []
    rows: dict[str, Timing] = {}
    refusals: list[Refusal] = []
    truth: Answer | None = None
    oracle = ""
    for variant in todo:
        watch(variant.title)
        try:
            run = _Run(program, variant, point, device, batch, seconds / len(todo))
            got = answer(run.layer, point, device)
        except Refusal as refusal:
            refusals.append(refusal)
            rows[variant.title] = _without_times(variant, "cannot", refusal.diagnostics[0].headline)
            continue
        if truth is None:
            truth, oracle = got, variant.title
        difference = _difference(program, variant, point, got, truth)
        if difference:
            rows[variant.title] = _without_times(variant, "differs", difference)
        else:
            runs.append(run)
    if truth is None:
        raise refusals[0]
    watch("taking turns")
    _take_turns(runs)
    rows |= {run.variant.title: run.timing() for run in runs}
    ordered = sorted(rows.values(), key=lambda row: (list(offered()).index(row.name), row.precision))
    return Benchmark(oracle, batch, device, torch.get_num_threads(), tuple(ordered))


def _without_times(variant: Variant, verdict: Literal["differs", "cannot"], reason: str) -> Timing:
    return Timing(name=variant.name, precision=variant.precision, verdict=verdict, reason=reason)


def _difference(program: Program, variant: Variant, point: Point, got: Answer, truth: Answer) -> str:
    """Returns the differences from the oracle if they are too large, an empty text if not or if the backend samples."""
    values = value_difference(program.logical, got.values, truth.values)
    gradients = gradient_difference(got.gradients, truth.gradients)
    lost = point.turns if variant.precision == "single" else 1.0
    limits = VALUES[variant.precision] * lost, GRADIENTS[variant.precision] * lost
    if not variant.exact or (values <= limits[0] and gradients <= limits[1]):
        return ""
    return f"values differ by {values:.1e}, gradients by {gradients:.1e}"


@dataclass
class _Run:
    """A backend at work: its layer, the rows that it runs, and the times so far."""

    program: Program
    variant: Variant
    point: Point
    device: str
    batch: int
    share: float
    rows: int = field(init=False)
    layer: QuantumLayer = field(init=False)
    forwards: list[float] = field(init=False, default_factory=list)
    steps: list[float] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        start = time.perf_counter()
        self.layer = self.program.layer_of(self.variant.choice).to(self.device)
        put_weights(self.layer, self.point.weights)
        self.rows = self.batch if self._estimate() <= self.share / 3 else 1
        self._inputs = self._batch()
        self.step()
        self.first = time.perf_counter() - start
        while self.rows < self.batch and self.step() * 4 <= self.share / 3:
            self.rows = min(self.batch, self.rows * 4)
            self._inputs = self._batch()
        self.peak = peak_bytes(self.step, self.device)

    def _estimate(self) -> float:
        """Returns the seconds of a step with the whole batch, by the pace that the backend declares."""
        circuit = self.program.logical
        work = self.batch * len(circuit.operations) << circuit.num_qubits
        return work / offered()[self.variant.name].pace

    def _batch(self) -> torch.Tensor:
        """Returns inputs `[rows, I]`, the point's rows repeated."""
        copies = -(-self.rows // len(self.point.inputs))
        inputs = self.point.inputs.repeat(copies, 1)[: self.rows]
        return inputs.to(self.device, self.layer.dtype).requires_grad_()

    def _wait(self) -> float:
        if self.device != "cpu":
            torch.cuda.synchronize()
        return time.perf_counter()

    def forward(self) -> float:
        """Returns the seconds of a call without gradients."""
        start = self._wait()
        with torch.no_grad():
            self.layer(self._inputs)
        return self._wait() - start

    def step(self) -> float:
        """Returns the seconds of a call with gradients for weights and inputs."""
        start = self._wait()
        outputs = self.layer(self._inputs)
        if outputs.requires_grad:
            wanted = [self._inputs, *self.layer.parameters()]
            torch.autograd.grad(outputs, wanted, torch.ones_like(outputs), allow_unused=True)
        return self._wait() - start

    @property
    def is_over(self) -> bool:
        return sum(self.forwards) + sum(self.steps) >= self.share or len(self.steps) >= MOST_ROUNDS

    def timing(self) -> Timing:
        scale = self.batch / self.rows
        return Timing(
            name=self.variant.name,
            precision=self.variant.precision,
            verdict="timed",
            rows=self.rows,
            is_estimate=self.rows < self.batch,
            repetitions=len(self.steps),
            first=self.first,
            forward=median(self.forwards) * scale,
            forward_minimum=min(self.forwards) * scale,
            step=median(self.steps) * scale,
            step_minimum=min(self.steps) * scale,
            peak_bytes=self.peak,
        )


def _take_turns(runs: list[_Run]) -> None:
    """Rounds in which each of `runs` makes a forward call and a step, until all have had their share of the time."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        running = list(runs)
        while running:
            for run in running:
                run.forwards.append(run.forward())
                run.steps.append(run.step())
            running = [run for run in running if not run.is_over]
    finally:
        if was_enabled:
            gc.enable()

"""The forecast of a training, or of many: everything that can be told of them before they run."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from hqnn_dsl.backends import MeteredExecutable
from hqnn_dsl.backends.meter import Limits, Price
from hqnn_dsl.backends.resident import give_back_free_memory, reset_peak, resident
from hqnn_dsl.diagnostics.notices import each_notice_once
from hqnn_dsl.training.forecast import fixed as fixed_costs
from hqnn_dsl.training.forecast import whole
from hqnn_dsl.training.forecast.counting import Counted, counted, on_others
from hqnn_dsl.training.forecast.gradients import GradientSpread, gradient_spread
from hqnn_dsl.training.forecast.probe import Pace, probe
from hqnn_dsl.training.many import first_setup, sized_setups
from hqnn_dsl.training.outlook import Outlook, outlook_of
from hqnn_dsl.training.samples import batch_bounds
from hqnn_dsl.training.threads import suited_threads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.training.forecast.fixed import Fixed
    from hqnn_dsl.training.forecast.whole import Seconds
    from hqnn_dsl.training.many_plan import Plan
    from hqnn_dsl.training.run import Setup
    from hqnn_dsl.training.second_process import Elsewhere


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes of memory. `states` are those of a step's states, as the backend counts them.

    `process` is the most that the training process has, `second` the same of the process beside it that fits the
    baselines; their sum is `peak`. None where they are not known.
    """

    states: int | None
    process: int | None
    second: int | None

    @property
    def peak(self) -> int | None:
        """The most of both together; None if one of them is not known."""
        return None if self.process is None or self.second is None else self.process + self.second


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What one training takes, and all that were asked for. `outlook` is that of the first of them.

    `pace` and `seconds` are None for a device that is paid for, where nothing is probed.
    """

    outlook: Outlook
    trainings: int
    at_once: int
    """How many trainings run at the same time."""
    counted: Counted | None
    """None if the network has no circuit."""
    others: tuple[Counted, ...]
    memory: Memory
    pace: Pace | None
    seconds: Seconds | None
    gradient: GradientSpread | None

    @property
    def circuits(self) -> Price | None:
        """Circuits and shots of all trainings; None if they are not counted."""
        if self.counted is None:
            return Price()
        price = self.counted.training
        return None if price is None else price * self.trainings

    @property
    def needed(self) -> dict[str, float | None]:
        """What `--max` bounds: minutes, bytes of memory, circuits and shots of all trainings; None if not known."""
        price = self.circuits
        return {
            "minutes": None if self.seconds is None else self.seconds.whole / 60,
            "memory": self.memory.peak,
            "circuits": None if price is None else price.circuits,
            "shots": None if price is None else price.shots,
        }


def forecast(
    program: Program, table: Table, plan: Plan | None, elsewhere: Elsewhere, *, begun: float | None = None
) -> Forecast:
    """Returns the forecast of a training of a program on a table, or with a plan, of all its trainings.

    `begun` is the time of `time.perf_counter` at which the command has begun. Some steps are run, and nothing is
    written. Raises `Refusal` for all that would be refused before the first step.
    """
    program.refuse_training()
    with each_notice_once():
        return _forecast(program, table, plan, elsewhere, begun)


def _forecast(program: Program, table: Table, plan: Plan | None, elsewhere: Elsewhere, begun: float | None) -> Forecast:
    setup, workers = first_setup(program, table, plan)
    beginning = time.perf_counter() - (time.perf_counter() if begun is None else begun)
    fixed = fixed_costs.begun(setup, elsewhere)
    training, preparation = setup.training, setup.prepared.preparation
    samples, num_rows = setup.samples, len(preparation.rows)
    trainings = 1 if plan is None else len(plan.trainings())
    at_once = min(workers, trainings)
    own = counted(training, samples, num_rows)
    pace, process, gradient = None, _resident("VmHWM"), None
    if not _is_paid(setup):
        with _threads(setup, at_once), _unbounded(setup):
            pace, process = _probed(setup, process)
            gradient = gradient_spread(training, samples, pace.step)
    taken = fixed()
    seconds = None
    if pace is not None:
        seconds = _seconds(program, table, plan, setup, pace, taken, at_once=at_once, beginning=beginning)
    return Forecast(
        outlook=outlook_of(training, preparation),
        trainings=trainings,
        at_once=at_once,
        counted=own,
        others=on_others(training, samples, num_rows, program.spec.train.seed),
        memory=_memory(0 if own is None else own.states, process, taken, at_once),
        pace=pace,
        seconds=seconds,
        gradient=gradient,
    )


def _memory(states: int | None, process: int | None, taken: Fixed, at_once: int) -> Memory:
    """The memory of all that runs at once: each further training has states of its own."""
    more = (at_once - 1) * (states or 0)
    return Memory(states=states, process=None if process is None else process + more, second=taken.memory)


def _is_paid(setup: Setup) -> bool:
    executable = setup.training.net.circuit.executable
    return isinstance(executable, MeteredExecutable) and executable.is_paid


def _resident(line: str) -> int | None:
    try:
        return resident(line)
    except OSError:
        return None


def _probed(setup: Setup, before: int | None) -> tuple[Pace, int | None]:
    """The pace of a training, and the most memory of its process: so far, or in steps whose kernels are compiled."""
    training, samples = setup.training, setup.samples
    first = probe(training, samples, 0.0)
    give_back_free_memory()
    try:
        reset_peak()
    except OSError:
        return replace(probe(training, samples), compiling=first.compiling), None
    pace = replace(probe(training, samples), compiling=first.compiling)
    during = _resident("VmHWM")
    return pace, None if before is None or during is None else max(before, during)


@contextmanager
def _threads(setup: Setup, at_once: int) -> Iterator[None]:
    """The threads that the training has: one, if others run beside it."""
    with suited_threads(setup.training.net, setup.spec.train.batch):
        before = torch.get_num_threads()
        torch.set_num_threads(1 if at_once > 1 else before)
        try:
            yield
        finally:
            torch.set_num_threads(before)


@contextmanager
def _unbounded(setup: Setup) -> Iterator[None]:
    """A device that counts, and that nobody pays for, counts nothing in the block."""
    executable = setup.training.net.circuit.executable
    if not isinstance(executable, MeteredExecutable):
        yield
        return
    meter = executable.meter
    before = replace(meter)
    meter.limits = Limits()
    try:
        yield
    finally:
        vars(meter).update(vars(before))


def _seconds(  # noqa: PLR0913, PLR0917 - the parts that are put together
    program: Program,
    table: Table,
    plan: Plan | None,
    setup: Setup,
    pace: Pace,
    taken: Fixed,
    *,
    at_once: int,
    beginning: float,
) -> Seconds:
    epochs, share = setup.training.settings.epochs, len(setup.prepared.preparation.rows) / _judged(setup)
    if plan is None:
        return whole.of_one(pace, _size(setup, setup), epochs, beginning, taken, share)
    begin = time.perf_counter()
    setups = sized_setups(program, table, plan)
    again = (time.perf_counter() - begin) / len(setups)
    by_rows = {rows: _size(one, setup) for rows, one in setups.items()}
    sizes = [by_rows[one.rows] for one in plan.trainings()]
    return whole.of_many(pace, sizes, epochs, beginning, again, taken, share, at_once)


def _size(one: Setup, probed: Setup) -> whole.Size:
    parts, batch = one.prepared.preparation.parts, one.training.settings.batch
    return whole.Size(steps=len(batch_bounds(len(parts.train), batch)), judged_share=_judged(one) / _judged(probed))


def _judged(setup: Setup) -> int:
    parts = setup.prepared.preparation.parts
    return len(parts.validation) or len(parts.train)

"""The forecast of a training, or of many: everything that can be told of them before they run."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from hqnn_dsl.backends import MeteredExecutable
from hqnn_dsl.backends.meter import Limits
from hqnn_dsl.backends.resident import give_back_free_memory, reset_peak, resident
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import each_notice_once
from hqnn_dsl.training.forecast import fixed as fixed_costs
from hqnn_dsl.training.forecast import whole
from hqnn_dsl.training.forecast.counting import Counted, all_circuits, counted, on_others
from hqnn_dsl.training.forecast.gradients import GradientSpread, gradient_spread
from hqnn_dsl.training.forecast.probe import Pace, probe
from hqnn_dsl.training.many import first_setup, sizes_of
from hqnn_dsl.training.outlook import Outlook, outlook_of
from hqnn_dsl.training.threads import suited_threads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.backends.meter import Price
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.program import Program
    from hqnn_dsl.training.forecast.fixed import Fixed
    from hqnn_dsl.training.forecast.whole import Seconds
    from hqnn_dsl.training.many_plan import Plan
    from hqnn_dsl.training.run import Setup
    from hqnn_dsl.training.second_process import Elsewhere


LONG = 5.0
"""If a few steps take so many seconds, no more are probed."""
COMPILING = 1.0
"""If the first step took so many seconds more than the others, kernels were compiled."""


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
    circuits: Price | None
    """Circuits and shots of all trainings; None if they are not counted."""
    over_budget: tuple[Diagnostic, ...]
    """The refusal of a training that is over the budget of the spec."""
    others: tuple[Counted, ...]
    memory: Memory
    pace: Pace | None
    seconds: Seconds | None
    gradient: GradientSpread | None

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
    beginning = 0.0 if begun is None else time.perf_counter() - begun
    taken = fixed_costs.begun(setup, elsewhere)()  # waited for, so that it does not slow the steps below
    training, samples, num_rows = setup.training, setup.samples, len(setup.prepared.preparation.rows)
    own_sizes = len(samples.train), len(samples.validation), num_rows
    trainings = (own_sizes,) if plan is None else sizes_of(program, table, plan)
    sizes = [size for size in trainings if size is not None]
    at_once = min(workers, len(trainings))
    own = counted(training, samples, num_rows)
    pace, process, gradient = None, _resident("VmHWM"), None
    if not _is_paid(setup):
        with _threads(setup, at_once), _unbounded(setup):
            pace, process = _probed(setup, process)
            gradient = gradient_spread(training, samples, pace.step)
    work = whole.Work(epochs=training.settings.epochs, batch=training.settings.batch, probed=own_sizes, sizes=sizes)
    seconds = None
    if pace is not None and plan is None:
        seconds = whole.of_one(pace, work, beginning, taken)
    elif pace is not None:
        again = _seconds_again(program, table, plan)
        seconds = whole.of_many(pace, work, beginning, again, taken, at_once)
    return Forecast(
        outlook=outlook_of(training, setup.prepared.preparation),
        trainings=len(trainings),
        at_once=at_once,
        counted=own,
        circuits=all_circuits(training, samples, sizes),
        over_budget=_over_budget(setup),
        others=on_others(training, samples, num_rows, program.spec.train.seed),
        memory=_memory(0 if own is None else own.states, process, taken, at_once),
        pace=pace,
        seconds=seconds,
        gradient=gradient,
    )


def _over_budget(setup: Setup) -> tuple[Diagnostic, ...]:
    """The refusal of what is over the spec's budget; nobody is asked whether to pay."""
    executable = setup.training.net.circuit.executable
    if not isinstance(executable, MeteredExecutable):
        return ()
    try:
        setup.settle(lambda _: True)
    except Refusal as refusal:
        return refusal.diagnostics
    finally:
        executable.meter.agreed = False
    return ()


def _seconds_again(program: Program, table: Table, plan: Plan | None) -> float:
    """The seconds of setting up a training once more."""
    begin = time.perf_counter()
    first_setup(program, table, plan)
    return time.perf_counter() - begin


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
    """The pace of a training, and the most memory of its process, which compiles no kernels that are kept.

    Compiling takes memory that a later training does not need: after it, the memory of steps is looked at alone.
    """
    training, samples = setup.training, setup.samples
    begin = time.perf_counter()
    first = probe(training, samples, 0.0)
    taken = time.perf_counter() - begin
    if taken - first.compiling > LONG:
        return first, _resident("VmHWM")
    has_compiled = first.compiling > COMPILING
    if has_compiled:
        give_back_free_memory()
        with suppress(OSError):
            reset_peak()
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

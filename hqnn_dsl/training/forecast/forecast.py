"""The forecast of a training, or of many: everything that can be told of them before they run."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from hqnn_dsl.backends import MeteredExecutable
from hqnn_dsl.backends.meter import Limits
from hqnn_dsl.backends.once import SPENT, effort
from hqnn_dsl.backends.resident import give_back_free_memory, reset_peak, resident
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import each_notice_once
from hqnn_dsl.training.counting import Counted, all_circuits, counted, on_others
from hqnn_dsl.training.forecast import fixed as fixed_costs
from hqnn_dsl.training.forecast import whole
from hqnn_dsl.training.forecast.fixed import Fixed
from hqnn_dsl.training.forecast.gradients import GradientSpread, gradient_spread
from hqnn_dsl.training.forecast.probe import Pace, probe
from hqnn_dsl.training.forecast.side_by_side import side_by_side
from hqnn_dsl.training.many import first_setup, sizes_of
from hqnn_dsl.training.outlook import Outlook, outlook_of
from hqnn_dsl.training.threads import suited_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hqnn_dsl.backends.meter import Price
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.program import Program
    from hqnn_dsl.training.forecast.whole import Seconds
    from hqnn_dsl.training.many_plan import One, Plan
    from hqnn_dsl.training.run import Setup
    from hqnn_dsl.training.second_process import Elsewhere

    Rehearsal = Callable[[Setup, Table, Elsewhere], float]


LONG = 5.0
"""If a few steps take so many seconds, no more are probed."""


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
class Once:
    """Seconds that the first process on this machine takes more than all after it, since what it finds is kept.

    The forecast has spent them, if they are not 0; they are in no other time of it.
    """

    trials: float
    """The trial of `backend auto`."""
    compiling: float
    """Compiling of kernels."""


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
    once: Once
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


def forecast(  # noqa: PLR0913 - what a forecast can be told
    program: Program,
    table: Table,
    plan: Plan | None,
    elsewhere: Elsewhere,
    *,
    begun: float | None = None,
    page: Rehearsal | None = None,
) -> Forecast:
    """Returns the forecast of a training of a program on a table, or with a plan, of all its trainings.

    `begun` is the time of `time.perf_counter` at which the command has begun. `page` makes the page of a training
    elsewhere and returns its seconds; without it, and of many trainings, none is told of. Some steps are run, and
    nothing is written. Raises `Refusal` for all that would be refused before the first step.
    """
    program.refuse_training()
    with each_notice_once():
        return _forecast(program, table, plan, elsewhere, begun, page)


def _forecast(  # noqa: PLR0913, PLR0917 - see `forecast`
    program: Program,
    table: Table,
    plan: Plan | None,
    elsewhere: Elsewhere,
    begun: float | None,
    page: Rehearsal | None,
) -> Forecast:
    once = replace(SPENT)
    setup, workers = first_setup(program, table, plan)
    beginning = 0.0 if begun is None else max(0.0, time.perf_counter() - begun - (SPENT.all - once.all))
    training, samples, num_rows = setup.training, setup.samples, len(setup.prepared.preparation.rows)
    sizes = _sizes(program, table, plan, setup)
    at_once = min(workers, len(sizes))
    asked = None if page is None else partial(page, setup, table, elsewhere)
    fixed = _fixed(setup, elsewhere, asked, is_one=plan is None)  # waited for, so that it does not slow the steps below
    _forget_peak(once.all)
    probed = len(samples.train), len(samples.validation), num_rows
    work = whole.Work(epochs=training.settings.epochs, batch=training.settings.batch, probed=probed)
    own = counted(training, samples, num_rows)
    pace, process, gradient, seconds = None, _resident("VmHWM"), None, None
    if not _is_paid(setup):
        with _threads(setup, at_once), _unbounded(setup):
            pace, process = _probed(setup, process)
            gradient = gradient_spread(training, samples, pace.step)
            if plan is None:
                seconds = whole.of_one(pace, work, beginning, fixed)
            else:
                known = {one: size for one, size in sizes.items() if one is not None and size is not None}
                seconds = _of_many(program, table, plan, known, at_once, pace, work, beginning + fixed.imports)
                process = None if process is None else max(process, _resident("VmHWM") or 0)
    return Forecast(
        outlook=outlook_of(training, setup.prepared.preparation, own),
        trainings=len(sizes),
        at_once=at_once,
        counted=own,
        circuits=all_circuits(training, samples, [size for size in sizes.values() if size is not None]),
        over_budget=_over_budget(setup),
        others=on_others(training, samples, num_rows, program.spec.train.seed),
        memory=Memory(states=0 if own is None else own.states, process=process, second=fixed.memory),
        pace=pace,
        seconds=seconds,
        once=Once(trials=SPENT.trials - once.trials, compiling=SPENT.compiling - once.compiling),
        gradient=gradient,
    )


def _sizes(
    program: Program, table: Table, plan: Plan | None, setup: Setup
) -> dict[One | None, tuple[int, int, int] | None]:
    """The training, validation and all rows of each training; None of one that has no parts."""
    if plan is None:
        samples = setup.samples
        return {None: (len(samples.train), len(samples.validation), len(setup.prepared.preparation.rows))}
    return dict(zip(plan.trainings(), sizes_of(program, table, plan), strict=True))


def _fixed(setup: Setup, elsewhere: Elsewhere, page: Callable[[], float] | None, *, is_one: bool) -> Fixed:
    """What a training takes beside its epochs; many have no second process, and draw no pictures and write no page."""
    if is_one:
        found = fixed_costs.begun(setup, elsewhere)()
        return found if page is None else fixed_costs.with_page(found, elsewhere, page)
    begin = time.perf_counter()
    import sklearn.ensemble  # noqa: F401 - for its time

    return Fixed(imports=time.perf_counter() - begin, baselines=0.0, pictures=0.0, memory=0)


def _of_many(  # noqa: PLR0913, PLR0917 - what all trainings are, and what is known of one
    program: Program,
    table: Table,
    plan: Plan,
    sizes: Mapping[One, tuple[int, int, int]],
    at_once: int,
    pace: Pace,
    work: whole.Work,
    beginning: float,
) -> Seconds:
    """The seconds of many trainings, from some that are run beside each other on the fewest and on the most rows."""
    begun = beginning + pace.loading
    if pace.step + pace.judging > LONG / 2:  # no other steps are run
        return whole.of_many([work.each(pace, size) for size in sizes.values()], at_once, 1.0, begun)
    ones = sorted(sizes, key=lambda one: sizes[one][0])
    most = side_by_side(program, table, plan, ones[-at_once:])
    fewest = side_by_side(program, table, plan, ones[:at_once]) if _differ(sizes, ones) else most
    alone = min(1.0, work.each(pace, work.probed).epoch / most.epoch) if at_once > 1 else 1.0
    each = [whole.between(fewest, most, size[0]) for size in sizes.values()]
    return whole.of_many(each, at_once, alone, begun)


def _differ(sizes: Mapping[One, tuple[int, int, int]], ones: Sequence[One]) -> bool:
    """Whether some trainings have clearly fewer rows than others: those of folds differ by one."""
    return sizes[ones[0]][0] < 0.9 * sizes[ones[-1]][0]


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


def _is_paid(setup: Setup) -> bool:
    executable = setup.training.net.circuit.executable
    return isinstance(executable, MeteredExecutable) and executable.is_paid


def _resident(line: str) -> int | None:
    try:
        return resident(line)
    except OSError:
        return None


def _forget_peak(spent: float) -> None:
    """Begin the peak of memory anew if trials or compiling were made since they had taken so many seconds."""
    if SPENT.all > spent:
        give_back_free_memory()
        with suppress(OSError):
            reset_peak()


def _probed(setup: Setup, before: int | None) -> tuple[Pace, int | None]:
    """The pace of a training, and the most memory of its process, which compiles no kernels that are kept.

    Compiling takes memory that a later training does not need: after it, the memory of steps is looked at alone.
    """
    training, samples, spent = setup.training, setup.samples, SPENT.all
    with effort() as first_steps:
        first = probe(training, samples, 0.0)
    if first_steps.seconds > LONG:
        return first, _resident("VmHWM")
    _forget_peak(spent)
    pace = replace(probe(training, samples), loading=first.loading)
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

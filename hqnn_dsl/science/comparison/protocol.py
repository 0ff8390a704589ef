"""What all contenders have alike: the units with their rows and seeds, the number of trials, and the scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hqnn_dsl.data.folds import Fold
from hqnn_dsl.data.split import GIVEN
from hqnn_dsl.diagnostics.codes.command import BadOption
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training.many_plan import plan_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hqnn_dsl.program import Program
    from hqnn_dsl.training.many_plan import One, Plan

FOLDS, REPEATS, SEEDS, TRIALS = 5, 2, 10, 5
"""The defaults: so many folds and repetitions, or so many seeds if the spec says which rows test; and trials."""

MOST_TRIALS = 1000


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """The plan of units, the number of trials of each contender on each unit, and the level of all tests together."""

    plan: Plan
    trials: int = TRIALS
    level: float = 0.05

    @property
    def sentence(self) -> str:
        """`10 units: 5 folds, 2 repetitions; 5 trials each`."""
        trials = "1 trial" if self.trials == 1 else f"{self.trials} trials"
        return f"{self.plan.sentence}; {trials} of each contender on each"


def protocol_of(  # noqa: PLR0913 - the options
    program: Program,
    *,
    folds: int | None = None,
    repeats: int | None = None,
    seeds: int | None = None,
    rows: Iterable[int | str | None] | None = None,
    trials: int | None = None,
    prefix: str = "--",
) -> Protocol:
    """The protocol that options ask for; what is not given is 5 folds, twice, and 5 trials.

    A spec that says which rows test is compared over seeds, 10 by default; folds in the order of time are made once.
    Raises `Refusal`: E0605 for a value that an option does not take, E0599 for options that do not go together.
    """
    if trials is not None and (isinstance(trials, bool) or not 1 <= trials <= MOST_TRIALS):
        expected = f"a number of trials from 1 to {MOST_TRIALS}"
        raise Refusal(BadOption(option=f"{prefix}trials", expected=expected, value=str(trials)))
    by = program.spec.data.split.by
    name = "" if by is None else by.name
    if folds is None and repeats is None and seeds is None:
        if name in GIVEN:
            seeds = SEEDS
        else:
            folds, repeats = FOLDS, None if name == "time" else REPEATS
    plan = plan_of(folds, repeats, seeds, rows, program.spec.train.seed, prefix=prefix)
    return Protocol(plan=plan, trials=TRIALS if trials is None else trials)


def seed_of(one: One) -> int:
    """The seed of a training on a unit: that of the plan, and one further for each repetition."""
    return one.seed + one.repeat


def splitter_of(program: Program, plan: Plan, one: One) -> Fold:
    """The parts of a unit: the same rows for every contender."""
    return Fold(
        folds=plan.folds,
        fold=one.fold or 0,
        repeat=one.repeat,
        rows=one.rows,
        root=program.spec.train.seed,
        most_rows=plan.most_rows,
    )


def seeded(program: Program, seed: int) -> Program:
    """The program with another `train { seed }`."""
    spec = program.spec
    if seed == spec.train.seed:
        return program
    changed = replace(spec, train=replace(spec.train, seed=seed))
    return replace(program, checked=replace(program.checked, spec=changed))


def selection(task: str, targets: int) -> str:
    """The score of the validation rows that chooses among trials: RMSE, R² of several targets, log loss of classes."""
    if task == "classification":
        return "log_loss"
    return "rmse" if targets == 1 else "r2"


def made_small(name: str, scores: Mapping[str, float | None]) -> float | None:
    """The score that chooses, as a number that is the better the smaller it is; None if it is not defined."""
    value = scores.get(name)
    return None if value is None else -value if name == "r2" else value


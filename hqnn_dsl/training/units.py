"""One training of a plan: the program with its seed, and the parts of its rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hqnn_dsl.data.folds import Fold

if TYPE_CHECKING:
    from hqnn_dsl.program import Program
    from hqnn_dsl.training.many_plan import One, Plan


def splitter_of(program: Program, plan: Plan, one: One) -> Fold:
    """The parts of a training: its fold, or the rows that the spec says, of the plan's numbers of rows."""
    return fold_of(program.spec.train.seed, plan, one)


def fold_of(root: int, plan: Plan, one: One) -> Fold:
    """The parts of a training whose folds and rows are drawn from the seed `root`."""
    return Fold(
        folds=plan.folds,
        fold=one.fold or 0,
        repeat=one.repeat,
        rows=one.rows,
        root=root,
        most_rows=plan.most_rows,
    )


def seeded(program: Program, seed: int) -> Program:
    """The program with another `train { seed }`."""
    spec = program.spec
    if seed == spec.train.seed:
        return program
    changed = replace(spec, train=replace(spec.train, seed=seed))
    return replace(program, checked=replace(program.checked, spec=changed))

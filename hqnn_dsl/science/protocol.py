"""The protocol of a comparison: what every contender gets, stated before anything is trained."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from hqnn_dsl.diagnostics.codes.command import BadOption
from hqnn_dsl.diagnostics.codes.splits import NotTheseTrainings
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.documents import Count, Name, NotNegative, Positive, Record
from hqnn_dsl.science.statistics.units import Score
from hqnn_dsl.training.many_plan import MOST, Plan, plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.data.folds import Fold
    from hqnn_dsl.semantics.spec import Spec

FOLDS, REPEATS, SEEDS, TRIALS = 5, 2, 10, 5
"""The defaults of a comparison."""

DECIDE = {
    "regression": ("rmse", "mae", "r2"),
    "classification": ("balanced_accuracy", "accuracy", "f1", "roc_auc", "average_precision", "log_loss"),
}
"""The scores that every contender has, by task; the first is the usual one."""


class Protocol(Record):
    """Folds and repetitions, trials of each contender in each fold, contenders, and the score that decides.

    `folds` is None if the spec says which rows test; then all is done from each of `seeds` seeds. `rows` has the
    numbers of rows of learning curves, None for all. `contenders` are their names, none for all that there are.
    `score` is a name in `metrics.json`, `region` half of its region of practical equivalence, `size` that of a
    difference which it should see, and `level` the share of false claims that is allowed. `seed` is the root of all
    draws.
    """

    folds: Annotated[int, Field(ge=2)] | None = FOLDS
    repeats: Positive = REPEATS
    seeds: Positive = 1
    trials: Positive = TRIALS
    rows: Annotated[list[Positive | None], Field(min_length=1)] = [None]  # noqa: RUF012 - pydantic copies it
    contenders: list[Name] = Field(default_factory=list)
    score: Name
    region: NotNegative
    size: NotNegative = 0.1
    level: Annotated[float, Field(gt=0, lt=1)] = 0.05
    seed: Count = 0

    def sha256(self) -> str:
        """Returns a hash of all of it."""
        return hash_of(self.model_dump())

    @property
    def plan(self) -> Plan:
        """Returns the units: every fold of every repetition, or every seed, for each number of rows."""
        seeds = tuple(range(self.seed, self.seed + self.seeds))
        return Plan(folds=self.folds, repeats=self.repeats, seeds=seeds, rows=tuple(self.rows))

    def folds_of(self, rows: int | None = None) -> Iterator[Fold]:
        """Yields what puts the rows into the parts of each fold of each repetition, in order, as many trainings do.

        `rows` is the number of rows to learn from, None for all.
        """
        from hqnn_dsl.training.units import fold_of

        plan = self.plan
        for one in replace(plan, rows=(rows,), seeds=(self.seed,)).trainings():
            yield fold_of(self.seed, plan, one)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A protocol as options ask for it; what is None has its default, which may follow from the spec and the table."""

    folds: int | None = None
    repeats: int | None = None
    seeds: int | None = None
    """In place of folds: so many seeds on the test rows of the spec."""
    trials: int = TRIALS
    rows: tuple[int | str, ...] | None = None
    contenders: tuple[str, ...] = ()
    score: str | None = None
    region: float | None = None
    size: float | None = None
    level: float = 0.05

    def checked(self, prefix: str = "--") -> Asked:
        """Returns itself. Raises `Refusal` E0605 for a value that its option never takes."""
        if not 1 <= self.trials <= MOST:
            raise _bad(f"{prefix}trials", f"a number from 1 to {MOST}", self.trials)
        if self.region is not None and not 0 <= self.region < 1:
            raise _bad(f"{prefix}region", "a number from 0 to below 1", self.region)
        if self.size is not None and not 0 < self.size < 1:
            raise _bad(f"{prefix}size", "a number between 0 and 1", self.size)
        if not 0 < self.level < 1:
            raise _bad(f"{prefix}level", "a number between 0 and 1", self.level)
        for name in self.contenders:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise _bad(f"{prefix}contenders", "names of contenders, such as `linear,boosting`", name)
        if self.seeds is not None and (self.folds is not None or self.repeats is not None):
            reason = "folds draw the test rows, and seeds keep those of the spec"
            hint = f"leave `{prefix}seeds` out, or `{prefix}folds` and `{prefix}repeats`"
            raise Refusal(NotTheseTrainings(option=f"{prefix}seeds", reason=reason, hint=hint))
        folds = FOLDS if self.folds is None and self.seeds is None else self.folds
        plan_of(folds, self.repeats, self.seeds, self.rows, 0, prefix=prefix)
        return self

    def folds_for(self, spec: Spec) -> int | None:
        """Returns the number of folds: None if seeds are asked for, or if the spec says which rows test."""
        if self.seeds is not None:
            return None
        return default_folds(spec) if self.folds is None else self.folds

    def protocol(self, spec: Spec, task: str, num_targets: int, prefix: str = "--") -> Protocol:
        """Returns the protocol for a spec and the targets that the table has. Raises `Refusal` E0599, E0605."""
        folds = self.folds_for(spec)
        by = spec.data.split.by
        is_fixed = folds is None or (by is not None and by.name == "time")  # repetitions would be the same
        repeats = self.repeats or (1 if is_fixed else REPEATS)
        seeds = (self.seeds or SEEDS) if folds is None else None
        plan = plan_of(folds, repeats, seeds, self.rows, spec.train.seed, prefix=prefix)
        score = self.score or usual_score(task, num_targets)
        if score not in DECIDE[task]:
            expected = ", ".join(DECIDE[task][:-1]) + f" or {DECIDE[task][-1]}"
            raise _bad(f"{prefix}score", f"one of {expected}", score)
        settled = Score.of(score, self.region, self.size)
        return Protocol(
            folds=plan.folds,
            repeats=plan.repeats,
            seeds=len(plan.seeds),
            trials=self.trials,
            rows=list(plan.rows),
            contenders=sorted({*self.contenders}),
            score=score,
            region=settled.region,
            size=settled.size,
            level=self.level,
            seed=spec.train.seed,
        )


def usual_score(task: str, num_targets: int) -> str:
    """Returns the score that decides if none is asked for: RMSE, R² for several targets, balanced accuracy."""
    return "r2" if task == "regression" and num_targets > 1 else DECIDE[task][0]


def _bad(option: str, expected: str, value: object) -> Refusal:
    return Refusal(BadOption(option=option, expected=expected, value=str(value)[:60]))


def default_folds(spec: Spec) -> int | None:
    """Returns the number of folds of a comparison: None if the spec's split says which rows test."""
    from hqnn_dsl.data.split import GIVEN

    by = spec.data.split.by
    return None if by is not None and by.name in GIVEN else FOLDS


def hash_of(data: object) -> str:
    """Returns the SHA-256 of plain data: of its JSON with sorted keys, in UTF-8."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

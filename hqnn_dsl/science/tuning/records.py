"""The records of a tuning: every trial, the best setting, and the sampler with its seed and version."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hqnn_dsl.documents import Count, Name, NotNegative, Positive, Record

Plain = bool | int | float | str


class Trial(Record):
    """One trial: its number from 0, its setting, and the value of the objective, which is made small.

    A trial that has failed has no value and a reason.
    """

    number: Count
    setting: dict[str, Plain]
    state: Literal["done", "failed"]
    value: float | None = None
    reason: str = ""
    seconds: NotNegative = 0.0


class SamplerRecord(Record):
    """What proposed the settings: Optuna's sampler by its name, with the options that were given, and its seed.

    The seed of the proposal for trial `n` is the stream `trial/n` of `seed`.
    """

    name: Name
    optuna: Name
    seed: Count
    options: dict[str, Plain]


class Tuning(Record):
    """All trials of one contender on one fold; `best` is the number of the best, None if all have failed."""

    sampler: SamplerRecord
    space: dict[str, dict[str, Plain | list[Plain]]]
    asked: Positive
    trials: list[Trial] = Field(default_factory=list)
    best: Count | None = None

    @property
    def setting(self) -> dict[str, Plain] | None:
        """The best setting, None if all trials have failed."""
        return None if self.best is None else self.trials[self.best].setting

    @property
    def value(self) -> float | None:
        """The value of the best trial."""
        return None if self.best is None else self.trials[self.best].value

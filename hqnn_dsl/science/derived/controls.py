"""A control as others see it: its text, its weights, what is said of it, and what of it may be tuned."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tunable:
    """A number of a derived spec that may be tuned, by `--set path=value`, from `low` to `high`, both included.

    `log` says that its logarithm is drawn evenly; `default` is what the spec has.
    """

    path: str
    low: float
    high: float
    log: bool
    default: float


@dataclass(frozen=True)
class Derived:
    """A control; `said` is its title in a sentence. If it is absent, `absent_reason` says why, and `text` is empty.

    `weights` is the number of weights that training changes, those of the circuit and of all layers; None if only the
    table knows the number of inputs or outputs. `circuit_weights` is the number of those in the circuit, if it
    `has_circuit`. `same_as` is the name of an earlier control with the same spec, empty if there is none: one of them
    is enough.
    """

    name: str
    title: str
    said: str
    text: str
    weights: int | None
    note: str
    absent_reason: str = ""
    tunables: tuple[Tunable, ...] = ()
    circuit_weights: int = 0
    same_as: str = ""

    has_circuit: bool = True

    @property
    def is_absent(self) -> bool:
        """Whether the spec has no such control."""
        return bool(self.absent_reason)


class Absent(Exception):
    """A spec has no such control; the text says why."""

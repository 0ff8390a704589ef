"""What running on a device costs, counted before it is spent and while it is.

A circuit is one row of angles in one basis: terms that commute qubit by qubit are read together. Shots are circuits
times shots. Seconds are the quantum seconds that the device reports, and an estimate before.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SECONDS_PER_SHOT = 3e-4
"""Estimated quantum seconds of a shot: the usual 250 µs between shots, a circuit of some microseconds, a readout."""

SECONDS_PER_JOB = 2.0
"""Estimated quantum seconds of a job besides its shots."""


@dataclass(frozen=True)
class Price:
    """Circuits, shots, and the estimated quantum seconds of running them."""

    circuits: int = 0
    shots: int = 0
    seconds: float = 0.0

    def __add__(self, other: Price) -> Price:
        return Price(self.circuits + other.circuits, self.shots + other.shots, self.seconds + other.seconds)

    def __mul__(self, times: int) -> Price:
        return Price(self.circuits * times, self.shots * times, self.seconds * times)


@dataclass(frozen=True)
class Limits:
    """What may be spent, None if there is no bound."""

    circuits: int | None = None
    shots: int | None = None
    seconds: float | None = None

    def exceeded(self, price: Price) -> list[tuple[str, float, float]]:
        """(what, needed, allowed) for each bound that a price is over."""
        found = []
        for name, allowed in vars(self).items():
            needed = getattr(price, name)
            if allowed is not None and needed > allowed:
                found.append((name, needed, allowed))
        return found


@dataclass
class Meter:
    """What is spent so far. Of a job the estimated seconds count until the device has reported its own."""

    limits: Limits = field(default_factory=Limits)
    spent: Price = field(default_factory=Price)
    jobs: int = 0
    agreed: bool = False
    """Whether somebody agreed to pay; nothing is sent to a device that costs before."""
    reported: bool = False
    """Whether the device itself reported seconds at least once."""

    def exceeded_by(self, price: Price) -> list[tuple[str, float, float]]:
        """The bounds that spending `price` now would break."""
        return self.limits.exceeded(self.spent + price)

    def spend(self, price: Price) -> None:
        """Count a job that was sent."""
        self.spent += price
        self.jobs += 1

    def correct(self, estimated: float, reported: float | None) -> None:
        """Put the seconds that the device reports of a job in the place of the estimate."""
        if reported is not None:
            self.spent = Price(self.spent.circuits, self.spent.shots, self.spent.seconds - estimated + reported)
            self.reported = True

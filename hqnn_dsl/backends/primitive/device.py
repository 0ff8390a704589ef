"""What a device is to us: something that takes a circuit with many rows of angles and answers its Pauli terms.

Devices here compute on this machine: Qiskit's exact estimator, and its estimator around any local `BackendV2`. Those of
the service are in `service`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from qiskit.primitives import BackendEstimatorV2, StatevectorEstimator

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import Parameter
    from qiskit.quantum_info import Pauli

    from hqnn_dsl.backends.shifts.readout import Floats


@dataclass(frozen=True, eq=False)
class Question:
    """One circuit, its rows of angles `[R, K]` for `parameters` in that order, and the T terms that are asked for.

    `bases` are the terms by number, together what one measurement reads. Each is a pub of its own, since Qiskit groups
    the terms of a pub in an order that differs from one process to the next, and the shots with it.
    """

    circuit: QuantumCircuit
    parameters: tuple[Parameter, ...]
    terms: tuple[Pauli, ...]
    bases: tuple[tuple[int, ...], ...]
    rows: Floats

    @property
    def pubs(self) -> list[tuple[Any, ...]]:
        """What an estimator takes, a pub a basis. Angles go by Parameter, never by Qiskit's order."""
        angles = ({self.parameters: self.rows},) if self.parameters else ()
        return [(self.circuit, [[self.terms[term]] for term in basis], *angles) for basis in self.bases]

    def values(self, results: Any) -> Floats:
        """`[R, T]` from the estimator's results. Raises `ValueError` if a number is missing or not finite."""
        found = np.full((len(self.rows), len(self.terms)), np.nan)
        for basis, result in zip(self.bases, results, strict=True):
            values = np.asarray(result.data.evs, dtype=np.float64)
            if values.shape != (len(basis), len(self.rows)):
                raise ValueError(f"the estimator answered {values.shape} numbers for {(len(basis), len(self.rows))}")
            found[:, basis] = values.T
        if not np.isfinite(found).all():
            raise ValueError("the estimator answered numbers that are not finite")
        return found


def bases_of(terms: tuple[Pauli, ...]) -> tuple[tuple[int, ...], ...]:
    """The terms by number, those together that commute qubit by qubit and are read by one measurement."""
    bases: list[tuple[list[int], Any]] = []
    for number, term in enumerate(terms):
        letters = np.stack([term.x, term.z])
        for members, basis in bases:
            clash = letters.any(axis=0) & basis.any(axis=0) & (letters != basis).any(axis=0)
            if not clash.any():
                members.append(number)
                basis |= letters  # noqa: PLW2901 - the basis grows by the letters of its new member
                break
        else:
            bases.append(([number], letters.copy()))
    return tuple(tuple(members) for members, _ in bases)


class Job(Protocol):
    """A question on its way."""

    @property
    def identity(self) -> str | None:
        """What the device finds it by later; None if it lives in this process only."""

    def values(self) -> Floats:
        """The answer `[R, T]`, waited for."""

    def seconds(self) -> float | None:
        """Quantum seconds as the device reports them, after the answer; None if it reports none."""


class Device(Protocol):
    """Where questions go."""

    @property
    def name(self) -> str: ...

    @property
    def is_paid(self) -> bool:
        """Whether somebody pays for its time, so that it is asked before and kept after."""

    @property
    def is_seeded(self) -> bool:
        """Whether equal seeds give equal shots."""

    @property
    def jobs_ahead(self) -> int:
        """How many jobs may wait for their answers at a time."""

    def submit(self, question: Question, shots: int | None, seed: int, tag: str) -> Job:
        """Send it; `tag` names it, for `find`."""

    def find(self, question: Question, tag: str) -> Job | None:
        """The job that was sent under that tag, None if there is none."""

    def recall(self, question: Question, identity: str) -> Job:
        """The job of that identity, sent earlier, perhaps by another process."""

    def is_lost(self, error: BaseException) -> bool:
        """Whether an exception means that the line is down and waiting may help."""


@dataclass(frozen=True, eq=False)
class LocalJob:
    """A job of an estimator in this process."""

    question: Question
    job: Any
    identity: None = None

    def values(self) -> Floats:
        """The answer `[R, T]`."""
        return self.question.values(self.job.result())

    def seconds(self) -> None:
        """Nobody pays for these."""
        return


@dataclass(frozen=True, eq=False)
class LocalDevice:
    """Qiskit's estimator on this machine: exact where `backend` is None, else with the shots and noise of `backend`.

    Terms that commute qubit by qubit are measured together, so their errors belong together, as on a device.
    """

    name: str
    backend: Any = None
    is_paid: bool = False
    is_seeded: bool = True
    jobs_ahead: int = 1

    def submit(self, question: Question, shots: int | None, seed: int, tag: str) -> LocalJob:  # noqa: ARG002 - no tags
        if self.backend is None:
            return LocalJob(question, StatevectorEstimator().run(question.pubs, precision=0.0))
        assert shots is not None, "a device that samples has shots"
        estimator = BackendEstimatorV2(backend=self.backend, options={"seed_simulator": seed})
        return LocalJob(question, estimator.run(question.pubs, precision=precision_of(shots)))

    def find(self, question: Question, tag: str) -> None:  # noqa: ARG002 - nothing outlives this process
        return

    def recall(self, question: Question, identity: str) -> LocalJob:  # noqa: ARG002 - there is none
        raise LookupError(f"{self.name} has no job {identity}: local jobs end with their process")

    def is_lost(self, error: BaseException) -> bool:  # noqa: ARG002 - there is no line
        return False


def precision_of(shots: int) -> float:
    """The precision that Qiskit turns into exactly `shots`: it takes ceil(1 / precision²)."""
    return (1 + 1e-12) / math.sqrt(shots)

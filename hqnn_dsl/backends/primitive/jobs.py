"""Questions to a device in jobs of bounded size, kept on disk, sent again when the line was down.

A job has a key, a hash of everything that its answer depends on: the device, the circuit, terms, shots and angles. In
the folder of a run each job has a file by its key, written when it is sent and again when it is answered. A run that
was interrupted asks the same again, finds the file, and takes the answer, or waits for the job: nothing is paid twice.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from hqnn_dsl.backends.meter import SECONDS_PER_JOB, SECONDS_PER_SHOT, Meter, Price
from hqnn_dsl.backends.primitive.device import Question, bases_of
from hqnn_dsl.backends.primitive.job_files import (
    STATE_FILE,
    JobFile,
    Spent,
    StateFile,
    read_job_file,
    write_job_file,
)
from hqnn_dsl.backends.primitive.service import sentence
from hqnn_dsl.diagnostics.codes.devices import BudgetSpent, ConnectionLost, DeviceFailed, JobRetried, NotAgreed
from hqnn_dsl.diagnostics.codes.runs import RunUnwritable
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.files import reason_of
from hqnn_dsl.seeds import stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qiskit import QuantumCircuit
    from qiskit.circuit import Parameter
    from qiskit.quantum_info import Pauli

    from hqnn_dsl.backends.primitive.device import Device, Job
    from hqnn_dsl.backends.shifts.readout import Floats

MAX_JOB_CIRCUITS = 1000
"""Circuits in one job, rows times bases: jobs of hours are neither queued well nor repeated gladly."""

RETRY_WAITS = (5.0, 15.0, 60.0, 180.0, 600.0)
"""Seconds of waiting after each lost connection in a row, until it is given up."""

_T = TypeVar("_T")


@dataclass(frozen=True, eq=False)
class Asked:
    """A job's key and size, and where it stands: answered already, or waiting."""

    key: str
    question: Question
    price: Price
    job: Job | None
    answer: Floats | None


@dataclass(eq=False)
class Jobs:
    """Runs a circuit's rows on a device; `seed` is the root of all shots.

    `settings` is whatever else changes answers. `folder` is where jobs are kept, None for nowhere.
    """

    device: Device
    circuit: QuantumCircuit
    parameters: tuple[Parameter, ...]
    terms: tuple[Pauli, ...]
    shots: int | None
    seed: int
    settings: str = ""
    folder: Path | None = None
    meter: Meter = field(default_factory=Meter)
    sleep: Callable[[float], None] = time.sleep
    _met: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.bases = bases_of(self.terms)
        self._fingerprint = _fingerprint(self)
        self._run = uuid.uuid4().hex[:12]
        """What this run's jobs are known by, so that those of an earlier one are never taken for them."""

    @property
    def rows_a_job(self) -> int:
        return max(1, MAX_JOB_CIRCUITS // max(1, len(self.bases)))

    def price(self, rows: int) -> Price:
        """What so many rows cost; the seconds are an estimate."""
        circuits, shots = rows * len(self.bases), rows * len(self.bases) * (self.shots or 0)
        jobs = -(-rows // self.rows_a_job) if self.terms else 0
        return Price(circuits, shots, shots * SECONDS_PER_SHOT + jobs * SECONDS_PER_JOB)

    def __call__(self, rows: Floats) -> Floats:
        """Values `[R, T]` of the terms for angles `rows[R, K]`.

        Raises `Refusal`: the budget is spent, the device failed, or the connection stayed lost.
        """
        found = np.zeros((len(rows), len(self.terms)))
        if not self.terms:
            return found
        waiting: deque[tuple[slice, Asked]] = deque()
        for start in range(0, len(rows), self.rows_a_job):
            place = slice(start, start + self.rows_a_job)
            waiting.append((place, self._ask(rows[place])))
            if len(waiting) >= self.device.jobs_ahead:
                self._take(waiting, found)
        while waiting:
            self._take(waiting, found)
        return found

    def _take(self, waiting: deque[tuple[slice, Asked]], found: Floats) -> None:
        place, asked = waiting.popleft()
        found[place] = self._answered(asked)

    def _ask(self, rows: Floats) -> Asked:
        """Look into the folder, or send."""
        question = Question(self.circuit, self.parameters, self.terms, self.bases, rows)
        price = self.price(len(rows))
        content = hashlib.sha256(self._fingerprint + np.ascontiguousarray(rows).tobytes()).hexdigest()[:32]
        key = f"{content}-{self._met[content]}"
        self._met[content] += 1
        kept = self._read(key)
        if kept is not None and kept.values is not None:
            return Asked(key, question, price, None, np.array(kept.values, dtype=np.float64))
        if kept is not None and kept.job:
            identity = kept.job
            job = self._patiently(lambda: self.device.recall(question, identity))
            return Asked(key, question, price, job, None)
        return Asked(key, question, price, self._send(question, price, key, perhaps_sent=kept is not None), None)

    def _send(self, question: Question, price: Price, key: str, *, perhaps_sent: bool) -> Job:
        """Send a question, unless it was sent and only its receipt was lost."""
        if self.device.is_paid and not self.meter.agreed:
            raise Refusal(NotAgreed(name=self.device.name, circuits=price.circuits))
        over = self.meter.exceeded_by(price)
        if over:
            what, _, allowed = over[0]
            raise Refusal(
                BudgetSpent(what=what, allowed=f"{allowed:,g}", spent=f"{getattr(self.meter.spent, what):,g}")
            )
        tag, seed = f"hqnn-{self._run}-{key}", stream(self.seed, key)

        def send() -> Job:
            nonlocal perhaps_sent
            found = self.device.find(question, tag) if perhaps_sent else None
            perhaps_sent = True
            return found or self.device.submit(question, self.shots, seed, tag)

        self._write(key, None)
        job = self._patiently(send)
        self.meter.spend(price)
        self._write(key, job.identity)
        return job

    def _answered(self, asked: Asked) -> Floats:
        if asked.answer is not None:
            return asked.answer
        job = asked.job
        assert job is not None
        try:
            values = self._patiently(job.values)
        except Refusal as refusal:
            if any(isinstance(item, DeviceFailed) for item in refusal.diagnostics):
                self._forget(asked.key)
            raise
        if self.device.is_paid and not np.isfinite(values).all():
            self._forget(asked.key)
            raise Refusal(DeviceFailed(name=self.device.name, reason="its answer has numbers that are not finite"))
        self._write(asked.key, job.identity, values.tolist())
        self.meter.correct(asked.price.seconds, self._patiently(job.seconds))
        self._write(asked.key, job.identity, values.tolist())
        return values

    def _patiently(self, action: Callable[[], _T]) -> _T:
        """The action's answer, tried again after a while where the connection was lost."""
        for wait in (*RETRY_WAITS, None):
            try:
                return action()
            except Refusal:
                raise
            except Exception as error:
                if not self.device.is_lost(error):
                    raise Refusal(DeviceFailed(name=self.device.name, reason=sentence(error))) from error
                if wait is None:
                    raise Refusal(ConnectionLost(name=self.device.name, reason=sentence(error))) from error
                notice(JobRetried(name=self.device.name, reason=sentence(error), wait=f"{wait:g}"))
                self.sleep(wait)
        raise AssertionError("the last wait is None")

    # ------------------------------------------------------------- the folder

    def keep_in(self, folder: Path) -> None:
        """Keep jobs in a folder from now on, and count what was spent there before."""
        self.folder = folder
        state = read_job_file(folder / STATE_FILE, StateFile)
        if state is not None:
            self._run, self.meter.spent = state.run, Price(**state.spent.model_dump())

    def _read(self, key: str) -> JobFile | None:
        return None if self.folder is None else read_job_file(self.folder / f"{key}.json", JobFile)

    def _write(self, key: str, job: str | None, values: list[list[float]] | None = None) -> None:
        if self.folder is None:
            return
        if self.device.is_paid:  # what this machine computes is computed again, with the same seeds
            file = JobFile(device=self.device.name, job=job, values=values)
            write_job_file(self.folder / f"{key}.json", file)
        spent = vars(self.meter.spent)
        state = StateFile(run=self._run, spent=Spent(**spent | {"seconds": max(0.0, spent["seconds"])}))
        write_job_file(self.folder / STATE_FILE, state)

    def _forget(self, key: str) -> None:
        """A job that failed has no answer to wait for."""
        if self.folder is not None:
            path = self.folder / f"{key}.json"
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise Refusal(RunUnwritable(path=str(path), reason=reason_of(error))) from None


def _fingerprint(jobs: Jobs) -> bytes:
    """A hash of what an answer depends on besides the angles."""
    place = {qubit: number for number, qubit in enumerate(jobs.circuit.qubits)}
    gates = [
        (item.operation.name, [str(angle) for angle in item.operation.params], [place[bit] for bit in item.qubits])
        for item in jobs.circuit.data
    ]
    said = [jobs.device.name, jobs.shots, jobs.seed, jobs.settings, gates, [str(term) for term in jobs.terms]]
    said.append([parameter.name for parameter in jobs.parameters])
    return hashlib.sha256(json.dumps(said).encode()).digest()

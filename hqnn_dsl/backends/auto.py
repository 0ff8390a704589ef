"""`backend auto`: which of the exact backends runs a circuit fastest here, found by a short trial.

A trial is a few steps, forward and backward, on random angles: candidates take turns, and one that is clearly slower
drops out. Of those that take less than twice as long as the fastest, the one with the highest declared pace is taken,
so that a busy machine does not decide. What was found is kept for this machine (`trial_records`), and not tried again.
What a backend declares of itself (`Backend.pace`) spares a trial that would not be short: EstimatorQNN
is never tried, and a circuit whose step would take seconds is given to the fastest by declaration.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from hqnn_dsl.backends.once import SPENT, effort
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch

    from hqnn_dsl.backends import Backend, Executable
    from hqnn_dsl.backends.once import Effort
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

TRIAL_SECONDS = 0.3
"""How long timed steps go on in all; the first call of each candidate, with all that it loads, is before them."""

STEP_SECONDS = 0.03
"""The trial's batch is so small that a step of no candidate should take longer, by its declared pace."""

ROUNDS = 7
CLEARLY = 3.0
"""A candidate that takes this many times longer than the best so far is timed no further."""

CLOSE = 2.0
"""Of candidates that take at most this many times the shortest step, the one that declares more pace is taken."""


@dataclass(frozen=True)
class Candidate:
    """A backend that may run the circuit, with the options that it would run with."""

    backend: Backend
    options: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.backend.entry.name


@dataclass(frozen=True)
class Picked:
    """The backend that `auto` means for a circuit, and why. `is_known`: from an earlier trial on this machine.

    `seconds` has the shortest step of each that was timed, `rows` the rows of that step (0 if nothing was timed),
    `left_out` the reason for each backend that was not.
    """

    name: str
    seconds: dict[str, float] = field(default_factory=dict)
    rows: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    is_known: bool = False

    @property
    def reason(self) -> str:
        """`0.4 ms a step (reference: 7.1 ms; aer: too slow to try)`."""
        others = sorted((name for name in self.seconds if name != self.name), key=self.seconds.__getitem__)
        notes = [f"{name}: {duration(self.seconds[name])}" for name in others]
        notes += [f"{name}: {reason}" for name, reason in self.left_out.items()]
        tried = f"{duration(self.seconds[self.name])} a step" if self.seconds else "the only one to choose from"
        if self.is_known:
            tried += " in an earlier trial"
        if not self.seconds and any(reason.startswith(TOO_LONG) for reason in self.left_out.values()):
            tried = "the fastest by what it declares, since a trial would take long"
        return f"{tried} ({'; '.join(notes)})" if notes else tried


NOT_HERE, TOO_SLOW, TOO_LONG = "not here", "too slow to try", "a step would take about"

_picked: dict[tuple[object, ...], Picked] = {}
_lock = Lock()


def duration(seconds: float) -> str:
    """A time with two digits or more and a fitting unit: `83 µs`, `0.44 ms`, `346 ms`, `1.2 s`."""
    factor, unit = (1e6, "µs") if seconds < 9.95e-5 else (1e3, "ms") if seconds < 0.9995 else (1.0, "s")
    value = seconds * factor
    return f"{value:.0f} {unit}" if value >= 9.95 else f"{value:.2g} {unit}"


def candidates_of(
    circuit: Circuit, options: Mapping[str, Any], table: Mapping[str, Backend], rows: int, device: str
) -> list[Candidate]:
    """The exact backends of a table that can run a circuit, those that can train it on `rows` if a quick one is there.

    Raises `Refusal` with the reason of the quick ones if none of those can run it. With no rows, nothing is trained.
    """
    found: list[Candidate] = []
    objections: list[Diagnostic] = []
    for row in table.values():
        candidate = Candidate(row, row.filled(options))
        against = row.objections(circuit, candidate.options)
        exact = row.is_exact(candidate.options)
        if exact and not against:
            found.append(candidate)
        elif exact and row.is_quick:
            objections.extend(against)
    if not any(candidate.backend.is_quick for candidate in found):
        raise Refusal(*objections[:1])
    able = [one for one in found if rows == 0 or not one.backend.training(circuit, one.options, rows, device)]
    return able if any(one.backend.is_quick for one in able) else found


def pick(circuit: Circuit, rows: int, candidates: Sequence[Candidate], *, device: str = "cpu") -> tuple[Picked, bool]:
    """The fastest of `candidates` for batches of `rows`, and whether it was chosen just now.

    It is chosen once in a process for the same circuit, batch, candidates and device. Raises `Refusal` if there is
    no candidate that can be loaded here, with the reasons of all.
    """
    offers = tuple((found.name, found.backend.build, tuple(sorted(found.options.items()))) for found in candidates)
    key = (circuit, rows, offers, device)
    with _lock:
        known = _picked.get(key)
        if known is None:
            _picked[key] = _from_earlier_trial(circuit, rows, candidates, device) or choose(
                circuit, rows, candidates, device=device
            )
        return _picked[key], known is None


def _key_of(circuit: Circuit, rows: int, candidates: Sequence[Candidate], device: str) -> str | None:
    from hqnn_dsl.backends import trial_records

    offers = [(found.name, {**found.options, "pace": found.backend.pace}) for found in candidates]
    return trial_records.key_of(circuit, rows, offers, device)


def _from_earlier_trial(circuit: Circuit, rows: int, candidates: Sequence[Candidate], device: str) -> Picked | None:
    """What an earlier trial has found; None if there was none, or its choice is not here any more."""
    if len(candidates) == 1:
        return None
    from hqnn_dsl.backends import trial_records

    entry = trial_records.read(_key_of(circuit, rows, candidates, device))
    here = {found.name for found in candidates if found.backend.is_here()}
    return None if entry is None or entry["name"] not in here else Picked(**entry, is_known=True)


def choose(circuit: Circuit, rows: int, candidates: Sequence[Candidate], *, device: str) -> Picked:
    """The same, chosen anew, and kept for the next process where a trial was made."""
    left_out = {found.name: NOT_HERE for found in candidates if not found.backend.is_here()}
    here = [found for found in candidates if found.name not in left_out] or candidates
    left_out |= {found.name: TOO_SLOW for found in here if not found.backend.is_quick}
    quick = sorted((found for found in here if found.backend.is_quick), key=lambda found: -found.backend.pace)
    tried = [found for found in quick if _estimate(circuit, found.backend.pace) <= STEP_SECONDS]
    if quick and (not tried or len(quick) == 1):
        tried = quick[:1]
    for found in quick:
        if found not in tried:
            left_out[found.name] = f"{TOO_LONG} {duration(_estimate(circuit, found.backend.pace) * rows)}"
    if len(tried) == 1:
        return Picked(tried[0].name, left_out=left_out)
    picked = _trial(circuit, rows, tried, left_out, device)
    from hqnn_dsl.backends import trial_records

    kept = {name: getattr(picked, name) for name in ("name", "seconds", "rows", "left_out")}
    trial_records.write(_key_of(circuit, rows, candidates, device), kept)
    return picked


def _estimate(circuit: Circuit, pace: float) -> float:
    """Seconds of a step with one row, by the declared pace."""
    return float(max(1, len(circuit.operations)) << circuit.num_qubits) / pace


def _trial(
    circuit: Circuit, rows: int, candidates: Sequence[Candidate], left_out: dict[str, str], device: str
) -> Picked:
    slowest = max((_estimate(circuit, found.backend.pace) for found in candidates), default=1.0)
    rows = max(1, min(rows, int(STEP_SECONDS / slowest)))
    with effort() as trial:
        steps, loading = _loaded(circuit, rows, candidates, left_out, device)
        picked = _timed(steps, rows, left_out)
    paces = {found.name: found.backend.pace for found in candidates}
    name = _preferred(picked.seconds, paces)
    SPENT.add(trials=max(0.0, trial.seconds - loading[name].seconds))  # it is loaded without a trial too
    return replace(picked, name=name)


def _loaded(
    circuit: Circuit, rows: int, candidates: Sequence[Candidate], left_out: dict[str, str], device: str
) -> tuple[dict[str, _Step], dict[str, Effort]]:
    """Returns a step of each candidate that can be loaded, after its first call, and the effort of both."""
    steps: dict[str, _Step] = {}
    loading: dict[str, Effort] = {}
    refused: list[Refusal] = []
    for found in candidates:
        try:
            with effort() as loading[found.name]:
                executable = found.backend.load(circuit, found.options, 0)
                steps[found.name] = _Step(circuit, executable, rows, found.options, device)
                steps[found.name]()
        except Refusal as refusal:
            steps.pop(found.name, None)
            refused.append(refusal)
            left_out[found.name] = refusal.diagnostics[0].headline
    if not steps:
        raise Refusal(*(item for refusal in refused for item in refusal.diagnostics))
    return steps, loading


def _preferred(seconds: Mapping[str, float], paces: Mapping[str, float]) -> str:
    """The one with the highest declared pace of those close to the fastest; of equal ones the fastest."""
    best = min(seconds.values())
    close = [name for name, value in seconds.items() if value <= CLOSE * best]
    return max(close, key=lambda name: (paces[name], -seconds[name]))


def _timed(steps: dict[str, _Step], rows: int, left_out: dict[str, str]) -> Picked:
    """Steps in turn until the time is up; the shortest of each counts."""
    seconds: dict[str, float] = {}
    running = list(steps)
    deadline = time.perf_counter() + TRIAL_SECONDS
    for _ in range(ROUNDS):
        for name in running:
            start = time.perf_counter()
            steps[name]()
            seconds[name] = min(seconds.get(name, float("inf")), time.perf_counter() - start)
        best = min(seconds.values())
        running = [name for name in running if seconds[name] <= CLEARLY * best]
        if len(running) == 1 or time.perf_counter() > deadline:
            break
    return Picked(min(seconds, key=seconds.__getitem__), seconds, rows, left_out)


class _Step:
    """A forward and backward call of an executable on random angles, with gradients for all of them."""

    def __init__(
        self, circuit: Circuit, executable: Executable, rows: int, options: Mapping[str, Any], device: str
    ) -> None:
        import torch

        dtype = torch.float64 if options.get("precision") == "double" else torch.float32
        generator = torch.Generator().manual_seed(0)

        def drawn(*shape: int) -> torch.Tensor:
            return torch.randn(shape, generator=generator, dtype=dtype).to(device)

        amplitude = circuit.amplitude
        self._executable = executable
        self._device = device
        self._upstream = drawn(rows, circuit.num_outputs)
        self._sample = drawn(rows, len(circuit.sample_slots)).requires_grad_()
        self._shared = drawn(len(circuit.shared_slots)).requires_grad_()
        self._state = None if amplitude is None else drawn(rows, amplitude.size).requires_grad_()

    def __call__(self) -> None:
        import torch

        given = [tensor for tensor in (self._sample, self._shared, self._state) if tensor is not None]
        outputs = self._executable(self._sample, self._shared, self._state)
        if outputs.requires_grad:  # a sum, since torch imports sympy to look at gradients that it is given
            torch.autograd.grad((outputs * self._upstream.to(outputs.dtype)).sum(), given, allow_unused=True)
        if self._device != "cpu":
            torch.cuda.synchronize()

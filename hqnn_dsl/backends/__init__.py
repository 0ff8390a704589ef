"""The waist: a fixed circuit and numbers go in, expectation values and their derivatives come out.

A backend is one folder of this package, named as in specs, whose `backend.py` has a `BACKEND`. That module imports
heavy packages inside its functions, so `offered` costs nothing and `hqnn check` stays light. Nothing above this room is
known here.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch
    from torch import Tensor

    from hqnn_dsl.backends.meter import Meter, Price
    from hqnn_dsl.catalog.entry import Entry
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

    Circuits = Literal["none", "priced", "unknown"]
    """Whether a backend runs circuits one by one: none, those that its executable prices, or a number not known."""


class Executable(Protocol):
    """A circuit that can be run, differentiably, over a batch.

    `per_sample[B, E]` are the values of `circuit.sample_slots`, `shared[W]` those of `circuit.shared_slots`, and
    `state[B, 2^k]` the unnormalised amplitude input, or None if the circuit has none. If E is 0, `per_sample` is
    still `[B, 0]` and says the batch size. The answer is `[B, M]` in the dtype of the executable's precision, on the
    device of its arguments; `circuit` is what it runs, `real` that dtype. Facts about what really ran (device, method,
    cuStateVec) are in `metadata` after a call.
    """

    @property
    def circuit(self) -> Circuit: ...

    @property
    def real(self) -> torch.dtype: ...

    @property
    def metadata(self) -> Mapping[str, object]: ...

    def __call__(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor: ...


@runtime_checkable
class LayerExecutable(Executable, Protocol):
    """An executable that can also evaluate the slot table itself, if that is faster than torch's operations.

    `layer(inputs[B, I], weights, slot_values)` answers as a call with the angles would, differentiably by inputs and
    weights: one tensor for each of `circuit.weights`, in that order. `slot_values(inputs, all weights flattened)` is
    the slot table in torch, for whatever it cannot do itself.
    """

    def layer(
        self,
        inputs: Tensor,
        weights: tuple[Tensor, ...],
        slot_values: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    ) -> Tensor: ...


@runtime_checkable
class TorchExecutable(Protocol):
    """An executable made of torch operations alone, which torch itself differentiates as often as wanted."""

    is_torch: Literal[True]


@runtime_checkable
class EstimatingExecutable(Protocol):
    """An executable whose outputs or gradients may be estimates, which no further derivatives are known of.

    `inexact` is the reason, empty if with the options chosen they are those of the ideal circuit. `named` is the
    backend as a user writes it.
    """

    @property
    def inexact(self) -> str: ...

    @property
    def named(self) -> str: ...


@runtime_checkable
class PricedExecutable(Executable, Protocol):
    """An executable that runs circuits one by one, and can count them before.

    `price` returns the cost of outputs for so many rows, with gradients if asked for.
    """

    def price(self, rows: int, *, by_sample: bool = False, by_shared: bool = False) -> Price: ...


@runtime_checkable
class MeteredExecutable(PricedExecutable, Protocol):
    """An executable on a device that counts circuits and shots, perhaps one that is paid for.

    `keep_jobs_in` keeps jobs and their answers in a folder, and goes on with those that are there.
    """

    @property
    def meter(self) -> Meter: ...

    @property
    def is_paid(self) -> bool: ...

    def keep_jobs_in(self, folder: Path) -> None: ...


@runtime_checkable
class SamplingExecutable(Protocol):
    """An executable that draws random numbers, from its seed and from `draws`, the number of evaluations so far.

    A run that goes on later sets `draws` to its number then, and the same random numbers follow.
    """

    draws: int


class Build(Protocol):
    """Returns an executable of a circuit that the backend does not object to, for `options` with all defaults.

    Raises `Refusal` (exit code 3) if this environment cannot run it.
    """

    def __call__(self, circuit: Circuit, options: Mapping[str, Any], seed: int) -> Executable: ...


def _always(options: Mapping[str, Any]) -> bool:  # noqa: ARG001 - it does not depend on them
    return True


def _fits(circuit: Circuit, options: Mapping[str, Any], rows: int, device: str) -> tuple[Diagnostic, ...]:  # noqa: ARG001
    return ()


def _here() -> bool:
    return True


def _never(options: Mapping[str, Any]) -> bool:  # noqa: ARG001
    return False


def _none(options: Mapping[str, Any]) -> Circuits:  # noqa: ARG001
    return "none"


def _not_counted(circuit: Circuit, options: Mapping[str, Any], rows: int) -> int | None:  # noqa: ARG001
    return None


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A row of the table of backends. Its fields are a backend's own functions; its methods are for everybody else.

    A method takes options as given, fills in the defaults of `entry`, and calls the field with all options:

    - `load` calls `build`, after `circuit_objections`;
    - `objections` calls `circuit_objections(circuit, options)`: what the backend cannot do with that circuit, without
      loading anything heavy; the pipeline adds the place;
    - `training` calls `training_objections(circuit, options, rows, device)`: why a step on so many rows, with tensors
      on torch's `device`, would be refused; values alone may still fit;
    - `is_exact` calls `exact_with(options)`: whether values are those of the ideal circuit, without shot noise, and
      gradients true;
    - `is_metered` calls `metered_with(options)`: whether it counts the circuits that it runs, so that a budget bounds
      something;
    - `is_paid` calls `paid_with(options)`: whether somebody pays for them, so that it is asked before and tried by
      nobody;
    - `circuits` calls `circuits_with(options)`: `none` if it simulates all rows together, `priced` if its executable is
      a `PricedExecutable`, `unknown` if it runs circuits that nobody counts;
    - `state_bytes` calls `bytes_with(circuit, options, rows)`: the memory of the states of a step on so many rows, in
      bytes, None if it is not known.

    `entry` has its name, documentation and options. `probe()` says in a line what it can do here, for `hqnn doctor`,
    and never raises. `is_here()` says, without importing anything heavy, whether what it runs on is installed and
    there at all.

    `ways` are options beside the defaults under which it is another program, each with a name: `hqnn verify` holds them
    against the others too.

    `pace` is about how many amplitudes a second a gate turns, forward and back, once circuits are large: the order of
    magnitude on one core. `backend auto` reads it to keep its trial short.
    """

    entry: Entry
    build: Build
    circuit_objections: Callable[[Circuit, Mapping[str, Any]], tuple[Diagnostic, ...]]
    probe: Callable[[], str]
    training_objections: Callable[[Circuit, Mapping[str, Any], int, str], tuple[Diagnostic, ...]] = _fits
    exact_with: Callable[[Mapping[str, Any]], bool] = field(default=_always)
    metered_with: Callable[[Mapping[str, Any]], bool] = field(default=_never)
    paid_with: Callable[[Mapping[str, Any]], bool] = field(default=_never)
    circuits_with: Callable[[Mapping[str, Any]], Circuits] = field(default=_none)
    bytes_with: Callable[[Circuit, Mapping[str, Any], int], int | None] = field(default=_not_counted)
    is_here: Callable[[], bool] = field(default=_here)
    pace: float = 1e9
    ways: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    def filled(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Returns `options` with the defaults of those that are not given; a required one may still be missing."""
        return {**self.entry.defaults(), **options}

    def load(self, circuit: Circuit, options: Mapping[str, Any], seed: int) -> Executable:
        """Returns the circuit as a torch function. `seed` is that of all chance in it.

        Raises `Refusal` for what the backend cannot do with the circuit (exit code 1) or in this environment (3).
        """
        chosen = self.filled(options)
        refused = self.circuit_objections(circuit, chosen)
        if refused:
            raise Refusal(*refused)
        return self.build(circuit, chosen, seed)

    def objections(self, circuit: Circuit, options: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
        """Returns what the backend cannot do with a circuit under these options."""
        return self.circuit_objections(circuit, self.filled(options))

    def training(self, circuit: Circuit, options: Mapping[str, Any], rows: int, device: str) -> tuple[Diagnostic, ...]:
        """Returns why a training step on so many rows, with tensors on `device`, would be refused."""
        return self.training_objections(circuit, self.filled(options), rows, device)

    def is_exact(self, options: Mapping[str, Any]) -> bool:
        """Whether values and gradients are those of the ideal circuit, up to rounding."""
        return self.exact_with(self.filled(options))

    def is_metered(self, options: Mapping[str, Any]) -> bool:
        """Whether it counts the circuits that it runs."""
        return self.metered_with(self.filled(options))

    def is_paid(self, options: Mapping[str, Any]) -> bool:
        """Whether somebody pays for what it runs."""
        return self.paid_with(self.filled(options))

    def circuits(self, options: Mapping[str, Any]) -> Circuits:
        """Whether it runs circuits one by one, and whether they are counted."""
        return self.circuits_with(self.filled(options))

    def state_bytes(self, circuit: Circuit, options: Mapping[str, Any], rows: int) -> int | None:
        """Returns the bytes of the states of a step on so many rows; None if they are not known."""
        return self.bytes_with(circuit, self.filled(options), rows)

    @property
    def is_quick(self) -> bool:
        """Whether a step of a small circuit is over in milliseconds, so that it can be tried."""
        return self.pace >= QUICK_PACE


QUICK_PACE = 1e6
"""A backend with less `pace` is never tried by `backend auto`."""


@cache
def offered() -> dict[str, Backend]:
    """All backends by name, found by looking into this folder."""
    found: dict[str, Backend] = {}
    for module in pkgutil.iter_modules(__path__):
        folder = [str(Path(place) / module.name) for place in __path__]
        if not any(inside.name == "backend" for inside in pkgutil.iter_modules(folder)):
            continue
        backend = importlib.import_module(f"{__name__}.{module.name}.backend").BACKEND
        found[backend.entry.name] = backend
    return found

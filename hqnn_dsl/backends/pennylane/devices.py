"""What is known of PennyLane's devices without importing PennyLane, and which of them are installed.

A device that is not in the table is used too, when a trial shows that it computes what it should.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from dataclasses import dataclass

from hqnn_dsl.diagnostics.codes.pennylane import NoSuchDevice, PennyLaneMissing
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.sentences import did_you_mean, nearest
from hqnn_dsl.literals import quoted

DIFFS = ("backprop", "adjoint", "parameter_shift")
"""Ways to differentiate, as specs name them."""


@dataclass(frozen=True, kw_only=True)
class DeviceRow:
    """A device that is known.

    `diffs` are the ways to differentiate that it has, the fastest first. `takes_batches` means that one call runs all
    rows. `has_single` means that its state may be in single precision. A state of n qubits has
    2^(`exponent`·n) complex numbers. `package` brings it.
    """

    diffs: tuple[str, ...]
    takes_batches: bool = False
    has_single: bool = False
    exponent: int = 1
    package: str = "pennylane"


_LIGHTNING = ("adjoint", "parameter_shift")

KNOWN = {
    "default.qubit": DeviceRow(diffs=DIFFS, takes_batches=True),
    # Its backprop with torch is right to 2e-8 only: somewhere inside it rounds to single precision.
    "default.mixed": DeviceRow(diffs=("parameter_shift",), exponent=2),
    "reference.qubit": DeviceRow(diffs=("parameter_shift",)),
    "lightning.qubit": DeviceRow(diffs=_LIGHTNING, has_single=True, package="pennylane-lightning"),
    "lightning.kokkos": DeviceRow(diffs=_LIGHTNING, has_single=True, package="pennylane-lightning-kokkos"),
    "lightning.gpu": DeviceRow(diffs=_LIGHTNING, has_single=True, package="pennylane-lightning-gpu"),
}
"""PennyLane's own simulators of qubits that give exact values, by name."""


def is_installed() -> bool:
    """Whether there is a PennyLane to import."""
    return importlib.util.find_spec("pennylane") is not None


def installed() -> tuple[str, ...]:
    """The names of all devices that installed packages bring, sorted; imports none of them."""
    return tuple(sorted({point.name for point in importlib.metadata.entry_points(group="pennylane.plugins")}))


def require(device: str) -> None:
    """Raise `Refusal` (exit code 3) if PennyLane or a package with this device is not installed."""
    if not is_installed():
        raise Refusal(PennyLaneMissing(reason="which is not installed"))
    names = installed()
    if device in names:
        return
    hint = ""
    if device in KNOWN:
        hint = f'run `pip install {KNOWN[device].package}`, or write `device: "lightning.qubit"`'
    elif close := nearest(device, [*names, *KNOWN]):
        hint = did_you_mean(f"device: {quoted(close)}")
    else:
        hint = f"install the package that brings it, or write one of {', '.join(f'`{name}`' for name in names)}"
    raise Refusal(NoSuchDevice(device=device, hint=hint))

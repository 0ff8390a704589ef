"""Requests that `backend pennylane` cannot fulfil, and packages that it lacks here (exit code 3)."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class PennyLaneMissing(Diagnostic):
    """`backend pennylane(…)` needs PennyLane, which is not installed here, or cannot be imported.

    It is an optional part. Its devices `default.qubit` and `lightning.qubit` come with it.

        wrong   backend pennylane()      # in an environment without PennyLane
        right   pip install 'hqnn-dsl[pennylane]'
        right   backend native           # needs nothing
    """

    code: ClassVar[str] = "E0770"
    message: ClassVar[str] = "`backend pennylane` needs PennyLane, {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "run `pip install 'hqnn-dsl[pennylane]'`"
    exit_code: ClassVar[int] = 3

    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoSuchDevice(Diagnostic):
    """`backend pennylane(device: …)` names a device that no installed package brings.

    Devices are found by their PennyLane names, as for `qml.device`. Some come in packages of their own: `lightning.gpu`
    with `pennylane-lightning-gpu`, `lightning.kokkos` with `pennylane-lightning-kokkos`.

        wrong   backend pennylane(device: "lightning.gpu")      # without its package
        right   pip install pennylane-lightning-gpu
        right   backend pennylane(device: "lightning.qubit")
    """

    code: ClassVar[str] = "E0771"
    message: ClassVar[str] = "no PennyLane device `{device}` is installed"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "write the name of an installed device"
    exit_code: ClassVar[int] = 3

    device: str


@lazy_dataclass(frozen=True, kw_only=True)
class DeviceFails(Diagnostic):
    """A PennyLane device is installed, but does not compute expectation values and gradients as it should.

    Before a device is used, a circuit of three qubits is run on it, forward and back, and compared with the `reference`
    backend. A device that raises, or gives other numbers, is not used. Devices that are no exact simulators of qubits
    (`null.qubit`, `default.qutrit`, `default.gaussian`, hardware that needs shots) end here, and so does a
    `lightning.gpu` that finds no GPU.

        wrong   backend pennylane(device: "null.qubit")      # its expectation values are all zero
        right   backend pennylane(device: "lightning.qubit")
    """

    code: ClassVar[str] = "E0772"
    message: ClassVar[str] = "PennyLane's device `{device}` cannot be used with `diff: {diff}`: {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = 'write `device: "lightning.qubit"` or `device: "default.qubit"`, which can'
    exit_code: ClassVar[int] = 3

    device: str
    diff: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotThisDiff(Diagnostic):
    """A PennyLane device cannot differentiate in the way that was asked for.

    Only `default.qubit` propagates back through its simulation in full precision; the adjoint method needs a device
    that has it (`default.qubit` and the lightning devices); `parameter_shift` works on all. `diff: auto` takes the
    fastest that the device has.

        wrong   backend pennylane(device: "lightning.qubit", diff: backprop)
        right   backend pennylane(device: "lightning.qubit", diff: adjoint)
    """

    code: ClassVar[str] = "E0773"
    message: ClassVar[str] = "PennyLane's device `{device}` has no `diff: {diff}`"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "write {offered}, or leave `diff` out"

    device: str
    diff: str
    offered: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoSinglePrecision(Diagnostic):
    """`precision: single` was asked of a PennyLane device that has no such choice.

    The lightning devices keep their state in single precision if they are told to. `default.qubit` and PennyLane's
    other devices always compute in double, so the option would change nothing but the rounding of the answer.

        wrong   backend pennylane(device: "default.qubit", precision: single)
        right   backend pennylane(device: "lightning.qubit", precision: single)
        right   backend pennylane(device: "default.qubit", precision: double)      # the default
    """

    code: ClassVar[str] = "E0774"
    message: ClassVar[str] = "PennyLane's device `{device}` has no single precision"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = 'leave `precision` out, or write `device: "lightning.qubit"`'

    device: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoSecondDerivatives(Diagnostic):
    """A second derivative of a circuit was asked for, and the way it is differentiated gives only first ones.

    Training needs first derivatives only. The adjoint method and the parameter shift answer numbers, which torch cannot
    differentiate again; the result would silently lack a part.

        wrong   torch.autograd.grad(…, create_graph=True)      # twice, through `backend pennylane(diff: adjoint)`
        right   backend pennylane(device: "default.qubit", diff: backprop)
        right   backend reference
    """

    code: ClassVar[str] = "E0775"
    message: ClassVar[str] = "`backend pennylane` with `diff: {diff}` has no second derivatives"
    label: ClassVar[str] = "differentiated twice"
    advice: ClassVar[str] = 'use `backend reference`, or `device: "default.qubit"` with `diff: backprop`'

    diff: str


@lazy_dataclass(frozen=True, kw_only=True)
class DenseObservable(Diagnostic):
    """`diff: adjoint` on PennyLane's `default.qubit` would need more memory than this version allows itself.

    That device turns the sum of all observables into a dense matrix over the qubits that they read, 2^k times 2^k for k
    qubits, and holds two of them. The lightning devices apply that sum term by term, and `backprop` needs no matrix.

        wrong   backend pennylane(device: "default.qubit", diff: adjoint)      # with `measure z` of 16 qubits
        right   backend pennylane(device: "lightning.qubit", diff: adjoint)
    """

    code: ClassVar[str] = "E0776"
    message: ClassVar[str] = (
        "`diff: adjoint` on `default.qubit` makes a dense matrix of the {num_read} qubits that are measured: {needed}, "
        "the limit is {limit}"
    )
    label: ClassVar[str] = "not on this device"
    advice: ClassVar[str] = 'write `device: "lightning.qubit"`, or `diff: backprop`'

    num_read: int
    needed: str
    limit: str

"""What a backend cannot do with a circuit, and what this environment lacks for it (exit code 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hqnn_dsl.report.diagnostic import Diagnostic


@dataclass(frozen=True, kw_only=True)
class StateTooLarge(Diagnostic):
    """The states of a run would take more memory than the limit.

    A state of n qubits has 2^n complex amplitudes: 8 bytes each in single precision, 16 in double. A training step
    keeps one state for every gate and every row of the batch. It is counted before anything is allocated.

    Wrong: `circuit on 34 qubits { … }`, or `batch 4096` with 16 qubits.
    Right: fewer qubits, a smaller `batch`, or `backend reference(precision: single)`.
    """

    code: ClassVar[str] = "E0711"
    message: ClassVar[str] = "{num_qubits} qubits with {rows} rows at a time need {needed_bytes} bytes of state memory"
    label: ClassVar[str] = "the limit is {limit_bytes} bytes"
    advice: ClassVar[str] = "use fewer qubits, a smaller batch or single precision; the limit is {limit_bytes} bytes"

    num_qubits: int
    rows: int
    needed_bytes: int
    limit_bytes: int


@dataclass(frozen=True, kw_only=True)
class ZeroAmplitudes(Diagnostic):
    """A row of the `amplitude` input is all zeros, so there is no state that it describes.

    `amplitude` divides each row by its length. Rows of zeros come from an encoder that ends with `relu`, from padding,
    or from a table row of zeros.

    Wrong: an encoder `dense(4); relu` in front of `feature_map amplitude()`.
    Right: an encoder that cannot give zeros everywhere, such as `dense(4); tanh + 2`.
    """

    code: ClassVar[str] = "E0712"
    message: ClassVar[str] = "row {row} of the amplitude input is all zeros"
    label: ClassVar[str] = "a state has length 1, and zeros have none"
    advice: ClassVar[str] = "end the encoder with something that is never zero everywhere, or drop such rows"

    row: int


@dataclass(frozen=True, kw_only=True)
class BackendCannot(Diagnostic):
    """The backend cannot run this circuit, though another one can.

    Each backend says what it cannot do before anything runs. The `reference` backend can do all of the language.

    Wrong: `feature_map amplitude()` with `backend aer()`: its gradients shift the angles of gates, and an amplitude
    is not an angle.
    Right: `backend reference`, or an encoding by angles such as `feature_map angle()`.
    """

    code: ClassVar[str] = "E0713"
    message: ClassVar[str] = "backend `{backend}` cannot run this circuit: {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "write `backend reference`, which can"

    backend: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AmplitudeInQiskit(Diagnostic):
    """A circuit with an `amplitude` input has no form as a parametrised Qiskit circuit.

    Qiskit can prepare a state from numbers, but not from parameters that are given later, so there is nothing to draw,
    to transpile or to write to a file.

    Wrong: `hqnn compile` of a spec with `feature_map amplitude()`.
    Right: an encoding by angles, such as `feature_map angle()`;
    training with `backend reference` needs no Qiskit form.
    """

    code: ClassVar[str] = "E0714"
    message: ClassVar[str] = "`amplitude` has no form as a Qiskit circuit"
    label: ClassVar[str] = "Qiskit prepares states from numbers, not from parameters"
    advice: ClassVar[str] = "encode by angles, or train with `backend reference`, which needs no Qiskit circuit"


@dataclass(frozen=True, kw_only=True)
class UnknownDevice(Diagnostic):
    """`transpile { target … }` names no fake device that is known.

    The names are those of the fake devices of qiskit-ibm-runtime, such as `fake_torino` or `fake_sherbrooke`.

    Wrong: `target fake_torin`
    Right: `target fake_torino`
    """

    code: ClassVar[str] = "E0715"
    message: ClassVar[str] = "no fake device is called `{name}`"
    label: ClassVar[str] = "unknown device"
    advice: ClassVar[str] = "write the name of a fake device of qiskit-ibm-runtime, such as `fake_torino`"

    name: str


@dataclass(frozen=True, kw_only=True)
class FakeDevicesMissing(Diagnostic):
    """Fake devices come with the package qiskit-ibm-runtime, which is not installed here.

    It is an optional part, since only `transpile { target … }` needs it.

    Wrong: `transpile { target fake_torino }` in an environment without it.
    Right: `pip install 'hqnn-dsl[ibm]'`, or `transpile { basis [rz, sx, x, cx]; coupling linear }`,
    which needs nothing.
    """

    code: ClassVar[str] = "E0707"
    message: ClassVar[str] = "the fake device `{name}` needs qiskit-ibm-runtime, which is not installed"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "run `pip install 'hqnn-dsl[ibm]'`"
    exit_code: ClassVar[int] = 3

    name: str


@dataclass(frozen=True, kw_only=True)
class DeviceTooSmall(Diagnostic):
    """The circuit has more qubits than the device that it is transpiled to, or than its connected part.

    Wrong: `circuit on 8 qubits` with `transpile { coupling [0-1, 1-2] }`.
    Right: a coupling over at least as many qubits as the circuit has, or a larger device.
    """

    code: ClassVar[str] = "E0716"
    message: ClassVar[str] = "the circuit has {num_qubits} qubits, {device} offers {offered}"
    label: ClassVar[str] = "too few connected qubits"
    advice: ClassVar[str] = "choose a device or a coupling with at least {num_qubits} connected qubits"

    num_qubits: int
    offered: int
    device: str


@dataclass(frozen=True, kw_only=True)
class UnknownBasisGate(Diagnostic):
    """`transpile { basis … }` lists a gate that Qiskit does not know.

    Wrong: `basis [rz, sx, cnot]`
    Right: `basis [rz, sx, cx]`
    """

    code: ClassVar[str] = "E0717"
    message: ClassVar[str] = "`{name}` is no gate that a device can have"
    label: ClassVar[str] = "unknown gate"
    advice: ClassVar[str] = "write gates by their Qiskit names, such as `rz`, `sx`, `x`, `cx`"

    name: str


@dataclass(frozen=True, kw_only=True)
class CannotTranspile(Diagnostic):
    """Qiskit cannot write the circuit in the gates of the target.

    Mostly the basis lacks something: a rotation by any angle, or a gate on two qubits.

    Wrong: `basis [h, s, cx]`: no rotation by any angle.
    Right: `basis [rz, sx, x, cx]`
    """

    code: ClassVar[str] = "E0718"
    message: ClassVar[str] = "the circuit cannot be written in the gates of {target}"
    label: ClassVar[str] = "{reason}"
    advice: ClassVar[str] = "give the basis a rotation by any angle and a gate on two qubits, such as [rz, sx, x, cx]"

    target: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CannotCheck(Diagnostic):
    """A transpiled circuit cannot be compared with the one it was made from, so it is not used.

    Before a transpiled circuit is used or written, both are simulated at random angles. That needs a state that fits in
    memory, and inputs and weights for which every angle is a finite number.

    Wrong: `ry(acos(2 + x[0] ** 2)) 0`, which is no number for any input.
    Right: angles that are finite somewhere, and circuits of a width that can be simulated.
    """

    code: ClassVar[str] = "E0719"
    message: ClassVar[str] = "the transpiled circuit cannot be compared with the original: {reason}"
    label: ClassVar[str] = "{reason}"
    advice: ClassVar[str] = "use fewer qubits, or angles that are finite for ordinary inputs and weights"

    reason: str

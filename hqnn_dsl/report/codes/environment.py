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

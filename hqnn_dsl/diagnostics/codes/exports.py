"""Files that `hqnn compile` writes: reports of one that does not hold, and of a folder with the files of two specs."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class NotAsWritten(Diagnostic):
    """A file of OpenQASM 3 was read back, as `hqnn compile` always does, and is another circuit: a bug of ours.

    The spec is not at fault, and nothing was written. Please report the spec. The circuit can still be had as QPY.

        wrong   hqnn compile spec.hqnn                               # as long as the bug is there
        right   hqnn compile spec.hqnn --emit qpy --emit static      # neither needs OpenQASM
    """

    code = "E0610"
    exit_code = 70
    message = "{path} reads back as another circuit ({reason}): this is a bug in hqnn, not in your spec"
    advice = "please report the spec; write the circuit with `--emit qpy` until then"
    path: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class ReaderMissing(Diagnostic):
    """Qiskit's reader of OpenQASM 3, a package of its own, is not installed, so no such file can be checked.

    `hqnn compile` reads its OpenQASM back before it says that it is written.

        wrong   hqnn compile spec.hqnn      # without the package
        right   pip install qiskit-qasm3-import
    """

    code = "E0611"
    exit_code = 3
    message = "Qiskit's reader of OpenQASM 3 is not installed"
    advice = "pip install qiskit-qasm3-import, or leave OpenQASM out: `--emit qpy --emit static`"


@lazy_dataclass(frozen=True, kw_only=True)
class TwoSpecs(Diagnostic):
    """A compiled folder holds files of two specs: its module is of another one than its resolved spec.

    `hqnn compile` now leaves the files of one spec only; an older one mixed them, and so does copying.

        wrong   hqnn.load("compiled/mixed")
        right   hqnn compile spec.hqnn --out compiled/mixed      # writes the folder anew
    """

    code = "E0612"
    message = "{path} holds files of two specs: `module.pt` is of another one than `spec.resolved.hqnn`"
    advice = "compile the spec that you want into it again"
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoCircuitToUse(Diagnostic):
    """The model has no circuit, and what was asked for is about one: compiling, drawing, comparing or timing backends.

    wrong   hqnn compile classical.hqnn --out compiled      # model classical { decoder { dense(1) } }
    right   hqnn train classical.hqnn data.csv
    """

    code = "E0320"
    message = "this model has no circuit"
    label = "no circuit in here"
    advice = "add `circuit on 4 qubits {{ feature_map angle(); ansatz real_amplitudes() }}`, or train it: `hqnn train`"

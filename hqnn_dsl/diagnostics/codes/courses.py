"""What the course of a training has shown (W0473 to W0475); `training/findings.py` has the rules."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class OnPlateau(Diagnostic):
    """The loss hardly fell over many epochs, at a rate that should have moved it, because the gradients were tiny.

    In a deep circuit on many qubits with random weights, gradients are tiny almost everywhere (a barren plateau;
    McClean et al. 2018), least so if few qubits are measured. `hqnn plan SPEC DATA` tells the variance of the gradient
    at the start; a start near 0, fewer layers and fewer qubits raise it.

        wrong   circuit on 10 qubits { …; ansatz strongly_entangling(reps: 20); measure z[0] * z[1] * z[2] * z[3] }
        right   circuit on 6 qubits { …; ansatz strongly_entangling(reps: 2); measure z[0] }
        right   weight w[qubits] = normal(0.1)                                    # in an ansatz of your own
    """

    code: ClassVar[str] = "W0473"
    severity: ClassVar[str] = "warning"
    exit_code: ClassVar[int] = 0
    message: ClassVar[str] = (
        "the training was on a plateau in {epochs}: the loss hardly fell, and the gradient of the {halves} weights had "
        "a norm of {norm} at most"
    )
    advice: ClassVar[str] = (
        "try fewer qubits or `reps`, or `measure z`; `hqnn plan SPEC DATA` tells the gradient's variance at the start"
    )
    epochs: str
    norm: str
    halves: str


@lazy_dataclass(frozen=True, kw_only=True)
class DeadQuantumHalf(Diagnostic):
    """The loss hardly depended on the quantum weights for many epochs: their gradient was next to nothing.

    The classical layers then learn alone. It happens if a decoder does not read the circuit's outputs any more, if the
    measured qubits are not those that the weights move, or if the gradient vanishes with the size of the circuit.
    `hqnn show SPEC` draws which weights act before which measurement.

        wrong   ansatz one { weight w; rz(w) 0 } … measure z[0]        # RZ does not change <Z>
        right   ansatz one { weight w; ry(w) 0 } … measure z[0]
        wrong   decoder { dense(8); relu; dense(1) }                   # all eight may end at 0
        right   decoder { dense(8); silu; dense(1) }
    """

    code: ClassVar[str] = "W0474"
    severity: ClassVar[str] = "warning"
    exit_code: ClassVar[int] = 0
    message: ClassVar[str] = (
        "the {halves} weights hardly took part in {epochs}: their gradient had a norm of {norm} at most"
    )
    advice: ClassVar[str] = (
        "`hqnn show SPEC` draws which weights act before which measurement; a decoder with `relu` may have cut the "
        "circuit off"
    )
    epochs: str
    norm: str
    halves: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoisySteps(Diagnostic):
    """The gradients of an epoch's steps had little in common, and the loss had hardly fallen: noise moved the weights.

    The noise is that of small batches, of few shots, or of a target that the features do not tell. Larger batches and
    more shots lower it; a lower rate averages over more steps. If nothing helps, there may be nothing to learn: the
    baselines in the table of scores say so too.

        wrong   train { batch 2 } … backend aer(shots: 32)
        right   train { batch 32 } … backend aer(shots: 4096)
        right   train { optimizer adamw(lr: 0.001) }
    """

    code: ClassVar[str] = "W0475"
    severity: ClassVar[str] = "warning"
    exit_code: ClassVar[int] = 0
    message: ClassVar[str] = (
        "steps were dominated by noise in {epochs}: the gradients of the {halves} weights, of a norm of {norm} at "
        "most, had little in common within an epoch, and the loss hardly fell"
    )
    advice: ClassVar[str] = "try a larger `batch`, more `shots` if there are any, or a lower rate of the optimizer"
    epochs: str
    norm: str
    halves: str

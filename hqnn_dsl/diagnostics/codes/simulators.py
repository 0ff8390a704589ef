"""What simulators say of their options, and of runs that did not end."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class OptionIdle(Diagnostic):
    """An option of a backend would change nothing in its place.

    It is refused rather than ignored: a run must not look as if it had used an option that it did not.

        wrong   backend aer(device: cpu, target_gpus: [0])
        right   backend aer(device: gpu, target_gpus: [0])
        right   backend aer(device: cpu)
    """

    code: ClassVar[str] = "E0740"
    message: ClassVar[str] = "`{option}` would change nothing: {reason}"
    label: ClassVar[str] = "`{option}` has no effect here"
    advice: ClassVar[str] = "leave `{option}` out, or change the settings that make it idle"

    option: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class OptionsClash(Diagnostic):
    """Two options of a backend do not go together.

    Each is right alone; together there is no run that follows both, or none that would be right.

        wrong   backend aer(noise: thermal(t1_us: 50, t2_us: 120))      # T2 is at most twice T1
        right   backend aer(noise: thermal(t1_us: 50, t2_us: 80))
    """

    code: ClassVar[str] = "E0741"
    message: ClassVar[str] = "{first} does not go with {second}: {reason}"
    label: ClassVar[str] = "not with {second}"
    advice: ClassVar[str] = "change one of the two"

    first: str
    second: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class CuStateVecUnbatched(Diagnostic):
    """What `custatevec: true` costs on `backend aer`. It is a note, not an error.

    Aer switches cuStateVec off when it runs many circuits at once with its own kernels. So cuStateVec runs the samples
    and the shifts one after the other, each with its own launches: better for states of many qubits, of which one
    fills the GPU, and slower for small ones, of which many at once fill it.

        wrong   backend aer(device: gpu, custatevec: true)      # a small circuit with large batches
        right   backend aer(device: gpu, custatevec: false)
        right   backend aer(device: gpu, custatevec: true)      # a wide circuit
    """

    code: ClassVar[str] = "E0742"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = (
        "backend aer: cuStateVec runs every sample and shift of these {num_qubits} qubits one after the other; "
        "without `custatevec`, Aer runs up to {most} qubits many at once with kernels of its own"
    )
    exit_code: ClassVar[int] = 0

    num_qubits: int
    most: int


@lazy_dataclass(frozen=True, kw_only=True)
class OnlyFirstDerivatives(Diagnostic):
    """A second derivative of a circuit was asked for, from a backend that estimates the first one.

    Training needs first derivatives only. Shots, noise and SPSA give an estimate of the gradient as plain numbers,
    which torch cannot differentiate; without this error the second derivative would lack the circuit's part.
    Exact backends have derivatives of any order: `reference` itself, and through it `native`, `custatevec`, `aer`
    without these options, and `primitive("statevector")`.

        wrong   torch.autograd.grad(…, create_graph=True)      # twice, through `backend aer(shots: 1000)`
        right   backend native
        right   backend aer()                                  # without shots
    """

    code: ClassVar[str] = "E0780"
    message: ClassVar[str] = "`backend {backend}` has no second derivatives because of {reason}"
    label: ClassVar[str] = "differentiated twice"
    advice: ClassVar[str] = "use `backend native` or `backend reference`"

    backend: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class ManyGradientsAtOnce(Diagnostic):
    """Several gradients were asked for in one pass backwards, from a backend that takes one at a time.

    `vectorize=True` of `torch.autograd.functional` and `is_grads_batched=True` of `torch.autograd.grad` run the pass
    backwards once for all rows of a Jacobian, on tensors that only torch's own operations can read.

        wrong   torch.autograd.functional.jacobian(layer, x, vectorize=True)      # through `backend aer(shots: 1000)`
        right   torch.autograd.functional.jacobian(layer, x)
        right   backend native
    """

    code: ClassVar[str] = "E0781"
    message: ClassVar[str] = "`backend {backend}` takes one upstream gradient at a time, and many came at once"
    label: ClassVar[str] = "many gradients at once"
    advice: ClassVar[str] = "leave out `vectorize=True` or `is_grads_batched=True`, or use `backend native`"

    backend: str


@lazy_dataclass(frozen=True, kw_only=True)
class AerFailed(Diagnostic):
    """Aer began a run and did not finish it; the reason is Aer's own.

    Mostly there was too little memory, on the GPU above all, or a device went away.

        wrong   backend aer(device: gpu)                         # a state larger than the GPU's memory
        right   backend aer(device: cpu)
        right   backend aer(device: gpu, precision: single)      # half the memory
    """

    code: ClassVar[str] = "E0743"
    message: ClassVar[str] = "Aer could not finish a run: {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "use fewer qubits or `precision: single`, or another device"
    exit_code: ClassVar[int] = 3

    reason: str

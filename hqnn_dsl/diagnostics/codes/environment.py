"""Circuits that a backend cannot run, and packages or hardware that this environment lacks (exit code 3)."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.diagnostics.quantities import count, size
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class StateTooLarge(Diagnostic):
    """The states of a run would take more memory than the limit.

    A state of n qubits has 2^n complex amplitudes: 8 bytes each in single precision, 16 in double. A step of training
    needs more of them than values do: two on `native`, three on `custatevec`, one for every gate and every row of the
    batch on `reference` and `pennylane`. It is counted before anything is allocated: `hqnn check` and `hqnn compile`
    warn (W0410) if values fit and a step does not, and `hqnn train` refuses.

        wrong   circuit on 34 qubits { … }
        right   circuit on 20 qubits { … }
        wrong   train { batch 4096 }; backend reference      # with 16 qubits, for `hqnn train`
        right   train { batch 32 }; backend native
    """

    code: ClassVar[str] = "E0711"
    message: ClassVar[str] = "{states} of {qubits}, {rows_at_a_time} at a time, need {needed} of memory"
    label: ClassVar[str] = "the limit is {limit}"
    advice: ClassVar[str] = "use fewer qubits, a smaller batch or single precision; the limit is {limit}"

    num_qubits: int
    rows: int
    needed_bytes: int
    limit_bytes: int
    training: bool = False

    @property
    def states(self) -> str:
        return "a training step's states" if self.training else "the states"

    @property
    def qubits(self) -> str:
        return count(self.num_qubits, "qubit")

    @property
    def rows_at_a_time(self) -> str:
        return count(self.rows, "row")

    @property
    def needed(self) -> str:
        return size(self.needed_bytes)

    @property
    def limit(self) -> str:
        return size(self.limit_bytes)


@lazy_dataclass(frozen=True, kw_only=True)
class ZeroAmplitudes(Diagnostic):
    """A row of the `amplitude` input is all zeros, so there is no state that it describes.

    `amplitude` divides each row by its length. Rows of zeros come from an encoder that ends with `relu`, from padding,
    or from a table row of zeros. The message names the line of the table; if a layer is called on a tensor, the row
    of that tensor, counted from 0.

        wrong   encoder { dense(4); relu }          # in front of `feature_map amplitude()`
        right   encoder { dense(4); tanh + 2 }      # cannot give zeros everywhere
    """

    code: ClassVar[str] = "E0712"
    message: ClassVar[str] = "the amplitude input is all zeros for {place}"
    label: ClassVar[str] = "a state has length 1, and zeros have none"
    advice: ClassVar[str] = "end the encoder with a layer whose outputs are never all zero, or remove such rows"

    row: int
    where: str = ""

    @property
    def place(self) -> str:
        return self.where or f"row {self.row} of the batch, counted from 0"


@lazy_dataclass(frozen=True, kw_only=True)
class BackendCannot(Diagnostic):
    """The backend cannot run this circuit, though another one can.

    Each backend objects to a circuit before anything runs. The `reference` backend can do all of the language.

        wrong   feature_map amplitude()      # with `backend aer()`: it shifts angles, and an amplitude is none
        right   feature_map amplitude()      # with `backend reference`
        right   feature_map angle()          # with `backend aer()`
    """

    code: ClassVar[str] = "E0713"
    message: ClassVar[str] = "backend `{backend}` cannot run this circuit: {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "write `backend reference`, which can"

    backend: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class AmplitudeInQiskit(Diagnostic):
    """An `amplitude` input cannot be written as gates here: it is too wide, or amplitudes would have to be shifted.

    A Qiskit circuit prepares the amplitudes by rotations whose angles are parameters, `amplitude[j]`, one less than
    there are amplitudes; their formulas stand in the files. Beyond 8 qubits there would be too many gates.

        wrong   circuit on 9 qubits { feature_map amplitude() }      # for `hqnn compile`
        right   circuit on 8 qubits { feature_map amplitude() }
        right   circuit on 9 qubits { feature_map angle() }
        right   backend reference                                    # for `hqnn train`, which needs no Qiskit form
    """

    code: ClassVar[str] = "E0714"
    message: ClassVar[str] = "`amplitude` has no form as a Qiskit circuit here: {reason}"
    label: ClassVar[str] = "{reason}"
    advice: ClassVar[str] = "encode by angles, or train with `backend reference`, which needs no Qiskit circuit"

    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownDevice(Diagnostic):
    """`transpile { target … }` names no fake device that is known.

    The names are those of the fake devices of qiskit-ibm-runtime, such as `fake_torino` or `fake_sherbrooke`.

        wrong   transpile { target fake_torin }
        right   transpile { target fake_torino }
    """

    code: ClassVar[str] = "E0715"
    message: ClassVar[str] = "no fake device is called `{name}`"
    label: ClassVar[str] = "unknown device"
    advice: ClassVar[str] = "write the name of a fake device of qiskit-ibm-runtime, such as `fake_torino`"

    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class FakeDevicesMissing(Diagnostic):
    """Fake devices come with the package qiskit-ibm-runtime, which is not installed here.

    It is an optional part, since only `transpile { target … }` needs it.

        wrong   transpile { target fake_torino }                          # in an environment without the package
        right   pip install 'hqnn-dsl[ibm]'
        right   transpile { basis [rz, sx, x, cx]; coupling linear }      # needs nothing
    """

    code: ClassVar[str] = "E0707"
    message: ClassVar[str] = "the fake device `{name}` needs qiskit-ibm-runtime, which is not installed"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "run `pip install 'hqnn-dsl[ibm]'`"
    exit_code: ClassVar[int] = 3

    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class DeviceTooSmall(Diagnostic):
    """The circuit has more qubits than the device that it is transpiled to, or than its connected part.

    wrong   circuit on 8 qubits { … }; transpile { coupling [[0, 1], [1, 2]] }
    right   circuit on 3 qubits { … }; transpile { coupling [[0, 1], [1, 2]] }
    right   circuit on 8 qubits { … }; transpile { coupling linear }
    """

    code: ClassVar[str] = "E0716"
    message: ClassVar[str] = "the circuit has {num_qubits} qubits, {device} offers {offered}"
    label: ClassVar[str] = "too few connected qubits"
    advice: ClassVar[str] = "choose a device or a coupling with at least {num_qubits} connected qubits"

    num_qubits: int
    offered: int
    device: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownBasisGate(Diagnostic):
    """`transpile { basis … }` lists a gate that Qiskit does not know.

    wrong   Target(basis=("rz", "sx", "cxx"))      # in Python; in a spec it is E0206
    right   Target(basis=("rz", "sx", "cx"))
    """

    code: ClassVar[str] = "E0717"
    message: ClassVar[str] = "`{name}` is no gate that a device can have"
    label: ClassVar[str] = "unknown gate"
    advice: ClassVar[str] = "write gates by their Qiskit names, such as `rz`, `sx`, `x`, `cx`"

    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class CannotTranspile(Diagnostic):
    """Qiskit cannot write the circuit in the gates of the target.

    Mostly the basis lacks something: a rotation by any angle, or a gate on two qubits.

        wrong   transpile { basis [h, s, cx] }      # no rotation by any angle
        right   transpile { basis [rz, sx, x, cx] }
    """

    code: ClassVar[str] = "E0718"
    message: ClassVar[str] = "the circuit cannot be written in the gates of {target}"
    label: ClassVar[str] = "{reason}"
    advice: ClassVar[str] = "give the basis a rotation by any angle and a gate on two qubits, such as [rz, sx, x, cx]"

    target: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class CannotCheck(Diagnostic):
    """A transpiled circuit cannot be compared with the one it was made from, so it is not used.

    Before a transpiled circuit is used or written, both are simulated at random angles. That needs a state that fits in
    memory, and inputs and weights for which every angle is a finite number.

        wrong   ry(acos(2 + x[0] ** 2)) 0      # no number for any input
        right   ry(acos(x[0])) 0               # finite from -1 to 1
    """

    code: ClassVar[str] = "E0719"
    message: ClassVar[str] = "the transpiled circuit cannot be compared with the original: {reason}"
    label: ClassVar[str] = "{reason}"
    advice: ClassVar[str] = "use fewer qubits, or angles that are finite for ordinary inputs and weights"

    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class AerMissing(Diagnostic):
    """`backend aer(…)` needs Qiskit Aer, which is not installed here.

    It is an optional part in two forms that install the same Python module: `aer` runs on the CPU, `gpu` on CUDA
    devices too (Linux x86-64). Install one of them, never both.

        wrong   backend aer()          # in an environment without Aer
        right   pip install 'hqnn-dsl[aer]'
        right   backend reference      # needs nothing
    """

    code: ClassVar[str] = "E0701"
    message: ClassVar[str] = "`backend aer` needs Qiskit Aer, which is not installed"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "run `pip install 'hqnn-dsl[{extra}]'`"
    exit_code: ClassVar[int] = 3

    extra: str


@lazy_dataclass(frozen=True, kw_only=True)
class AerIsCpuBuild(Diagnostic):
    """`device: gpu` was asked for, but the Aer that is installed was built for the CPU only.

    The package `qiskit-aer` has no GPU code; `qiskit-aer-gpu` has, and takes its place.

        wrong   backend aer(device: gpu)      # with the package `qiskit-aer`
        right   pip uninstall -y qiskit-aer && pip install 'hqnn-dsl[gpu]'
        right   backend aer(device: cpu)
    """

    code: ClassVar[str] = "E0702"
    message: ClassVar[str] = "`device: gpu` was asked for, but the Aer installed here can only use the CPU"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "run `pip uninstall -y qiskit-aer && pip install 'hqnn-dsl[gpu]'`, or write `device: cpu`"
    exit_code: ClassVar[int] = 3


@lazy_dataclass(frozen=True, kw_only=True)
class TwoAers(Diagnostic):
    """Two packages that provide Qiskit Aer are installed at once, and Aer does not work as asked.

    `qiskit-aer` and `qiskit-aer-gpu` own the same files: the one installed last wins, and removing either breaks the
    other. Installers do not notice.

        wrong   pip install qiskit-aer-gpu qiskit-aer
        right   pip uninstall -y qiskit-aer qiskit-aer-gpu && pip install 'hqnn-dsl[gpu]'
    """

    code: ClassVar[str] = "E0703"
    message: ClassVar[str] = "{packages} are installed at once, and the files on disk are those of {owner}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "run `pip uninstall -y {names} && pip install 'hqnn-dsl[{extra}]'`"
    exit_code: ClassVar[int] = 3

    packages: str
    owner: str
    names: str
    extra: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoCudaDevice(Diagnostic):
    """`device: gpu` was asked for, and Aer can use GPUs, but it finds none here.

    No NVIDIA device is in this machine or visible to this process, or the driver is missing or too old.

        wrong   backend aer(device: gpu)       # on a machine without an NVIDIA GPU
        right   backend aer(device: cpu)
        right   backend aer(device: auto)      # takes the GPU if there is one
    """

    code: ClassVar[str] = "E0704"
    message: ClassVar[str] = "`device: gpu` was asked for, but Aer finds no CUDA device"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = (
        "check that `nvidia-smi` lists a device and CUDA_VISIBLE_DEVICES hides none, or write `device: cpu`"
    )
    exit_code: ClassVar[int] = 3


@lazy_dataclass(frozen=True, kw_only=True)
class AerLibraryMissing(Diagnostic):
    """Aer is installed but cannot be loaded: a library that it needs is missing.

    GPU builds of Aer need CUDA 12 and cuQuantum libraries, which come with the package unless they were left out.

        wrong   pip install --no-deps qiskit-aer-gpu
        right   pip install --force-reinstall 'hqnn-dsl[gpu]'
    """

    code: ClassVar[str] = "E0705"
    message: ClassVar[str] = "Qiskit Aer is installed but cannot be loaded: {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "run `pip install --force-reinstall 'hqnn-dsl[{extra}]'`"
    exit_code: ClassVar[int] = 3

    reason: str
    extra: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotOnGpu(Diagnostic):
    """Aer was told to use the GPU, or cuStateVec, and its own report of the run says that it did not.

    Before a run on `device: gpu` a circuit of one qubit is run and its report read, and so is the report of every
    later run. What it does not confirm is refused, so that no run is silently made on the CPU, or without cuStateVec.

        wrong   backend aer(device: gpu, custatevec: true)      # if Aer runs without cuStateVec
        right   pip install --force-reinstall 'hqnn-dsl[gpu]'
        right   backend aer(device: gpu)                        # asks for no more than there is
    """

    code: ClassVar[str] = "E0706"
    message: ClassVar[str] = "{wanted} was asked for, but Aer's report of a run says {found}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "run `pip install --force-reinstall 'hqnn-dsl[gpu]'`, or do not ask for it"
    exit_code: ClassVar[int] = 3

    wanted: str
    found: str


@lazy_dataclass(frozen=True, kw_only=True)
class AerPicked(Diagnostic):
    """What `backend aer(device: auto)` picked, and why. It is a note, not an error.

    A circuit of one qubit is run on the GPU; if that works the GPU is used, otherwise the CPU.

        wrong   backend aer(device: auto)      # if a run on the CPU must not happen
        right   backend aer(device: gpu)
    """

    code: ClassVar[str] = "E0708"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = "`backend aer(device: auto)` runs on the {device}: {reason}"
    exit_code: ClassVar[int] = 0

    device: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class CuStateVecNeedsGpu(Diagnostic):
    """`custatevec: true` was asked for together with `device: cpu`.

    cuStateVec is a library for NVIDIA GPUs; on the CPU the option would do nothing.

        wrong   backend aer(device: cpu, custatevec: true)
        right   backend aer(device: gpu, custatevec: true)
        right   backend aer(device: cpu)
    """

    code: ClassVar[str] = "E0720"
    message: ClassVar[str] = "`custatevec: true` has no meaning with `device: cpu`"
    label: ClassVar[str] = "cuStateVec runs on GPUs only"
    advice: ClassVar[str] = "write `device: gpu`, or leave `custatevec` out"


@lazy_dataclass(frozen=True, kw_only=True)
class BackendPicked(Diagnostic):
    """What `backend auto` picked for this circuit, and why. It is a note, not an error.

    The exact backends that can run the circuit take turns for a few steps; the fastest is taken. Backends that take
    seconds a step are not tried, and none is if one step of a circuit takes long. All of them give the same
    numbers, up to rounding.

        wrong   backend auto           # if a run must not depend on a trial
        right   backend reference      # or another by its name
    """

    code: ClassVar[str] = "E0709"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = "backend auto: {backend}, {reason}"
    exit_code: ClassVar[int] = 0

    backend: str
    reason: str

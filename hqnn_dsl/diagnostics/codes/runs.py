"""What keeps a training from beginning, from going on, or from being read: folders of runs, losses, devices."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass

# ------------------------------------------------------------ reading a table


@lazy_dataclass(frozen=True, kw_only=True)
class RunExists(Diagnostic):
    """The folder for the run exists already and is not empty; nothing is ever overwritten.

    A run that was ended before its first checkpoint holds nothing of a training: its folder is taken again.

    wrong   hqnn train model.hqnn data.csv --out runs/yacht-1      # a second time
    right   hqnn train model.hqnn data.csv --out runs/yacht-2
    right   hqnn train model.hqnn data.csv                         # takes the next free number
    """

    code: ClassVar[str] = "E0530"
    message: ClassVar[str] = "`{path}` exists already"
    advice: ClassVar[str] = "{resume}choose another `--out`, or leave it out: the next free number is taken"
    exit_code: ClassVar[int] = 2
    path: str
    resume: str = ""


@lazy_dataclass(frozen=True, kw_only=True)
class RunUnwritable(Diagnostic):
    """The folder for the run, or a file in it, cannot be written.

    wrong   hqnn train model.hqnn data.csv --out /runs      # not yours
    right   hqnn train model.hqnn data.csv --out ~/runs/1
    """

    code: ClassVar[str] = "E0531"
    message: ClassVar[str] = "cannot write to `{path}`: {reason}"
    advice: ClassVar[str] = "choose a folder that you may write to with `--out`"
    exit_code: ClassVar[int] = 3
    path: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class RunBusy(Diagnostic):
    """Another training writes to this run's folder at this moment; two would mix their files.

    wrong   hqnn train model.hqnn data.csv --out runs/yacht-1 --resume      # while the first one still runs
    right   hqnn train model.hqnn data.csv                                  # a run of its own
    """

    code: ClassVar[str] = "E0547"
    message: ClassVar[str] = "another training writes to `{path}` now"
    advice: ClassVar[str] = "nothing of it was changed: wait for its end, or choose another `--out`"
    exit_code: ClassVar[int] = 2
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotARun(Diagnostic):
    """The folder is not a finished run: a file of it is not there.

    wrong   hqnn predict runs data.csv
    right   hqnn predict runs/yacht-1 data.csv
    """

    code: ClassVar[str] = "E0532"
    message: ClassVar[str] = "`{path}` is not a run: it has no `{file}`"
    advice: ClassVar[str] = "give the folder that `hqnn train` wrote, such as runs/yacht-1"
    path: str
    file: str


@lazy_dataclass(frozen=True, kw_only=True)
class RunDamaged(Diagnostic):
    """A file of the run is there but cannot be used: cut off, edited, or from another version.

    wrong   a best.pt that was copied only in part
    right   the run as it was written, or a new one
    """

    code: ClassVar[str] = "E0533"
    message: ClassVar[str] = "`{file}` of the run `{path}` cannot be used: {reason}"
    advice: ClassVar[str] = "copy the whole folder again, or train anew"
    path: str
    file: str
    reason: str


# ------------------------------------------------------------------- training


@lazy_dataclass(frozen=True, kw_only=True)
class LossNotFinite(Diagnostic):
    """The loss became infinite or not a number; going on would only spread it. The best checkpoint so far is kept.

    Most often the learning rate is too large. Other causes are an angle with a pole (`tan`, `1 / x`, `log` of an input
    at or below 0) or, with `precision mixed` on a GPU, values beyond the range of half precision.

        wrong   optimizer adamw(lr: 10)
        right   optimizer adamw(lr: 0.01)
                clip 1.0
    """

    code: ClassVar[str] = "E0540"
    message: ClassVar[str] = "the {part} loss is {value} in epoch {epoch}, step {step}{rows}: training stopped"
    advice: ClassVar[str] = "use a smaller `lr`, `clip 1.0`, or `precision single`"
    part: str
    value: str
    epoch: int
    step: int
    rows: str = ""
    """The rows of the step, ` (line 4, line 9 and 3 more)`, if they have names."""


@lazy_dataclass(frozen=True, kw_only=True)
class GradientNotFinite(Diagnostic):
    """A gradient became infinite or not a number, though the loss was a number; the weights were not changed by it.

    An angle or a layer is at an edge of its domain, with a finite value and a slope that is not (`x / sqrt(x ** 2)`
    near 0, an operation such as `relu ** 0.5` at 0), or weights and features are so large that products overflow. The
    best checkpoint so far is kept.

        wrong   dense(4); relu ** 0.5
        right   dense(4); relu + 0.01 ** 0.5
    """

    code: ClassVar[str] = "E0545"
    message: ClassVar[str] = (
        "the gradient of `{weight}` is {value} in epoch {epoch}, step {step}{rows}, at a loss of {loss}: "
        "training stopped"
    )
    advice: ClassVar[str] = (
        "a layer or an angle is at a point without a slope, such as a root of 0: keep its argument away from there, "
        "or use a smaller `lr` if weights have grown large"
    )
    weight: str
    value: str
    epoch: int
    step: int
    loss: str
    rows: str = ""
    """As for E0540."""


@lazy_dataclass(frozen=True, kw_only=True)
class WeightNotFinite(Diagnostic):
    """A weight became infinite or not a number by the optimizer's steps, though all gradients were numbers.

    The steps are too large for the numbers of this precision. The best checkpoint so far is kept.

        wrong   optimizer sgd(lr: 1e38)
        right   optimizer sgd(lr: 0.01)
    """

    code: ClassVar[str] = "E0546"
    message: ClassVar[str] = "`{weight}` is {value} after epoch {epoch}, step {step}: training stopped"
    advice: ClassVar[str] = "use a smaller `lr`, or `clip 1.0`"
    weight: str
    value: str
    epoch: int
    step: int


@lazy_dataclass(frozen=True, kw_only=True)
class NothingToTrain(Diagnostic):
    """The network has no weight that training could change: no classical layer, and none or only frozen in the circuit.

    wrong   circuit on 2 qubits { feature_map angle() }
    right   circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes() }
    """

    code: ClassVar[str] = "E0541"
    message: ClassVar[str] = "the network has no weights to train"
    advice: ClassVar[str] = "add an ansatz to the circuit, or `dense` to the encoder or decoder"


@lazy_dataclass(frozen=True, kw_only=True)
class MixedOnCpu(Diagnostic):
    """`precision mixed` on a CPU computes dense layers in bfloat16, in torch: slower than `single`, and no smaller.

    wrong   precision mixed      # on a CPU
    right   precision auto       # mixed on CUDA, single on a CPU
    """

    code: ClassVar[str] = "W0470"
    severity: ClassVar[str] = "note"
    exit_code: ClassVar[int] = 0
    message: ClassVar[str] = "`precision mixed` on a CPU is bfloat16, and slower than `single`"
    advice: ClassVar[str] = "write `precision auto` for single on a CPU and mixed on CUDA"


@lazy_dataclass(frozen=True, kw_only=True)
class StepNotCompiled(Diagnostic):
    """`train { step compiled }` is asked for, and this network, loss, optimizer or backend is not compiled.

    With `step auto` such a training is run by torch, and the reason is said.

        wrong   step compiled      # with `batch_norm` in the encoder
        right   step auto
    """

    code: ClassVar[str] = "E0589"
    message: ClassVar[str] = "the training step cannot be compiled: {reason}"
    label: ClassVar[str] = "asked for here"
    advice: ClassVar[str] = "write `step auto`, or leave it out: then torch runs the steps"
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class BatchTooSmall(Diagnostic):
    """`batch_norm` compares the rows of a batch with each other, and here a batch is a single row.

    wrong   batch 1      # with batch_norm in the encoder
    right   batch 16
    """

    code: ClassVar[str] = "E0542"
    message: ClassVar[str] = "`batch_norm` cannot be trained on batches of one row"
    advice: ClassVar[str] = "use `batch 2` or more, or `layer_norm`"


@lazy_dataclass(frozen=True, kw_only=True)
class NoCuda(Diagnostic):
    """`device cuda` is asked for, and PyTorch finds no CUDA device here. Nothing falls back to the CPU silently.

    wrong   device cuda      # on a machine without a GPU, or with a CPU build of PyTorch
    right   device auto
    """

    code: ClassVar[str] = "E0543"
    message: ClassVar[str] = "`device cuda` is asked for, but PyTorch {reason}"
    advice: ClassVar[str] = "write `device auto`, or install a CUDA build of torch on a machine with a GPU"
    exit_code: ClassVar[int] = 3
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class CannotResume(Diagnostic):
    """A run can be taken up again only as it was: the same spec, the same table, the same split.

    wrong   hqnn train other.hqnn data.csv --out runs/yacht-1 --resume
    right   hqnn train model.hqnn data.csv --out runs/yacht-1 --resume
    """

    code: ClassVar[str] = "E0544"
    message: ClassVar[str] = "`{path}` cannot be resumed: {reason}"
    advice: ClassVar[str] = "resume with the spec and the table it was started with, or start a new run"
    path: str
    reason: str

"""Files and options of commands: reports of a folder, a file or an option of the wrong kind."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class NotCompiled(Diagnostic):
    """A folder or file is neither a run of `hqnn train` nor a folder of `hqnn compile`.

    wrong   hqnn.load("runs")      # the folder of all runs
    right   hqnn.load("runs/yacht-1")
    """

    code = "E0601"
    message = "{path} holds no network: {reason}"
    advice = "give a run of `hqnn train`, or a folder that `hqnn compile` wrote with its module"
    path: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class FolderInUse(Diagnostic):
    """The folder for the output has files in it that this command did not write; nothing is overwritten.

    wrong   hqnn compile spec.hqnn --out src
    right   hqnn compile spec.hqnn --out compiled
    """

    code = "E0602"
    exit_code = 2
    message = "{path} has other files in it"
    advice = "choose another folder with --out"
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class CannotWrite(Diagnostic):
    """A file or folder cannot be written: its folder does not exist, is a file, is full or belongs to someone else.

    wrong   hqnn predict runs/yacht-1 new.csv --out nosuch/answers.csv      # if there is no folder `nosuch`
    right   hqnn predict runs/yacht-1 new.csv --out answers.csv
    """

    code = "E0603"
    message = "cannot write {path}: {reason}"
    advice = "name another place with `--out`, one that you may write to and that has room"
    path: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownCode(Diagnostic):
    """`hqnn explain` is asked for something that is no code, nothing of the language and no topic.

    wrong   hqnn explain E9999
    right   hqnn explain E0312
    right   hqnn explain zz
    right   hqnn explain shapes
    """

    code = "E0604"
    exit_code = 2
    message = "there is no code, name or topic `{asked}`"
    advice = "`hqnn explain` alone lists the topics and all codes"
    asked: str


@lazy_dataclass(frozen=True, kw_only=True)
class BadOption(Diagnostic):
    """An option of a command has a value that it does not take.

    wrong   hqnn train spec.hqnn data.csv --set epochs
    right   hqnn train spec.hqnn data.csv --set epochs=10
    """

    code = "E0605"
    exit_code = 2
    message = "`{option}` takes {expected}, not `{value}`"
    option: str
    expected: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoModule(Diagnostic):
    """The Torch module is asked for, and only the table can say how many features the network reads.

    wrong   hqnn compile spec.hqnn --emit module      # if the spec says `features *`
    right   hqnn compile spec.hqnn data.csv --emit module
    """

    code = "E0606"
    message = "the number of features is not known, so the module has no shape"
    advice = "give the table (`hqnn compile SPEC DATA`), or name the features in the spec"


@lazy_dataclass(frozen=True, kw_only=True)
class RunIsFixed(Diagnostic):
    """A trained run is asked for with a change of something that was trained with it, or that matters in training only.

    The weights of a run belong to its spec. Only the backend may be another one.

        wrong   hqnn evaluate runs/yacht-1 data.csv --set width=6
        right   hqnn evaluate runs/yacht-1 data.csv --set "backend=aer(device: cpu)"
    """

    code = "E0607"
    exit_code = 2
    message = "{path} is trained; of its spec only `backend` can be changed"
    advice = "train another run with `hqnn train SPEC DATA --set …`"
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class Disagreement(Diagnostic):
    """`hqnn verify` or `hqnn bench` finds that a backend gives other numbers than the others: a bug of ours.

    The spec is not at fault. The table says which backend and precision, and by how much. Until it is mended, train
    with a backend that agrees, by its name (`backend reference`), and please report the spec with the table.

        wrong   hqnn bench spec.hqnn       # no times are shown for a backend that computes something else
        right   hqnn verify spec.hqnn      # shows all differences
    """

    code = "E0608"
    exit_code = 70
    message = "{who} gives other numbers than {oracle}: this is a bug in hqnn, not in your spec"
    advice = "please report the spec with the table above; train with a backend that agrees until then"
    who: str
    oracle: str


@lazy_dataclass(frozen=True, kw_only=True)
class OutputLost(Diagnostic):
    """The result cannot be written to standard output: its destination is full, closed or broken.

    What the command wrote to files is there. The same command gives the result again.

        wrong   hqnn predict runs/yacht-1 new.csv > /dev/full
        right   hqnn predict runs/yacht-1 new.csv --out answers.csv
    """

    code = "E0620"
    exit_code = 3
    message = "cannot write the result to standard output: {reason}"
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class KernelsNotKept(Diagnostic):
    """The compiled kernels of `backend native` cannot be kept on disk, so every start compiles them. A note, no error.

    They are kept in the user's folder for caches; if that cannot be written, in a folder among the temporary files
    that only this user can open.

        wrong   HOME=/nonexistent TMPDIR=/nonexistent hqnn train spec.hqnn data.csv      # compiles at every start
        right   NUMBA_CACHE_DIR=/scratch/me/kernels hqnn train spec.hqnn data.csv
    """

    code = "E0621"
    severity = "note"
    exit_code = 0
    message = "the native kernels cannot be kept on disk and are compiled at every start: {reason}"
    advice = "set NUMBA_CACHE_DIR to a folder that you can write"
    reason: str

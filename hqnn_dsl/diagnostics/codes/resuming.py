"""What can be wrong with going on with a run (E0555 to E0557) or replaying it (E0549), and what is said of it."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class ResumeDiffers(Diagnostic):
    """A run is to be gone on with under another setting than it was started with: it would be another run.

    Only `train { epochs … }`, `train { stop … }` and `budget` may change. Settings that were given by `--set` when the
    run was started are to be given again.

        wrong   hqnn train model.hqnn data.csv --out RUN --resume --set batch=64      # started with batch 32
        right   hqnn train model.hqnn data.csv --out RUN --resume --set epochs=600
    """

    code: ClassVar[str] = "E0555"
    message: ClassVar[str] = "the run `{path}` was started with another `{setting}`: `{before}`, now `{now}`"
    advice: ClassVar[str] = "set it back, or start a new run: another `--out`, and no `--resume`"
    path: str
    setting: str
    before: str
    now: str


@lazy_dataclass(frozen=True, kw_only=True)
class EpochsPlanned(Diagnostic):
    """The learning rates of the run follow a course over all its epochs, so their number cannot change on the way.

    wrong   hqnn train model.hqnn data.csv --out RUN --resume --set epochs=200      # `scheduler cosine`
    right   hqnn train model.hqnn data.csv --set epochs=200                         # a new run
    right   scheduler reduce_on_plateau                                             # from the start
    """

    code: ClassVar[str] = "E0556"
    message: ClassVar[str] = "`scheduler {scheduler}` has planned the learning rates for the number of epochs before"
    advice: ClassVar[str] = "start a new run with this number of epochs"
    scheduler: str


@lazy_dataclass(frozen=True, kw_only=True)
class EpochsTrained(Diagnostic):
    """A run is to end before the epoch that it has come to already.

    wrong   hqnn train model.hqnn data.csv --out RUN --resume --set epochs=100      # 188 are trained
    right   hqnn train model.hqnn data.csv --out RUN --resume --set epochs=300
    right   hqnn train model.hqnn data.csv --set epochs=100                         # a new run
    """

    code: ClassVar[str] = "E0557"
    message: ClassVar[str] = "the run `{path}` has {done} epochs already, more than the {asked} asked for"
    advice: ClassVar[str] = "ask for more epochs, or start a new run: another `--out`, and no `--resume`"
    path: str
    done: int
    asked: int


@lazy_dataclass(frozen=True, kw_only=True)
class GoesOnFromBest(Diagnostic):
    """The last checkpoint of a run cannot be used: cut off, altered, gone, or of another spec. The best one is used.

    A training from an earlier checkpoint comes to the same numbers; the epochs in between are trained again.

        wrong   cp runs/yacht-2/checkpoints/last.pt runs/yacht-1/checkpoints/last.pt      # of another table
        right   hqnn train model.hqnn data.csv --out runs/yacht-1 --resume                # with its own files
    """

    code: ClassVar[str] = "W0471"
    severity: ClassVar[str] = "warning"
    exit_code: ClassVar[int] = 0
    message: ClassVar[str] = "`checkpoints/last.pt` of the run `{path}` cannot be used: {reason}"
    advice: ClassVar[str] = "going on from `checkpoints/best.pt`, after epoch {epoch}"
    path: str
    reason: str
    epoch: int


@lazy_dataclass(frozen=True, kw_only=True)
class BeginsAnew(Diagnostic):
    """A run is to be resumed that has no checkpoint yet, because its training was ended before: it begins anew.

    wrong   hqnn train model.hqnn data.csv --out rums/yacht-1 --resume      # there is no such folder
    right   hqnn train model.hqnn data.csv --out runs/yacht-1 --resume
    """

    code: ClassVar[str] = "W0472"
    severity: ClassVar[str] = "warning"
    exit_code: ClassVar[int] = 0
    message: ClassVar[str] = "there is no checkpoint in `{path}` yet: the training begins anew"
    advice: ClassVar[str] = "nothing is lost; if you meant another run, end this one and give that folder as `--out`"
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class CannotReplay(Diagnostic):
    """A run cannot be trained again and compared: it has no whole epoch, its loss or its table is not at hand, or it
    would be another training.

    wrong   hqnn replay runs/yacht-1 data.csv --set batch=64
    right   hqnn replay runs/yacht-1 data.csv
    right   hqnn replay runs/yacht-1 data.csv --set step=torch --set backend=reference
    """

    code: ClassVar[str] = "E0549"
    message: ClassVar[str] = "`{path}` cannot be replayed: {reason}"
    exit_code: ClassVar[int] = 2
    path: str
    reason: str

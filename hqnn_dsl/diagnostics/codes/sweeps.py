"""What can be wrong with a `sweep { … }` (E0247 to E0249) and with `hqnn sweep` (E0690 to E0696)."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class NoSweepValues(Diagnostic):
    """After `in` stands what a sweep draws values from: a list, a range of whole numbers, `log(a, b)` for real numbers
    drawn evenly by their logarithm, or `uniform(a, b)`.

    A range is half open, as everywhere in the language: `1..5` is 1, 2, 3, 4.

        wrong   sweep { optimizer.lr in 0.1 }
        right   sweep { optimizer.lr in [0.01, 0.1] }
        right   sweep { optimizer.lr in log(1e-3, 1e-1) }
    """

    code = "E0247"
    message = "`{path}` needs several values to be swept over, {found} is none"
    label = "a list, a range, log(a, b) or uniform(a, b)"
    advice = "write a list `[1, 2]`, a range `1..4`, `log(1e-3, 1e-1)` or `uniform(0.1, 0.9)`"
    path: str
    found: str


@lazy_dataclass(frozen=True, kw_only=True)
class BadSweepValues(Diagnostic):
    """The values of a sweep are empty, hold one value twice, or have bounds that leave nothing between them.

    Every value is tried as a training of its own, so one that stands there twice would be trained twice.

        wrong   sweep { width in [2, 4, 4] }
        right   sweep { width in [2, 4] }
        wrong   sweep { optimizer.lr in log(0, 1) }
        right   sweep { optimizer.lr in log(1e-4, 1) }
    """

    code = "E0248"
    message = "the values of `{path}` {problem}"
    path: str
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongSweepValue(Diagnostic):
    """The spec would be wrong with one of the values that it is to be swept over.

    Each value of a list, and both ends of a range, are checked as `--set` would be: with the spec's own values of the
    other settings, and with the first and the last values of what else is swept. A value that is right with none of
    these is refused; one that is wrong only beside some others is found by the sweep, which records why.

        wrong   sweep { epochs in [0, 10] }
        right   sweep { epochs in [5, 10] }
    """

    code = "E0249"
    message = "with `{path}: {value}` the spec is wrong: {reason}"
    label = "wrong with this value"
    path: str
    value: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class NothingSwept(Diagnostic):
    """A sweep needs settings to vary: those of the spec's `sweep { … }`, or of `--over`.

    wrong   hqnn sweep model.hqnn data.csv      # without a `sweep` in the model
    right   hqnn sweep model.hqnn data.csv --over 'optimizer.lr=log(1e-4, 1e-1)'
    """

    code = "E0690"
    message = "nothing is to be swept over: the spec has no `sweep`, and no `--over` is given"
    advice = "add `--over 'optimizer.lr=log(1e-4, 1e-1)'`, or write `sweep {{ optimizer.lr in log(1e-4, 1e-1) }}`"


@lazy_dataclass(frozen=True, kw_only=True)
class SweepWithoutValidation(Diagnostic):
    """A sweep keeps the settings that are best on the validation rows. Without any the choice would have to look at the
    rows that were trained on, or at the test rows.

        wrong   data { target y; split validation: 0 }
        right   data { target y; split validation: 0.2 }
    """

    code = "E0691"
    message = "a sweep needs validation rows to choose by, and there are none"
    advice = "write `validation: 0.2` in `split`, or add `--set split.validation=0.2`"


@lazy_dataclass(frozen=True, kw_only=True)
class SweepDiffers(Diagnostic):
    """A sweep is gone on with as it was begun, with the same spec, table and swept settings: otherwise its trials would
    come from different experiments. Only `--trials`, `--workers` and where the table lies may change.

        wrong   hqnn sweep model.hqnn data.csv --out s --set epochs=9 --resume      # begun with other epochs
        right   hqnn sweep model.hqnn data.csv --out s --resume
    """

    code = "E0692"
    message = "the sweep in `{path}` was begun with another {setting}: {before}, not {now}"
    advice = "set it back, or begin anew: another `--out`, and no `--resume`"
    path: str
    setting: str
    before: str
    now: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongSweepArguments(Diagnostic):
    """`hqnn sweep` takes a spec and a table, or, with `--join`, the folder of a sweep and at most a table: all else is
    in the folder.

        wrong   hqnn sweep model.hqnn data.csv --join runs/model-sweep-1
        right   hqnn sweep --join runs/model-sweep-1
    """

    code = "E0693"
    exit_code = 2
    message = "`hqnn sweep` cannot be called so: {problem}"
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class TableElsewhere(Diagnostic):
    """A process that joins a sweep reads the table at the path that the sweep has recorded. Where the table lies
    elsewhere on this host, or came from standard input, it is given.

        wrong   hqnn sweep --join shared/model-sweep-1      # the table is not at the recorded path here
        right   hqnn sweep --join shared/model-sweep-1 data.csv
    """

    code = "E0694"
    message = "the table of the sweep in `{path}` is not here: {reason}"
    advice = "give it: `hqnn sweep --join {path} DATA`"
    path: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class EveryTrialRefused(Diagnostic):
    """Every setting that the sweep has tried was refused, so there is no best one. The reasons are in `sweep.json`.

    wrong   hqnn sweep model.hqnn data.csv --over 'optimizer.lr=[1e30, 1e31]'
    right   hqnn sweep model.hqnn data.csv --over 'optimizer.lr=[0.01, 0.1]'
    """

    code = "E0695"
    message = "all {tried} settings that were tried were refused; the first with: {reason}"
    advice = "see `trials` in {path}"
    tried: int
    reason: str
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class OtherRows(Diagnostic):
    """All trials of a sweep are scored on the same validation rows and targets; with these values a trial would have
    others, and the better score could be that of easier rows. Seeds and splits are compared by `hqnn train --seeds`
    and `--folds`.

        wrong   sweep { split.validation in [0.1, 0.2] }
        right   sweep { optimizer.lr in [0.1, 0.2] }
    """

    code = "E0696"
    message = "with these values {what} are others than the spec's own, so that scores cannot be compared"
    advice = "take out of the sweep what changes the split or the target: `split`, `seed`, `target`, `task`"
    what: str

"""What can be wrong with a comparison of contenders (E0685, E0687, W0480)."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class NeedsValidationRows(Diagnostic):
    """Several settings of each contender are tried, and there are no validation rows to choose among them by.

    The choice would have to look at the rows that were trained on, or at the test rows.

        wrong   data { target y; split by: column(part) }     # with the parts train and test
        right   data { target y; split by: column(part) }     # with the parts train, validation and test
    """

    code: ClassVar[str] = "E0685"
    message: ClassVar[str] = "{trials} trials of each contender need validation rows to choose by, and there are none"
    advice: ClassVar[str] = "mark some rows as `validation`, or add `--trials 1`"
    trials: int


@lazy_dataclass(frozen=True, kw_only=True)
class ComparisonDiffers(Diagnostic):
    """A comparison is to be gone on with that was begun with another spec, table, protocol or other contenders.

    Its results would come from different experiments.

        wrong   hqnn compare model.hqnn data.csv --out c --trials 9 --resume      # begun with 5 trials
        right   hqnn compare model.hqnn data.csv --out c --resume
    """

    code: ClassVar[str] = "E0687"
    message: ClassVar[str] = "the comparison in `{path}` was begun with another {setting}: {before}, not {now}"
    advice: ClassVar[str] = "set it back, or begin anew: another `--out`, and no `--resume`"
    path: str
    setting: str
    before: str
    now: str


@lazy_dataclass(frozen=True, kw_only=True)
class ValidationTaken(Diagnostic):
    """A spec without validation rows is compared: a share of the rows to learn from is taken, for all contenders.

    A comparison tries several settings of each contender, and chooses among them by validation rows. They are those of
    a spec with `validation: 0.2`, which is what the comparison records; the best epoch is chosen by them too.

        wrong   data { target y; split validation: 0 }       # compared with 5 trials
        right   data { target y; split validation: 0.2 }
    """

    code = "W0480"
    severity = "note"
    message = "the spec has no validation rows: {share} of the rows to learn from are taken, to choose by"
    advice = "write `validation: {share}` in `split`; with `--trials 1` none are needed"
    share: str

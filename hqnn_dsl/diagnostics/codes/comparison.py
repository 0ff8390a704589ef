"""What can be wrong with a comparison of contenders (E0685, E0687)."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class NeedsValidationRows(Diagnostic):
    """A comparison tries several settings of each contender and keeps the best one by the validation rows. Without any
    the choice would have to look at the rows that were trained on, or at the test rows.

        wrong   data { target y; split validation: 0 }
        right   data { target y; split validation: 0.2 }
    """

    code: ClassVar[str] = "E0685"
    message: ClassVar[str] = "{trials} trials of each contender need validation rows to choose by, and there are none"
    advice: ClassVar[str] = "write `validation: 0.2` in `split`, or add `--trials 1`"
    trials: int


@lazy_dataclass(frozen=True, kw_only=True)
class ComparisonDiffers(Diagnostic):
    """A comparison is gone on with as it was begun, with the same spec, table, protocol and contenders: otherwise its
    results would come from different experiments.

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

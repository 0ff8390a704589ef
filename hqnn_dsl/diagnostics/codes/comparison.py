"""What can be wrong with a comparison of contenders (E0685, E0687)."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class NeedsValidationRows(Diagnostic):
    """Several settings of each contender are tried, and there are no validation rows to choose among them by.

    The choice would have to look at the rows that were trained on, or at the test rows.

        wrong   data { target y; split validation: 0 }
        right   data { target y; split validation: 0.2 }
    """

    code: ClassVar[str] = "E0685"
    message: ClassVar[str] = "{trials} trials of each contender need validation rows to choose by, and there are none"
    advice: ClassVar[str] = "write `validation: 0.2` in `split`, or add `--trials 1`"
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

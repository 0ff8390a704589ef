"""The page of a run (W0476)."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class PageNotWritten(Diagnostic):
    """A training has ended and its results are written, but not its page: the disk is full, or drawing it failed.

    The run is complete without the page, which `hqnn report` writes at any time, also somewhere else.

        wrong   hqnn train model.hqnn data.csv --out full-disk/yacht-1
        right   hqnn report full-disk/yacht-1 --data data.csv -o yacht-1.html
    """

    code: ClassVar[str] = "W0476"
    severity: ClassVar[str] = "warning"
    exit_code: ClassVar[int] = 0
    message: ClassVar[str] = "the page of the run `{path}` is not written: {reason}"
    advice: ClassVar[str] = "the run is complete without it; `hqnn report {path}` makes it again"
    path: str
    reason: str

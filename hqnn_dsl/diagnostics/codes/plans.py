"""Forecasts: a training that would take more than it may."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class OverPlan(Diagnostic):
    """`hqnn plan --max` allows less than the training would take. Nothing was trained.

    wrong   hqnn plan spec.hqnn data.csv --max minutes=0.01
    right   hqnn plan spec.hqnn data.csv --max minutes=10
    """

    code = "E0646"
    message = "the plan needs {needed}, and `--max {what}=…` allows {allowed}: {by}"
    advice = "allow more, or plan less: fewer `epochs`, folds or seeds, a larger `batch`, another `backend`"
    what: str
    needed: str
    allowed: str
    by: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotForecast(Diagnostic):
    """`hqnn plan --max` bounds something that cannot be told of this training before it runs.

    Seconds are not told of a device that is paid for, circuits not where another library decides on them, and memory
    not on a system that does not say how much a process has.

        wrong   hqnn plan spec.hqnn data.csv --max minutes=10 --set 'backend=primitive("ibm_torino")'
        right   hqnn plan spec.hqnn data.csv --max circuits=1e6 --set 'backend=primitive("ibm_torino")'
    """

    code = "E0647"
    message = "nothing can be told of the {what} of this training, so `--max {what}=…` cannot be held"
    advice = "leave this bound out"
    what: str

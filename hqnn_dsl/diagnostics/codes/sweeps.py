"""What can be wrong with a `sweep { … }` (E0247 to E0249) and with `hqnn sweep` (E0690 to E0695)."""

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

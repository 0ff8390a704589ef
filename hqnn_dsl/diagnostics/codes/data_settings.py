"""Settings of `data` and `train` that contradict each other: tasks, rules of columns, reading."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class WrongTask(Diagnostic):
    """A setting is for numbers and the target has classes, or the other way round.

    The task is that of `task`; without it that of the loss; without a loss it is regression if `scale target: …` or
    several targets are written, else the table decides.

        wrong   task regression        # and in `train`: loss cross_entropy
        right   task classification
    """

    code = "E0241"
    message = "`{what}` is for {wanted}, and {reason}"
    label = "for {wanted}"
    what: str
    wanted: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongRules(Diagnostic):
    """The rules of one column contradict each other.

    A column has at most one rule of each stage: what its cells are, missing cells, codes of categories, scaling. Only
    a date may have several codes.

        wrong   columns { price: [log, standard] }      # both scale
        right   columns { price: log }
        wrong   columns { zip: [number, one_hot] }
        right   columns { zip: [category, one_hot] }
    """

    code = "E0242"
    message = "the rules of `{column}` contradict each other: {problem}"
    label = "{problem}"
    column: str
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongColumn(Diagnostic):
    """A column has two uses that exclude each other: it is a target, a feature, or has the weights of rows.

    wrong   target price; weights price
    right   target price; weights sample_weight
    """

    code = "E0243"
    message = "`{what}` cannot be `{column}`: {reason}"
    label = "{reason}"
    what: str
    column: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongReading(Diagnostic):
    """A table cannot be read with these signs: one is not a single character, or two of them are the same.

    wrong   read delimiter: ",", decimal: ","
    right   read delimiter: ";", decimal: ","
    """

    code = "E0244"
    message = "`{what}` {problem}"
    label = "{problem}"
    what: str
    problem: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongScale(Diagnostic):
    """A target is scaled in a way that the loss cannot be used with.

    `loss gaussian` predicts a mean and a variance, which `standard`, `robust`, `min_max` and `none` can take back to
    the target's own units.

        wrong   scale target: log             # and in `train`: loss gaussian
        right   scale target: standard
    """

    code = "E0245"
    message = "the target cannot be scaled by `{scale}` here: {reason}"
    label = "not with this loss"
    scale: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoValidationRows(Diagnostic):
    """Intervals are asked for, and no row validates: the width of conformal intervals is that of errors on these rows.

    wrong   split validation: 0        # and in `train`: intervals conformal(0.9)
    right   split validation: 0.2
    """

    code = "E0246"
    message = "`intervals {name}` takes its width from validation rows, and there are none"
    label = "without validation rows"
    advice = "write `split validation: 0.2` in `data`, or leave `intervals` out"
    name: str

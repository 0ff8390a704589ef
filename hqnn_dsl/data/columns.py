"""Which columns of a table are features, which are targets, and which are the weights of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.data.layout import named
from hqnn_dsl.data.numerals import is_truth
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes.columns import WeightIsRead
from hqnn_dsl.diagnostics.codes.reading_notices import TruthAsNumbers
from hqnn_dsl.diagnostics.codes.tables import FeatureMissing, NoFeatures, TargetIsFeature, UnknownColumn
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Findings, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.semantics.spec import DataSpec

OF_SPLITS = ("group", "column")
"""Rules of splits whose column is no feature unless the spec names it: it says where a row belongs."""


@dataclass(frozen=True)
class Columns:
    """The columns that a network reads and learns, in its order, and that of the weights of rows.

    `left_out` are columns that `features *` does not mean, beside targets and those that the spec excludes.
    """

    features: tuple[str, ...]
    targets: tuple[str, ...]
    weights: str | None = None
    left_out: tuple[str, ...] = ()


def choose_columns(table: Table, data: DataSpec) -> Columns:
    """The columns that `data` means in this table; the target is the last column where it names none.

    Raises `Refusal` (E0510, E0511, E0518, E0581) with every name that does not fit.
    """
    findings = Findings()
    found = choose(table, data, findings)
    findings.raise_errors()
    return found


def choose(table: Table, data: DataSpec, findings: Findings) -> Columns:
    """Returns the columns that `data` means, without those that are not there, and adds what is wrong with names."""
    known = set(table.columns)
    targets = data.target if data.target is not None else table.columns[-1:]
    for role, name in _named(data, targets):
        if name not in known:
            findings.add(_unknown(table, role, name))
    left_out: tuple[str, ...] = ()
    if data.features.names is None:
        aside = {*targets, *data.features.excluded}
        all_of = tuple(name for name in table.columns if name not in aside)
        left_out = tuple(name for name in all_of if name in _aside(data) and name not in _with_rule(data))
        features = tuple(name for name in all_of if name not in left_out)
    else:
        features = tuple(name for name in data.features.names if name not in data.features.excluded)
    both = [name for name in features if name in targets]
    if both:
        findings.add(TargetIsFeature(columns=named(both)))
    if not features:
        findings.add(NoFeatures(table=table.name))
    for section, names in (("features", features), ("target", targets)):
        if data.weights is not None and data.weights in names:
            findings.add(WeightIsRead(column=data.weights, other=section.removesuffix("s"), section=section))
    weights = data.weights if data.weights in known and data.weights not in {*features, *targets} else None
    of_features, of_targets = (tuple(name for name in names if name in known) for names in (features, targets))
    return Columns(of_features, of_targets, weights, left_out)


def _named(data: DataSpec, targets: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yields every name of a column in a spec once for each role that it has."""
    roles = (
        ("target", targets),
        ("feature", data.features.names or ()),
        ("excluded feature", data.features.excluded),
        ("weight", (data.weights,) if data.weights is not None else ()),
        ("column with a rule", tuple(rule.column for rule in data.columns)),
    )
    seen: set[str] = set()
    for role, names in roles:
        for name in names:
            if name not in seen or role == "excluded feature":
                seen.add(name)
                yield role, name


def _aside(data: DataSpec) -> set[str]:
    """The columns of the weights, and of a split that keeps rows together or names their part."""
    found = {data.weights} if data.weights is not None else set()
    by = data.split.by
    if by is not None and by.name in OF_SPLITS:
        found.add(str(by.options.get("column", by.options.get("name"))))
    return found


def _with_rule(data: DataSpec) -> set[str]:
    return {rule.column for rule in data.columns if rule.column != data.weights}


def needed_by(data: DataSpec) -> Callable[[str], bool]:
    """Whether a spec reads a column of some name, as far as that is known without the table."""
    by = data.split.by
    of_split = () if by is None else (by.options.get("column"), by.options.get("name"))
    always = {*(data.target or ()), *_with_rule(data), *_aside(data), *of_split}
    excluded, features = set(data.features.excluded) - always, data.features.names
    if features is None or data.target is None:  # the last column may be the target, whatever its name
        return lambda name: name not in excluded
    return lambda name: name in always or (name in features and name not in excluded)


def check_there(table: Table, names: tuple[str, ...]) -> None:
    """Refuse (E0523) a table that lacks columns which a run reads, and name all of them."""
    known = set(table.columns)
    missing = [name for name in names if name not in known]
    if missing:
        hint = "; ".join(filter(None, (_close(name, table.columns) for name in missing)))
        raise Refusal(FeatureMissing(columns=named(missing), table=table.name, found=named(table.columns), hint=hint))


def _unknown(table: Table, role: str, name: str) -> Diagnostic:
    return UnknownColumn(
        role=role, column=name, table=table.name, columns=named(table.columns), hint=_close(name, table.columns)
    )


def _close(name: str, names: Iterable[str]) -> str:
    """Returns `did you mean …?` if a column's name is close, upper and lower case aside, else nothing."""
    return sentences.did_you_mean(sentences.nearest(name, names, ignoring_case=True))


def truth_notes(table: Table, names: Iterable[str]) -> tuple[Diagnostic, ...]:
    """That columns of True and False are read as 1 and 0 (W0425), if there are any."""
    known = set(table.columns)
    found = [name for name in names if name in known and is_truth(table.frame[name])]
    return (TruthAsNumbers(columns=named(found), table=table.name),) if found else ()

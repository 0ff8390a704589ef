"""Which columns are features and which are targets, and their numbers.

Everything that can be wrong with a table for a given `data { }` is found here, all of it in one go, with lines.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from hqnn_dsl.report.codes.tables import (
    FeatureMissing,
    InfiniteCell,
    MissingFeature,
    MissingTarget,
    NoFeatures,
    TargetIsFeature,
    TextCell,
    TextFeature,
    TextTarget,
    UnknownColumn,
)
from hqnn_dsl.report.diagnostic import Diagnostic, Findings, Refusal
from hqnn_dsl.training.tables import listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from hqnn_dsl.semantics.spec import DataSpec
    from hqnn_dsl.training.tables import Table

    Numbers = NDArray[np.float64]

Role = Literal["feature", "target"]

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_RESERVED = frozenset({"and", "or", "not", "true", "false", "pi", "auto", "qubits"})


@dataclass(frozen=True)
class Columns:
    """The columns that a network reads and learns, in its order."""

    features: tuple[str, ...]
    targets: tuple[str, ...]


def choose_columns(table: Table, data: DataSpec) -> Columns:
    """The columns that `data` means in this table; the target is the last column where it names none.

    Raises `Refusal` (E0510, E0511, E0518) with every name that does not fit.
    """
    findings = Findings()
    targets = data.target if data.target is not None else table.columns[-1:]
    for role, names in (
        ("target", targets),
        ("feature", data.features.names or ()),
        ("excluded feature", data.features.excluded),
    ):
        for name in dict.fromkeys(names):
            if name not in table.columns:
                findings.add(_unknown(table, role, name))
    if data.features.names is None:
        left_out = {*targets, *data.features.excluded}
        features = tuple(name for name in table.columns if name not in left_out)
    else:
        features = tuple(name for name in data.features.names if name not in data.features.excluded)
    both = [name for name in features if name in targets]
    if both:
        findings.add(TargetIsFeature(columns=quoted(both)))
    if not features:
        findings.add(NoFeatures(table=table.name))
    findings.raise_errors()
    return Columns(features, tuple(targets))


def numbers(table: Table, columns: Columns) -> tuple[Numbers, Numbers]:
    """Features `[N, F]` and targets `[N, T]`, all finite, in float64.

    Raises `Refusal` (E0512 to E0517) with every column that has cells which are not.
    """
    findings = Findings()
    targets = _block(table, columns.targets, "target", findings)
    features = _block(table, columns.features, "feature", findings)
    findings.raise_errors()
    return features, targets


def feature_numbers(table: Table, names: tuple[str, ...]) -> Numbers:
    """The features `[N, F]` that a trained network asks for by name.

    Raises `Refusal`: E0523 where columns are missing, E0513 to E0516 for their cells.
    """
    missing = [name for name in names if name not in table.columns]
    if missing:
        hint = "; ".join(filter(None, (_close(name, table.columns) for name in missing)))
        raise Refusal(FeatureMissing(columns=quoted(missing), table=table.name, found=quoted(table.columns), hint=hint))
    findings = Findings()
    features = _block(table, names, "feature", findings)
    findings.raise_errors()
    return features


def spelled(name: str) -> str:
    """The column's name as it is written in a spec: in quotes where it is no plain name."""
    if _BARE.match(name) and name not in _RESERVED:
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _unknown(table: Table, role: str, name: str) -> Diagnostic:
    return UnknownColumn(
        role=role, column=name, table=table.name, columns=quoted(table.columns), hint=_close(name, table.columns)
    )


def _close(name: str, names: Iterable[str]) -> str:
    """`did you mean ...?` where a column's name is close, else nothing."""
    folded = {other.casefold(): other for other in names}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean `{folded[found[0]]}`?" if found else ""


def _block(table: Table, names: tuple[str, ...], role: Role, findings: Findings) -> Numbers:
    block = np.empty((table.num_rows, len(names)), dtype=np.float64)
    texts: list[tuple[str, str]] = []
    for index, name in enumerate(names):
        column = table.frame[name]
        values = _floats(column)
        block[:, index] = values
        wrong = np.flatnonzero(np.isnan(values) & column.notna().to_numpy())
        if len(wrong):
            example = str(column.iloc[wrong[0]])
            if 2 * len(wrong) > column.notna().sum():
                texts.append((name, example))
            else:
                findings.add(TextCell(role=role, column=name, where=table.where(wrong), value=example))
            continue
        _check_cells(table, name, role, values, findings)
    if texts:
        findings.add(_text_columns(table, role, texts))
    return block


def _floats(column: pd.Series[Any]) -> Numbers:
    """The column as float64; what is missing or no number is NaN."""
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        return np.full(len(column), np.nan)
    plain = column if pd.api.types.is_numeric_dtype(column) else column.astype(object)
    if pd.api.types.is_complex_dtype(plain):
        return np.full(len(column), np.nan)
    return np.asarray(pd.to_numeric(plain, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))


def _check_cells(table: Table, name: str, role: Role, values: Numbers, findings: Findings) -> None:
    missing, infinite = np.flatnonzero(np.isnan(values)), np.flatnonzero(np.isinf(values))
    if len(missing) and role == "target":
        findings.add(MissingTarget(column=name, where=table.where(missing), table=table.name))
    elif len(missing):
        findings.add(MissingFeature(column=name, quoted=spelled(name), where=table.where(missing)))
    if len(infinite):
        findings.add(InfiniteCell(role=role, column=name, where=table.where(infinite)))


def _text_columns(table: Table, role: Role, texts: list[tuple[str, str]]) -> Diagnostic:
    names = [name for name, _ in texts]
    if role == "target":
        return TextTarget(column=names[0], value=texts[0][1])
    spellings = ", ".join(spelled(name) for name in names)
    return TextFeature(
        columns=listed(f"`{name}`" for name in names), quoted=spellings, table=table.name, value=texts[0][1]
    )

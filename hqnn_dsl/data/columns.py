"""Which columns are features and which are targets, and their numbers.

Everything that can be wrong with a table for a given `data { }` is found here, all of it in one go, with lines.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from hqnn_dsl import literals
from hqnn_dsl.data.digits import lost_digits
from hqnn_dsl.data.layout import named
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes.reading import DigitsLost, MixedTruth, TruthAsNumbers
from hqnn_dsl.diagnostics.codes.tables import (
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
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Findings, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.semantics.spec import DataSpec

    Numbers = NDArray[np.float64]

Role = Literal["feature", "target"]

_TRUTH = frozenset({"true", "false"})


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
        findings.add(TargetIsFeature(columns=named(both)))
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
    check_there(table, names)
    findings = Findings()
    features = _block(table, names, "feature", findings)
    findings.raise_errors()
    return features


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
    found = [name for name in names if name in known and _is_truth(table.frame[name])]
    return (TruthAsNumbers(columns=named(found), table=table.name),) if found else ()


def kind_of(table: Table, name: str) -> Literal["number", "boolean"]:
    """Returns whether the numbers of a column are written as True and False."""
    return "boolean" if _is_truth(table.frame[name]) else "number"


def _is_truth(column: pd.Series[Any]) -> bool:
    if column.dtype == object:
        return pd.api.types.infer_dtype(column, skipna=True) == "boolean"
    return pd.api.types.is_bool_dtype(column)


def _block(table: Table, names: tuple[str, ...], role: Role, findings: Findings) -> Numbers:
    block = np.empty((table.num_rows, len(names)), dtype=np.float64)
    texts: list[tuple[str, str, str]] = []
    for index, name in enumerate(names):
        column = table.frame[name]
        values = floats_of(column)
        block[:, index] = values
        wrong = np.flatnonzero(np.isnan(values) & column.notna().to_numpy())
        mixed = _mixed_truth(table, name, role, values)
        if mixed is not None:
            findings.add(mixed)
        elif len(wrong):
            example = str(column.iloc[wrong[0]])
            if 2 * len(wrong) > column.notna().sum():
                texts.append((name, example, _what(column)))
            else:
                hint = _how_to_write(example)
                findings.add(TextCell(role=role, column=name, where=table.where(wrong), value=example, hint=hint))
        else:
            _check_cells(table, name, role, values, findings)
    if texts:
        findings.add(_text_columns(table, role, texts))
    return block


def floats_of(column: pd.Series[Any]) -> Numbers:
    """The column as float64; what is missing or no number is NaN."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        return np.full(len(column), np.nan)
    if pd.api.types.is_complex_dtype(column):
        return np.full(len(column), np.nan)
    plain = column.astype(object)
    if pd.api.types.infer_dtype(plain, skipna=True) not in {"string", "floating", "boolean"}:
        plain = plain.map(_real, na_action="ignore")
    return np.asarray(pd.to_numeric(plain, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))


def _real(cell: object) -> object:
    """A cell of a column of several kinds: numbers and text as they are, what is no real number as text."""
    if isinstance(cell, (Decimal, Fraction)):
        return _as_float(cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        return _as_float(cell)
    return cell if isinstance(cell, (bool, np.bool_, float, np.integer, np.floating, str)) else f"{cell!r} "


def _as_float(number: Decimal | Fraction | int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _mixed_truth(table: Table, name: str, role: Role, values: Numbers) -> Diagnostic | None:
    """What is said (E0524) of a column where some cells are True or False and others are not; None for any other."""
    column = table.frame[name]
    if column.dtype != object and not pd.api.types.is_string_dtype(column):
        return None
    kinds = column.astype(object).map(_is_truth_value, na_action="ignore")
    truth, present = (kinds == True).to_numpy(), kinds.notna().to_numpy()  # noqa: E712 - a column that may have gaps
    others = present & ~truth
    if not truth.any() or not others.any():
        return None
    most = "True or False" if truth.sum() >= others.sum() else "a number"
    if most == "a number" and 2 * np.isfinite(values[others]).sum() < others.sum():
        return None
    few = np.flatnonzero(others if most == "True or False" else truth)
    return MixedTruth(role=role, column=name, most=most, value=str(column.iloc[few[0]]), where=table.where(few))


def _is_truth_value(cell: object) -> bool:
    return isinstance(cell, (bool, np.bool_)) or (isinstance(cell, str) and cell.strip().casefold() in _TRUTH)


def _how_to_write(cell: str) -> str:
    """What to write for a cell that a reader takes for a number; empty for any other."""
    plain = cell.strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[+-]?\d+([ _'\u00a0\u202f]\d+)+(\.\d+)?", plain):
        return "write the number without marks between its digits, such as 12345.6"
    if re.fullmatch(r"[+-]?\d*,\d+(e[+-]?\d+)?", plain, re.IGNORECASE):
        return "write decimals with a point, such as 0.125"
    if re.fullmatch(r"\u2212?\d+(\.\d+)?", plain) and not plain.isascii():
        return "write numbers with the digits 0 to 9 and the sign `-` of the keyboard"
    return ""


def _check_cells(table: Table, name: str, role: Role, values: Numbers, findings: Findings) -> None:
    missing, infinite = np.flatnonzero(np.isnan(values)), np.flatnonzero(np.isinf(values))
    if len(missing) and role == "target":
        findings.add(MissingTarget(column=name, where=table.where(missing), table=table.name))
    elif len(missing):
        findings.add(MissingFeature(column=name, quoted=literals.column(name), where=table.where(missing)))
    if len(infinite):
        findings.add(InfiniteCell(role=role, column=name, where=table.where(infinite)))
    lost = table.lost.get(name) or lost_digits(table.frame[name], values)
    if lost is not None:
        leave = f"leave it out: `features * except {literals.column(name)}`; or " if role == "feature" else ""
        shown = sentences.names(lost.values, "and")
        findings.add(DigitsLost(role=role, column=name, values=shown, where=table.where(lost.rows), leave=leave))


def _what(column: pd.Series[Any]) -> str:
    """What a column without numbers holds, in a word."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in {"datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period"}:
        return "dates or times"
    return "complex numbers" if kind == "complex" else "text"


def _text_columns(table: Table, role: Role, texts: list[tuple[str, str, str]]) -> Diagnostic:
    names = [name for name, _, _ in texts]
    kinds = {what for _, _, what in texts}
    if role == "target":
        return TextTarget(column=names[0], value=texts[0][1], what=texts[0][2])
    spellings = ", ".join(literals.column(name) for name in names)
    return TextFeature(
        columns=sentences.names(names, "and"),
        quoted=spellings,
        table=table.name,
        value=texts[0][1],
        what=texts[0][2] if len(kinds) == 1 else "no numbers",
    )

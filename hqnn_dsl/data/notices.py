"""What a reader should know of a table before it is trained on: copies of the target, repeated rows, outliers.

Only rows to train on are looked at, and whether other rows repeat them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hqnn_dsl import literals
from hqnn_dsl.data.transforms.scales import MinMax
from hqnn_dsl.diagnostics.codes.column_notices import (
    NumbersTheRows,
    OutlierSetsScale,
    RowsInTwoParts,
    TargetAmongFeatures,
)
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.diagnostics.sentences import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hqnn_dsl.data.features import FittedFeatures
    from hqnn_dsl.data.kinds import TypedColumn
    from hqnn_dsl.data.parts import Parts
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.data.target import FittedTarget
    from hqnn_dsl.data.transforms.scales import Scale
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

    Numbers = NDArray[np.float64]

LEAST_ROWS = 20
"""Fewer rows show nothing: two columns of a few numbers are often alike."""

NUMBERED_ROWS = 50
"""A whole number that grows by one in so many rows numbers them."""

STRAIGHT = 1e-9
"""So close to 1 must the correlation be of columns that are the same quantity."""

OUTLIER_SHARE = 0.1
"""Without an outlier, the values of a column have less than this share of their range."""

USUAL_SHARE = 0.1
"""If so few of the rows are different, rows are repeated because there are few kinds of them."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A prepared table: the columns that are read, the inputs `[N, F]` and the targets `[N, T]`."""

    table: Table
    features: FittedFeatures
    columns: Sequence[TypedColumn] = field(repr=False)
    target: FittedTarget
    targets: Sequence[TypedColumn] = field(repr=False)
    inputs: Numbers = field(repr=False)
    values: Numbers = field(repr=False)
    parts: Parts = field(repr=False)


def noticed(scene: Scene) -> tuple[Diagnostic, ...]:
    """Returns warnings about the table, W0452 to W0455."""
    return (*_copies(scene), *_repeated(scene), *_outliers(scene), *_numbered(scene))


# ------------------------------------------------------------------------------------------ the target among features


def _copies(scene: Scene) -> Iterator[Diagnostic]:
    rows = scene.parts.train
    for column in scene.columns:
        for index, target in enumerate(scene.targets):
            is_there = ~(column.missing[rows] | np.isnan(scene.values[rows, index]))
            one, other = column.numbers[rows][is_there], scene.values[rows, index][is_there]
            how = "" if len(one) < LEAST_ROWS else _likeness(column, one, other, has_classes=bool(scene.target.classes))
            if how:
                quoted = literals.column(column.name)
                yield TargetAmongFeatures(column=column.name, how=how, target=target.name, quoted=quoted)


def _likeness(column: TypedColumn, one: Numbers, other: Numbers, *, has_classes: bool) -> str:
    """How a feature tells the target; empty if it does not."""
    if one.min() == one.max() or other.min() == other.max():
        return ""
    if has_classes:
        return "has one value for each value of" if _is_one_to_one(one, other) else ""
    if column.kind == "category":
        return ""
    if np.array_equal(one, other):
        return "is equal to"
    return "is in a fixed proportion to" if _is_straight(one, other) else ""


def _is_straight(one: Numbers, other: Numbers) -> bool:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return bool(abs(np.corrcoef(one, other)[0, 1]) > 1 - STRAIGHT)


def _is_one_to_one(one: Numbers, other: Numbers) -> bool:
    """Whether each value of one is one value of the other, and at most half as many as rows are different."""
    first, second = (pd.factorize(values)[0] for values in (one, other))
    kinds = first.max() + 1
    if kinds != second.max() + 1 or 2 * kinds > len(one):
        return False
    return bool((first == second).all())  # both are numbered in the order in which they are met


# -------------------------------------------------------------------------------------------------------- repeated rows


def _repeated(scene: Scene) -> Iterator[Diagnostic]:
    hashes = pd.util.hash_pandas_object(pd.DataFrame(np.hstack([scene.inputs, scene.values])), index=False).to_numpy()
    trained = np.unique(hashes[scene.parts.train])
    if len(trained) < USUAL_SHARE * len(scene.parts.train):
        return
    again = [(name, rows[np.isin(hashes[rows], trained)]) for name, rows in scene.parts.items() if name != "train"]
    again = [(name, rows) for name, rows in again if len(rows)]
    if again:
        rows = np.concatenate([rows for _, rows in again])
        where = scene.table.where(np.sort(rows)[:1])
        parts = listed((name for name, _ in again), "and")
        are = "is" if len(rows) == 1 else "are"
        yield RowsInTwoParts(rows=count(len(rows), "row"), parts=parts, are=are, where=where)


# ------------------------------------------------------------------------------------------------------------- outliers


def _outliers(scene: Scene) -> Iterator[Diagnostic]:
    for fitted, column in zip(scene.features.columns, scene.columns, strict=True):
        place = fitted.scaled_input
        if place is not None:
            yield from _outlier(scene, fitted.name, fitted.coded(column)[:, place], fitted.scale)
    for index, (name, scale) in enumerate(zip(scene.target.names, scene.target.scales, strict=False)):
        yield from _outlier(scene, name, scene.values[:, index], scale)


def _outlier(scene: Scene, name: str, values: Numbers, scale: Scale | None) -> Iterator[Diagnostic]:
    """Yields a warning if one training value alone sets most of the range of `min_max`."""
    rows = scene.parts.train
    if not isinstance(scale, MinMax) or len(rows) < LEAST_ROWS:
        return
    order = rows[np.argsort(values[rows], kind="stable")]
    ordered = values[order]
    whole = ordered[-1] - ordered[0]
    for place, rest in ((order[-1], ordered[-2] - ordered[0]), (order[0], ordered[-1] - ordered[1])):
        if 0 < rest < OUTLIER_SHARE * whole:
            share, where = f"{rest / whole:.2g}", scene.table.where([int(place)])
            yield OutlierSetsScale(column=name, value=f"{values[place]:.6g}", where=where, share=share)


# -------------------------------------------------------------------------------------------------------- row numbers


def _numbered(scene: Scene) -> Iterator[Diagnostic]:
    for column in scene.columns:
        values = column.numbers
        if column.kind != "number" or len(values) < NUMBERED_ROWS or values[0] != np.floor(values[0]):
            continue
        if (np.diff(values) == 1).all():
            quoted, ends = literals.column(column.name), (f"{values[0]:.0f}", f"{values[-1]:.0f}")
            yield NumbersTheRows(column=column.name, first=ends[0], last=ends[1], quoted=quoted)

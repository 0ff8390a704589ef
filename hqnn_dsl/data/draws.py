"""Ways to take rows out of others: at random, stratified by class, by whole groups, or the latest.

Each is a function `(rows, count) -> (rest, taken)` of row positions. The random ones are scikit-learn's algorithms on
NumPy's legacy generator, to the bit; tests hold them equal to `train_test_split` and `GroupShuffleSplit`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hqnn_dsl.data import dates
from hqnn_dsl.data.labels import label_of
from hqnn_dsl.diagnostics.codes.splits import ClassWithOneRow, ImpossibleSplit
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.diagnostics.sentences import listed
from hqnn_dsl.literals import call, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hqnn_dsl.data.parts import Positions, TableRows
    from hqnn_dsl.semantics.spec import Choice

    Draw = Callable[[Positions, int], tuple[Positions, Positions]]

    Codes = NDArray[np.integer]

FEW_NAMED = 5
"""How many classes with a single row are named one by one."""


def draw_of(rows: TableRows, by: Choice, state: int) -> Draw:
    """The way of taking rows that a rule asks for. Raises `Refusal` (E0597) for a column that the rule cannot use."""
    if by.name == "stratified" and rows.classes is not None:
        classes = rows.classes
        say_single_rows(rows)
        return lambda own, count: stratified(own, classes, count, state, by)
    if by.name == "group":
        groups = groups_of(rows, by)
        return lambda own, count: grouped(own, groups, count, state, by)
    if by.name == "time":
        times = times_of(rows, by)
        return lambda own, count: latest(own, times, count, by)
    return lambda own, count: shuffled(own, count, state)


def said(by: Choice) -> str:
    """A rule as a spec writes it, in backticks."""
    options = {name: written(value) for name, value in by.options.items() if value is not None}
    return f"`{call(by.name, options)}`" if options else f"`{by.name}`"


# ------------------------------------------------------------------------------------------------------------ at random


def shuffled(rows: Positions, count: int, state: int) -> tuple[Positions, Positions]:
    """So many rows at random, as `train_test_split` draws them."""
    if count == 0:
        return rows, rows[:0]
    order = np.random.RandomState(state).permutation(len(rows))
    return rows[order[count:]], rows[order[:count]]


# ----------------------------------------------------------------------------------------------------------- stratified


def stratified(rows: Positions, classes: Codes, count: int, state: int, by: Choice) -> tuple[Positions, Positions]:
    """So many rows, of every class its share, as `train_test_split(stratify=…)` draws them.

    A class that has one row among `rows` keeps it in the rest. Where scikit-learn refuses fewer rows than classes, the
    most frequent classes have theirs.
    """
    if count == 0:
        return rows, rows[:0]
    sizes = np.bincount(classes[rows])
    alone = sizes[classes[rows]] == 1
    single, pool = rows[alone], rows[~alone]
    if count > len(pool):
        reason = f"{count} rows are to be taken, and only {len(pool)} are of a class with several rows"
        raise Refusal(ImpossibleSplit(by=said(by), reason=reason, hint="write `by: random`, or a smaller part"))
    rest, taken = _of_every_class(pool, classes, count, np.random.RandomState(state))
    return np.concatenate([rest, single]), taken


def _of_every_class(
    rows: Positions, classes: Codes, count: int, random: np.random.RandomState
) -> tuple[Positions, Positions]:
    """What scikit-learn's `StratifiedShuffleSplit` does, step by step, so that it draws the same rows."""
    _, codes = np.unique(classes[rows], return_inverse=True)
    sizes = np.bincount(codes)
    members = np.split(np.argsort(codes, kind="mergesort"), np.cumsum(sizes)[:-1])
    left = _shares(sizes, len(rows) - count, random)
    taken = _shares(sizes - left, count, random)
    rest_parts, taken_parts = [], []
    for own, size, stay, go in zip(members, sizes, left, taken, strict=True):
        order = own[random.permutation(size)]
        rest_parts.append(order[:stay])
        taken_parts.append(order[stay : stay + go])
    rest, drawn = np.concatenate(rest_parts), np.concatenate(taken_parts)
    return rows[random.permutation(rest)], rows[random.permutation(drawn)]


def _shares(sizes: NDArray[np.integer], count: int, random: np.random.RandomState) -> NDArray[np.int64]:
    """How many of `count` rows are of each class: its share, with what rounding leaves given at random among equals."""
    exact = sizes / sizes.sum() * count
    found = np.floor(exact)
    missing, remainders = int(count - found.sum()), exact - found
    for value in np.sort(np.unique(remainders))[::-1]:
        if missing <= 0:
            break
        (equal,) = np.where(remainders == value)
        more = min(len(equal), missing)
        found[random.choice(equal, size=more, replace=False)] += 1
        missing -= more
    shares: NDArray[np.int64] = found.astype(np.int64)
    return shares


def say_single_rows(rows: TableRows) -> None:
    """Warn (W0465) of classes with a single row."""
    assert rows.classes is not None
    numbers, sizes = np.unique(rows.classes[rows.kept], return_counts=True)
    single = numbers[sizes == 1]
    if len(single):
        named = listed((rows.class_name(int(one)) for one in single[:FEW_NAMED]), "and", more=len(single[FEW_NAMED:]))
        notice(ClassWithOneRow(classes=f"{named} {'has' if len(single) == 1 else 'have'}"))


# --------------------------------------------------------------------------------------------------------------- groups


def groups_of(rows: TableRows, by: Choice) -> Codes:
    """The group of each row, as a number. Raises `Refusal` E0597 for a row without one.

    Cells of text are told apart as levels are (`label_of`): `1`, `1.0` and `01` are one group, also beside words.
    """
    name = str(by.options["column"])
    values = rows.values(name)
    _refuse_missing(rows, by, name, values, "group")
    codes, cells = pd.factorize(np.asarray(values), sort=False)
    if cells.dtype.kind not in "biufcMm":
        codes = pd.factorize(np.array([label_of(cell) for cell in cells], dtype=object))[0][codes]
    return np.asarray(codes)


def grouped(rows: Positions, groups: Codes, count: int, state: int, by: Choice) -> tuple[Positions, Positions]:
    """Whole groups with about so many rows: in the order of `GroupShuffleSplit`, each that brings the number nearer.

    `GroupShuffleSplit` counts groups, not rows; for groups of one size and a whole number of them both draw the same.
    """
    if count == 0:
        return rows, rows[:0]
    own = groups[rows]
    numbers, sizes = np.unique(own, return_counts=True)
    if len(numbers) < 2:
        raise Refusal(ImpossibleSplit(by=said(by), reason="all rows to be split are of one group", hint=_LESS))
    total, chosen = 0, []
    for index in np.random.RandomState(state).permutation(len(numbers)):
        if abs(total + sizes[index] - count) < abs(total - count):
            total += int(sizes[index])
            chosen.append(index)
    if not chosen:
        chosen = [int(np.argmin(sizes))]
    if len(chosen) == len(numbers):
        chosen.remove(max(chosen, key=lambda index: sizes[index]))
    taken = np.isin(own, numbers[chosen])
    return rows[~taken], rows[taken]


_LESS = "write `by: random`, or name a column with more different values"


# ----------------------------------------------------------------------------------------------------------------- time


def times_of(rows: TableRows, by: Choice) -> NDArray[np.generic]:
    """The time of each row, as numbers or dates that can be compared. Raises `Refusal` E0597 for a cell that is none.

    Dates as text are read as those of features are (`dates`): two meanings of a cell are decided by the column.
    """
    name = str(by.options["column"])
    values = rows.values(name)
    _refuse_missing(rows, by, name, values, "time")
    if values.dtype.kind in "iufM":
        return values
    codes, cells = pd.factorize(pd.Series(values))
    found = dates.parse([str(cell) for cell in cells], digits=True)
    days, unclear = np.append(found.days, np.nan)[codes], np.append(found.unclear, False)[codes]
    for is_wrong, lacks in ((unclear, "date of one meaning only"), (np.isnan(days), "date or number")):
        wrong = rows.kept[is_wrong[rows.kept]]
        if len(wrong):
            cell = str(values[wrong[0]])[:40]
            reason = f"column `{name}` has no {lacks} in {rows.where(wrong)}, such as `{cell}`"
            raise Refusal(ImpossibleSplit(by=said(by), reason=reason, hint="write dates as `2024-03-01`"))
    return days


def latest(rows: Positions, times: NDArray[Any], count: int, by: Choice) -> tuple[Positions, Positions]:
    """About so many of the latest rows; equal times stay together, so the cut is the nearest one between two times."""
    if count == 0:
        return rows, rows[:0]
    order = rows[np.argsort(times[rows], kind="stable")]
    cut = nearest_cut(cuts_between(times[order]), len(order) - count)
    if cut is None:
        reason = "all rows to be split have the same time"
        raise Refusal(ImpossibleSplit(by=said(by), reason=reason, hint=_LESS))
    return order[:cut], order[cut:]


def cuts_between(ordered: NDArray[Any]) -> NDArray[np.int64]:
    """The positions at which another value begins than stands before, in values that are sorted."""
    return np.flatnonzero(ordered[1:] != ordered[:-1]).astype(np.int64) + 1


def nearest_cut(cuts: NDArray[np.int64], wanted: int) -> int | None:
    """The cut nearest to a position, of two equally near the later one; None if there is none."""
    if not len(cuts):
        return None
    distances = np.abs(cuts - wanted)
    return int(cuts[np.flatnonzero(distances == distances.min())[-1]])


def _refuse_missing(rows: TableRows, by: Choice, name: str, values: NDArray[np.generic], what: str) -> None:
    missing = rows.kept[np.asarray(pd.isna(np.asarray(values)))[rows.kept]]
    if len(missing):
        reason = f"column `{name}` has no {what} in {rows.where(missing)}"
        raise Refusal(ImpossibleSplit(by=said(by), reason=reason, hint="fill these cells in, or take the rows out"))

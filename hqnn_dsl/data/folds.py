"""The parts of one of many trainings: a fold of a cross-validation, a number of rows of a learning curve, or both.

The folds are scikit-learn's `KFold` and `StratifiedKFold` (shuffled) and `TimeSeriesSplit`; groups are dealt out whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.data import draws
from hqnn_dsl.data.split import GIVEN, checked, draw_state, part_size, parts_of, rule_of, split_rows
from hqnn_dsl.diagnostics.codes.splits import ImpossibleFolds, NotTheseTrainings
from hqnn_dsl.diagnostics.codes.tables import TooFewRows
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import warnings_ignored
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.seeds import stream
from hqnn_dsl.semantics.spec import MIN_TRAINING_ROWS, Split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hqnn_dsl.data.parts import Parts, Positions, TableRows
    from hqnn_dsl.semantics.spec import Choice

    Pair = tuple[Positions, Positions]
    """The rows to learn from, and the rows to test on."""


@dataclass(frozen=True, kw_only=True)
class Fold:
    """The parts of one training of many, as a function that takes the place of `split_rows`.

    `folds` is their number, None if the test rows are those of the spec's split; `fold` and `repeat` count from 0.
    `rows` are the rows to learn from, validation rows among them; None for all that there are. `root` is the seed that
    folds and rows are drawn from if the split has none: the same for all trainings, whatever their own seeds.
    `most_rows` is the largest number of rows that any of the trainings is to learn from.
    """

    folds: int | None = None
    fold: int = 0
    repeat: int = 0
    rows: int | None = None
    root: int = 0
    most_rows: int = 0

    def __call__(self, rows: TableRows, split: Split, seed: int) -> Parts:
        """The parts of this training. Raises `Refusal` as `split_rows` does, and E0598 or E0599."""
        if self.folds is None:
            parts = split_rows(rows, split, seed)
            if self.rows is None and not self.most_rows:
                return parts
        by = rule_of(split, rows.classes)
        if self.folds is None:
            pool, test = self._pool(by, parts), parts.test
            kept = parts.validation if by.name == "column" else None
        else:
            pool, test = self._pair(rows, by, split)
            kept = None
        self._refuse_rows(len(pool))
        own = pool if self.rows is None else self._some(rows, by, split, pool)
        if kept is not None:
            return checked(rows, by, parts_of(own, kept, test))
        return checked(rows, by, self._validated(rows, by, split, own, test))

    def _pool(self, by: Choice, parts: Parts) -> Positions:
        """The rows to learn from, of parts as the spec has them; a column's validation rows stay what they are."""
        return parts.train if by.name == "column" else np.union1d(parts.train, parts.validation)

    def _refuse_rows(self, available: int) -> None:
        if self.most_rows > available:
            fold = "" if self.folds is None else f" in each of {self.folds} folds"
            reason = f"there are {count(available, 'row')} to learn from{fold}"
            hint = f"write at most {available}, or `all`"
            raise Refusal(ImpossibleFolds(option=f"--rows {self.most_rows}", reason=reason, hint=hint))

    def _state(self, split: Split, what: str) -> int:
        """The seed of a draw that all trainings of a repetition share."""
        return stream(draw_state(split, self.root), f"{what}/{self.repeat}")

    def _pair(self, rows: TableRows, by: Choice, split: Split) -> Pair:
        """The rows of this fold. Raises `Refusal` E0598, E0599."""
        assert self.folds is not None
        refuse_folds(by, self.folds, self.repeat)
        if self.folds > len(rows.kept):
            reason = f"the table has {count(len(rows.kept), 'row')}"
            raise Refusal(ImpossibleFolds(option=f"--folds {self.folds}", reason=reason, hint="make fewer folds"))
        for number, pair in enumerate(_folds(rows, by, self.folds, self._state(split, "folds"))):
            if number == self.fold:
                return pair
        raise AssertionError("a plan counts its folds")

    def _some(self, rows: TableRows, by: Choice, split: Split, pool: Positions) -> Positions:
        """So many rows of those to learn from: fewer ones are among more; of times the latest."""
        assert self.rows is not None
        random = np.random.RandomState(self._state(split, "rows"))
        if by.name == "time":
            times = draws.times_of(rows, by)
            return pool[np.argsort(times[pool], kind="stable")][-self.rows :]
        order = random.permutation(pool)
        if rows.classes is not None:
            order = order[np.argsort(turns(rows.classes[order]), kind="stable")]
        return order[: self.rows]

    def _validated(self, rows: TableRows, by: Choice, split: Split, own: Positions, test: Positions) -> Parts:
        """Parts with validation rows drawn from those to learn from: a count, or a share of these."""
        validation = part_size(split.validation, len(own))
        left = len(own) - validation
        if left < MIN_TRAINING_ROWS:
            raise Refusal(
                TooFewRows(rows=len(own) + len(test), validation=validation, test=len(test), left=max(left, 0))
            )
        rule = rule_of(Split(), rows.classes) if by.name in GIVEN else by
        train, validated = draws.draw_of(rows, rule, draw_state(split, self.root))(np.sort(own), validation)
        return parts_of(train, validated, test)


def refuse_folds(by: Choice | None, folds: int, repeat: int) -> None:
    """Refuse (E0599) folds of a split that says itself which rows test, and repetitions of folds without chance."""
    if by is not None and by.name in GIVEN:
        what = "a column" if by.name == "column" else "a file"
        reason = f"the spec says which rows test, by {what}: {draws.said(by)}"
        hint = "use `--seeds` for several trainings on these parts, or take this rule out of `split`"
        raise Refusal(NotTheseTrainings(option=f"--folds {folds}", reason=reason, hint=hint))
    if by is not None and by.name == "time" and repeat:
        reason = "folds in the order of time are the same in every repetition"
        raise Refusal(NotTheseTrainings(option="--repeats", reason=reason, hint="use `--seeds` in its place"))


def _folds(rows: TableRows, by: Choice, folds: int, state: int) -> Iterator[Pair]:
    """The rows to learn from and to test on, of every fold, as the rule has them."""
    kept = rows.kept
    if by.name == "group":
        yield from _of_groups(rows, by, folds, state)
        return
    if by.name == "time":
        yield from _of_times(rows, by, folds)
        return
    if by.name == "stratified" and rows.classes is not None:
        yield from _of_classes(rows, rows.classes, folds, state)
        return
    from sklearn.model_selection import KFold

    for learned, tested in KFold(folds, shuffle=True, random_state=state).split(kept):
        yield kept[learned], kept[tested]


def _of_classes(rows: TableRows, classes: NDArray[Any], folds: int, state: int) -> Iterator[Pair]:
    """`StratifiedKFold`; a row that is alone in its class is learned from in every fold."""
    from sklearn.model_selection import StratifiedKFold

    draws.say_single_rows(rows)
    alone = np.bincount(classes[rows.kept])[classes[rows.kept]] == 1
    single, pool = rows.kept[alone], rows.kept[~alone]
    most = int(np.bincount(classes[pool]).max()) if len(pool) else 0
    if folds > most:
        reason = f"the largest class has {count(most, 'row')}"
        raise Refusal(ImpossibleFolds(option=f"--folds {folds}", reason=reason, hint=f"make at most {most} folds"))
    with warnings_ignored(UserWarning):  # of classes with fewer rows than folds, which then test in some folds only
        pairs = list(StratifiedKFold(folds, shuffle=True, random_state=state).split(pool, classes[pool]))
    for learned, tested in pairs:
        yield np.concatenate([pool[learned], single]), pool[tested]


def _of_groups(rows: TableRows, by: Choice, folds: int, state: int) -> Iterator[Pair]:
    """Whole groups, in an order by chance, each to the fold with the fewest rows so far; stratified for classes."""
    groups = draws.groups_of(rows, by)[rows.kept]
    numbers, sizes = np.unique(groups, return_counts=True)
    if folds > len(numbers):
        reason = f"{draws.said(by)} has {count(len(numbers), 'group')}"
        raise Refusal(ImpossibleFolds(option=f"--folds {folds}", reason=reason, hint="make fewer folds"))
    if rows.classes is not None:
        from sklearn.model_selection import StratifiedGroupKFold

        own = rows.classes[rows.kept]
        for learned, tested in StratifiedGroupKFold(folds, shuffle=True, random_state=state).split(own, own, groups):
            yield rows.kept[learned], rows.kept[tested]
        return
    order = np.random.RandomState(state).permutation(len(numbers))
    filled, fold_of = np.zeros(folds, dtype=np.int64), np.zeros(len(numbers), dtype=np.int64)
    for index in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[index] = int(np.argmin(filled))
        filled[fold_of[index]] += sizes[index]
    own_fold = fold_of[np.searchsorted(numbers, groups)]
    for fold in range(folds):
        yield rows.kept[own_fold != fold], rows.kept[own_fold == fold]


def _of_times(rows: TableRows, by: Choice, folds: int) -> Iterator[Pair]:
    """`TimeSeriesSplit`: fold k learns from all rows before its test rows; equal times stay together."""
    times = draws.times_of(rows, by)
    order = rows.kept[np.argsort(times[rows.kept], kind="stable")]
    number = len(order)
    if folds >= number:
        reason = f"{number} rows in the order of time make at most {number - 1}"
        raise Refusal(ImpossibleFolds(option=f"--folds {folds}", reason=reason, hint="make fewer folds"))
    cuts = draws.cuts_between(times[order])
    size = number // (folds + 1)
    wanted = range(number - folds * size, number, size)
    found = [draws.nearest_cut(cuts, begin) for begin in wanted]
    begins = [cut for cut in dict.fromkeys(found) if cut is not None]
    if len(begins) < folds:
        reason = f"{draws.said(by)} has only {count(len(cuts) + 1, 'different time')}"
        raise Refusal(ImpossibleFolds(option=f"--folds {folds}", reason=reason, hint="make fewer folds"))
    for begin, end in zip(begins, [*begins[1:], number], strict=True):
        yield order[:begin], order[begin:end]


def turns(classes: NDArray[np.integer]) -> NDArray[np.float64]:
    """A key for each row, by which any number of the first rows has every class, and each about in its share."""
    turns = np.empty(len(classes))
    for one in np.unique(classes):
        own = np.flatnonzero(classes == one)
        turns[own] = (np.arange(len(own)) + 0.5) / len(own)
        turns[own[0]] = 0.0
    return turns

"""What a classical contender is: a search space, and a function that fits a setting on the training rows of a fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hqnn_dsl.data.arrow_import import allow_import
from hqnn_dsl.data.folds import turns
from hqnn_dsl.science.tuning.space import Setting, Space

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.int64]


class Absent(Exception):
    """A contender cannot take part, for the reason in the message: it is listed with it, and nothing else is wrong."""


@dataclass(frozen=True, eq=False)
class Learned:
    """The rows of a fold to fit on: inputs `[N, F]` and targets `[N, T]`, in their own units or numbers of classes.

    `num_classes` is None for regression. `weights[N]` weigh rows in a fit, `row_weights[N]` those in the shares of
    classes: they are without the weights of classes. `levels` has the number of levels of each input that is the
    number of a category.
    """

    inputs: Numbers = field(repr=False)
    targets: Numbers = field(repr=False)
    num_classes: int | None = None
    weights: Numbers | None = field(default=None, repr=False)
    row_weights: Numbers | None = field(default=None, repr=False)
    levels: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def classes(self) -> Indices:
        """The numbers of the classes `[N]`."""
        return np.asarray(self.targets[:, 0], dtype=np.int64)

    @property
    def has_one_class(self) -> bool:
        """Whether all rows are of one class."""
        return self.num_classes is not None and len(np.unique(self.classes)) < 2

    def some(self, most: int, seed: int) -> Learned:
        """Returns at most so many rows: all, or as many by chance, with every class that there is in its share."""
        if len(self) <= most:
            return self
        random = np.random.RandomState(seed % 2**32)
        order = random.permutation(len(self))
        if self.num_classes is not None:
            order = order[np.argsort(turns(self.classes[order]), kind="stable")]
        rows = np.sort(order[:most])
        picked = [None if part is None else part[rows] for part in (self.weights, self.row_weights)]
        return replace(
            self, inputs=self.inputs[rows], targets=self.targets[rows], weights=picked[0], row_weights=picked[1]
        )


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted contender. `predict` gives values `[M, T]` in the targets' units, or probabilities `[M, K]`, for inputs
    `[M, F]`. `notes` say what is not as asked, such as rows that were left out.
    """

    predict: Callable[[Numbers], Numbers]
    notes: tuple[str, ...] = ()


Predict = Callable[["Numbers"], "Numbers"]
Fit = Callable[[Setting, int, Learned], Predict]
"""Fits a setting with a seed on rows; returns the function that predicts."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A classical contender: its name in records and on the command line, its title in a sentence, and what it does.

    `space` gives the search space for rows to fit on. `takes_weights` is whether rows are weighed in its fit; otherwise
    a note of the fit says that they are not. `most_rows` is how many rows it is fitted on at most, by task: the time of
    some grows with the cube of the rows.
    """

    name: str
    title: str
    doc: str
    space: Callable[[Learned], Space] = field(repr=False)
    values: Fit = field(repr=False)
    probabilities: Fit = field(repr=False)
    takes_weights: bool = True
    most_rows: tuple[int, int] | None = None
    """For regression and for classification; None for no limit."""
    absent: Callable[[], str] = field(default=lambda: "", repr=False)
    """Returns why the contender cannot take part in this environment, empty if it can. Imports nothing heavy."""

    def fit(self, setting: Setting, seed: int, learned: Learned) -> Fitted:
        """Fit a setting of the space on rows. The same seed gives the same predictions on one machine.

        Rows of one class predict that class. Raises `Absent` if the contender cannot take part.
        """
        if reason := self.absent():
            raise Absent(reason)
        allow_import()
        is_regression = learned.num_classes is None
        rows, notes = learned, []
        if self.most_rows is not None:
            most = self.most_rows[0 if is_regression else 1]
            rows = learned.some(most, seed)
            if len(rows) < len(learned):
                notes.append(f"fitted on {len(rows)} of {len(learned)} training rows, drawn by chance")
        if learned.weights is not None and not self.takes_weights:
            notes.append("fitted without the weights of rows and classes, which it cannot take into account")
        if rows.has_one_class:
            return Fitted(constant_class(rows), tuple(notes))
        fit = self.values if is_regression else self.probabilities
        with one_thread():
            found = fit(setting, seed % 2**32, rows)
        return Fitted(_bounded(found), tuple(notes))


def _bounded(predict: Callable[[Numbers], Numbers]) -> Callable[[Numbers], Numbers]:
    """The function with threads bounded while it runs, whose result is always a plain array in double precision."""

    def bounded(inputs: Numbers) -> Numbers:
        with one_thread():
            return np.asarray(predict(inputs), dtype=np.float64)

    return bounded


def one_thread() -> AbstractContextManager[Any]:
    """In the block linear algebra and OpenMP use one thread, so that the bits do not depend on the machine's cores."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limits


def constant_class(learned: Learned) -> Callable[[Numbers], Numbers]:
    """Returns the function that predicts the shares of the classes, by the rows' own weights."""
    assert learned.num_classes is not None
    shares = np.bincount(learned.classes, weights=learned.row_weights, minlength=learned.num_classes)
    row = shares.astype(np.float64) / np.sum(shares)
    return lambda inputs: np.tile(row, (len(inputs), 1))

"""Which rows train, which validate, which test: drawn once, from a seed, the rows that scikit-learn would draw.

Importing scikit-learn takes longer than checking a table; a test holds the draws equal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hqnn_dsl.data import draws
from hqnn_dsl.data.given_parts import parts_of_words, rows_of_file
from hqnn_dsl.data.parts import Parts as Parts  # noqa: PLC0414 - those who split take both from here
from hqnn_dsl.data.parts import TableRows
from hqnn_dsl.diagnostics.codes.splits import ImpossibleSplit
from hqnn_dsl.diagnostics.codes.tables import TooFewRows
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.seeds import stream
from hqnn_dsl.semantics.spec import MIN_TRAINING_ROWS, Choice

if TYPE_CHECKING:
    from hqnn_dsl.data.parts import Positions
    from hqnn_dsl.semantics.spec import Split

RANDOM, STRATIFIED = Choice(name="random"), Choice(name="stratified")

GIVEN = ("column", "rows")
"""Rules by which the table or a file says which rows test; beside a file, validation rows are drawn."""


def split_rows(rows: TableRows, split: Split, seed: int) -> Parts:
    """Put the rows of a table into parts, by the rule of `split`: the test rows first, then validation from the rest.

    A part is a fraction of all rows that are kept (rounded up, as scikit-learn does) or a row count. The
    draw's seed is the split's own, else the stream "split" of the root `seed`; both draws begin from it. Without a
    rule, rows are drawn at random, or stratified if there are `classes`. `random` and `stratified` are the draws of
    scikit-learn's `train_test_split`.

    Raises `Refusal`: E0521 if fewer than two rows are left to train on, E0597 if a part would have no rows or training
    would lack a class, E0558 and E0559 if a column or a file does not say the parts, E0233 and E0234 if a file may not
    or cannot be read.
    """
    by, state = rule_of(split, rows.classes), draw_state(split, seed)
    if by.name == "column":
        return checked(rows, by, parts_of(*parts_of_words(rows, str(by.options["name"]))))
    if by.name == "rows":
        tested = rows_of_file(rows, str(by.options["file"]), by.options["split"])
        return checked(rows, by, _with_validation(rows, split, np.setdiff1d(rows.kept, tested), tested, state))
    draw = draws.draw_of(rows, by, state)
    test, validation = _counts(rows, split)
    rest, tested = draw(rows.kept, test)
    trained, validated = draw(rest, validation)
    return checked(rows, by, parts_of(trained, validated, tested))


def rule_of(split: Split, classes: object) -> Choice:
    """The rule of a split; without one, `stratified` for classes, else `random`."""
    if split.by is not None:
        return split.by
    return RANDOM if classes is None else STRATIFIED


def draw_state(split: Split, seed: int) -> int:
    """The seed of a split's draws."""
    return stream(seed, "split") if split.seed is None else split.seed % 2**32


def part_size(part: float, num_rows: int) -> int:
    """How many rows a part has: its count, or its share of so many rows, rounded up."""
    return part if isinstance(part, int) else math.ceil(part * num_rows - 1e-9)


def parts_of(train: Positions, validation: Positions, test: Positions) -> Parts:
    """Parts with their rows ascending."""
    return Parts(*(np.sort(rows).astype(np.int64) for rows in (train, validation, test)))


def checked(rows: TableRows, by: Choice, parts: Parts) -> Parts:
    """The parts, if training has enough rows and, of classes, at least one row each. Raises `Refusal` E0521, E0597."""
    sizes = [len(part) for _, part in parts.items()]
    if sizes[0] < MIN_TRAINING_ROWS:
        raise Refusal(TooFewRows(rows=len(rows.kept), validation=sizes[1], test=sizes[2], left=sizes[0]))
    if rows.classes is not None:
        lacking = np.setdiff1d(np.unique(rows.classes[rows.kept]), rows.classes[parts.train])
        if len(lacking):
            index = int(lacking[0])
            others = rows.kept[rows.classes[rows.kept] == index]
            reason = f"no row of {rows.class_name(index)} is left to train on, all are for validation or test"
            hint = "" if by.name == "stratified" else "; or write `by: stratified` in the split"
            raise Refusal(
                ImpossibleSplit(
                    by=draws.said(by),
                    reason=f"{reason} ({rows.where(others)})" if rows.labels else reason,
                    hint=f"collect more rows of this class, or make the other parts smaller{hint}",
                )
            )
    return parts


def _counts(rows: TableRows, split: Split) -> tuple[int, int]:
    """How many rows test, and how many validate. Raises `Refusal` E0521 if too few are left."""
    number = len(rows.kept)
    test, validation = part_size(split.test, number), part_size(split.validation, number)
    left = number - test - validation
    if left < MIN_TRAINING_ROWS:
        raise Refusal(TooFewRows(rows=number, validation=validation, test=test, left=max(left, 0)))
    return test, validation


def _with_validation(rows: TableRows, split: Split, rest: Positions, test: Positions, state: int) -> Parts:
    """Parts with given test rows: validation rows are drawn from the rest, stratified if there are classes."""
    validation = part_size(split.validation, len(rows.kept))
    left = len(rest) - validation
    if left < MIN_TRAINING_ROWS:
        raise Refusal(TooFewRows(rows=len(rows.kept), validation=validation, test=len(test), left=max(left, 0)))
    draw = draws.draw_of(rows, RANDOM if rows.classes is None else STRATIFIED, state)
    return parts_of(*draw(rest, validation), test)

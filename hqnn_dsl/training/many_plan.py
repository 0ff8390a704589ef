"""Which trainings are made of one spec and one table: folds, repetitions, seeds, numbers of rows.

Loads nothing large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.command import BadOption
from hqnn_dsl.diagnostics.codes.splits import NotTheseTrainings
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.semantics.spec import MIN_TRAINING_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 10_000
"""The most trainings of one plan."""

LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class One:
    """A training of a plan: its number from 1, its rows (None for all), repetition and fold from 0, and its seed.

    `fold` is None if there are no folds.
    """

    number: int
    rows: int | None
    repeat: int
    fold: int | None
    seed: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All trainings that are asked for. `folds` is None if the spec says which rows test; `rows` has None for all."""

    folds: int | None = None
    repeats: int = 1
    seeds: tuple[int, ...] = ()
    rows: tuple[int | None, ...] = (None,)

    def trainings(self) -> tuple[One, ...]:
        """Every training, those with the fewest rows first."""
        folds: Iterable[int | None] = (None,) if self.folds is None else range(self.folds)
        cells = [
            (rows, repeat, fold, seed)
            for rows in self.rows
            for repeat in range(self.repeats)
            for fold in folds
            for seed in self.seeds
        ]
        return tuple(
            One(number=number, rows=rows, repeat=repeat, fold=fold, seed=seed)
            for number, (rows, repeat, fold, seed) in enumerate(cells, start=1)
        )

    @property
    def most_rows(self) -> int:
        """The largest number of rows that is asked for; 0 if none is."""
        return max((rows for rows in self.rows if rows is not None), default=0)

    @property
    def sentence(self) -> str:
        """`10 trainings: 5 folds, 2 repetitions`."""
        parts = []
        if self.folds is not None:
            parts.append(count(self.folds, "fold"))
        if self.repeats > 1:
            parts.append(count(self.repeats, "repetition"))
        if len(self.seeds) > 1:
            parts.append(count(len(self.seeds), "seed"))
        if self.rows != (None,):
            parts.append("rows " + ", ".join("all" if rows is None else str(rows) for rows in self.rows))
        return f"{count(len(self.trainings()), 'training')}: {', '.join(parts) or 'one seed'}"


def plan_of(  # noqa: PLR0913 - the options
    folds: int | None,
    repeats: int | None,
    seeds: int | Iterable[int] | None,
    rows: Iterable[int | str | None] | None,
    root: int,
    *,
    prefix: str = "--",
) -> Plan:
    """The plan that options ask for. `root` is the spec's seed: a number of seeds counts on from it.

    `prefix` stands before the options in messages. Raises `Refusal`: E0605 for a value that an option does not take,
    E0599 for options that do not go together.
    """
    if folds is not None and (not _is_whole(folds) or folds < 2):
        raise _bad(f"{prefix}folds", "a number of folds, at least 2", folds)
    if repeats is not None and (not _is_whole(repeats) or repeats < 1):
        raise _bad(f"{prefix}repeats", "how often the folds are drawn, at least 1", repeats)
    if repeats is not None and repeats > 1 and folds is None:
        folds_of_five = "--folds 5" if prefix else "folds=5"
        hint = f"write `{folds_of_five}` beside it; for several trainings on the same parts, `{prefix}seeds`"
        reason = "there are no folds to repeat"
        raise Refusal(NotTheseTrainings(option=f"{prefix}repeats", reason=reason, hint=hint))
    plan = Plan(
        folds=folds,
        repeats=repeats or 1,
        seeds=_seeds(seeds, root, prefix),
        rows=(None,) if rows is None else _rows(rows, prefix),
    )
    number = (folds or 1) * plan.repeats * len(plan.seeds) * len(plan.rows)
    if number > MOST:
        raise _bad(f"{prefix}folds", f"no more than {MOST} trainings in all", f"{number} trainings")
    return plan


def rows_of_text(text: str) -> tuple[int | str, ...]:
    """The rows in the text of an option, `25,50,all`: whole numbers, and what is none as it is written."""
    words = [word.strip() for word in text.split(",")]
    return tuple(int(word) if word.isascii() and word.isdigit() and len(word) < 16 else word for word in words)


def _seeds(seeds: int | Iterable[int] | None, root: int, prefix: str) -> tuple[int, ...]:
    number = f"a number of seeds from 1 to {MOST}"
    expected = number if prefix == "--" else f"{number}, or different seeds from 0"
    if seeds is None:
        return (root,)
    if isinstance(seeds, int):
        if not _is_whole(seeds) or not 1 <= seeds <= MOST:
            raise _bad(f"{prefix}seeds", expected, seeds)
        return tuple(range(root, root + seeds))
    try:
        found = tuple(seeds)
    except TypeError:
        raise _bad(f"{prefix}seeds", expected, seeds) from None
    if not found or len(set(found)) < len(found) or any(not _is_whole(seed) or seed < 0 for seed in found):
        raise _bad(f"{prefix}seeds", expected, list(found))
    return found


def _rows(rows: Iterable[int | str | None], prefix: str) -> tuple[int | None, ...]:
    """The numbers of rows, ascending, None for `all` at the end."""
    expected = f"numbers of rows from {MIN_TRAINING_ROWS} on and `all`, such as `25,50,100,all`"
    found: set[int | None] = set()
    given = (rows,) if isinstance(rows, int | str) else rows
    try:
        items = tuple(given)
    except TypeError:
        raise _bad(f"{prefix}rows", expected, rows) from None
    for item in items:
        if item is None or item == "all":
            found.add(None)
        elif isinstance(item, int) and _is_whole(item) and item >= MIN_TRAINING_ROWS:
            found.add(item)
        else:
            raise _bad(f"{prefix}rows", expected, "nothing" if item == "" else item)
    if not found:
        raise _bad(f"{prefix}rows", expected, "nothing")
    return tuple(sorted(found, key=lambda item: (item is None, item or 0)))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value <= LARGEST_SEED


def _bad(option: str, expected: str, value: object) -> Refusal:
    return Refusal(BadOption(option=option, expected=expected, value=str(value)[:60]))

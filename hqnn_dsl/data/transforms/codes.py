"""How levels and dates become numbers: inputs of 0 and 1, indices of vectors, positions, days, sines and cosines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Positions = NDArray[np.int64]

Unknown = Literal["other", "refuse"]


@dataclass(frozen=True)
class OneHot:
    """An input a level; `rare` levels share a last one, and so do levels that are not known.

    Without rare ones, all inputs of an unknown level are 0: as scikit-learn's `OneHotEncoder` has it with
    `handle_unknown="infrequent_if_exist"`.
    """

    rule: Literal["one_hot"]
    levels: tuple[str, ...]
    rare: tuple[str, ...]
    unknown: Unknown

    @property
    def known(self) -> tuple[str, ...]:
        """The levels by their positions."""
        return (*self.levels, *self.rare)

    def inputs(self, name: str) -> tuple[str, ...]:
        """Returns the names of the inputs of a column."""
        other = "(other)" if "other" in self.levels else "other"
        shared = (f"{name}={other}",) if self.rare else ()
        return (*(f"{name}={level}" for level in self.levels), *shared)

    def apply(self, places: Positions) -> Numbers:
        """Returns inputs `[N, K]` for the positions `[N]` of levels, -1 for unknown ones."""
        found = np.zeros((len(places), len(self.levels) + bool(self.rare)))
        place = np.where(places < 0, len(self.levels), np.minimum(places, len(self.levels)))
        rows = np.flatnonzero(place < found.shape[1])
        found[rows, place[rows]] = 1.0
        return found


@dataclass(frozen=True)
class Embedded:
    """The index of a vector that is trained: 1 for the first level, 0 for all that are not known."""

    rule: Literal["embedding"]
    levels: tuple[str, ...]
    width: int
    unknown: Unknown

    @property
    def known(self) -> tuple[str, ...]:
        """See `OneHot.known`."""
        return self.levels

    def inputs(self, name: str) -> tuple[str, ...]:
        """See `OneHot.inputs`."""
        return (name,)

    def apply(self, places: Positions) -> Numbers:
        """See `OneHot.apply`."""
        return (places[:, None] + 1).astype(np.float64)


@dataclass(frozen=True)
class Ordinal:
    """The position of a level in the order of the spec."""

    rule: Literal["ordinal"]
    levels: tuple[str, ...]
    unknown: Literal["refuse"] = "refuse"

    @property
    def known(self) -> tuple[str, ...]:
        """See `OneHot.known`."""
        return self.levels

    def inputs(self, name: str) -> tuple[str, ...]:
        """See `OneHot.inputs`."""
        return (name,)

    def apply(self, places: Positions) -> Numbers:
        """See `OneHot.apply`."""
        return places[:, None].astype(np.float64)


Part = Literal["days", "month", "weekday", "hour"]


@dataclass(frozen=True)
class DateParts:
    """Days since a first one, and sines and cosines of parts of the year, the week and the day."""

    rule: Literal["date"]
    parts: tuple[Part, ...]
    first: float
    """In days since 1970-01-01."""

    def inputs(self, name: str) -> tuple[str, ...]:
        """Returns the names of the inputs of a column."""
        found: list[str] = []
        for part in self.parts:
            found += [f"{name}_days"] if part == "days" else [f"{name}_{part}_sin", f"{name}_{part}_cos"]
        return tuple(found)

    @property
    def scaled(self) -> int | None:
        """The position of the input that is scaled as a number is; None if there is none."""
        return 2 * self.parts.index("days") if "days" in self.parts else None

    def apply(self, days: Numbers) -> Numbers:
        """Returns inputs `[N, K]`, not scaled, for dates `[N]` in days since 1970-01-01."""
        found: list[Numbers] = []
        for part in self.parts:
            if part == "days":
                found.append(days - self.first)
            else:
                turn = 2 * np.pi * _share(part, days)
                found += [np.sin(turn), np.cos(turn)]
        return np.stack(found, axis=1)


def _share(part: Part, days: Numbers) -> Numbers:
    """Returns how much of the year, in months, of the week, in days, or of the day has passed."""
    whole = np.floor(days)
    if part == "hour":
        return np.asarray(days - whole)
    dates = np.where(np.isnan(whole), 0, whole).astype(np.int64)
    if part == "weekday":
        return np.asarray((dates + 3) % 7 / 7)  # 1970-01-01 was a Thursday; a week begins on Monday
    return np.asarray(dates.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 / 12)


LevelCode = OneHot | Embedded | Ordinal
Code = LevelCode | DateParts
"""The fitted code of a column that is not of numbers."""

_RECORDS: dict[str, Callable[..., Code]] = {
    "one_hot": OneHot,
    "embedding": Embedded,
    "ordinal": Ordinal,
    "date": DateParts,
}


def code_from(data: Mapping[str, Any] | None) -> Code | None:
    """Returns the code of which `code_data` made plain data."""
    if data is None:
        return None
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    return _RECORDS[data["rule"]](**fields)


def code_data(code: Code | None) -> dict[str, Any] | None:
    """Returns a code as plain data for `preprocess.json`."""
    return None if code is None else {name: _plain(value) for name, value in asdict(code).items()}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def fit_one_hot(levels: tuple[str, ...], counts: Positions, most: int, unknown: Unknown) -> OneHot:
    """Returns the inputs of the levels of the training rows, with the number of rows of each.

    If there are more levels than `most`, the most frequent `most - 1` have an input of their own. Of several levels
    with as many rows, those further behind have it, as scikit-learn's encoder chooses them.
    """
    if len(levels) <= most:
        return OneHot("one_hot", levels, (), unknown)
    rare = set(np.argsort(counts, kind="stable")[: len(levels) - (most - 1)].tolist())
    frequent = tuple(level for index, level in enumerate(levels) if index not in rare)
    return OneHot("one_hot", frequent, tuple(level for index, level in enumerate(levels) if index in rare), unknown)
